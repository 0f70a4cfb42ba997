"""Our words ↔ Acme Desk's: all the ports in one object."""

from __future__ import annotations

from batonpass_acme.changes import ListsWhatChanged
from batonpass_acme.setting_up import SetsUp
from batonpass_acme.team import KnowsTheTeam
from batonpass_acme.tickets import KeepsTickets


class Acme(KeepsTickets, ListsWhatChanged, KnowsTheTeam, SetsUp):
    """One Acme Desk account."""

"""What support ops write: which of our values goes into which field of the helpdesk, and what facts are called."""

from __future__ import annotations

from batonpass.mapping.apply import CompiledMapping, MappedTicket, apply
from batonpass.mapping.check import check_paths
from batonpass.mapping.fact_files import load_fact_mapping
from batonpass.mapping.files import load_helpdesk_mapping
from batonpass.mapping.live import InForce, LiveFile
from batonpass.mapping.live_check import check_schema
from batonpass.mapping.rules import HelpdeskMapping

__all__ = [
    "CompiledMapping",
    "HelpdeskMapping",
    "InForce",
    "LiveFile",
    "MappedTicket",
    "apply",
    "check_paths",
    "check_schema",
    "load_fact_mapping",
    "load_helpdesk_mapping",
]

"""The emulator's page for agents: a ticket as they would see it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import nh3

from batonpass_freshdesk.emulated_account import STATUSES, Account, EmulatedConversation, EmulatedTicket

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PRIORITIES = {1: "Low", 2: "Medium", 3: "High", 4: "Urgent"}
_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "article{border:1px solid #cfd7df;border-radius:6px;padding:.2rem 1rem;margin:1rem 0}"
    ".private{background:#fef5dd}dt{float:left;clear:left;width:11rem;color:#475867}dd{margin-left:12rem}"
)


def ticket_page(account: Account, ticket: EmulatedTicket) -> str:
    group = account.groups.get(ticket.group_id or 0)
    properties = {
        "Requester": _name(account, ticket.requester_id),
        "Agent": "-" if ticket.responder_id is None else _name(account, ticket.responder_id),
        "Group": group.name if group else "-",
        "Status": STATUSES.get(ticket.status, str(ticket.status)),
        "Priority": _PRIORITIES[ticket.priority],
        "Tags": ", ".join(ticket.tags) or "-",
        **{
            known.label: str(ticket.fields[name])
            for name, known in account.fields.items()
            if name in ticket.fields
        },
    }
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in properties.items())
    said = "".join(_said(account, each) for each in ticket.conversations)
    title = f"#{ticket.id} {escape(ticket.subject)}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
        f"<h1>{title}</h1><dl>{listed}</dl><article>{nh3.clean(ticket.description)}</article>{said}</html>"
    )


def _said(account: Account, each: EmulatedConversation) -> str:
    kind = "private note" if each.private else "public"
    who = escape(_name(account, each.user_id))
    shade = "private" if each.private else "public"
    return f'<article class="{shade}"><p><b>{who}</b>, {kind}</p>{nh3.clean(each.body)}</article>'


def _name(account: Account, user_id: int) -> str:
    known = account.users[user_id]
    return known.name or known.email or str(known.id)

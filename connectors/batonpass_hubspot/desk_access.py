"""What `check_access` says of a connection that keeps tickets."""

from __future__ import annotations

import asyncio

from batonpass.ports import Access
from batonpass_hubspot.access import check_token, missing_scope, title_of, token_warnings
from batonpass_hubspot.client import ObjectType
from batonpass_hubspot.desk import Desk
from batonpass_hubspot.fields import KEY_PROPERTY, TAGS_PROPERTY


async def access_to(desk: Desk, token: str) -> Access:
    """The account, one ticket and one contact; the rest is worth a warning."""
    check_token(token, desk.name)
    account = await desk.crm.account()
    await desk.crm.any_of(ObjectType.TICKETS)
    await desk.crm.any_of(ObjectType.CONTACTS)
    missing = await asyncio.gather(
        missing_scope(desk.crm.owners(), "crm.objects.owners.read", "agents have no names"),
        missing_scope(desk.api.any_thread(), "conversations.read", "what was said on a ticket is not read"),
    )
    desk.properties.forget()
    warnings = [
        *(each for each in missing if each),
        *_lacking(await desk.own_properties()),
        *(await desk.stages(anew=True)).missing(),
        *token_warnings(token),
    ]
    return Access(account=title_of(account), warnings=tuple(warnings))


def _lacking(own: frozenset[str]) -> tuple[str, ...]:
    said = []
    if KEY_PROPERTY not in own:
        said.append(
            f"the account lacks the unique ticket property {KEY_PROPERTY}: an interrupted handoff may open a second "
            "ticket; run batonpass provision"
        )
    if TAGS_PROPERTY not in own:
        said.append(
            f"the account lacks the ticket property {TAGS_PROPERTY}: tags are left out; run batonpass provision"
        )
    return tuple(said)

"""A mapping of three layers with an agent, a form, transforms and conditions, in the service over real HTTP."""

from __future__ import annotations

from pathlib import Path

from scene import Vendors, body, playing

TEAM = """\
#:schema ../.batonpass/zendesk.mapping.schema.json
schema = 1
extends = "shipped"
remove = ["fields.MRR"]

[ticket]
assignee = { value = "{agent}", when = 'handoff.reason == "billing_dispute"' }
form = "Billing question"

[fields]
Plan = { from = "handoff.reason_text", transforms = ["upper", "truncate:20"] }
"""
STAGING = """\
[ticket]
tags = ["staging", { template = "billing", when = 'handoff.reason == "billing_dispute"' }]
"""


async def test_three_layers_make_one_ticket_with_its_agent_and_form(tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "zendesk.staging.toml").write_text(STAGING)
    vendors = Vendors()
    agent = next(user for user in vendors.zendesk.account.users.values() if user.role == "agent")
    form = next(each for each in vendors.zendesk.account.forms or () if each.name == "Billing question")
    team = TEAM.replace("{agent}", agent.email or agent.name)
    reason = {"code": "billing_dispute", "text": "Charged twice for November"}
    more = '[server]\nenvironment = "staging"'

    async with playing(tmp_path, vendors=vendors, mappings={"zendesk": team}, more=more) as scene:
        handoff_id = await scene.hand_over(body(reason=reason))
        ticket = await scene.ticket(handoff_id)
        status = await scene.status(handoff_id)

    assert ticket.assignee_id == agent.id
    assert ticket.form_id == form.id
    assert set(ticket.tags) >= {"staging", "billing"}
    assert "ai_handoff" not in ticket.tags
    assert str(ticket.fields[vendors.field("Plan").id]) == "CHARGED TWICE FOR N…"
    assert ticket.priority == "high"  # by what is shipped
    assert status["state"] in {"ticketed", "announced", "accepted"}

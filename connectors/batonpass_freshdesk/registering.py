"""The port `RegistersWebhooks`: automation rules, made and looked after by the API. Needs an admin's key."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from pydantic import SecretStr

from batonpass.domain.errors import RefusedError
from batonpass.domain.ticket import FieldKind
from batonpass.ports import RegisteredWebhook, StartRule
from batonpass_freshdesk import wire
from batonpass_freshdesk.account import Part
from batonpass_freshdesk.automation import (
    ALWAYS,
    PREFIX,
    TYPES,
    Told,
    WantedRule,
    start_condition,
    start_rules,
)
from batonpass_freshdesk.tables import KINDS


class Registering(Part):
    async def register_webhook(self, url: str) -> RegisteredWebhook:
        """One rule for each thing that can happen, by whom it can be done. Calling again brings all of them up to
        date: also the list of agents, which is why it is called again when somebody joins the team.

        Raises `RefusedError` with code `unsupported` where Freshdesk keeps less of a rule than was sent.
        """
        settings = self._account.settings
        secret = settings.webhook_secret or SecretStr(secrets.token_urlsafe(32))
        wanted = await self._wanted()
        members = await self._members()
        standing = {type_: await self._account.client.rules(type_) for type_ in TYPES}
        made = []
        for rule in wanted:
            told = rule.as_json(url, secret=secret.get_secret_value(), members=members)
            same = next((each for each in standing[rule.type] if each.name == told["name"]), None)
            kept = (
                await self._account.client.create_rule(rule.type, told)
                if same is None
                else await self._account.client.update_rule(rule.type, same.id, told)
            )
            _check(kept, told)
            made.append((rule.type, kept))
        return RegisteredWebhook(id=_id(made), url=url, delivers=True, events=_words(wanted), secret=secret)

    async def registered_webhooks(self) -> tuple[RegisteredWebhook, ...]:
        """Each address that rules call, with what keeps some of its rules from doing so."""
        by_url: dict[str, list[tuple[int, wire.Rule]]] = {}
        for type_ in TYPES:
            for rule in await self._account.client.rules(type_):
                for url in dict.fromkeys(action.url for action in rule.actions if action.url):
                    by_url.setdefault(url, []).append((type_, rule))
        members = frozenset(await self._members()) if by_url else frozenset()
        return tuple(
            RegisteredWebhook(
                id=_id(rules),
                url=url,
                delivers=any(rule.active for _, rule in rules),
                events=tuple(dict.fromkeys(rule.name for _, rule in rules)),
                problem=self._problem(url, [rule for _, rule in rules], members),
            )
            for url, rules in by_url.items()
        )

    def _problem(self, url: str, rules: Sequence[wire.Rule], members: frozenset[int]) -> str | None:
        again = "register it again (batonpass webhooks register)"
        off = sum(not rule.active for rule in rules)
        if off:
            return f"{off} of {len(rules)} automation rules for it are switched off; {again}"
        ours = [rule for rule in rules if rule.name.startswith(PREFIX)]
        if not ours:
            return None  # made by hand, by rules of their own
        names = {rule.name for rule in ours}
        wanted = [*ALWAYS, *(start_rules(None) if self._account.settings.start else ())]
        missing = sum(rule.name(url) not in names for rule in wanted)
        if missing:
            return f"{missing} automation rules for it are missing; {again}"
        left_out = max((len(members - known) for rule in ours if (known := _agents_of(rule))), default=0)
        if left_out:
            return f"its rules do not count {left_out} agents, who have joined since; {again}"
        return None

    async def _members(self) -> tuple[int, ...]:
        """All agents but our own; empty where this key may not see them: our own changes are then delivered too."""
        try:
            listed = await self._account.client.agents()
        except RefusedError as refused:
            if refused.status != 403:
                raise
            return ()
        own = (await self._account.me()).id
        return tuple(sorted(each.id for each in listed if each.id != own and not each.deactivated))

    async def _wanted(self) -> tuple[WantedRule, ...]:
        start = self._account.settings.start
        return ALWAYS if start is None else (*ALWAYS, *start_rules(await self._condition(start)))

    async def _condition(self, start: StartRule) -> Told:
        groups = await self._account.client.groups() if start.group is not None else ()
        fields = await self._account.client.ticket_fields() if start.field is not None else ()
        condition = start_condition(
            start,
            groups={key: each.id for each in groups for key in (each.name.casefold(), str(each.id))},
            fields={
                key: (each.name, KINDS.get(each.type, FieldKind.OTHER))
                for each in fields
                for key in (each.label.casefold(), each.name.casefold())
            },
        )
        if condition is None:
            what = "group" if start.group is not None else "field"
            raise RefusedError(f"start.{what}: no {what} of this account is called so", code="not_found")
        return condition


def _check(kept: wire.Rule, told: Told) -> None:
    """Whether the rule calls us as it was told to. What may be hidden when a rule is read (the secret) is compared
    only where it is shown."""
    (wanted,) = told["actions"]
    action = next((each for each in kept.actions if each.url == wanted["url"]), None)
    same_body = action is not None and action.content == wanted["content"]
    same_headers = action is not None and action.custom_headers in (None, wanted["custom_headers"])
    if not (same_body and same_headers):
        raise RefusedError(
            "rules.create: Freshdesk keeps less of an automation rule than was sent; make the rules by hand",
            code="unsupported",
        )


def _id(rules: Sequence[tuple[int, wire.Rule]]) -> str:
    """Type and id of the oldest of our rules, or, where all were made by hand, of the oldest of them: it stays the
    same when others are added."""
    ours = [(rule.id, type_) for type_, rule in rules if rule.name.startswith(PREFIX)]
    oldest, type_ = min(ours or [(rule.id, type_) for type_, rule in rules])
    return f"{type_}:{oldest}"


def _words(rules: Sequence[WantedRule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rule.word for rule in rules))


def _agents_of(rule: wire.Rule) -> frozenset[int]:
    """The agents whose changes count; empty where all do."""
    members = rule.performer.members if rule.performer is not None else ()
    return frozenset(int(member) for member in members if str(member).isdecimal())

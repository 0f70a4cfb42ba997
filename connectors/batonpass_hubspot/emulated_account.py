"""The state of an emulated HubSpot account: records, links between them, definitions, and the rules for writing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from batonpass.domain.clock import Clock
from batonpass_hubspot.emulated_schema import (
    CALCULATED,
    COMPANIES,
    CONTACTS,
    DEAL_STAGES,
    DEALS,
    DEFINED,
    EVERYWHERE,
    LINKS,
    MONEY,
    NO_OPTIONS,
    PRIMARY_COMPANY,
    READ_ONLY,
    SINGULAR,
    TICKET_STAGES,
    TICKETS,
    UNLABELLED_COMPANY,
    stamp,
)
from batonpass_hubspot.emulated_writing import WritingRules

Stages = tuple[tuple[str, str, bool], ...]
"""Id, label, whether a record in it is closed."""
_UNTOLD = frozenset({"hs_lastmodifieddate", "lastmodifieddate", "createdate", "hs_object_id"})
_CLOSED_DEALS = frozenset(name for name, _, is_closed in DEAL_STAGES if is_closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that subscriptions can be told of."""

    kind: str
    record_id: str
    what: str
    """As the second half of a subscription type: `creation`, `propertyChange`, …"""
    property: str | None = None
    value: str | None = None
    to_kind: str | None = None
    to_id: str | None = None
    type_id: int | None = None


@dataclass(slots=True, kw_only=True)
class StoredRecord:
    kind: str
    id: str
    properties: dict[str, str]
    created_at: datetime
    updated_at: datetime
    archived_at: datetime | None = None
    """When it was deleted: it is listed as archived for 90 days."""


@dataclass(slots=True)
class EmulatedAccount:
    clock: Clock
    records: dict[tuple[str, str], StoredRecord] = field(default_factory=dict)
    archived: dict[tuple[str, str], StoredRecord] = field(default_factory=dict)
    """What people have deleted."""
    merged: dict[tuple[str, str], str] = field(default_factory=dict)
    """(kind, id) that is no more → the id of the record that it was merged into."""
    links: defaultdict[str, dict[tuple[int, str], None]] = field(default_factory=lambda: defaultdict(dict))
    """From → (association type id, to), both ways; ids are unique in the account here."""
    owners: dict[str, dict[str, Any]] = field(default_factory=dict)
    teams: dict[str, str] = field(default_factory=dict)
    """Owner id → the id of their team."""
    definitions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    ticket_pipelines: dict[str, tuple[str, Stages]] = field(
        default_factory=lambda: {"0": ("Support Pipeline", TICKET_STAGES)}
    )
    rules: WritingRules = field(init=False)
    _kinds: defaultdict[str, dict[str, StoredRecord]] = field(
        init=False, default_factory=lambda: defaultdict(dict)
    )
    """`records` by their kinds."""
    groups: set[str] = field(default_factory=set)
    """The property groups that somebody has made."""
    told: Callable[[Change], None] = lambda _: None
    """Told of every change."""
    last_id: int = 7000

    def __post_init__(self) -> None:
        self.rules = WritingRules(self)
        for kind, known in DEFINED.items():
            self.definitions[kind] = {}
            for name, type_, field_type, options in (*EVERYWHERE, *known):
                self.define(kind, name, type_, field_type=field_type, options=options)

    # Definitions ----------------------------------------------------------------------------------------------

    def define(
        self,
        kind: str,
        name: str,
        type_: str,
        *,
        field_type: str = "text",
        options: Mapping[str, str] = NO_OPTIONS,
        label: str | None = None,
        group: str | None = None,
        unique: bool = False,
        description: str = "",
    ) -> dict[str, Any]:
        """Make a property, as its admins may."""
        fixed = name in READ_ONLY
        made = {
            "name": name,
            "label": label or name.replace("_", " ").capitalize(),
            "type": type_,
            "fieldType": field_type,
            "groupName": group or f"{SINGULAR[kind]}information",
            "description": description,
            "hidden": False,
            "archived": False,
            "calculated": False,
            "externalOptions": name in {"hubspot_owner_id", "hubspot_team_id"},
            "formField": False,
            "hasUniqueValue": unique,
            "hubspotDefined": group is None,
            "modificationMetadata": {
                "archivable": not fixed,
                "readOnlyDefinition": fixed,
                "readOnlyOptions": fixed,
                "readOnlyValue": fixed,
            },
            "displayOrder": -1,
            "showCurrencySymbol": name in MONEY,
            "options": [
                {"value": value, "label": label, "hidden": False, "displayOrder": at, "description": ""}
                for at, (value, label) in enumerate(options.items())
            ],
        }
        self.definitions[kind][name] = made
        return made

    def add_owner(self, first_name: str, last_name: str, email: str) -> str:
        owner_id = self.next_id()
        moment = stamp(self.clock.now())
        self.owners[owner_id] = {
            "id": owner_id,
            "email": email,
            "firstName": first_name,
            "lastName": last_name,
            "type": "PERSON",
            "userId": int(owner_id),
            "userIdIncludingInactive": int(owner_id),
            "createdAt": moment,
            "updatedAt": moment,
            "archived": False,
        }
        return owner_id

    @property
    def ticket_stages(self) -> dict[str, bool]:
        """Stage id → whether it is a closed one."""
        return {key: closed for _, stages in self.ticket_pipelines.values() for key, _, closed in stages}

    # Reading --------------------------------------------------------------------------------------------------

    def of_kind(self, kind: str) -> list[StoredRecord]:
        """Oldest first, which is the order of their ids."""
        return list(self._kinds[kind].values())

    def deleted(self, kind: str) -> list[StoredRecord]:
        """As people deleted them; in the order of their ids."""
        found = [each for (of, _), each in self.archived.items() if of == kind]
        return sorted(found, key=lambda each: int(each.id))

    def find(self, kind: str, key: str, id_property: str | None) -> list[StoredRecord]:
        """Those named by id, or by a unique property. An e-mail address also finds whose secondary one it is."""
        if id_property in {None, "", "hs_object_id"}:
            found = self.records.get((kind, self.merged.get((kind, key), key)))
            return [found] if found else []
        wanted = key.lower()
        return [each for each in self.of_kind(kind) if wanted in _names(each, id_property)]

    def linked(self, kind: str, record_id: str, to: str) -> list[dict[str, str]]:
        return [
            {"id": end, "type": _link_name(type_id)}
            for type_id, end in self.links.get(record_id, ())
            if LINKS[type_id][:2] == (kind, to)
        ]

    def link_types(self, record_id: str, end: str) -> list[int]:
        """The types of the links from one record to another."""
        return [type_id for type_id, to in self.links.get(record_id, ()) if to == end]

    # Writing --------------------------------------------------------------------------------------------------

    def create(self, kind: str, properties: Mapping[str, Any]) -> StoredRecord:
        """Raises `RefusedWriteError`."""
        values = self.rules.checked(kind, properties, besides=None)
        self.rules.refuse_lacking(kind, {**values, **properties})  # what is not kept was told all the same
        record = self.store(kind, values)
        self.told(Change(kind=kind, record_id=record.id, what="creation"))
        for name, value in values.items():
            self.told(
                Change(kind=kind, record_id=record.id, what="propertyChange", property=name, value=value)
            )
        return record

    def update(self, record: StoredRecord, properties: Mapping[str, Any]) -> None:
        """Raises `RefusedWriteError`."""
        self.set(record, self.rules.checked(record.kind, properties, besides=record.id))

    def set(self, record: StoredRecord, values: Mapping[str, str]) -> None:
        """Change a record, unchecked; what HubSpot itself sets follows."""
        before = dict(record.properties)
        record.properties.update(values)
        record.updated_at = self.clock.now()
        self._compute(record)
        for name, value in record.properties.items():
            if before.get(name, "") != value and name not in _UNTOLD:
                self.told(
                    Change(
                        kind=record.kind,
                        record_id=record.id,
                        what="propertyChange",
                        property=name,
                        value=value,
                    )
                )

    def store(self, kind: str, values: Mapping[str, str]) -> StoredRecord:
        """Put a record there, unchecked and untold."""
        now = self.clock.now()
        record = StoredRecord(
            kind=kind, id=self.next_id(), properties=dict(values), created_at=now, updated_at=now
        )
        self.records[kind, record.id] = record
        self._kinds[kind][record.id] = record
        self._compute(record)
        return record

    def delete(self, kind: str, record_id: str) -> None:
        """As people do; its links go too."""
        record = self.take_out(kind, record_id)
        record.archived_at = self.clock.now()
        self.archived[kind, record_id] = record
        for type_id, end in self.links.pop(record_id, {}):
            self.links[end].pop((LINKS[type_id][2], record_id), None)
        self.told(Change(kind=kind, record_id=record_id, what="deletion"))

    def take_out(self, kind: str, record_id: str) -> StoredRecord:
        """The record, which is there no more; its links stay."""
        del self._kinds[kind][record_id]
        return self.records.pop((kind, record_id))

    def link(self, type_id: int, start: str, end: str) -> None:
        """Both ways. A contact's first company becomes the primary one by itself; a primary one is listed twice."""
        types = [type_id]
        if type_id in {PRIMARY_COMPANY, UNLABELLED_COMPANY}:
            first = not self.linked(CONTACTS, start, COMPANIES)
            types = [PRIMARY_COMPANY, UNLABELLED_COMPANY] if first or type_id == PRIMARY_COMPANY else types
        for each in types:
            self.link_once(each, start, end)
            self.link_once(LINKS[each][2], end, start)

    def forget_primary_company(self, contact_id: str) -> None:
        """Leave the contact's companies without a primary one, as people can in HubSpot."""
        links = self.links[contact_id]
        for link in [each for each in links if each[0] == PRIMARY_COMPANY]:
            del links[link]

    def link_once(self, type_id: int, start: str, end: str) -> None:
        if (type_id, end) not in self.links[start]:
            self.links[start][type_id, end] = None
            kind, to, _ = LINKS[type_id]
            self.told(
                Change(
                    kind=kind,
                    record_id=start,
                    what="associationChange",
                    to_kind=to,
                    to_id=end,
                    type_id=type_id,
                )
            )

    def _compute(self, record: StoredRecord) -> None:
        changed = "lastmodifieddate" if record.kind == CONTACTS else "hs_lastmodifieddate"
        record.properties["hs_object_id"] = record.id
        record.properties["createdate"] = stamp(record.created_at)
        record.properties[changed] = stamp(record.updated_at)
        if record.kind == CONTACTS:
            for name, of in CALCULATED.items():
                number = record.properties.get(of, "")
                record.properties[name] = _dialled(number) if number.startswith("+") else ""
        if record.kind == DEALS:
            is_closed = record.properties.get("dealstage") in _CLOSED_DEALS
            record.properties["hs_is_closed"] = "true" if is_closed else "false"
        if record.kind == TICKETS:
            self._compute_ticket(record.properties, stamp(record.updated_at))

    def _compute_ticket(self, properties: dict[str, str], now: str) -> None:
        is_closed = self.ticket_stages.get(properties.get("hs_pipeline_stage", ""), False)
        was_closed = bool(properties.get("closed_date"))
        if is_closed != was_closed:
            properties["closed_date"] = now if is_closed else ""
            if was_closed:
                properties["hs_ticket_reopened_at"] = now
        properties.setdefault("hs_pipeline", next(iter(self.ticket_pipelines), ""))
        team = self.teams.get(properties.get("hubspot_owner_id", ""))
        if team is not None:
            properties["hubspot_team_id"] = team

    def next_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)


def _names(record: StoredRecord, id_property: str | None) -> Iterator[str]:
    yield record.properties.get(id_property or "", "").lower()
    if id_property == "email":
        yield from record.properties.get("hs_additional_emails", "").lower().split(";")


def _link_name(type_id: int) -> str:
    start, end, _ = LINKS[type_id]
    name = f"{SINGULAR[start]}_to_{SINGULAR[end]}"
    return f"{name}_unlabeled" if type_id in {279, 280} else name


def _dialled(number: str) -> str:
    return "+" + "".join(each for each in number if each.isdecimal())

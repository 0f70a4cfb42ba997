"""The state of an emulated HubSpot account: records, links between them, definitions, and the rules for writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from batonpass.domain.clock import Clock
from batonpass_hubspot.emulated_schema import (
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
    REQUIRED,
    SINGULAR,
    UNLABELLED_COMPANY,
)


class RefusedWriteError(Exception):
    """A write that HubSpot answers with 400 or 409."""

    def __init__(self, message: str, *, status: int = 400, errors: Iterable[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.errors = tuple(errors)
        """(code, property) pairs."""


@dataclass(slots=True, kw_only=True)
class StoredRecord:
    kind: str
    id: str
    properties: dict[str, str]
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class EmulatedAccount:
    clock: Clock
    records: dict[tuple[str, str], StoredRecord] = field(default_factory=dict)
    links: list[tuple[int, str, str]] = field(default_factory=list)
    """(association type id, from, to), both ways."""
    owners: dict[str, dict[str, Any]] = field(default_factory=dict)
    definitions: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    last_id: int = 7000

    def __post_init__(self) -> None:
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
    ) -> None:
        """Make a property, as its admins may."""
        self.definitions[kind][name] = {
            "name": name,
            "label": name.replace("_", " ").capitalize(),
            "type": type_,
            "fieldType": field_type,
            "groupName": f"{SINGULAR[kind]}information",
            "description": "",
            "hidden": False,
            "displayOrder": -1,
            "showCurrencySymbol": name in MONEY,
            "options": [
                {"value": value, "label": label, "hidden": False, "displayOrder": at, "description": ""}
                for at, (value, label) in enumerate(options.items())
            ],
        }

    def add_owner(self, first_name: str, last_name: str, email: str) -> str:
        owner_id = self._next_id()
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

    def pipelines(self, kind: str) -> list[dict[str, Any]]:
        moment = {
            "createdAt": stamp(self.clock.now()),
            "updatedAt": stamp(self.clock.now()),
            "archived": False,
        }
        if kind != DEALS:
            return []
        stages = [
            {
                "id": name,
                "label": label,
                "displayOrder": at,
                "metadata": {"isClosed": str(closed).lower()},
                **moment,
            }
            for at, (name, label, closed) in enumerate(DEAL_STAGES)
        ]
        return [{"id": "default", "label": "Sales Pipeline", "displayOrder": 0, "stages": stages, **moment}]

    # Reading --------------------------------------------------------------------------------------------------

    def of_kind(self, kind: str) -> list[StoredRecord]:
        return [each for (of, _), each in self.records.items() if of == kind]

    def find(self, kind: str, key: str, id_property: str | None) -> list[StoredRecord]:
        """Those named by id, or by a unique property. An e-mail address also finds whose secondary one it is."""
        if id_property in {None, "", "hs_object_id"}:
            found = self.records.get((kind, key))
            return [found] if found else []
        wanted = key.lower()
        return [each for each in self.of_kind(kind) if wanted in _names(each, id_property)]

    def linked(self, kind: str, record_id: str, to: str) -> list[dict[str, str]]:
        return [
            {"id": end, "type": _link_name(type_id)}
            for type_id, start, end in self.links
            if start == record_id and LINKS[type_id][:2] == (kind, to)
        ]

    # Writing --------------------------------------------------------------------------------------------------

    def create(self, kind: str, properties: Mapping[str, Any]) -> StoredRecord:
        """Raises `RefusedWriteError`."""
        missing = [name for name in REQUIRED.get(kind, ()) if not properties.get(name)]
        if missing:
            raise RefusedWriteError(
                f"Error creating {SINGULAR[kind].upper()}. Some required properties were not set.",
                errors=[("REQUIRED_FIELD", name) for name in missing],
            )
        values = self._checked(kind, properties)
        self._refuse_taken_address(kind, values, besides=None)
        return self.store(kind, values)

    def update(self, record: StoredRecord, properties: Mapping[str, Any]) -> None:
        """Raises `RefusedWriteError`."""
        values = self._checked(record.kind, properties)
        self._refuse_taken_address(record.kind, values, besides=record.id)
        record.properties.update(values)
        record.updated_at = self.clock.now()
        self._compute(record)

    def store(self, kind: str, values: Mapping[str, str]) -> StoredRecord:
        """Put a record there, unchecked."""
        now = self.clock.now()
        record = StoredRecord(
            kind=kind, id=self._next_id(), properties=dict(values), created_at=now, updated_at=now
        )
        self.records[kind, record.id] = record
        self._compute(record)
        return record

    def link(self, type_id: int, start: str, end: str) -> None:
        """Both ways. A contact's first company becomes the primary one by itself; a primary one is listed twice."""
        types = [type_id]
        if type_id in {PRIMARY_COMPANY, UNLABELLED_COMPANY}:
            first = not self.linked(CONTACTS, start, COMPANIES)
            types = [PRIMARY_COMPANY, UNLABELLED_COMPANY] if first or type_id == PRIMARY_COMPANY else types
        for each in types:
            self._link_once(each, start, end)
            self._link_once(LINKS[each][2], end, start)

    def forget_primary_company(self, contact_id: str) -> None:
        """Leave the contact's companies without a primary one, as people can in HubSpot."""
        self.links = [
            link for link in self.links if not (link[0] == PRIMARY_COMPANY and link[1] == contact_id)
        ]

    def _link_once(self, type_id: int, start: str, end: str) -> None:
        if (type_id, start, end) not in self.links:
            self.links.append((type_id, start, end))

    def _checked(self, kind: str, properties: Mapping[str, Any]) -> dict[str, str]:
        known = self.definitions[kind]
        unknown = [name for name in properties if name not in known]
        if unknown:
            raise RefusedWriteError(
                f'Property values were not valid: Property "{unknown[0]}" does not exist',
                errors=[("PROPERTY_DOESNT_EXIST", name) for name in unknown],
            )
        values = {name: _as_text(value, known[name]["type"]) for name, value in properties.items()}
        refused = [name for name, value in values.items() if not _allowed(value, known[name])]
        if refused:
            raise RefusedWriteError(
                f"Property values were not valid: {refused[0]} was not one of the allowed options",
                errors=[("INVALID_OPTION", name) for name in refused],
            )
        return values

    def _refuse_taken_address(self, kind: str, values: Mapping[str, str], *, besides: str | None) -> None:
        address = values.get("email", "").lower()
        if kind != CONTACTS or not address:
            return
        taken = [each for each in self.find(CONTACTS, address, "email") if each.id != besides]
        if taken:
            raise RefusedWriteError(f"Contact already exists. Existing ID: {taken[0].id}", status=409)

    def _compute(self, record: StoredRecord) -> None:
        changed = "lastmodifieddate" if record.kind == CONTACTS else "hs_lastmodifieddate"
        record.properties["hs_object_id"] = record.id
        record.properties["createdate"] = stamp(record.created_at)
        record.properties[changed] = stamp(record.updated_at)
        if record.kind == DEALS:
            closed = {name for name, _, is_closed in DEAL_STAGES if is_closed}
            record.properties["hs_is_closed"] = str(record.properties.get("dealstage") in closed).lower()

    def _next_id(self) -> str:
        self.last_id += 1
        return str(self.last_id)


def stamp(at: datetime) -> str:
    """An instant as HubSpot writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def _names(record: StoredRecord, id_property: str | None) -> Iterator[str]:
    yield record.properties.get(id_property or "", "").lower()
    if id_property == "email":
        yield from record.properties.get("hs_additional_emails", "").lower().split(";")


def _link_name(type_id: int) -> str:
    start, end, _ = LINKS[type_id]
    name = f"{SINGULAR[start]}_to_{SINGULAR[end]}"
    return f"{name}_unlabeled" if type_id in {279, 280} else name


def _as_text(value: Any, type_: str) -> str:
    """All values are strings; days and instants come back as ISO 8601, also where they were sent in milliseconds."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if type_ not in {"date", "datetime"} or not text.isdigit():
        return text
    at = datetime.fromtimestamp(int(text) / 1000, UTC)
    return stamp(at) if type_ == "datetime" else at.date().isoformat()


def _allowed(value: str, definition: Mapping[str, Any]) -> bool:
    options = {option["value"] for option in definition["options"]}
    return not value or not options or all(each in options for each in value.split(";"))

"""The emulator's endpoints for people, tags and fields."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass.domain.clock import Clock
from batonpass_intercom import emulated_json as as_json
from batonpass_intercom import emulated_people_json as people_json
from batonpass_intercom.emulated_account import (
    Account,
    EmulatedAdmin,
    EmulatedField,
    EmulatedType,
    item_id,
)
from batonpass_intercom.emulated_contact_search import ContactSearch
from batonpass_intercom.emulated_http import Refusal, not_found, told

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_TICKET_TYPES = frozenset({"string", "list", "integer", "decimal", "boolean", "datetime", "files"})


class People:
    def __init__(
        self,
        account: Account,
        clock: Clock,
        *,
        own: EmulatedAdmin,
        commit: Callable[[str, str], None],
        horizon: Callable[[], datetime],
    ) -> None:
        self._account = account
        self._clock = clock
        self._own = own
        self._commit = commit
        self.search = ContactSearch(account, horizon)

    # People and tags ------------------------------------------------------------------------------------------

    def show_me(self, request: Request) -> Response:
        del request
        return JSONResponse(as_json.me(self._own, self._account.time_zone))

    def list_admins(self, request: Request) -> Response:
        del request
        listed = [as_json.admin(known) for known in self._account.admins.values()]
        return JSONResponse({"type": "admin.list", "admins": listed})

    def list_reasons(self, request: Request) -> Response:
        del request
        listed = [
            {"type": "away_status_reason", "id": str(id_), "label": label, "deleted": False}
            for id_, label in self._account.away_reasons.items()
        ]
        return JSONResponse({"type": "list", "data": listed})

    def list_teams(self, request: Request) -> Response:
        del request
        listed = [
            {"type": "team", "id": str(id_), "name": name, "admin_ids": []}
            for id_, name in self._account.teams.items()
        ]
        return JSONResponse({"type": "team.list", "teams": listed})

    def show_contact(self, request: Request) -> Response:
        known = self._account.contacts.get(request.path_params["id"])
        if known is None:
            raise not_found("User")
        return JSONResponse(people_json.contact(known))

    def find_contact(self, request: Request) -> Response:
        """At once: this is no search."""
        wanted = request.path_params["external_id"]
        for known in self._account.contacts.values():
            if known.external_id == wanted:
                return JSONResponse(people_json.contact(known))
        raise not_found("User")

    async def search_contacts(self, request: Request) -> Response:
        body = await told(request)
        with_merged = request.query_params.get("include_merge_history") == "true"
        found = self.search.found(body["query"])
        some, pages = self.search.list.page(body, found)
        listed = [people_json.contact(known, with_merged=with_merged) for known in some]
        return JSONResponse({"type": "list", "data": listed, "total_count": len(found), "pages": pages})

    async def create_contact(self, request: Request) -> Response:
        body = await told(request)
        email, external_id = body.get("email"), body.get("external_id")
        role = body.get("role") or "user"
        if email is not None and not _EMAIL.fullmatch(email):
            raise Refusal(400, "parameter_invalid", "email is invalid", field="email")
        if role == "user" and not email and not external_id:
            raise Refusal(400, "parameter_not_found", "email or external_id is needed", field="email")
        for known in self._account.contacts.values():
            same = (
                email and (known.email or "").casefold() == email.casefold() and known.role == "user"
            ) or (external_id and known.external_id == external_id)
            if same and role == "user":
                what = f"A contact matching those details already exists with id={known.id}"
                raise Refusal(409, "conflict", what)
        made = self._account.add_contact(
            self._clock.now(), name=body.get("name"), email=email, external_id=external_id, role=role
        )
        self._commit("contact.created", made.id)
        return JSONResponse(people_json.contact(made))

    async def create_tag(self, request: Request) -> Response:
        name = (await told(request)).get("name")
        if not isinstance(name, str) or not name.strip():
            raise Refusal(400, "parameter_invalid", "invalid tag parameters", field="tag")
        return JSONResponse(as_json.tag(self._account.tag(name), name))

    # Fields ---------------------------------------------------------------------------------------------------

    def list_ticket_types(self, request: Request) -> Response:
        del request
        listed = [as_json.ticket_type(self._account, each) for each in self._account.types.values()]
        return JSONResponse({"type": "list", "data": listed})

    async def create_ticket_field(self, request: Request) -> Response:
        type_ = self._type(request)
        body = await told(request)
        name, data_type = _named(body, type_.fields.values(), _TICKET_TYPES)
        if not body.get("description"):
            raise Refusal(400, "parameter_not_found", "description is required", field="description")
        labels = [label.strip() for label in body.get("list_items", "").split(",") if label.strip()]
        if data_type == "list" and not labels:
            raise Refusal(400, "parameter_not_found", "list_items is required", field="list_items")
        made = self._account.add_ticket_field(name, data_type, labels=labels, type_id=type_.id)
        made.multiline = bool(body.get("multiline"))
        made.description = body["description"]
        made.visible_to_contacts = body.get("visible_to_contacts", True)
        self._commit("field.created", f"ticket:{name}")
        return JSONResponse(as_json.ticket_attribute(made, type_.id))

    async def update_ticket_field(self, request: Request) -> Response:
        """`list_items` replaces the list; an item that stays keeps its id."""
        type_ = self._type(request)
        known = type_.fields.get(int(request.path_params["id"]))
        if known is None:
            raise not_found("Ticket type attribute")
        body = await told(request)
        if "list_items" in body:
            if known.data_type != "list":
                raise Refusal(400, "parameter_invalid", "only lists have items", field="list_items")
            before = {label: id_ for id_, label in known.items.items()}
            labels = [label.strip() for label in body["list_items"].split(",") if label.strip()]
            known.items = {before.get(label, item_id(known.name, label)): label for label in labels}
        known.active = not body.get("archived", not known.active)
        return JSONResponse(as_json.ticket_attribute(known, type_.id))

    def list_fields(self, request: Request) -> Response:
        archived = request.query_params.get("include_archived") == "true"
        listed = [
            as_json.conversation_attribute(known)
            for known in self._account.conversation_fields.values()
            if known.active or archived
        ]
        return JSONResponse({"type": "list", "data": listed})

    def list_data_attributes(self, request: Request) -> Response:
        archived = request.query_params.get("include_archived") == "true"
        model = request.query_params.get("model")
        listed = [
            *(people_json.standard_attribute(*each) for each in people_json.STANDARD),
            *(
                people_json.data_attribute(known)
                for known in self._account.contact_fields.values()
                if known.active or archived
            ),
        ]
        shown = [each for each in listed if model in {None, each["model"]}]
        return JSONResponse({"type": "list", "data": shown})

    async def create_field(self, request: Request) -> Response:
        body = await told(request)
        known_types = _TICKET_TYPES | {"relationship"}
        name, data_type = _named(body, self._account.conversation_fields.values(), known_types)
        labels = [option["label"] for option in body.get("options", ())]
        made = self._account.add_conversation_field(name, data_type, labels=labels)
        made.multiline = bool(body.get("multiline"))
        self._commit("field.created", f"conversation:{name}")
        return JSONResponse(as_json.conversation_attribute(made))

    async def add_option(self, request: Request) -> Response:
        known = self._account.conversation_fields.get(int(request.path_params["id"]))
        if known is None:
            raise not_found("Conversation attribute")
        if known.data_type != "list":
            raise Refusal(422, "parameter_invalid", "Options can only be managed on list attributes")
        label = (await told(request))["label"]
        known.items[item_id(known.name, label)] = label
        return JSONResponse(as_json.conversation_attribute(known))

    def _type(self, request: Request) -> EmulatedType:
        found = {str(each.id): each for each in self._account.types.values()}
        if request.path_params["type_id"] not in found:
            raise not_found("Ticket type")
        return found[request.path_params["type_id"]]


def _named(body: dict[str, Any], there: Any, types: frozenset[str]) -> tuple[str, str]:
    name, data_type = body.get("name"), body.get("data_type")
    if not isinstance(name, str) or not name.strip():
        raise Refusal(400, "parameter_not_found", "name is required", field="name")
    if data_type not in types:
        raise Refusal(422, "parameter_invalid", f"data_type '{data_type}' is not valid", field="data_type")
    fields: Sequence[EmulatedField] = tuple(there)
    if any(known.name == name for known in fields):
        raise Refusal(400, "parameter_invalid", "an attribute of this name is there already", field="name")
    return name, str(data_type)

"""What an emulated account is made of, by its endpoints: fields, forms, groups, people and who is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from batonpass_zendesk import emulated_json as as_json
from batonpass_zendesk.emulated_account import EmulatedField, EmulatedPresence, EmulatedUser
from batonpass_zendesk.emulated_desk import EmulatedDesk
from batonpass_zendesk.emulated_http import Refusal, json_body, listed, not_found, page
from batonpass_zendesk.emulated_rules import Complaint, RecordInvalidError

_TYPES = frozenset(
    {"text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "tagger", "multiselect"}
)
_WITH_OPTIONS = frozenset({"tagger", "multiselect"})
MOST_OPTIONS = 2000


class Directory(EmulatedDesk):
    # Fields, forms, groups ------------------------------------------------------------------------------------

    def _list_fields(self, request: Request) -> Response:
        return listed(request, "ticket_fields", self.account.fields, as_json.ticket_field)

    async def _create_field(self, request: Request) -> Response:
        """Nothing keeps two fields from having one name, or two options from sharing a tag."""
        told = (await json_body(request))["ticket_field"]
        title, type_ = str(told.get("title") or ""), told.get("type")
        if not title.strip() or type_ not in _TYPES:
            raise _invalid("Title: cannot be blank" if not title.strip() else "Type: is invalid")
        options = {each["value"]: each["name"] for each in told.get("custom_field_options") or ()}
        if type_ in _WITH_OPTIONS and not options:
            raise _invalid("Custom field options: must contain at least one option")
        made = self.add_field(title, type_, options=options, required=bool(told.get("required")))
        self.commit("field.created", str(made.id), key=title)
        return JSONResponse({"ticket_field": as_json.ticket_field(made)}, 201)

    async def _create_option(self, request: Request) -> Response:
        field = self._field(request)
        told = (await json_body(request))["custom_field_option"]
        name, tag = str(told.get("name") or ""), str(told.get("value") or "")
        if field.type not in _WITH_OPTIONS or not name or not tag or tag in field.options:
            raise _invalid("Value: is invalid or has been taken")
        if len(field.options) >= MOST_OPTIONS:
            raise _invalid("Custom field options: too many")
        field.options[tag] = name
        self.commit("option.created", str(field.id), key=tag)
        made = {"id": self.account.next_id(), "name": name, "raw_name": name, "value": tag}
        return JSONResponse({"custom_field_option": made}, 201)

    def _field(self, request: Request) -> EmulatedField:
        found = self.account.fields.get(request.path_params["id"])
        if found is None:
            raise not_found()
        return found

    def _list_forms(self, request: Request) -> Response:
        if self.account.forms is None:
            raise Refusal(404, "RecordNotFound", "Not found")
        return page(request, "ticket_forms", [as_json.form(each) for each in self.account.forms])

    def _list_groups(self, request: Request) -> Response:
        return listed(request, "groups", self.account.groups, as_json.group)

    def _list_organizations(self, request: Request) -> Response:
        return listed(request, "organizations", self.account.organizations, as_json.organization)

    # People ---------------------------------------------------------------------------------------------------

    def _list_users(self, request: Request) -> Response:
        roles = request.query_params.getlist("role[]")

        def wanted(user: EmulatedUser) -> bool:
            return not roles or user.role in roles

        return listed(request, "users", self.account.users, as_json.user, wanted=wanted)

    def _show_me(self, request: Request) -> Response:
        del request
        return JSONResponse({"user": as_json.user(self.agent)})

    def _search_users(self, request: Request) -> Response:
        """By the search index, which lags; an external id is looked up in the store."""
        query = request.query_params.get("query", "").casefold()
        external_id = request.query_params.get("external_id")
        found = [
            as_json.user(user)
            for user in self.account.users.values()
            if (query and query in _searched(user) and self._is_indexed(user))
            or (external_id and user.external_id == external_id)
        ]
        return page(request, "users", found)

    def _is_indexed(self, user: EmulatedUser) -> bool:
        lag = timedelta(seconds=self.search_lag)
        return user.created_at is None or user.created_at + lag <= self.clock.now()

    def _list_availabilities(self, request: Request) -> Response:
        """JSON:API: https://developer.zendesk.com/api-reference/agent-availability/agent-availability-api/"""
        if self.account.presences is None:
            raise Refusal(404, "NotFound", "Agent availability is not available")
        there = list(self.account.presences.values())
        included = [channel for each in there for channel in _channels(each)]
        return page(request, "data", [_availability(each) for each in there], included=included)


def _searched(user: EmulatedUser) -> str:
    return f"{user.name} {user.email or ''} {user.phone or ''}".casefold()


def _invalid(said: str) -> RecordInvalidError:
    return RecordInvalidError([Complaint("base", said)])


def _availability(known: EmulatedPresence) -> dict[str, Any]:
    status: dict[str, Any] = {"id": known.status_id, "name": known.status, "reason": "UNKNOWN"}
    if known.since is not None:
        status["updated_at"] = as_json.at(known.since)
    links = [{"id": each["id"], "type": "channels"} for each in _channels(known)]
    return {
        "id": f"agent_availabilities|{known.agent_id}",
        "type": "agent_availabilities",
        "attributes": {"agent_id": known.agent_id, "agent_status": status, "group_ids": [], "version": 1},
        "relationships": {"channels": {"data": links}},
    }


def _channels(known: EmulatedPresence) -> list[dict[str, Any]]:
    return [
        {
            "id": f"channels|{known.agent_id}|{name}",
            "type": "channels",
            "attributes": {"name": name, "status": status, "work_item_count": items, "max_capacity": most},
        }
        for name, (status, items, most) in known.channels.items()
    ]

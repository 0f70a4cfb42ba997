"""How the emulator searches contacts: times by calendar day in the workspace's time zone, as Intercom documents it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from batonpass_intercom.emulated_account import Account, EmulatedContact
from batonpass_intercom.emulated_http import Refusal
from batonpass_intercom.emulated_search import Search, Values, fitting

USUAL_PAGE = 50


class ContactSearch:
    def __init__(self, account: Account, horizon: Callable[[], datetime]) -> None:
        self._account = account
        self._horizon = horizon
        self.list: Search[EmulatedContact] = Search(
            times=self._times,
            number=lambda known: int(known.id, 16),
            sorted_by="created_at",
            usual_page=USUAL_PAGE,
        )

    def found(self, query: Mapping[str, Any]) -> Sequence[EmulatedContact]:
        fits = fitting(self._by_day(query), self._values)
        horizon = self._horizon()
        contacts = self._account.contacts.values()
        return [known for known in contacts if known.created_at <= horizon and fits(known)]

    def _times(self, name: str) -> Callable[[EmulatedContact], datetime]:
        """As the index has them: of the changes that it does not know yet it does not know the time."""
        horizon = self._horizon()
        if name == "updated_at":
            return lambda known: known.updated_at if known.updated_at <= horizon else known.created_at
        return lambda known: known.created_at

    def _values(self, field: str) -> Values[EmulatedContact] | None:
        changed_at = self._times("updated_at")
        plain: Mapping[str, Values[EmulatedContact]] = {
            "id": lambda known: [known.id],
            "email": lambda known: [known.email],
            "phone": lambda known: [known.phone],
            "external_id": lambda known: [known.external_id],
            "name": lambda known: [known.name],
            "role": lambda known: [known.role],
            "created_at": lambda known: [int(known.created_at.timestamp())],
            "updated_at": lambda known: [int(changed_at(known).timestamp())],
        }
        return plain.get(field)

    def _by_day(self, query: Mapping[str, Any]) -> Mapping[str, Any]:
        """The query with each comparison of times as one of seconds: `>` begins on the next day."""
        if isinstance(query.get("value"), list) and query["operator"] in {"AND", "OR"}:
            return {**query, "value": [self._by_day(part) for part in query["value"]]}
        if query["field"] not in {"created_at", "updated_at"}:
            return query
        field = query["field"]
        begins, ends = self._day(int(query["value"]))
        match query["operator"]:
            case ">":
                return {"field": field, "operator": ">=", "value": ends}
            case "<":
                return {"field": field, "operator": "<", "value": begins}
            case "=":
                from_then = {"field": field, "operator": ">=", "value": begins}
                before = {"field": field, "operator": "<", "value": ends}
                return {"operator": "AND", "value": [from_then, before]}
            case _:
                raise Refusal(400, "invalid_operator", "The operator is not supported")

    def _day(self, second: int) -> tuple[int, int]:
        """The second with which the calendar day of this second begins, and that of the next day."""
        zone = ZoneInfo(self._account.time_zone)
        day = datetime.fromtimestamp(second, UTC).astimezone(zone).date()
        midnights = (
            datetime(each.year, each.month, each.day, tzinfo=zone) for each in (day, day + timedelta(days=1))
        )
        begins, ends = (int(each.timestamp()) for each in midnights)
        return begins, ends

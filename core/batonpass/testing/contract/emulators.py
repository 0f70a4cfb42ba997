"""The emulator is as strict as the suite needs it to be, or the suite proves nothing."""

from __future__ import annotations

import httpx
import pytest

from batonpass.domain.errors import CredentialsRefusedError, RetryLaterError
from batonpass.domain.event import EventKind
from batonpass.domain.ticket import TicketKey
from batonpass.ports import Capability, Probe
from batonpass.testing.contract.basis import Basis
from batonpass.testing.contract.samples import a_draft
from batonpass.testing.emulator import Fault, Operation
from batonpass.testing.happenings import CannotPlayError, Happening


class EmulatorContract(Basis):
    """`batonpass.testing.emulator.Emulator`."""

    async def test_no_operation_answers_without_credentials(self) -> None:
        async with self.opened() as made:
            closed = [each for each in made.emulator.operations() if not each.open]
            async with httpx.AsyncClient(base_url=made.settings.base_url, trust_env=False) as http:
                answers = {
                    each.name: (await http.request(each.method, _path(each), json={})).status_code
                    for each in closed
                }

            assert {name: status for name, status in answers.items() if status != 401} == {}
            assert made.emulator.ledger == []

    async def test_an_unknown_path_is_not_found(self) -> None:
        async with self.opened() as made, httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{made.settings.base_url}/no/such/path")

            assert answer.status_code in {404, 405}

    async def test_every_effect_is_in_the_ledger_with_its_key(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            ref = await made.a_ticket()

            effects = made.emulator.effects("ticket.opened")

            assert [effect.id for effect in effects] == [ref.id]
            assert all(effect.key is None or "contract_Key-" in effect.key for effect in effects)

    async def test_faults_reach_the_connection(self) -> None:
        async with self.opened() as made:
            made.emulator.next_call(Fault.RATE_LIMITED, retry_after=7)

            with pytest.raises(RetryLaterError) as limited:
                await made.to(Probe).check_access()

            assert limited.value.retry_after is not None
            assert not isinstance(limited.value, CredentialsRefusedError)

    @pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.UNKNOWN])
    async def test_what_is_not_played_is_refused_with_what_is(self, kind: EventKind) -> None:
        async with self.opened() as made:
            if kind in made.emulator.plays:
                return
            with pytest.raises(CannotPlayError):
                made.emulator.happen(Happening(kind=kind))

    async def test_happenings_need_something_that_they_can_happen_to(self) -> None:
        async with self.opened() as made:
            self.playing(made, EventKind.CUSTOMER_REPLIED)

            with pytest.raises(CannotPlayError):
                made.emulator.happen(Happening(kind=EventKind.CUSTOMER_REPLIED, ticket="987654321"))

    async def test_the_rate_limit_is_enforced(self) -> None:
        async with self.opened(Capability.OPEN_TICKET) as made:
            made.emulator.calls_per_window = 3

            async def many() -> None:
                for _ in range(10):
                    await made.helpdesk.open_ticket(a_draft(), key=TicketKey(made.key()))

            with pytest.raises(RetryLaterError):
                await many()


def _path(operation: Operation) -> str:
    """The path with 1 in all its places."""
    path = operation.path
    while "{" in path:
        before, _, rest = path.partition("{")
        path = f"{before}1{rest.partition('}')[2]}"
    return path

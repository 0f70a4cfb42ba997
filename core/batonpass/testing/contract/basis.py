"""What every room of the suite stands on: how a connection is opened for one test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import pytest
import pytest_asyncio

from batonpass.domain.event import EventKind
from batonpass.domain.facts import FactRule, Person
from batonpass.domain.ticket import FieldKind, TicketRef
from batonpass.ports import Capability, HelpdeskSettings, Manifest
from batonpass.testing.contract.opened import HandClock, Opened, opened
from batonpass.testing.contract.servers import Servers
from batonpass.testing.emulator import Emulator, Fault


class Basis:
    """What the author of a connector says of it; only `manifest` is needed."""

    manifest: ClassVar[Manifest]
    settings: ClassVar[Mapping[str, Any]] = {}
    """Besides the emulator's `login()`."""
    start: ClassVar[Mapping[str, str]] = {"tag": "needs_person"}
    """The start rule of the webhook tests, one that this vendor's events can meet."""
    known_person: ClassVar[Person] = Person(name="Mia Keller", email="mia.keller@example.com")
    """Somebody whom the sample account knows."""
    rules: ClassVar[Sequence[FactRule]] = ()
    """Rules that give facts about them, where the connector needs rules."""
    cannot_play: ClassVar[Mapping[EventKind, str]] = {}
    """Kinds that deliveries can mean and the emulator does not play, each with the reason."""
    cannot_write: ClassVar[Mapping[str, str]] = {}
    """Parts of a ticket that the vendor's API takes from nobody, each with the reason."""
    webhook_secret: ClassVar[str] = "contract-webhook-secret-0123456789ab"  # noqa: S105 - of no account
    """Of the vendor's kind; one that the emulator's `login()` names comes first."""
    cannot_create: ClassVar[Mapping[str, str]] = {}
    """Field kinds that the vendor's API creates no field of, each with the reason."""
    answerable_once_deleted: ClassVar[str | None] = None
    """Why a reply on a deleted ticket reaches the customer all the same; None: it is refused."""
    created_as: ClassVar[Mapping[FieldKind, FieldKind]] = {}
    """Field kinds that the vendor keeps as another, wider one."""
    three_pages_of_changes: ClassVar[int] = 205
    """How many tickets are more than two pages of the vendor's list of changes."""
    list_tells_no_key: ClassVar[str | None] = None
    """Why the list of changes does not tell our keys; None: it does."""
    mutated_answers: ClassVar[int] = 500
    mutated_deliveries: ClassVar[int] = 10_000

    needs: ClassVar[Capability | None] = None
    """Of a room: what a connection must claim for its tests to say something."""

    def __init_subclass__(cls, **more: Any) -> None:
        """A room whose capability the connection does not claim is no part of its suite."""
        super().__init_subclass__(**more)
        manifest: Manifest | None = getattr(cls, "manifest", None)
        if manifest is None:
            return
        claimed = manifest.capabilities_of(manifest.settings.model_construct(**cls.settings))
        for room in cls.__mro__:
            if room is not cls and room.__dict__.get("needs") not in {None, *claimed}:
                for name in [each for each in vars(room) if each.startswith("test_")]:
                    setattr(cls, name, None)

    pytestmark = pytest.mark.asyncio(loop_scope="class")
    servers: ClassVar[Servers]

    @pytest_asyncio.fixture(scope="class", loop_scope="class", autouse=True)
    @classmethod
    async def _kept_servers(cls) -> AsyncIterator[None]:
        cls.servers = Servers()
        yield
        await cls.servers.aclose()

    # What an author may say in code -------------------------------------------------------------------------------

    def sign(self, body: bytes, *, secret: str, url: str, at: datetime) -> Mapping[str, str] | None:
        """The headers by which the vendor would prove any body; None: only the emulator's own deliveries are
        tried."""
        del body, secret, url, at
        return None

    def secret(self, opened: Opened) -> str:
        """The webhook secret of the connection."""
        told = opened.settings.webhook_secret
        assert told is not None
        return str(told.get_secret_value())

    def another(self, secret: str) -> str:
        """Another one of the same kind."""
        *_, last = (place for place, letter in enumerate(secret) if letter.isalnum())
        return f"{secret[:last]}{'1' if secret[last] != '1' else '2'}{secret[last + 1 :]}"

    def delete_ticket(self, emulator: Emulator, ref: TicketRef) -> None:
        """Let a ticket be deleted at the vendor."""
        delete = getattr(emulator, "delete_ticket", None)
        assert delete is not None, "the emulator has no delete_ticket(id)"
        delete(ref.id)

    def another_form(self, emulator: Emulator) -> None:
        """Let the account have one form more; nothing where the emulator has no `add_form(name)`."""
        add = getattr(emulator, "add_form", None)
        if add is not None:
            add("Another form")

    def a_chat(self, emulator: Emulator) -> str:
        """The id of a messaging conversation that the AI agent holds."""
        add = getattr(emulator, "add_chat", None)
        assert add is not None, "the emulator has no add_chat(), and the suite's subclass no a_chat"
        made: str = add()
        return made

    def somebody_twice(self, emulator: Emulator) -> Person | None:
        """Let the vendor know two people who match one `Person`; None: it cannot."""
        del emulator
        return None

    async def an_answerable_ticket(self, made: Opened) -> TicketRef:
        """A ticket on which the customer can be replied to."""
        return await made.a_ticket()

    def lose_a_scope(self, emulator: Emulator) -> None:
        """Take from the credentials a right without which nothing works; the default: all of them."""
        emulator.next_call(Fault.SERVER_ERROR, status=403, times=50)

    def batch_with_one_bad(self, body: bytes) -> bytes | None:
        """A batch of the events in `body`, something that cannot be understood, and those events again under other
        ids; None: this vendor delivers one event at a time."""
        del body
        return None

    def asking(self) -> Mapping[str, str]:
        """Of the happening that meets `start`."""
        names = {"tag": "tag", "group": "group", "field": "field", "value": "value"}
        return {names[name]: value for name, value in self.start.items()}

    # What tests use -----------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def opened(
        self,
        *needed: Capability,
        emulator: Emulator | None = None,
        clock: HandClock | None = None,
        login: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> AsyncIterator[Opened]:
        """A connection to a served emulator; skips where it does not claim what is needed."""
        for capability in needed:
            if capability not in self.manifest.capabilities:
                pytest.skip(f"does not claim {capability}")
        told = {**self.settings, **settings}

        def logged_in(made: Emulator) -> Mapping[str, str]:
            secret = {} if self.manifest.webhooks is None else {"webhook_secret": self.webhook_secret}
            return {**secret, **(made.login() if login is None else login)}

        async with opened(
            self.manifest, told, self.servers, emulator=emulator, clock=clock, login=logged_in
        ) as made:
            for capability in needed:
                if not made.has(capability):
                    pytest.skip(f"does not claim {capability} with these settings")
            yield made

    def playing(self, made: Opened, *kinds: EventKind) -> None:
        """Skip where the emulator does not play these."""
        for kind in kinds:
            if kind not in made.emulator.plays:
                pytest.skip(f"its emulator does not play {kind}")

    def as_helpdesk(self) -> dict[str, Any]:
        """The start rule, where the connector's settings know one."""
        return {"start": self.start} if issubclass(self.manifest.settings, HelpdeskSettings) else {}

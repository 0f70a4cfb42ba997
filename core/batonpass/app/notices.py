"""Tells the team of alerts: one notice when one opens, one when it closes.

By apprise (https://appriseit.com), which knows chats, pagers and mail. It blocks, so it has a thread; its URLs are
secrets, so nothing that it says about them is logged.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from pydantic import SecretStr

from batonpass.app.alert_words import text_of, title_of
from batonpass.domain.alert import Alert
from batonpass.domain.clock import Clock

if TYPE_CHECKING:
    import apprise

log = structlog.get_logger()

INSTALL = 'pip install "batonpass[notices]"'
DEADLINE = 20.0
"""Seconds for one notice to one place."""
FIRST_WAIT = 15.0
LONGEST_WAIT = 900.0
MOST_KEPT = 1000
"""Notices whose delivery is remembered."""


@dataclass(slots=True)
class _Telling:
    """How far one notice has come."""

    told: set[int] = field(default_factory=set)
    """The places that have it."""
    tries: int = 0
    not_before: float = 0.0


class Notices:
    """Tells the team. Without places to tell, the line in the log is all."""

    def __init__(self, to: Sequence[SecretStr], *, clock: Clock, deadline: float = DEADLINE) -> None:
        """`to`: apprise URLs for which `problem_with` has found none."""
        self._places = tuple(_place(url) for url in to)
        self._clock = clock
        self._deadline = deadline
        self._tellings: OrderedDict[tuple[int, bool], _Telling] = OrderedDict()
        self._busy: set[int] = set()

    async def tell(self, alert: Alert) -> bool:
        """Tell what is new about the alert: that it is open, or closed. Whether everybody has it now: where not, call
        again every few seconds; who has it is not told twice, and between tries the wait grows by itself."""
        telling = self._telling(alert)
        missing = [number for number in range(len(self._places)) if number not in telling.told]
        if not missing or self._clock.monotonic() < telling.not_before:
            return not missing
        results = await asyncio.gather(*(self._tell_one(number, alert) for number in missing))
        telling.told.update(number for number, told in zip(missing, results, strict=True) if told)
        if all(results):
            return True
        telling.tries += 1
        wait = min(FIRST_WAIT * 2 ** (telling.tries - 1), LONGEST_WAIT)
        telling.not_before = self._clock.monotonic() + wait
        log.warning(
            "notice_not_delivered", alert=alert.kind.value, about=alert.about, places=results.count(False),
            tries=telling.tries, again_in=wait,
        )  # fmt: skip
        return False

    def _telling(self, alert: Alert) -> _Telling:
        """Whether it is new is decided by what we remember; the log has each piece of news once."""
        closed = alert.closed_at is not None
        known = self._tellings.get((alert.id, closed))
        if known is not None:
            return known
        report = log.info if closed else log.error
        report(
            "alert_closed" if closed else "alert_opened", alert=alert.kind.value, about=alert.about,
            count=alert.count, since=alert.opened_at.isoformat(), detail=alert.detail,
        )  # fmt: skip
        known = self._tellings[alert.id, closed] = _Telling()
        if len(self._tellings) > MOST_KEPT:
            self._tellings.popitem(last=False)
        return known

    async def _tell_one(self, number: int, alert: Alert) -> bool:
        if number in self._busy:
            return False  # an earlier notice hangs there; a second thread would hang as well
        self._busy.add(number)
        place, title, text = self._places[number], title_of(alert), text_of(alert)

        def send() -> bool:
            try:
                return place(title, text)
            except Exception:  # noqa: BLE001 - a plugin's error, whose text may have the URL
                return False
            finally:
                self._busy.discard(number)

        try:
            async with asyncio.timeout(self._deadline):
                return await _in_thread(send)
        except TimeoutError:
            return False


async def _in_thread(work: Callable[[], bool]) -> bool:
    """In a thread that may hang for ever and keeps no process from ending, which `asyncio.to_thread` would."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[bool] = loop.create_future()

    def end(result: bool) -> None:
        if not done.done():
            done.set_result(result)

    def run() -> None:
        result = work()
        try:
            loop.call_soon_threadsafe(end, result)
        except RuntimeError:
            return  # the loop has ended; nobody waits for it any more

    threading.Thread(target=run, name="batonpass-notice", daemon=True).start()
    return await done


def problem_with(url: SecretStr) -> str | None:
    """Why notices cannot go to this apprise URL, without the URL; None: they can."""
    try:
        return (
            None
            if _opened(url) is not None
            else "no URL that apprise knows: see https://appriseit.com/services"
        )
    except ImportError:
        return f"notices need apprise, which is not installed: {INSTALL}"


def _place(url: SecretStr) -> Callable[[str, str], bool]:
    opened = _opened(url)
    if opened is None:
        raise ValueError("no URL that apprise knows")

    def place(title: str, text: str) -> bool:
        return bool(opened.notify(title=title, body=text))

    return place


def _opened(url: SecretStr) -> apprise.NotifyBase | None:
    """Raises `ImportError` where apprise is not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # of modules that apprise loads for services we do not use
        import apprise  # noqa: PLC0415 - an extra, and half a second that only those pay who want notices

        for talkative in (
            "apprise",
            "urllib3",
        ):  # their warnings name hosts and paths, which may be the secret
            logging.getLogger(talkative).setLevel(logging.CRITICAL + 1)
        asset = apprise.AppriseAsset(
            app_id="batonpass", app_desc="batonpass", async_mode=False,
            storage_mode=apprise.PersistentStoreMode.MEMORY,  # no files of its own
        )  # fmt: skip
        opened = apprise.Apprise.instantiate(url.get_secret_value(), asset=asset, suppress_exceptions=True)
    return opened if isinstance(opened, apprise.NotifyBase) else None

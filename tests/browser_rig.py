"""What the tests in a browser share: a window, and all that it did that nobody has asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from page_rig import PASSWORD, InThread

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

HOW = "needs a browser: apt-get install chromium, and: pip install playwright"


@dataclass
class Watched:
    """One window of a browser."""

    page: Page
    url: str
    dialogs: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    """Requests to other hosts."""
    complaints: list[str] = field(default_factory=list)
    """Policy violations, errors of scripts, what the console was told."""

    @property
    def troubles(self) -> list[str]:
        return [*self.dialogs, *self.elsewhere, *self.complaints]

    def signs_in(self, name: str) -> None:
        self.page.goto(f"{self.url}/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()


def opened(browser: Browser, pages: InThread, **how: Any) -> Iterator[Watched]:
    told = {"locale": "en-GB", "timezone_id": "Asia/Kolkata", "viewport": {"width": 1366, "height": 900}}
    with browser.new_context(**{**told, **how}) as context:
        page = context.new_page()
        watched = Watched(page, pages.url)
        own = urlsplit(pages.url).netloc

        def answered(dialog: Any) -> None:
            watched.dialogs.append(f"dialog {dialog.type}: {dialog.message}")
            dialog.dismiss()

        def asked(request: Any) -> None:
            if urlsplit(request.url).netloc != own:
                watched.elsewhere.append(f"request {request.url}")

        page.on("dialog", answered)
        context.on("request", asked)
        page.on("pageerror", lambda error: watched.complaints.append(f"error {error}"))
        page.on("console", lambda message: watched.complaints.append(f"console {message.text}"))
        if how.get("java_script_enabled", True):
            page.expose_function("complain", lambda told: watched.complaints.append(told))  # noqa: PLW0108 - playwright marks what it is given
            page.add_init_script(
                "addEventListener('securitypolicyviolation', (event) => "
                "complain(`policy ${event.violatedDirective} ${event.blockedURI}`))"
            )
        yield watched

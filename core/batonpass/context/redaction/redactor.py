"""Masks a text, an address, or all that a request holds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote_plus

from pydantic import BaseModel

from batonpass.context.cues import Vocabulary
from batonpass.context.redaction import cards, codes, credentials, digits, ibans, keys, nationals
from batonpass.context.redaction.finds import (
    DOTS,
    KINDS,
    NOTHING_MASKED,
    Find,
    Masked,
    counted,
    replaced,
    standing_marks,
)
from batonpass.context.redaction.own import OwnPattern
from batonpass.context.words import ELLIPSIS
from batonpass.domain.conversation import HandoffRequest, PageVisit, Turn

_Model = TypeVar("_Model", bound=BaseModel)

_THREE_DIGITS = re.compile(r"\d{3}")
_SHORTEST_KEY = 20
_KEY_ITSELF = re.compile(r"key(?:s|id)?(?![a-z])")
"""Not a keyboard."""
_CODE_CUES = ("cvv", "back", "cvc", "csc", "cav", "code:", "pr\u00fcf", "pruef", "cryptogramme", "c\u00f3digo", "codigo", "codice", "digit", "security", "verification", "itscode", "idscode", "gscode", "controlecode", "s\u00e9curit\u00e9", "securite")  # fmt: skip
_SHORT, _NAME, _ADDRESS = 500, 200, 2000
"""The limits of the request's fields, in characters."""
_ANSWERS_WITHIN = 2
"""Turns in which an answer to a question for a password or a code is still expected."""
_PARAMETER = re.compile(r"(?P<sign>[?&#;])(?P<name>[^=&#;?\s]{1,100})=(?P<value>[^&#;\s]{0,2000})")
_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:pass(?:word|wd|code)?|pwd|pw|secret|token|key|apikey|auth|authorization|sig|signature|session|sessionid|sid|jwt|otp|credential|code|nonce|hash|ticket_token)s?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Redacted:
    request: HandoffRequest
    masked: Masked


class Redactor:
    """The same text is always masked the same way; what is masked already stays as it is."""

    def __init__(
        self,
        *,
        allow: Collection[str] = (),
        countries: Collection[str] = nationals.COUNTRIES,
        own: Sequence[OwnPattern] = (),
    ) -> None:
        """`allow`: kinds that are left as they are; `countries`: whose national ids are looked for."""
        self._kinds = frozenset(KINDS) - frozenset(allow)
        self._countries = tuple(countries) if "national_id" in self._kinds else ()
        self._own = tuple(own)

    def text(self, text: str) -> str:
        """One text by itself."""
        return _Pass(self, [text]).text(text)

    def url(self, url: str) -> str:
        """An address: what its query says is read too."""
        return _Pass(self, [url]).url(url)

    def request(self, request: HandoffRequest) -> Redacted:
        """The request as it may leave, and what was masked in it, or before it was stored.

        Addresses, telephone numbers and ids of the customer stay: they say who it is.
        """
        run = _Pass(self, list(_texts(request)))
        if run.has_nothing:
            return Redacted(request, NOTHING_MASKED)
        redacted = run.request(request)
        return Redacted(redacted, counted(run.hidden))

    def masks(self, kind: str) -> bool:
        return kind in self._kinds

    @property
    def countries(self) -> tuple[str, ...]:
        return self._countries

    @property
    def own(self) -> tuple[OwnPattern, ...]:
        return self._own


class _Pass:
    """One request, or one text: what is looked for in it, and what has been hidden so far."""

    def __init__(self, redactor: Redactor, texts: Sequence[str]) -> None:
        # Each word once says whether anything must be looked at closely.
        said = Vocabulary(texts)
        self._redactor = redactor
        self._password_cues = said.present(credentials.PASSWORD_CUES) if redactor.masks("password") else ()
        self._secret_cues = _present(credentials.SECRET_CUES, said) if redactor.masks("api_key") else ()
        self._code_cues = _code_cues(said) if redactor.masks("cvv") else ()
        self._cues = (*self._password_cues, *self._secret_cues, *self._code_cues)
        self._cued = bool(self._cues)
        self._marks = said.has("[") and said.has("]")
        self._texts = texts
        self._keys = (
            said.has("://")
            or any("-----BEGIN" in text for text in texts)
            or any(map(keys.may_be_key, [word for word in said.words if len(word) >= _SHORTEST_KEY]))
        )
        self.hidden: list[tuple[str, str]] = []
        self._before = ""
        """The turn before."""
        self._awaited: dict[str, int] = {}
        """Kind that the last turns asked for → turns in which the answer may still come."""

    @property
    def has_nothing(self) -> bool:
        looks = self._cued or self._marks or self._keys or self._redactor.own
        return not (looks or any(map(digits.areas, self._texts)))

    def request(self, request: HandoffRequest) -> HandoffRequest:
        conversation = request.conversation
        turns = tuple(self._turn(turn) for turn in conversation.turns)
        technical, customer, reason = request.technical, request.customer, request.reason
        return _changed(
            request,
            conversation=_changed(
                conversation, turns=turns, channel=self._short(conversation.channel, _NAME)
            ),
            customer=_changed(customer, name=self._short(customer.name, _NAME)),
            reason=_changed(reason, text=self._short(reason.text)),
            attempts=tuple(
                _changed(each, action=self._short(each.action), result=self._short(each.result))
                for each in request.attempts
            ),
            summary=None if request.summary is None else self.text(request.summary),
            pages=tuple(self._page(page) for page in request.pages),
            technical=_changed(
                technical,
                errors=tuple(map(self.text, technical.errors)),
                browser=self._short(technical.browser),
                os=self._short(technical.os),
                attempted_action=self._short(technical.attempted_action),
            ),
        )

    def _turn(self, turn: Turn) -> Turn:
        text = turn.text
        areas = digits.areas(text)
        if areas or self._awaited or self._has_more(text):
            text = self._masked(text, areas, in_turn=True)
        self._before = text
        if text is turn.text and turn.page is None and turn.intent is None:
            return turn
        page = None if turn.page is None else _cut(self.url(turn.page), _SHORT)
        return _changed(turn, text=text, page=page, intent=self._short(turn.intent, _NAME))

    def _has_more(self, text: str) -> bool:
        """Whether it is worth reading for more than numbers. Nearly no text is: a look costs a hundredth of that."""
        return bool(
            self._keys
            or (self._marks and "[" in text)
            or self._redactor.own
            or (self._cued and _has(text.lower(), self._cues))
        )

    def _page(self, page: PageVisit) -> PageVisit:
        return _changed(page, url=_cut(self.url(page.url), _ADDRESS), title=self._short(page.title))

    def _short(self, text: str | None, most: int = _SHORT) -> str | None:
        """A mark may be longer than what it stands for; the field's limit holds all the same."""
        return None if text is None else _cut(self.text(text), most)

    def text(self, text: str) -> str:
        return self._masked(text, digits.areas(text))

    def _masked(self, text: str, areas: Sequence[digits.Area], *, in_turn: bool = False) -> str:
        """`in_turn`: it is a turn of the conversation, which may answer the one before."""
        if self._marks and "[" in text:
            self.hidden += standing_marks(text, [each.kind for each in self._redactor.own])
        finds = list(self._finds(text, areas, in_turn=in_turn))
        if not finds:
            return text
        masked, hidden = replaced(text, finds)
        self.hidden += hidden
        return masked

    def url(self, url: str) -> str:
        return self.text(_PARAMETER.sub(self._parameter, url) if "=" in url else url)

    def _parameter(self, found: re.Match[str]) -> str:
        value = unquote_plus(found["value"])
        if _SECRET_NAME.search(found["name"]) and len(value) >= 4 and DOTS not in value:
            kind = "password" if found["name"].casefold().startswith("p") else "api_key"
            if self._redactor.masks(kind):
                masked, hidden = replaced(value, [Find(0, len(value), kind)])
                self.hidden += hidden
                return f"{found['sign']}{found['name']}={masked}"
        masked = self.text(value)
        return found[0] if masked == value else f"{found['sign']}{found['name']}={masked}"

    def _finds(self, text: str, areas: Sequence[digits.Area], *, in_turn: bool) -> Iterator[Find]:
        masks = self._redactor.masks
        lowered = text.lower() if self._cued else ""
        named = _has(lowered, self._password_cues)
        code_named = _has(lowered, self._code_cues)
        if self._awaited and in_turn:
            yield from self._answers(text)
        found_cards: list[Find] = []
        if areas:
            numbers = list(self._numbers_in(text, areas))
            found_cards = [find for find in numbers if find.kind == "card"]
            yield from numbers
        if (found_cards or code_named) and masks("cvv") and _THREE_DIGITS.search(text):
            yield from codes.codes(text, found_cards)
        if self._keys and masks("api_key"):
            yield from keys.keys(text)
        if _has(lowered, self._secret_cues):
            yield from credentials.secrets(text)
        if named:
            yield from credentials.passwords(text)
        for own in self._redactor.own:
            yield from own.finds(text)
        if in_turn:
            self._await(text, password=named, code=code_named, card=bool(found_cards))

    def _numbers_in(self, text: str, areas: Sequence[digits.Area]) -> Iterator[Find]:
        masks = self._redactor.masks
        for area in areas:
            if masks("card"):
                yield from cards.cards(text, area, before=self._before)
            if masks("iban"):
                yield from ibans.ibans(text, area)
            yield from nationals.national_ids(text, area, self._redactor.countries)

    def _answers(self, text: str) -> Iterator[Find]:
        """What answers a question of the turns before and is nothing else."""
        readers = {"cvv": codes.bare_code, "password": credentials.bare_password}
        for kind in tuple(self._awaited):
            if find := readers[kind](text):
                yield find
            self._awaited[kind] -= 1
            if not self._awaited[kind] or find:
                del self._awaited[kind]

    def _await(self, text: str, *, password: bool, code: bool, card: bool) -> None:
        """`password`, `code`: whether a word for it may stand in the text."""
        if self._redactor.masks("cvv") and (card or (code and codes.asks_for_code(text))):
            self._awaited["cvv"] = _ANSWERS_WITHIN
        if password and credentials.asks_for_password(text):
            self._awaited["password"] = _ANSWERS_WITHIN


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}{ELLIPSIS}"


def _present(cues: Iterable[str], said: Vocabulary) -> tuple[str, ...]:
    found = said.present(cues)
    if "key" in found and not said.finds(_KEY_ITSELF):
        return tuple(cue for cue in found if cue != "key")
    return found


def _code_cues(said: Vocabulary) -> tuple[str, ...]:
    """ "back" alone is in every talk about money; in a text it takes two words to say which code is meant."""
    return tuple("the back" if cue == "back" else cue for cue in said.present(_CODE_CUES))


def _has(lowered: str, cues: tuple[str, ...]) -> bool:
    for cue in cues:  # noqa: SIM110 - four times as quick as any() for two or three of them
        if cue in lowered:
            return True
    return False


def _changed(model: _Model, **values: object) -> _Model:
    """The model with these values; itself where none of them is new."""
    if all(getattr(model, name) == value for name, value in values.items()):
        return model
    return model.model_copy(update=values)


def _texts(request: HandoffRequest) -> Iterator[str]:
    """Every text that may hold something to mask."""
    for turn in request.conversation.turns:
        yield turn.text
        yield turn.page or ""
        yield turn.intent or ""
    for attempt in request.attempts:
        yield attempt.action
        yield attempt.result or ""
    for page in request.pages:
        yield unquote_plus(page.url)
        yield page.title or ""
    technical = request.technical
    yield from technical.errors
    more = (
        request.summary, request.reason.text, request.customer.name, request.conversation.channel,
        technical.browser, technical.os, technical.attempted_action,
    )  # fmt: skip
    yield from (text for text in more if text)

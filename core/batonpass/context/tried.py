"""What was tried before a person was asked, and how it ended.

From the attempts that were handed over; without any, from what the AI agent says that it did, what it told the
customer to try, and how the customer took it in the next turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from batonpass.context.ai_turn import AiTurn
from batonpass.context.citing import shares_content
from batonpass.context.cues import Cues
from batonpass.context.reading import Reading, Sentence, is_login_talk
from batonpass.context.words import cut_words, without_markdown
from batonpass.domain.conversation import Attempt, Conversation, HandoffRequest, Role
from batonpass.domain.text import one_line

_MOST_TRIED = 10
_QUOTED_WORDS = 25
_REACTION_WITHIN = 3
"""Turns after an attempt in which the customer's word on it counts."""
_READ_OF_A_REACTION = 400
_READ_OF_A_TURN = 4000
_SHORTEST = 12
"""Characters: less is the item of a list or a courtesy."""


class Result(StrEnum):
    WORKED = "worked"
    FAILED = "failed"
    REFUSED = "refused"
    """The AI agent could not or may not."""
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One thing that was tried."""

    text: str
    turn: int | None = None
    """The turn that says so; None where the AI agent listed it itself and no turn tells of it."""
    result: Result = Result.UNKNOWN
    result_turn: int | None = None
    """The turn that tells how it ended."""

    @property
    def is_refusal(self) -> bool:
        return self.result is Result.REFUSED

    @property
    def turns(self) -> tuple[int, ...]:
        """The turns that prove the act and its result, each once."""
        both = (turn for turn in (self.turn, self.result_turn) if turn is not None)
        return tuple(dict.fromkeys(both))


_FAILURE = Cues(
    r"\b(?:could(?: not|n['\u2019]t) (?:find|locate|verify|retrieve|access|complete|process)|unable to (?:find|locate|verify|retrieve|access)|issues? (?:finding|locating|with (?:finding|locating))|(?:did not|didn['\u2019]t) (?:find|work|go through|help)|(?:not|isn['\u2019]t|aren['\u2019]t) (?:currently )?available"
    r"|(?:is|are) (?:also |currently )?(?:unavailable|out of stock)|no longer available|not found|does not (?:contain|exist)|doesn['\u2019]t (?:contain|exist|have)|does not have|there (?:are|is|were|was) (?:currently )?no\b|there was an? (?:error|issue|problem)|failed)",
    "could|unable|issue|n't|n\u2019t|not |unavailable|out of stock|no longer|there |fail",
)
_REFUSAL = Cues(
    r"\b(?:can ?not|can['\u2019]t|could(?: not|n['\u2019]t)|unable|not (?:possible|able|allowed|permitted|supported)|is(?:n['\u2019]t| not) possible|(?:does|do) not (?:allow|support)|must be\b|can only|only be (?:made|processed|cancell?ed|modified|refunded|exchanged)|would need to be delivered|must stay)",
    "can |can't|can\u2019t|cannot|could|unable|not |n't|n\u2019t|must |only |need to be",
)
_DEED = Cues(
    r"\b(?:i(?:['\u2019]ve| have)? (?:also |now |just |already )?(?:successfully )?(?:checked|looked up|confirmed|updated|changed|cancell?ed|processed|initiated|sent|reset|refunded|created|requested|opened|reviewed|tried|applied|escalated|exchanged|modified|returned|retrieved|restarted|cleared|enabled|disabled|removed|added|fixed|reported)"
    r"|(?:has|have) (?:now |already |just )?(?:\w+ )?been (?:successfully )?(?:\w+ed|sent|made|set|reset|put|done)\b|(?:was|were) (?:successfully )?(?:processed|cancell?ed|updated|changed|sent|completed|modified|exchanged|returned)|i(?:['\u2019]ve| have) (?:also |now )?(?:set|done|made|put|sent))",
    "i |i've|i\u2019ve|have|has|was|were",
)
_TOLD = Cues(
    r"\b(?:i (?:can )?(?:found|see)\b|i(?:['\u2019]ve| have) (?:found|located)\b|(?:is|are|was|were|of|at) (?:currently |now )?[*]*[$\u20ac\u00a3]\d|(?:is|are|was) (?:currently )?(?:marked as |in )?[\"'\u201c]?(?:delivered|pending|processed|shipped|in transit|part of your)"
    r"|tracking number|you have (?:the following|\w+ (?:pending |delivered )?\w+)|has a (?:total|storage|battery|capacity|resolution|balance)|(?:largest|cheapest|most expensive|smallest|easiest)\b[^.?!\n]{0,80}\b(?:is|are)\b|was (?:shipped|sent|paid|delivered)|your [\w ]{3,40} (?:is|was) [$\u20ac\u00a3\d]"
    r"|have the following|here (?:are|is|['\u2019]s) (?:the|some|your)|offers? a variety)",
    "i |i've|i\u2019ve|$|\u20ac|\xa3|deliver|pending|process|ship|transit|part of|tracking|you have|have the|has a|est|expensive|your |here |here's|here\u2019s|offer|paid|sent",
)
_ADVICE = re.compile(
    r"^(?:(?:first|then|next|now|also|instead|okay|ok|alright|in that case|please)[,:]? )*(?:please |could you (?:please )?|can you (?:please )?|you (?:can|could|may) |i(?:['\u2019]d| would) (?:suggest|recommend) (?:to |that you )?|have you tried |let['\u2019]s )?(?:also )?(?:try(?:ing)?\b|restart|reboot|clear(?:ing)? (?:your|the)|reinstall|uninstall|update (?:the|your) (?:app|browser|firmware|software|driver)|reset (?:the|your) (?:device|router|password|app|modem)|log(?:ging)? out|sign(?:ing)? out|log(?:ging)? (?:back )?in\b|unplug|disable|enable|turn(?:ing)? (?:it|the|your|off|on)|switch(?:ing)? (?:it|to another|off)|use (?:another|a different) (?:browser|device|network)|check (?:your|the) (?:spam|connection|settings|cable|internet|filter)|delete (?:the|your) (?:cookies|cache|app)|hold (?:down )?the"
    r"|versuchen sie|starten sie|l\u00f6schen sie|intente|pruebe|reinicie|borre|essayez|red\u00e9marrez|videz|provi\b|riavvii|cancelli la cache|tente\b)"
)
_TRIED_ALREADY = Cues(
    r"\b(?:i(?:['\u2019]ve| have)? (?:also |already |even )*(?:tried|restarted|reinstalled|rebooted|reset|cleared|updated the|logged out|unplugged|checked the)\b|ich habe (?:schon|bereits|es)\b[^.?!]{0,60}(?:versucht|neu gestartet|gel\u00f6scht)|ya (?:he )?(?:prob\u00e9|probado|intentado|reinici\w+)|j['\u2019]ai (?:d\u00e9j\u00e0 )?(?:essay\u00e9|red\u00e9marr\u00e9|vid\u00e9)|ho gi\u00e0 (?:provato|riavviato))",
    "i |i've|i\u2019ve|ich habe|ya |j'ai|j\u2019ai|ho gi",
)
_STILL_BROKEN = Cues(
    r"\b(?:still (?:not|isn['\u2019]t|doesn['\u2019]t|does not|can['\u2019]t|cannot|won['\u2019]t|the same|getting|get|see|seeing|have|having|broken|failing|fails|crashes|nothing|no\b)|(?:did|does|has)(?: not|n['\u2019]t) (?:work|help|fix|solve|change|helped|worked)|not working|same (?:error|problem|issue|thing|message|result)|no (?:luck|change|difference|success)|nothing (?:changed|happened|happens)|that (?:failed|made it worse)|keeps? (?:crashing|failing|happening)|again the (?:error|same)"
    r"|(?:immer noch|weiterhin) (?:nicht|kein|der|die|das)|geht (?:immer noch )?nicht|funktioniert (?:immer noch )?nicht|hat nicht geholfen|(?:sigue|todav\u00eda|a\u00fan) (?:sin|no|igual)|no (?:funciona|ha funcionado)|(?:ne )?(?:marche|fonctionne) (?:toujours )?pas|toujours (?:pas|le m\u00eame)|(?:non|ancora non) (?:funziona|va)|continua (?:sem|a n\u00e3o)|n\u00e3o (?:funciona|funcionou))",
    "still|n't|n\u2019t|not |same |no |nothing|that |keep|again|nicht|immer noch|weiterhin|sigue|todav|a\xfan|pas|toujours|non |continua|n\xe3o",
)
_WORKS_NOW = Cues(
    r"\b(?:(?:it|that|this|everything)(?:['\u2019]s| is)? (?:now )?(?:works?|worked|working|fixed|solved)\b|(?:works|working|fixed|solved|resolved) now|that did it|that (?:helped|solved|fixed)|problem solved|jetzt (?:geht|funktioniert)|hat geholfen|ya funciona|funcion\u00f3|\u00e7a (?:marche|fonctionne)(?! pas)|adesso funziona|agora funciona)",
    "work|fixed|solved|resolved|that did|helped|jetzt|geholfen|ya |funcion|\xe7a |adesso|agora",
)
_NO_ACT = re.compile(
    r"(?:if (?:you|your|the|this|it)|once|would you|do you|could you|can you|are you|to proceed|to confirm|to start|to begin|after|you will|you['\u2019]ll|this will|(?:now,? )?let me|before|i can help|i can assist|i['\u2019]ll|i will|i need|we can|feel free|please|both options|both items)\b"
)
_ASKS_BACK = re.compile(
    r"\b(?:please (?:let me know|confirm|provide|check)|could you|would you|which (?:one|order|option|item)|to proceed)\b"
)
_ON_THE_WAY = re.compile(
    r"(?:(?:it seems|great|thank you)[^.!,]{0,30}[,.!] )?(?:i(?:['\u2019]ve| have)? (?:found|located)|you have|here (?:are|is)|it['\u2019]s|the order)\b"
)
_ABOUT_THE_TALK = re.compile(
    r"\b(?:feel free|please (?:confirm|provide|note that exchanges|let me)|user id|would you like|(?:hi|hello),? i['\u2019]m)\b"
)
_LEAD_IN = re.compile(
    r"^(?:(?:great|sure|certainly|thank you|thanks|no (?:problem|worries)|good news|okay|alright|however|unfortunately)\b[^,.!:]{0,20}[,.!:]\s*"
    r"|(?:it (?:seems|appears|looks like) (?:that )?)|i(?:['\u2019]m)? (?=unable|can ?not|can['\u2019]t|could)|i['\u2019]m sorry,? (?:but )?|i apologi[sz]e,? (?:but )?|i(?:['\u2019]ve| have)? (?:also |now )?(?:successfully )?(?=\w+ed\b|found|sent|reset))+",
    re.IGNORECASE,
)

_RESULT_WORDS: Mapping[Result, re.Pattern[str]] = MappingProxyType(
    {
        Result.REFUSED: re.compile(
            r"\b(?:refus\w+|denied|declin\w+|not (?:allowed|permitted|eligible|possible)|over (?:the |my )?limit|forbidden|blocked|no permission)\b"
        ),
        Result.FAILED: re.compile(
            r"\b(?:fail\w*|errors?|no (?:\w+ ){0,2}(?:came|arrived|effect|change|success|answer|luck|match)|not (?:work\w*|found|resolved|solved|arrived|helpful|available)|(?:did|does)(?: not|n['\u2019]t)|could(?: not|n['\u2019]t)|unable|unsuccessful\w*|timed? ?-?out|still|nothing|never|rejected|unresolved|kein\w*|nicht|sin \u00e9xito|\u00e9chec\w*)\b"
        ),
        Result.WORKED: re.compile(
            r"\b(?:work(?:ed|s)|success\w*|done|resolved|solved|fixed|complet\w+|ok|sent|updated|changed|cancell?ed|refunded|found|confirmed|erledigt|geholfen|\u00e9xito|r\u00e9ussi)\b"
        ),
    }
)
"""In the order in which they are looked for."""


def what_was_tried(request: HandoffRequest, reading: Reading) -> tuple[Tried, ...]:
    """Oldest first; where they are read from the turns at most ten, the newest."""
    if request.attempts:
        spoken = list(reading.ai_said())
        return tuple(_handed_over(attempt, spoken) for attempt in request.attempts)
    found: dict[str, Tried] = {}
    turns = request.conversation.turns
    for said in _backwards(reading):
        result = _result_of(said.text.lower(), turns[said.turn - 1].role)
        item = Tried(text=_bare(said.text), turn=said.turn, result=result, result_turn=said.turn)
        # What is said again counts where it was said last.
        found.setdefault(" ".join(item.text.casefold().split()[:6]), item)
        if len(found) == _MOST_TRIED:
            break
    return tuple(_with_reaction(item, request.conversation) for item in reversed(found.values()))


def _handed_over(attempt: Attempt, spoken: Sequence[Sentence]) -> Tried:
    action, result = one_line(attempt.action), one_line(attempt.result or "")
    told = next((said for said in spoken if shares_content(action, said.text)), None)
    lower = result.lower()
    return Tried(
        text=f"{action}: {result}" if result else action,
        turn=told.turn if told else None,
        result=next((each for each, words in _RESULT_WORDS.items() if words.search(lower)), Result.UNKNOWN),
    )


def _backwards(reading: Reading) -> Iterator[Sentence]:
    """Acts of the AI agent and attempts that the customer tells of, the last one first."""
    own = [said for said in reading.customer_said if _TRIED_ALREADY.search(said.text.lower())]
    for turn in reversed(reading.ai_turns):
        while own and own[-1].turn > turn.number:
            yield own.pop()
        yield from reversed(_acts_of(turn))
    yield from reversed(own)


def _acts_of(turn: AiTurn) -> list[Sentence]:
    """The sentences of one turn that tell of an act; what was only told counts where nothing was done."""
    said = [
        (each, lower)
        for each, lower in zip(turn.sentences, turn.lowered, strict=True)
        if len(each) >= _SHORTEST
    ]
    # One look at all sentences, each on its line: few turns have a word for a deed.
    whole = "\n".join([lower for _, lower in said])
    signs = [sign for sign in (_DEED, _REFUSAL, _FAILURE) if sign.may_be_in(whole)]
    acts = [each for each, lower in said if _is_act(lower, signs)]
    if not acts and _TOLD.may_be_in(whole):
        told = [(each, lower) for each, lower in said if _is_told(lower)]
        asks_back = bool(told) and _ASKS_BACK.search(turn.text[:_READ_OF_A_TURN].lower()) is not None
        # "I found your orders. Which one do you mean?" is on the way to something, not an answer.
        acts = [each for each, lower in told if not (asks_back and _ON_THE_WAY.match(lower))][:1]
    return [Sentence(turn=turn.number, text=each) for each in acts]


def _is_act(lower: str, signs: Sequence[Cues]) -> bool:
    if lower.endswith("?"):
        return _ADVICE.match(lower) is not None
    if _ADVICE.match(lower):
        return True
    if not any(sign.search(lower) for sign in signs):
        return False
    return not (_NO_ACT.match(lower) or _ABOUT_THE_TALK.search(lower) or is_login_talk(lower))


def _is_told(lower: str) -> bool:
    if lower.endswith("?") or not _TOLD.search(lower):
        return False
    return not (_NO_ACT.match(lower) or _ABOUT_THE_TALK.search(lower) or is_login_talk(lower))


def _result_of(lower: str, role: Role) -> Result:
    if role is Role.CUSTOMER:
        return Result.WORKED if _WORKS_NOW.search(lower) else Result.FAILED
    if _ADVICE.match(lower):
        return Result.UNKNOWN
    if _FAILURE.search(lower):
        return Result.FAILED
    if _REFUSAL.search(lower):
        return Result.REFUSED
    # What was only found or laid out to choose from has not been done: to read it as done is the worst for an agent.
    return Result.UNKNOWN if _ON_THE_WAY.match(lower) and not _DEED.search(lower) else Result.WORKED


def _with_reaction(item: Tried, conversation: Conversation) -> Tried:
    """The customer's next words decide: "it still does not work" ends what the AI agent held for done."""
    if item.turn is None or item.result in {Result.REFUSED, Result.FAILED}:
        return item
    for number, turn in enumerate(
        conversation.turns[item.turn : item.turn + _REACTION_WITHIN], item.turn + 1
    ):
        if turn.role is not Role.CUSTOMER:
            continue
        lower = turn.text[:_READ_OF_A_REACTION].lower()
        if _STILL_BROKEN.search(lower):
            return replace(item, result=Result.FAILED, result_turn=number)
        if _WORKS_NOW.search(lower):
            return replace(item, result=Result.WORKED, result_turn=number)
    return item if item.result is not Result.UNKNOWN else replace(item, result_turn=None)


def _bare(text: str) -> str:
    """The sentence without what leads into it ("I'm sorry, but …"), its first letter large."""
    bare = _LEAD_IN.sub("", without_markdown(text)).strip()
    return cut_words(bare[:1].upper() + bare[1:], _QUOTED_WORDS)


def tried_line(item: Tried) -> str:
    """As agents read it: what was tried, how it ended where that is known, the turns that prove it."""
    where = (
        f" [turn{'s' if len(item.turns) > 1 else ''} {', '.join(map(str, item.turns))}]" if item.turns else ""
    )
    ended = "" if item.result is Result.UNKNOWN else f" \N{EM DASH} {item.result}"
    return f"{item.text}{ended}{where}"


def last_act(reading: Reading) -> Sentence | None:
    """The AI agent's last sentence that reports an act or an answer."""
    return next((acts[-1] for turn in reversed(reading.ai_turns) if (acts := _acts_of(turn))), None)

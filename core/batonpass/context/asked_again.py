"""Where a person asked for what the customer had said already.

Plain rules, as for what was given: a sentence of an agent that asks, and names a kind of fact that stands in an earlier
turn of the customer. A sentence that says the fact itself ("your order is W123, right?") confirms, and asks for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from types import MappingProxyType

from batonpass.context.cues import Cues
from batonpass.context.given import Given, GivenKind, what_was_given
from batonpass.context.words import count_words, sentences
from batonpass.domain.conversation import Conversation, Role, Turn

REQUEST = "request"
"""What the customer wants at all."""
_TELLING_WORDS = 6
_MOST_ANSWERS = 30
"""A person's turns that are looked at: what is asked again is asked early."""
_READ_OF_A_TURN = 4000

_ASKS = Cues(
    r"\?|\b(?:please|kindly)\b.{0,40}\b(?:provide|share|send|tell|give|confirm|let (?:me|us) know|specify|state|include)"
    r"|\b(?:could|can|would|may|might) (?:you|i|we)\b|\b(?:i|we)(?:'ll| will)? (?:still )?need (?:your|the|to know)\b|\blet (?:me|us) know\b"
    r"|\b(?:bitte|k\u00f6nnen sie|k\u00f6nnten sie|nennen sie|teilen sie|ben\u00f6tige|brauche|ben\u00f6tigen|brauchen)\b"
    r"|\b(?:pouvez-vous|pourriez-vous|merci de|veuillez)\b|\b(?:puede|podr\u00eda|por favor|indique|facil\u00edteme|necesito)\b"
    r"|\b(?:pu\u00f2|potrebbe|per favore|mi indichi|pode|poderia|informe)\b",
    "?|please|kindly|could|can |would|may |might|need|let me|let us|bitte|k\u00f6nn|nennen|teilen|ben\u00f6tig|brauche|pouvez|pourriez|merci|veuillez|puede|podr\u00eda|favor|indique|facil|necesito|pu\u00f2|potrebbe|indichi|pode|informe",
)
_NAMES: Mapping[str, Cues] = MappingProxyType(
    {
        GivenKind.ORDER_NUMBER: Cues(
            r"\border(?:'s)? ?(?:number|no\b|id|#)|\bwhich order\b|bestell(?:ungs)?-?nummer|auftragsnummer|num\u00e9ro de (?:la )?commande|n\u00famero de(?:l)? pedido|numero (?:d'|dell'|di )ordine|n\u00famero do pedido",
            "order|bestell|auftrag|commande|pedido|ordine",
        ),
        GivenKind.EMAIL: Cues(
            r"\be-?mail[ -]ad?dress|\b(?:which|what(?:'s| is)?|provide|confirm|share|need)(?: me)?(?: your| the)? e-?mail\b|adresse (?:e-?mail|\u00e9lectronique)|correo electr\u00f3nico|indirizzo e-?mail|endere\u00e7o de e-?mail",
            "mail|correo|lectronique",
        ),
        GivenKind.PHONE: Cues(
            r"\b(?:phone|telephone|mobile|cell|contact|callback) ?(?:phone )?(?:number|no\b)|telefonnummer|handynummer|rufnummer|num\u00e9ro de t\u00e9l\u00e9phone|n\u00famero de tel[e\u00e9]fono|numero di telefono|n\u00famero de telefone",
            "phone|number|nummer|num\u00e9ro|n\u00famero|numero|contact|mobile|cell",
        ),
        GivenKind.NAME: Cues(
            r"\b(?:your|full|last|first|account holder'?s?) name\b|\bwho am i (?:speaking|talking|chatting)|\b(?:ihr(?:en)? )?(?:vollst\u00e4ndigen? )?namen?\b|votre nom\b|su nombre\b|il suo nome|seu nome",
            "name|who am i|nom|nombre|nome",
        ),
        GivenKind.POSTCODE: Cues(
            r"\b(?:post(?:al)? ?code|zip(?: ?code)?|postcode|postleitzahl|plz|code postal|c\u00f3digo postal|cap)\b",
            "post|zip|plz|c\u00f3digo|cap",
        ),
        GivenKind.ADDRESS: Cues(
            r"\b(?:shipping|delivery|billing|home|street|postal|your|new) address\b|(?<!mail-)\b(?:liefer|rechnungs)?anschrift|lieferadresse|adresse de livraison|direcci\u00f3n de (?:env\u00edo|entrega)|indirizzo di (?:consegna|spedizione)|endere\u00e7o",
            "address|anschrift|adresse|direcci\u00f3n|indirizzo|endere\u00e7o",
        ),
        GivenKind.ERROR: Cues(
            r"\b(?:error (?:message|code|text)|which error|what error)|fehlermeldung|message d'erreur|mensaje de error|messaggio di errore|mensagem de erro",
            "error|fehler|erreur|errore|erro",
        ),
        GivenKind.DEVICE: Cues(
            r"\b(?:which|what)\b.{0,30}\b(?:device|browser|phone|version|operating system|os|app)\b|welche[sn]?\b.{0,20}\b(?:ger\u00e4t|browser|version|system)|quel (?:appareil|navigateur)|qu\u00e9 (?:dispositivo|navegador)|quale (?:dispositivo|browser)",
            "device|browser|phone|version|system|app|ger\u00e4t|naviga|dispositivo",
        ),
        GivenKind.PRODUCT: Cues(
            r"\b(?:which|what) (?:product|item|model|article)|welche[sn]? (?:produkt|artikel|modell)|quel (?:produit|article)|qu\u00e9 (?:producto|art\u00edculo)|quale (?:prodotto|articolo)",
            "product|item|model|article|produkt|artikel|modell|produit|producto|art\u00edculo|prodotto|articolo",
        ),
        GivenKind.PAYMENT: Cues(
            r"\b(?:which|what|preferred) (?:payment|refund) method|how (?:would|do) you (?:like|want|wish) to (?:pay|be refunded|receive (?:the|your) refund)|zahlungsart|mode de paiement|m[e\u00e9]todo de pago|metodo di pagamento",
            "method|pay|refund|zahlungsart|paiement|pago|pagamento",
        ),
    }
)  # fmt: skip
_WHAT_FOR = Cues(
    r"\bhow (?:can|may) (?:i|we) (?:help|assist)|what can (?:i|we) do for you|\b(?:describe|explain|tell (?:me|us) (?:more )?about|elaborate on) (?:your|the) (?:issue|problem|request|question|concern)"
    r"|what (?:is|seems to be|exactly is) the (?:issue|problem|matter)|wie kann ich (?:ihnen )?(?:weiter)?helfen|was ist (?:genau )?(?:das|ihr) (?:problem|anliegen)"
    r"|(?:comment|en quoi) puis-je vous aider|\u00bf?(?:en qu\u00e9|c\u00f3mo) puedo ayudar|come posso aiutar|como posso ajudar",
    "help|assist|do for you|describe|explain|tell me|tell us|elaborate|issue|problem|matter|helfen|anliegen|aider|ayudar|aiutar|ajudar",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAgain:
    about: str
    """A kind of what was given, or `REQUEST`. Never what was said."""
    given_in: int
    """The turn of the customer, from 1."""
    asked_in: int
    """The turn of the person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a conversation shows."""

    could: bool
    """Whether the customer had given something before a person spoke: else nothing could be asked again."""
    again: tuple[AskedAgain, ...]
    """Each thing once, at the first time that it was asked for again."""


def look_for_asking_again(turns: Sequence[Turn]) -> Looked:
    """Turns that are not in their order are not put into it."""
    first_person = next((n for n, turn in enumerate(turns, 1) if turn.role is Role.AGENT), None)
    if first_person is None:
        return Looked(could=False, again=())
    given = what_was_given(Conversation(turns=tuple(turns)))
    asked_for = _first_request(turns)
    could = any(each.turn < first_person for each in given) or (0 < asked_for < first_person)
    found: dict[str, AskedAgain] = {}
    answers = ((number, turn) for number, turn in enumerate(turns, 1) if turn.role is Role.AGENT)
    for number, turn in islice(answers, _MOST_ANSWERS):
        known = [each for each in given if each.turn < number]
        for again in _asked_in(turn.text[:_READ_OF_A_TURN], number, known, asked_for, first_person):
            found.setdefault(again.about, again)
    return Looked(could=could, again=tuple(found.values()))


def _asked_in(
    text: str, number: int, known: Sequence[Given], asked_for: int, first_person: int
) -> list[AskedAgain]:
    found = []
    by_kind = {each.kind: each for each in known if each.corrected_in is None or each.corrected_in > number}
    lower = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    if 0 < asked_for < number and number == first_person and _WHAT_FOR.search(lower) is not None:
        found.append(AskedAgain(about=REQUEST, given_in=asked_for, asked_in=number))
    for sentence in sentences(lower) if _ASKS.search(lower) is not None else ():
        if _ASKS.search(sentence) is None:
            continue
        for kind, names in _NAMES.items():
            item = by_kind.get(GivenKind(kind))
            if item is None or names.search(sentence) is None:
                continue
            if item.text.lower().lstrip("#") not in sentence:
                found.append(AskedAgain(about=item.kind.value, given_in=item.turn, asked_in=number))
    return found


def _first_request(turns: Sequence[Turn]) -> int:
    """The first turn in which the customer says what it is about; 0 where none does."""
    said = (
        n
        for n, turn in enumerate(turns, 1)
        if turn.role is Role.CUSTOMER and count_words(turn.text[:_READ_OF_A_TURN]) >= _TELLING_WORDS
    )
    return next(said, 0)

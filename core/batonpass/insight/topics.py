"""What a ticket is about, by its own words: a table that anybody can read, no model.

The vendor's category is looked at first, then the tags, then the subject. The first topic of the table that any of a
text's words names is the ticket's; a ticket that none names is `other`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

OTHER = "other"
TOPICS: Mapping[str, str] = MappingProxyType(
    {
        "legal": "gdpr dsgvo rgpd lawyer anwalt avocat abogado avvocato advogado lawsuit subpoena privacy datenschutz",
        "security": "hacked gehackt pirat\u00e9 hackeado phishing fraud betrug fraude frode unauthori breach stolen gestohlen",
        "cancellation": "cancel k\u00fcndig kuendig stornier widerruf r\u00e9sili resili annul dar_de_baja disdett disdici cancelar unsubscribe",
        "refund": "refund chargeback money_back r\u00fcckerstatt rueckerstatt erstattung rembours reembols rimbors devoluci\u00f3n_de_dinero",
        "return": "return exchange replacement retoure r\u00fccksend ruecksend umtausch retour \u00e9change devoluci devoluc reso restituzione",
        "order_status": "order_status where_is tracking track shipment shipping delivery delivered parcel package lieferung liefer sendung paket versand livraison colis env\u00edo envio pedido entrega spedizione consegna encomenda bestellstatus not_arrived",
        "account_login": "login log_in sign_in signin password locked 2fa mfa otp sso passwor anmeld einlogg konto_gesperrt mot_de_passe connexion contrase\u00f1a contrasena acceso accesso senha account konto compte cuenta",
        "billing": "billing bill invoice charge payment paid card credit rechnung abbuch zahlung kreditkarte facture paiement prelev pr\u00e9l\u00e8v factura cobro pago fattura pagamento fatura cobran vat price pricing subscription abonnement",
        "technical": "error bug crash broken not_working doesn't_work fehler absturz kaputt defekt funktioniert erreur panne plante fonctionne error_de fallo funciona errore guasto funziona erro outage timeout api integration install sync",
        "product_question": "how_to how_do how_can question feature wie_kann frage comment_faire question pregunta c\u00f3mo_puedo domanda pergunta size gr\u00f6\u00dfe stock availability compatible",
        "feedback": "feedback complaint beschwerde reklamation r\u00e9clamation reclamaci\u00f3n queja reclamo reclama\u00e7\u00e3o suggestion praise thank",
    }
)
"""Topic → the beginnings of words that name it, the most telling topic first. What has fewer than five letters is a whole
word; `_` joins two words that must stand together."""

SAY_LITTLE = frozenset(
    {
        "question",
        "incident",
        "problem",
        "task",
        "ticket",
        "request",
        "conversation",
        "issue",
        "other",
        "email",
    }
)
"""Categories that are types of work, not topics."""
NAMES: tuple[str, ...] = (*TOPICS, OTHER)
"""A ticket keeps the place of its topic in here."""
_SHORTEST = 5
_APART = str.maketrans(dict.fromkeys('.,;:!?()[]{}<>"/|*=+~^&%#-\u201c\u201d\u201e\u00ab\u00bb\u2026', " "))
_STEMS: Mapping[str, int] = {
    stem: place for place, stems in reversed(list(enumerate(TOPICS.values()))) for stem in stems.split()
}
_LONGEST = max(map(len, _STEMS))
_OTHER = len(TOPICS)


def topic_of(category: str | None, tags: Iterable[str], subject: str | None) -> int:
    """The place of its topic in `NAMES`."""
    if category and category.casefold() not in SAY_LITTLE and (found := _named(category)) != _OTHER:
        return found
    found = min((_named(tag) for tag in tags), default=_OTHER)
    return found if found != _OTHER or not subject else _named(subject)


def _named(text: str) -> int:
    words = text.lower().replace("_", " ").translate(_APART).split()[:40]
    best = _OTHER
    for n, word in enumerate(words):
        best = min(best, _begins(word))
        if n:
            best = min(best, _STEMS.get(f"{words[n - 1]}_{word}", _OTHER))
    return best


def _begins(word: str) -> int:
    best = _STEMS.get(word, _OTHER)
    for end in range(_SHORTEST, min(len(word), _LONGEST + 1)):
        found = _STEMS.get(word[:end])
        if found is not None and found < best:
            best = found
    return best

"""Words before a number that say what it is: an order, a parcel, a device. Such a number stays.

Only what stands right before the number counts, and only where the number is written in one piece: nobody writes an
order number in four groups of four.
"""

from __future__ import annotations

import re

_LOOKED_AT = 60
_LABELS = (
    "order|bestell|auftrag|commande|pedido|orden|ordine|encomenda|bestelling|tracking|track|shipment|shipping|parcel|package"
    "|waybill|awb|consignment|sendung|paket|colis|suivi|env[i\u00ed]o|seguimiento|spedizione|rastreio|zending|delivery|invoice|rechnung"
    "|facture|factura|fattura|fatura|factuur|ticket|case|incident|request|reference|referenz|r\u00e9f\u00e9rence|referencia|riferimento|ref"
    "|imei|meid|iccid|eid|serial|serien|serie|s/n|device|item|product|produkt|produit|producto|prodotto|artikel|article|sku|ean|upc|gtin|isbn"
    "|barcode|customer|kunden|client|cliente|member|confirmation|rma|return|retoure|booking|buchung|reservation|transaction|transaktion"
    "|session|conversation|chat|event|build|version|model|part|lot|batch|quote|policy|meter|subscription|user|account|id"
)
_CONNECTING = (
    "numbers?|num|no|nr|nummern?|n[u\u00fa]mero|num\u00e9ro|n\u00b0|n\u00ba|ids?|code|is|was|are|ist|lautet|war|est|es|era|\u00e8|\u00e9|de|the|my"
    "|tracking|order|status|confirmation|reference|information|info"
)
_LABEL = re.compile(
    rf"(?:\b|_)(?:{_LABELS})(?:s|en|ungs?|s?nummer|snr|nr|_?id|_?no|_?number)?"
    rf"(?:[\s:#=.,\"'()/_-]{{1,3}}(?:{_CONNECTING})\b){{0,4}}[\s:#=.\"'(/_-]{{0,4}}[a-z]{{0,4}}-?$",
    re.IGNORECASE,
)


def is_labelled(text: str, start: int) -> bool:
    """Whether the number at `start` is named as something that may be seen."""
    return text[max(0, start - 2) : start].endswith("#") or bool(
        _LABEL.search(text[max(0, start - _LOOKED_AT) : start])
    )

"""Keys that show what they are by their form: by how they begin, or by where they stand in an address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import log2

from batonpass.context.redaction.finds import Find

# How keys begin, and how much must follow. Prefixes are public knowledge: they exist so that keys can be found.
_PREFIXED = (
    r"(?:sk|rk|pk_secret|mk|ak|dk)_(?:live|test|prod)_[A-Za-z0-9_]{12,}|whsec_[A-Za-z0-9+/=]{16,}"
    r"|sk-(?:proj-|ant-|or-|svcacct-|admin-)?[A-Za-z0-9_-]{18,}|(?:xai|pplx|gsk|tvly|nvapi|fw|r8|csk|voy|pa)[-_][A-Za-z0-9_-]{24,}"
    r"|gh[opusr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|gl(?:pat|dt|rt|cbt|ptt|soat|ft|agent|imt)-[A-Za-z0-9_.-]{16,}"
    r"|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b|AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}|1//0[A-Za-z0-9_-]{30,}"
    r"|xox[abeoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-\d-[A-Za-z0-9-]{10,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|xkeysib-[a-f0-9]{32,}[A-Za-z0-9-]*"
    r"|key-[0-9a-f]{32}\b|[0-9a-f]{32}-us\d{1,2}\b|SK[0-9a-f]{32}\b|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|rubygems_[0-9a-f]{40,}|oy2[a-z0-9]{40,}"
    r"|do[opr]_v1_[0-9a-f]{40,}|shp(?:at|ca|pa|ss|tka)_[0-9a-fA-F]{24,}|sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,}|EAA[A-Za-z0-9]{40,}"
    r"|pat-(?:na|eu)\d-[0-9a-f-]{30,}|pat[A-Za-z0-9]{14}\.[0-9a-f]{40,}|hf_[A-Za-z0-9]{28,}|gls[ac]_[A-Za-z0-9_]{24,}|glc_[A-Za-z0-9+/=]{30,}"
    r"|lin_(?:api|oauth)_[A-Za-z0-9]{28,}|(?:ntn|secret)_[A-Za-z0-9]{36,}|dapi[0-9a-f]{32}|EZ[AT]K[A-Za-z0-9]{40,}|fig[do]_[A-Za-z0-9_-]{28,}|rdme_[a-z0-9]{40,}"
    r"|NRAK-[A-Z0-9]{24,}|ph[cx]_[A-Za-z0-9]{30,}|hv[sbr]\.[A-Za-z0-9_-]{20,}|ATATT3[A-Za-z0-9_=-]{30,}|ATCTT3[A-Za-z0-9_=-]{30,}|PMAK-[0-9a-f]{20,}-[0-9a-f]{20,}"
    r"|HRKU-[A-Za-z0-9_-]{30,}|dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9]{30,}|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{28,}|[sp]k\.eyJ[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{10,}"
    r"|(?:nfp|sbp|sbs|bkua|CFPAT|tfp|ops|aio|FLWSECK|FLWPUBK|rzp_live|rzp_test|shippo_live|shippo_test|duffel_live|duffel_test|lob_live|sntrys|sntryu|access-production"
    r"|access-sandbox|access_token\$production|access_token\$sandbox|live|test|pul|tk|cs|rt|at|re|v1\.public|doppler|okta|AKCp|secret-key|AGE-SECRET-KEY-1)[-_$][A-Za-z0-9_$.-]{24,}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,}|\d{8,10}:AA[A-Za-z0-9_-]{33}|[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}|dG9r(?:On|[A-Za-z0-9+/=])[A-Za-z0-9+/=]{30,}"
)
_KEY = re.compile(rf"(?<![A-Za-z0-9_-])(?:{_PREFIXED})")
_TOKEN_SHAPED = re.compile(r"[A-Za-z0-9_$:+/=.-]{20}")
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,3}")
_PEM = re.compile(
    r"-----BEGIN (?P<what>[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?)-----(?:[^-]|-(?!----END))*+(?:-----END (?P=what)-----)?"
)
_HOOK = re.compile(
    r"(?<=/services/)T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{16,}|(?<=/webhooks/)\d{15,}/[A-Za-z0-9_-]{40,}"
)
_IN_ADDRESS = re.compile(r"(?<=://)[^\s:/@?#]{1,200}:(?P<password>[^\s/@?#]{1,200})(?=@)")
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"https?://|www\.|[\w.+-]+@[\w-]+\.\w|/\w", re.IGNORECASE)


def may_be_key(word: str) -> bool:
    return bool(_KEY.search(word) or "eyJ" in word)


def keys(text: str) -> Iterator[Find]:
    """Keys that show what they are by their form."""
    if "-----BEGIN" in text:
        yield from (Find(*found.span(), "api_key") for found in _PEM.finditer(text))
    if "://" in text:
        yield from (Find(*found.span("password"), "password") for found in _IN_ADDRESS.finditer(text))
        yield from (Find(*found.span(), "api_key", found[0][-4:]) for found in _HOOK.finditer(text))
    if not _TOKEN_SHAPED.search(text):
        return
    if "eyJ" in text:
        yield from (Find(*found.span(), "api_key") for found in _JWT.finditer(text))
    for found in _KEY.finditer(text):
        if is_random(found[0]):
            end = found.end() - (len(found[0]) - len(found[0].rstrip(".-_:")))
            yield Find(
                found.start(), end, "api_key", text[end - 4 : end] if text[end - 4 : end].isalnum() else ""
            )


def is_random(value: str) -> bool:
    """Whether it looks drawn by lot: letters and digits mixed, few of them often."""
    body = re.sub(r"[^A-Za-z0-9]", "", value)
    if len(body) < 8 or not _DIGIT.search(body) or not _LETTER.search(body):
        return len(body) >= 24 and _entropy(body) > 4 and body.lower() != body != body.upper()
    return _entropy(body) >= min(2.7, log2(len(body)) * 0.65) and not _ADDRESS.match(value)


def _entropy(text: str) -> float:
    """Bits for each character."""
    return -sum(share * log2(share) for share in (text.count(each) / len(text) for each in set(text)))

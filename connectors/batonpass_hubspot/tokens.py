"""Which kind of HubSpot secret a text is, by how it begins; never by asking the vendor with it."""

from __future__ import annotations

import re

NEEDED = "the access token of a service key or of a private app (pat-…)"

# HubSpot documents no prefixes; these are what its settings pages show and what secret scanners look for.
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_WRONG_KINDS = tuple(
    (re.compile(pattern, re.IGNORECASE), what)
    for pattern, what in (
        (
            _UUID,
            "a bare UUID: the client id or client secret of an app, or one of the API keys retired in 2022",
        ),
        (r"(na|eu|ap|ca)\d-[0-9a-f-]+", "a developer API key or an OAuth refresh token"),
        (r"(sk|rk|pk)_(live|test)_.*", "a Stripe key"),
        (r"whsec_.*", "the signing secret of a webhook"),
        (r"(bearer|basic)\s.*", "a whole Authorization header; leave out its first word"),
        (r"\S*@\S*", "an e-mail address"),
        (r".*\s.*", "a text with spaces or line breaks"),
        (r"", "empty"),
    )
)
_OAUTH = re.compile("C[A-Za-z0-9_-]{40,}")


def wrong_kind(token: str) -> str | None:
    """What `token` is where it cannot be an access token; None where it may be one."""
    return next((what for pattern, what in _WRONG_KINDS if pattern.fullmatch(token)), None)


def is_short_lived(token: str) -> bool:
    """Whether it looks like an OAuth app's access token, which dies after half an hour:
    https://developers.hubspot.com/docs/api/working-with-oauth"""
    return bool(_OAUTH.match(token))


_OTHER_SECRETS = (
    (re.compile(r"pat-.*", re.IGNORECASE), "an access token"),
    *((pattern, what) for pattern, what in _WRONG_KINDS if pattern.pattern != _UUID),
)


def wrong_client_secret(secret: str) -> str | None:
    """What `secret` is where it cannot be an app's client secret, which looks like a UUID; None where it may be one."""
    return next((what for pattern, what in _OTHER_SECRETS if pattern.fullmatch(secret)), None)

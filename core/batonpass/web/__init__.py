"""The doors: the API that AI agents call."""

from batonpass.web.api import create_app

__all__ = ["create_app"]

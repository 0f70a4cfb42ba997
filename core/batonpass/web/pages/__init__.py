"""The pages for people: a handoff for who has its link, the mappings for who may sign in."""

from batonpass.web.pages.routes import PageServing, add_pages

__all__ = ["PageServing", "add_pages"]

"""What a mapping file may hold, as pydantic models: for reading it, and for editors that complete it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
)

Written = StrictStr | StrictBool | StrictInt | StrictFloat | date
"""One value, as it stands in the file."""


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class From(Shape):
    source: str = Field(alias="from", description="One of our values: its path.")
    values: dict[str, Written] = Field(
        default={}, description="Our value on the left, the helpdesk's on the right."
    )
    default: Written | None = Field(
        default=None, description="Where nothing is known, or what is known is not in values."
    )
    transforms: tuple[str, ...] = Field(default=(), description="What is done with the value, in this order.")
    when: str | None = Field(default=None, description="A condition: the rule applies only where it holds.")


class Text(Shape):
    template: str = Field(description="Text with our values in it: {customer.name}.")
    when: str | None = Field(default=None, description="A condition: the rule applies only where it holds.")


class Always(Shape):
    value: Written = Field(description="Always the same.")
    when: str | None = Field(default=None, description="A condition: the rule applies only where it holds.")


def form_of(written: Any) -> str:
    """Which of the shapes of a rule this is meant to be."""
    if isinstance(written, list) and written and all(isinstance(each, dict) for each in written):
        return "<several>"
    if not isinstance(written, dict):
        return "<constant>"
    if "from" in written:
        return "<from>"
    if "template" in written:
        return "<text>"
    return "<always>" if "value" in written else "<from>"


# Angle brackets: a branch's name must not be a key that a file can have.
Table = Annotated[
    Annotated[From, Tag("<from>")] | Annotated[Text, Tag("<text>")] | Annotated[Always, Tag("<always>")],
    Discriminator(form_of),
]
Rule = Annotated[
    Annotated[Written, Tag("<constant>")]
    | Annotated[From, Tag("<from>")]
    | Annotated[Text, Tag("<text>")]
    | Annotated[Always, Tag("<always>")],
    Discriminator(form_of),
]
FieldRule = Annotated[
    Annotated[Written, Tag("<constant>")]
    | Annotated[From, Tag("<from>")]
    | Annotated[Text, Tag("<text>")]
    | Annotated[Always, Tag("<always>")]
    | Annotated[tuple[Table, ...], Tag("<several>")],
    Discriminator(form_of),
]
TagRule = Annotated[
    Annotated[StrictStr, Tag("<constant>")] | Annotated[Text, Tag("<text>")],
    Discriminator(lambda written: "<text>" if isinstance(written, dict) else "<constant>"),
]


class Ticket(Shape):
    subject: str = Field(description="A template: {issue.title}.")
    priority: Rule | None = Field(default=None, description="low, normal, high or urgent.")
    group: Rule | None = Field(default=None, description="A group, by its name.")
    assignee: Rule | None = Field(default=None, description="An agent, by e-mail address or name.")
    form: Rule | None = Field(
        default=None, description="A ticket form, ticket type or pipeline, by its name."
    )
    tags: tuple[TagRule, ...] = Field(
        default=(), description="Templates; one with an unknown value is left out."
    )


class Head(Shape):
    """The keys that are about the file itself."""

    edition: StrictInt = Field(default=1, alias="schema", description="The edition of this language.")
    extends: str | None = Field(default=None, description='"shipped": the defaults that batonpass ships.')
    remove: tuple[str, ...] = Field(default=(), description='Rules of the file below: ["fields.MRR"].')


class HelpdeskFile(Head):
    ticket: Ticket
    fields: dict[str, FieldRule] = Field(default={}, description="The helpdesk's fields, by name.")


class Fact(Shape):
    object: str = Field(description="The source's object.")
    property: str = Field(description="The source's own name of the value.")
    values: dict[str, str] = Field(
        default={}, description="The source's value on the left, ours on the right."
    )


class FactFile(Head):
    facts: dict[str, Fact] = Field(description="Our names of facts.")

"""Every code that a finding can have. A code keeps its meaning for ever; a new meaning is a new code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

CODES: Mapping[str, str] = MappingProxyType(
    {
        # The file itself
        "TF001": "The file is not there.",
        "TF002": "The file cannot be read.",
        "TF003": "The file is not UTF-8 text.",
        "TF004": "The file is empty.",
        "TF005": "The file is not TOML.",
        "TF006": "A key or table stands twice.",
        # Its shape
        "TF101": "A key that is not known here.",
        "TF102": "A value of the wrong type.",
        "TF103": "A key that must be given is missing.",
        "TF104": "A value that is not in the list of allowed ones.",
        "TF105": "A value that is not accepted here.",
        # config.toml
        "BC004": "A connector that is not installed.",
        "BC005": "No connection keeps tickets.",
        "BC006": "A callback address without its secret, or a secret without its address.",
        "BC007": "More than one connection that keeps tickets.",
        "BC008": "A secret of another kind than its setting takes.",
        "BC009": "No public address to which vendors could deliver webhooks.",
        "BC010": "The address of the store cannot be had.",
        # A helpdesk mapping by itself
        "HM101": "A path that the context package does not have.",
        "HM102": "A fact that no fact mapping defines.",
        "HM103": "A template that cannot be read.",
        "HM104": "A value that never occurs.",
        "HM105": "A priority that does not exist.",
        "HM106": "A table, list or text that is empty.",
        "HM107": "A tag with spaces or signs that tags cannot have.",
        "HM108": "A transform that does not exist.",
        "HM109": "A transform that cannot be done so.",
        "HM110": "A condition that cannot be read.",
        "HM111": "A condition that asks for what no condition may do.",
        "HM112": "A file in another edition of the language.",
        "HM113": "Something to extend that is not there.",
        "HM114": "A rule to be removed that no file below has.",
        "HM120": "Two rules for one field.",
        "HM121": "A rule that can never apply.",
        "HM122": "A default that can never be reached.",
        "HM123": "A key of values that another one covers.",
        "HM124": "The name of a value where its text was meant to go.",
        "HM125": "A text none of whose values is ever known.",
        "HM126": "A reason or identity for which there is no value.",
        "HM127": "A word that the fact mapping turns into another one.",
        "HM128": "A condition that compares a number with text.",
        "HM129": "A secret in a mapping file.",
        # A helpdesk mapping against the account
        "HM201": "A field that the helpdesk does not have.",
        "HM202": "A field that is switched off in the helpdesk.",
        "HM203": "A value that a field of this kind cannot hold.",
        "HM204": "An option that the field does not have.",
        "HM205": "A group that the helpdesk does not have.",
        "HM206": "A text that is longer than its place.",
        "HM207": "A tag that is an option of a dropdown.",
        "HM208": "A field that is not on the form.",
        "HM209": "A form that the helpdesk does not have.",
        "HM210": "A person whom the helpdesk does not have.",
        "HM211": "A field that the helpdesk requires and nothing fills.",
        "HM212": "A field that the helpdesk requires and that may stay empty.",
        "HM213": "A name that is written otherwise in the helpdesk.",
        # A fact mapping
        "HM301": "An object that the source cannot read.",
        "HM302": "A property that the source cannot read.",
        "HM303": "A fact name of the wrong form.",
        "HM304": "A fact name that is taken by the context package.",
        "HM305": "A fact that two sources define.",
    }
)

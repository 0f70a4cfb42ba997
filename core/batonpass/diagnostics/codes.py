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
        # A helpdesk mapping against the live account
        "HM201": "A field that the helpdesk does not have.",
        "HM202": "A field that is switched off in the helpdesk.",
        "HM203": "A value that a field of this kind cannot hold.",
        "HM204": "An option that the field does not have.",
        "HM205": "A group that the helpdesk does not have.",
        # A fact mapping
        "HM301": "An object that the source cannot read.",
        "HM302": "A property that the source cannot read.",
        "HM303": "A fact name of the wrong form.",
        "HM304": "A fact name that is taken by the context package.",
    }
)

"""What a history says: figures with their definition, their number of cases and their stated error."""

from batonpass.insight.audit import Audit, By, audit_of
from batonpass.insight.columns import Columns, Window
from batonpass.insight.figures import Breakdown, Figure, Part, Share, Unit

__all__ = ["Audit", "Breakdown", "By", "Columns", "Figure", "Part", "Share", "Unit", "Window", "audit_of"]

"""The scheduled sync: the vendors' records are read in bulk and kept, so that they are known before they are asked for."""

from batonpass.sync.comparing import Compared, Comparing
from batonpass.sync.limits import PATIENCE, Limits, Options, StuckError
from batonpass.sync.progress import Progress, Tell
from batonpass.sync.rounds import BUSY, DONE, HELD, Ended, Reader

__all__ = [
    "BUSY",
    "DONE",
    "HELD",
    "PATIENCE",
    "Compared",
    "Comparing",
    "Ended",
    "Limits",
    "Options",
    "Progress",
    "Reader",
    "StuckError",
    "Tell",
]

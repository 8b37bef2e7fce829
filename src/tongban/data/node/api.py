"""Front door of the node."""

from .checks import check
from .delivering import add_sink, deliver
from .mapping import load_mapping, load_sink
from .queries import corrections, faults, runs, status
from .receiving import adopt_peers
from .requesting import leaf_of, request
from .taking import add_source, remove_source, run_source
from .working import turn, work

__all__ = [
    "add_sink",
    "add_source",
    "adopt_peers",
    "check",
    "corrections",
    "deliver",
    "faults",
    "leaf_of",
    "load_mapping",
    "load_sink",
    "remove_source",
    "request",
    "run_source",
    "runs",
    "status",
    "turn",
    "work",
]

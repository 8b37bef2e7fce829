"""Front door of economy."""

from .actions import approve, define_indicators, import_published, prepare, release_due, withdraw
from .queries import areas, compare, indicator, indicators, latest, release, releases, revisions, series
from .reading import read
from .sheets import rows

__all__ = [
    "approve",
    "areas",
    "compare",
    "define_indicators",
    "import_published",
    "indicator",
    "indicators",
    "latest",
    "prepare",
    "read",
    "release",
    "release_due",
    "releases",
    "revisions",
    "rows",
    "series",
    "withdraw",
]

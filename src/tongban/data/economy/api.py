"""Front door of economy."""

from .actions import approve, define_indicators, import_published, prepare, release_due, withdraw
from .forecast import forecast
from .periods import words as period_words
from .queries import areas, compare, indicator, indicators, latest, release, releases, revisions, series
from .reading import read
from .reports.actions import change as change_report
from .reports.actions import correct as correct_report
from .reports.actions import hand_in as hand_in_report
from .reports.actions import publish as publish_report
from .reports.actions import send_back as send_back_report
from .reports.actions import withdraw as withdraw_report
from .reports.actions import write as write_report
from .reports.queries import report, reports
from .sheets import rows

__all__ = [
    "approve",
    "areas",
    "change_report",
    "compare",
    "correct_report",
    "define_indicators",
    "forecast",
    "hand_in_report",
    "import_published",
    "indicator",
    "indicators",
    "latest",
    "period_words",
    "prepare",
    "publish_report",
    "read",
    "release",
    "release_due",
    "releases",
    "report",
    "reports",
    "revisions",
    "rows",
    "send_back_report",
    "series",
    "withdraw",
    "withdraw_report",
    "write_report",
]

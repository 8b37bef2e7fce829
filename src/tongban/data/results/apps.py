"""Results of approvals and penalties, and what of them is published."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResultsConfig(AppConfig):
    name = "tongban.data.results"
    label = "results"
    verbose_name = _("Approval and penalty results")

    # Only what was published, masked when it was written; the registers themselves are closed to the public role (T45).
    public_tables: ClassVar[dict[str, str]] = {"results_publication": "SELECT"}

    def ready(self) -> None:
        from . import messages, permissions  # noqa: F401 - declared once, at start

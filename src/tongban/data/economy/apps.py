"""Economy: indicators, time series, releases, forecasts, reports."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EconomyConfig(AppConfig):
    name = "tongban.data.economy"
    label = "economy"
    verbose_name = _("Macro-economy")

    public_tables: ClassVar[dict[str, str]] = {"economy_report": "SELECT"}
    # Figures before their hour: only those who prepare or approve releases, and the product's own jobs (T20). The
    # public site's role has no right to that table at all. A draft of a report is its author's alone.
    personal_tables: ClassVar[dict[str, str]] = {
        "economy_release": "tongban_works('economy')",
        "economy_report": (
            "(stage = 'published' AND audience = 'public') OR (tongban_works('reports') "
            "AND (stage <> 'draft' OR written_by = 'identity.person:' || tongban_person()))"
        ),
    }
    seen_subjects: ClassVar[dict[str, str]] = {
        "files.file": "EXISTS (SELECT 1 FROM economy_report WHERE file = which AND file <> '')"
    }

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares rights

"""Economy: indicators, time series, releases."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class EconomyConfig(AppConfig):
    name = "tongban.data.economy"
    label = "economy"
    verbose_name = _("Macro-economy")

    # Figures before their hour: only those who prepare or approve releases, and the product's own jobs (T20). The
    # public site's role has no right to the table at all.
    personal_tables: ClassVar[dict[str, str]] = {"economy_release": "tongban_works('economy')"}

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares rights

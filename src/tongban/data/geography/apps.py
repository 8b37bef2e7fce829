"""Geography: layers, features, divisions, map."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GeographyConfig(AppConfig):
    name = "tongban.data.geography"
    label = "geography"
    verbose_name = _("Geography")

    public_tables: ClassVar[dict[str, str]] = {"geography_extent": "SELECT"}

"""Laws: texts, versions, articles, citations."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LawsConfig(AppConfig):
    name = "tongban.data.laws"
    label = "laws"
    verbose_name = _("Laws and regulations")

    public_tables: ClassVar[dict[str, str]] = {}

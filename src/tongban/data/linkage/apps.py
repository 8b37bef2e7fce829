"""Linkage: which rows of two files mean the same person or organisation."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LinkageConfig(AppConfig):
    name = "tongban.data.linkage"
    label = "linkage"
    verbose_name = _("Linkage")

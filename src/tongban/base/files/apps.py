"""Files: received, checked, kept by the hash of their content."""

from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "tongban.base.files"
    label = "files"
    verbose_name = _("Files")
    public_tables: ClassVar = {"files_blob": "SELECT, INSERT", "files_file": "SELECT, INSERT, UPDATE"}

"""Files: received, checked, kept by the hash of their content."""

from typing import ClassVar

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class FilesConfig(AppConfig):
    name = "tongban.base.files"
    label = "files"
    verbose_name = _("Files")
    public_tables: ClassVar = {"files_blob": "SELECT, INSERT", "files_file": "SELECT, INSERT, UPDATE"}
    personal_tables: ClassVar = {
        "files_file": (
            "owner IN (tongban_applicant(), 'identity.person:' || tongban_person()) "
            "OR by = 'identity.person:' || tongban_person() OR tongban_sees(subject_kind, subject_id) "
            "OR tongban_sees('files.file', public_id)"
        )
    }

    def ready(self) -> None:
        from .clamd import Clamd
        from .scanners import scanners

        if settings.TONGBAN_CLAMD:
            scanners.register("clamd", Clamd(settings.TONGBAN_CLAMD))

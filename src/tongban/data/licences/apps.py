from typing import ClassVar

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    name = "tongban.data.licences"
    label = "licences"

    public_tables: ClassVar[dict[str, str]] = {
        "licences_type": "SELECT",
        "licences_token": "SELECT",
        "licences_reuse": "SELECT, INSERT",
    }

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares this room's own permissions

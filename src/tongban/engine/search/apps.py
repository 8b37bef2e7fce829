from typing import ClassVar

from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "tongban.engine.search"
    label = "search"
    default_auto_field = "django.db.models.BigAutoField"
    public_tables: ClassVar = {"search_entry": "SELECT", "search_synonym": "SELECT"}

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares this room's own permissions

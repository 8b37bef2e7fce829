from django.apps import AppConfig


class PacksConfig(AppConfig):
    name = "tongban.packs"
    label = "packs"

    def ready(self) -> None:
        from . import permissions, tables  # noqa: F401 - declares permissions; decision tables for processes

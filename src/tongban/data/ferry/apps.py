from django.apps import AppConfig


class FerryConfig(AppConfig):
    name = "tongban.data.ferry"
    label = "ferry"

    def ready(self) -> None:
        from . import permissions, subjects, watching  # noqa: F401 - declares this room's own

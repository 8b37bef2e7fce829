from django.apps import AppConfig


class AlarmsConfig(AppConfig):
    name = "tongban.trust.alarms"
    label = "alarms"

    def ready(self) -> None:
        from . import permissions, rules  # noqa: F401 - declares this room's own

from typing import ClassVar

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "tongban.engine.notify"
    label = "notify"

    public_tables: ClassVar[dict[str, str]] = {
        "notify_message": "SELECT, INSERT, UPDATE",
        "notify_delivery": "SELECT, INSERT",
        "notify_preference": "SELECT, INSERT, UPDATE",
    }

    def ready(self) -> None:
        from . import codes  # noqa: F401 - one-time codes travel through this room

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

    _recipient = "recipient_id = tongban_person() OR recipient_id = ANY (tongban_offices())"
    # Anybody's doing may tell somebody else something; only the recipient reads it.
    personal_tables: ClassVar[dict[str, str | tuple[str, str]]] = {
        "notify_message": (_recipient, "true"),
        "notify_delivery": (f"{_recipient} OR tongban_works('identity')", "true"),
        "notify_preference": "person_id = tongban_person()",
    }

    def ready(self) -> None:
        from . import codes, reorganisation  # noqa: F401 - one-time codes travel through this room; what offices hold

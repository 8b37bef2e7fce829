from typing import ClassVar

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "tongban.data.exchange"
    label = "exchange"

    # The public process has no business with any node (T45).
    public_tables: ClassVar[dict[str, str]] = {}

    # Rows that wait for repair hold people's data: for those who keep the desk, and for jobs.
    personal_tables: ClassVar[dict[str, str]] = {
        "exchange_quarantined": "tongban_works('exchange')",
        "exchange_ask": "by = 'identity.person:' || tongban_person()",
    }

    def ready(self) -> None:
        from . import certifying, messages, permissions, receiving  # noqa: F401 - each declares this room's own

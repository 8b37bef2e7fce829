from typing import ClassVar

from django.apps import AppConfig


class WitnessConfig(AppConfig):
    name = "tongban.trust.witness"
    label = "witness"

    public_tables: ClassVar[dict[str, str]] = {
        "ledger_log": "SELECT",
        "ledger_tile": "SELECT",
        "ledger_head": "SELECT",
        "witness_cosignature": "SELECT",
        "witness_stamp": "SELECT",
        "witness_signer": "SELECT",
        "witness_watch": "SELECT",
    }

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares this room's own permissions

from typing import ClassVar

from django.apps import AppConfig


class SealsConfig(AppConfig):
    name = "tongban.trust.seals"
    label = "seals"

    # Verifying needs no table of this room: the roots and revocation lists are the key management centre's.
    public_tables: ClassVar[dict[str, str]] = {}

    def ready(self) -> None:
        from . import moving, permissions, queries  # noqa: F401 - declares what this room adds to those below

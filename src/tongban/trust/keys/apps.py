from typing import ClassVar

from django.apps import AppConfig


class KeysConfig(AppConfig):
    name = "tongban.trust.keys"
    label = "keys"

    # Of `keys_key` the public process sees only the rows of the OCSP responder (row security); data keys are needed
    # wherever personal fields are written.
    public_tables: ClassVar[dict[str, str]] = {
        "keys_authority": "SELECT",
        "keys_certificate": "SELECT",
        "keys_data_key": "SELECT, INSERT",
        "keys_key": "SELECT",
        "keys_policy": "SELECT",
    }

    personal_tables: ClassVar[dict[str, str]] = {
        "keys_request": "tongban_works('ca') OR tongban_works('keys')",
    }

    def ready(self) -> None:
        from . import contents, fields, permissions, sign_in  # noqa: F401 - each declares this room's own
        from .providers import providers

        providers.close()

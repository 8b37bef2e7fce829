from collections.abc import Mapping

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    name = "tongban.engine.registers"
    label = "registers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tongban.trust.identity.api import sealed_models

        from . import identities, permissions  # noqa: F401 - declare this room's permissions and checks
        from .rowmodel import sealed

        sealed_models.register("registers", sealed)

    @property
    def public_tables(self) -> Mapping[str, str]:
        """What the public process may read: the definitions, and the registers that say `portal: true`
        (T45).
        """
        from .ddl import public_columns, quoted
        from .definitions import definitions

        shown = {
            f"registers.{item.key}": f"SELECT ({quoted(public_columns(item))})" for item in definitions() if item.portal
        }
        return {"registers_definition": "SELECT", "registers_code": "SELECT", **shown}

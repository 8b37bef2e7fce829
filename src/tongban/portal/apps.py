from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "tongban.portal"
    label = "portal"

    public_tables = {"portal_notice": "SELECT"}

    def ready(self) -> None:
        from . import messages, permissions  # noqa: F401 - declares message kinds and rights

from typing import ClassVar

from django.apps import AppConfig
from django.conf import settings


class NodeConfig(AppConfig):
    name = "tongban.data.node"
    label = "node"

    # Rows of departments: at a node only its own process has the database; elsewhere nobody has a reason to look.
    personal_tables: ClassVar[dict[str, str]] = {"node_row": "false", "node_correction": "false"}

    def ready(self) -> None:
        if getattr(settings, "TONGBAN_NODE", False):  # the centre has the tables too, and other hands for messages
            from .receiving import join

            join()

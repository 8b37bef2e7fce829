from typing import ClassVar

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    name = "tongban.data.catalogue"
    label = "catalogue"

    # A view: published, open to the public, of no secrecy (T45). Drafts and internal entries are out of reach there.
    public_tables: ClassVar[dict[str, str]] = {"catalogue_open": "SELECT"}

    # Keys and values people doubt are somebody's data: for the office that objects and the one that answers.
    personal_tables: ClassVar[dict[str, str]] = {
        "catalogue_objection": (
            "office = ANY (tongban_offices()) OR provider = ANY (tongban_offices()) "
            "OR tongban_covers('catalogue', provider)"
        ),
    }
    seen_subjects: ClassVar[dict[str, str]] = {
        "catalogue.objection": "EXISTS (SELECT 1 FROM catalogue_objection WHERE public_id = which)",
    }

    def ready(self) -> None:
        from . import messages, permissions, reorganisation, subjects  # noqa: F401 - declared once, at start

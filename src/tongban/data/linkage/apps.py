from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LinkageConfig(AppConfig):
    name = "tongban.data.linkage"
    label = "linkage"
    verbose_name = _("Linkage")
    default_auto_field = "django.db.models.BigAutoField"

    # Whoever judges two records sees them while the question is open before them, nobody all of them (rule 8). A
    # source's office sees where its own rows differ. Numbers are opened by the program, for those who see their token.
    _own = "source_id IN (SELECT id FROM linkage_source WHERE office_id = ANY (tongban_offices()))"
    personal_tables: ClassVar[dict[str, str]] = {
        "linkage_number": "false",
        "linkage_row": "tongban_may_see('linkage.cluster', cluster_id::text)",
        "linkage_cluster": "tongban_may_see('linkage.cluster', id::text)",
        "linkage_difference": f"tongban_works('linkage') AND {_own}",
    }

    def ready(self) -> None:
        from . import permissions, reorganisation  # noqa: F401 - declares rights and what offices hold

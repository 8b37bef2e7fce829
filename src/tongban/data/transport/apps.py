from typing import ClassVar

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransportConfig(AppConfig):
    name = "tongban.data.transport"
    label = "transport"
    verbose_name = _("Transport")

    # Bodies are whatever offices tell each other; only the system opens them. Lists show what is in the other tables.
    personal_tables: ClassVar[dict[str, str]] = {
        "transport_outbody": "false",
        "transport_inbody": "false",
        "transport_part": "false",
    }

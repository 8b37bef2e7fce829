"""What a system may learn about a person, in words the person reads before agreeing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from oauth2_provider.scopes import BaseScopes

from tongban.base.kernel.api import Text

SCOPES: dict[str, Text] = {
    "openid": _("That it is you, by a number made for this system only"),
    "profile": _("Your name"),
    "phone": _("Your mobile number"),
    "office": _("Your offices and posts"),
    "id_number": _("Your identity number"),
}
# Sensitive personal information: registered by name, and agreed to by a tick of its own (PIPL article 29).
TICKED = frozenset({"id_number"})
# What each site can tell: a citizen has no posts.
OF_SITE = {"public": ("openid", "profile", "phone", "id_number"), "staff": ("openid", "profile", "phone", "office")}


class Scopes(BaseScopes):  # type: ignore[misc]
    """The toolkit's question which scopes there are: those the system was approved for."""

    def get_all_scopes(self) -> dict[str, str]:
        return {key: str(title) for key, title in SCOPES.items()}

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return list(application.scopes) if application is not None else list(SCOPES)

    def get_default_scopes(self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any) -> list[str]:
        return []

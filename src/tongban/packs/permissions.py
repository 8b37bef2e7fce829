"""What may be done with packs, and which rights a pack may ask for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import administrative, permissions
from tongban.trust.identity.data import Administers

permissions.register("packs.apply", _("Plan and install packs"))
administrative.register("packs.apply", Administers.SYSTEM)

# Rights of daily work. Everything else, also what rooms will declare later, is given by an administrator only: a
# folder of definitions must not make somebody an administrator, nor let them see unmasked persons (T27).
FOR_PACKS = frozenset(
    {
        *("hall.work", "hall.accept", "hall.decide", "hall.oversee", "hall.answer", "items.edit"),
        *("register.read", "register.write", "licences.read", "identity.read"),
    }
)


def not_for_packs(permission: str) -> str:
    """Why a pack may not ask for a permission; empty when it may."""
    if permission not in permissions:
        return f"there is no permission {permission!r}"
    if permission not in FOR_PACKS:
        return f"a pack may not ask for {permission}: only an administrator gives it"
    return ""

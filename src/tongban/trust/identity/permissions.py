"""The closed list of permissions. Each room declares its own while the program starts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Registry, Text

from .authority.data import Administers

permissions: Registry[Text] = Registry("permissions")
# Which of the three administrators a permission makes of whoever holds it (R7); a role is of one kind at most.
administrative: Registry[Administers] = Registry("administrative permissions")
# Permissions that a grant may bound to a register, fields, a level and a zone: who asks for them names the target.
scoped: Registry[bool] = Registry("scoped permissions")

permissions.register("identity.read", _("See offices, people and posts"))
permissions.register("identity.check_in_person", _("Confirm at a window who a visitor is"))
permissions.register("identity.manage", _("Manage offices, people and accounts; ask for posts and grants"))
permissions.register("identity.confirm", _("Confirm roles and grants, review them, approve reorganisations"))
permissions.register("identity.audit", _("See who was given which right, and who looked at whose data"))
permissions.register("identity.emergency", _("Open personal data in an emergency, two officers together"))
administrative.register("identity.manage", Administers.SYSTEM)
administrative.register("identity.confirm", Administers.SECURITY)
administrative.register("identity.audit", Administers.AUDIT)

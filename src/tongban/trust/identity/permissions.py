"""The closed list of permissions. Each room declares its own while the program starts."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Registry, Text

permissions: Registry[Text] = Registry("permissions")

permissions.register("identity.read", _("See offices, people and posts"))
permissions.register("identity.manage", _("Manage offices, people, posts and grants"))

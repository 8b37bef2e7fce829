"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions, scoped

permissions.register("register.read", _("See registers"))
permissions.register("register.write", _("Write to registers"))
permissions.register("register.export", _("Export registers"))
permissions.register("register.unmask", _("See personal items of a record unmasked, with a reason"))
for _name in ("register.read", "register.write", "register.export", "register.unmask"):
    scoped.register(_name, True)

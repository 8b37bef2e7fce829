"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("economy.prepare", _("Prepare releases of economic figures"))
permissions.register("economy.approve", _("Approve releases of economic figures that others prepared"))

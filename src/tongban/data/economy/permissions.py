"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("economy.prepare", _("Prepare releases of economic figures"))
permissions.register("economy.approve", _("Approve releases of economic figures that others prepared"))
permissions.register("reports.write", _("Write economic reports"))
permissions.register("reports.review", _("Review economic reports of others and publish them"))
permissions.register("reports.read", _("Read internal economic reports"))

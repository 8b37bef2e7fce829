"""What posts may do here: the security administrator watches and closes, the audit administrator watches."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("alarms.see", _("See the security console"))
permissions.register("alarms.close", _("Close alarms"))

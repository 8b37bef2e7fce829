"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("seals.apply", _("Seal documents of their office"))
permissions.register("seals.manage", _("Make, suspend and revoke electronic seals"))

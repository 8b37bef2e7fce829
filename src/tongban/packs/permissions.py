"""What may be done with packs."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("packs.apply", _("Plan and install packs"))

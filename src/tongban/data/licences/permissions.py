"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("licences.read", _("Look up licences"))
permissions.register("licences.revoke", _("Revoke licences"))

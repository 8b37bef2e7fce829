"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("keys.read", _("See keys, certificates and policies"))
permissions.register("keys.manage", _("Make, rotate and suspend keys"))
permissions.register("keys.custody", _("Recover and destroy keys, together with a second officer"))
permissions.register("keys.use", _("Use an office's keys: sign, encrypt, timestamp"))
permissions.register("ca.register", _("Receive and check applications for certificates"))
permissions.register("ca.issue", _("Issue, suspend and revoke certificates"))

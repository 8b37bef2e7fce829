"""What posts may do with the public site (TRUST-05)."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("portal.write", _("Write notices for the public site"))
permissions.register("portal.publish", _("Publish and withdraw notices that others wrote"))

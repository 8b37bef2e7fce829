"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("results.publish", _("Publish results of approvals and penalties, and take them back"))

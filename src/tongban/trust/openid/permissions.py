"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import administrative, permissions

permissions.register("openid.register", _("Register systems that sign people in through us"))
permissions.register("openid.approve", _("Approve systems that sign people in through us"))
# The system administrator asks, the security administrator approves: never one person (R7).
administrative.register("openid.register", administrative.get("identity.manage"))
administrative.register("openid.approve", administrative.get("identity.confirm"))

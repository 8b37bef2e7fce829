"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("linkage.read", _("See deliveries of the base registries and their progress"))
permissions.register("linkage.review", _("Judge whether two records mean the same"))
permissions.register("linkage.differences", _("See the difference lists of one's own office"))
permissions.register("linkage.topics", _("Work on the tax-governance topic"))
permissions.register("linkage.tax", _("Answer the tax-governance list for the tax office"))

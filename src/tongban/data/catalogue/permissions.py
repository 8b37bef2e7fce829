"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("catalogue.read", _("Search the resource catalogue"))
permissions.register("catalogue.edit", _("Describe resources of one's office"))
permissions.register("catalogue.review", _("Review the entries of one's office before they go to the authority"))
permissions.register("catalogue.secrecy", _("Review the secrecy of entries before publication"))
permissions.register("catalogue.manage", _("Review and publish entries, check requests, mediate"))
permissions.register("catalogue.request", _("Ask for shared data, doubt a value"))
permissions.register("catalogue.decide", _("Decide requests for one's office's data, answer objections"))

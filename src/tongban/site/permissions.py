"""What the site's own posts may do (TRUST-05)."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("jobs.manage", _("See background jobs and try failed ones again"))

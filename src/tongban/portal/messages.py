"""What the portal tells those who write for it."""

from django.utils.translation import gettext_lazy as _

from tongban.engine.notify.api import kinds
from tongban.engine.notify.data import Kind

kinds.register(
    "portal.published",
    Kind("portal.published", _("Your notice is published"), _("“%(title)s” is on the public site.")),
)
kinds.register(
    "portal.returned",
    Kind("portal.returned", _("Your notice was returned"), _("“%(title)s” was returned: %(reason)s")),
)

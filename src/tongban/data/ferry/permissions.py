"""What posts may do here: channels are the security administrator's; who proposes a bundle does not approve it."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import administrative, permissions

permissions.register("ferry.channels", _("Open channels between zones"))
administrative.register("ferry.channels", administrative.get("identity.confirm"))
permissions.register("ferry.propose", _("Propose what crosses to another zone"))
permissions.register("ferry.approve", _("Approve what crosses to another zone"))
permissions.register("ferry.import", _("Import what came from another zone"))

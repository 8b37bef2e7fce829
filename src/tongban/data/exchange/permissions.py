"""What this room lets people do."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("exchange.read", _("Look at the exchange: nodes, deliveries, lag"))
permissions.register("exchange.manage", _("Enrol, block and close nodes, repair and replay deliveries"))
permissions.register("exchange.ask", _("Ask another office's data under a grant"))

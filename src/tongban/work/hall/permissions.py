"""What the hall's posts may do (TRUST-05)."""

from django.utils.translation import gettext_lazy as _

from tongban.trust.identity.api import permissions

permissions.register("hall.work", _("Work the inbox of the own office"))
permissions.register("hall.accept", _("Accept, return or decline applications"))
permissions.register("hall.decide", _("Decide on cases"))
permissions.register("hall.oversee", _("See all cases of the offices below"))
permissions.register("hall.answer", _("Answer questions about items"))
permissions.register("items.edit", _("Draft and publish changes of service items"))
permissions.register("items.review", _("Review changes of service items for the law"))
permissions.register("items.import", _("Import item lists"))

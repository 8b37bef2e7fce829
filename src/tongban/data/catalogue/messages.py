"""What the catalogue tells people and offices."""

from django.utils.translation import gettext_lazy as _

from tongban.engine.notify.api import kinds
from tongban.engine.notify.data import Kind, Urgency

_KINDS = (
    Kind(
        "catalogue.returned",
        _("An entry was returned"),
        _("“%(title)s” was returned: %(reason)s"),
    ),
    Kind(
        "catalogue.requested",
        _("Your data are asked for"),
        _("%(office)s asks for “%(title)s” (%(number)s), to be decided by %(due)s."),
    ),
    Kind(
        "catalogue.to_check",
        _("A request waits for its check"),
        _("%(office)s asks for “%(title)s” (%(number)s), to be checked by %(due)s."),
    ),
    Kind(
        "catalogue.decided",
        _("Your request was decided"),
        _("“%(title)s” (%(number)s): %(outcome)s"),
    ),
    Kind(
        "catalogue.due_soon",
        _("A request is due"),
        _("“%(title)s” (%(number)s) is to be decided by %(due)s."),
    ),
    Kind(
        "catalogue.overdue",
        _("A request is overdue"),
        _("“%(title)s” (%(number)s) was to be decided by %(due)s."),
        urgency=Urgency.URGENT,
    ),
    Kind(
        "catalogue.grant_ended",
        _("A grant has ended"),
        _("Grant %(number)s for “%(title)s” has ended: %(reason)s"),
    ),
    Kind(
        "catalogue.grant_ends",
        _("A grant ends soon"),
        _("Grant %(number)s for “%(title)s” ends on %(until)s. Whoever needs it longer asks again."),
    ),
    Kind(
        "catalogue.supply_soon",
        _("Granted data are to be supplied"),
        _("“%(title)s” (%(number)s) is to be supplied by %(due)s."),
    ),
    Kind(
        "catalogue.supply_late",
        _("Granted data are overdue"),
        _("“%(title)s” (%(number)s) was to be supplied by %(due)s."),
        urgency=Urgency.URGENT,
    ),
    Kind(
        "catalogue.feedback",
        _("Somebody said what your data were good for"),
        _("“%(title)s” (%(number)s): score %(score)s of 5"),
    ),
    Kind(
        "catalogue.objection",
        _("A value of yours is doubted"),
        _("%(office)s doubts “%(item)s” of “%(title)s”, to be answered by %(due)s."),
    ),
    Kind(
        "catalogue.answered",
        _("Your doubt was answered"),
        _("“%(item)s” of “%(title)s”: %(outcome)s"),
    ),
    Kind(
        "catalogue.ticket",
        _("Data of yours need mending"),
        _("“%(title)s”: %(broken)s rows break the rule “%(rule)s”."),
    ),
)
for _kind in _KINDS:
    kinds.register(_kind.key, _kind)

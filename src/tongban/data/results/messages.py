"""What results tell the offices that decided."""

from django.utils.translation import gettext_lazy as _

from tongban.engine.notify.api import kinds
from tongban.engine.notify.data import Kind, Urgency

_KINDS = (
    Kind(
        "results.due",
        _("A result has to be published"),
        _("The decision %(number)s is not public yet; its last day is %(due)s."),
    ),
    Kind(
        "results.overdue",
        _("A result was not published in time"),
        _("The decision %(number)s should have been public by %(due)s."),
        urgency=Urgency.URGENT,
    ),
)
for _kind in _KINDS:
    kinds.register(_kind.key, _kind)

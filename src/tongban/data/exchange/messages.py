"""What the exchange tells the offices whose nodes they are."""

from django.utils.translation import gettext_lazy as _

from tongban.engine.notify.api import kinds
from tongban.engine.notify.data import Kind, Urgency

_KINDS = (
    Kind(
        "exchange.refused",
        _("A delivery was refused"),
        _("The data centre did not take “%(resource)s” from your node %(node)s: %(text)s"),
    ),
    Kind(
        "exchange.source",
        _("A source waits for somebody"),
        _("Your node %(node)s reads “%(resource)s” no further until somebody has looked: %(text)s"),
        urgency=Urgency.URGENT,
    ),
    Kind(
        "exchange.silent",
        _("Your node is silent"),
        _("The data centre has not heard of your node %(node)s for a quarter of an hour. What it sends waits there."),
        urgency=Urgency.URGENT,
    ),
)
for _kind in _KINDS:
    kinds.register(_kind.key, _kind)

"""Files for the centre under grants of mode file: judged like an upload, kept, a delivery like a batch (DATA-05)."""

from __future__ import annotations

import hashlib
import io
import json

from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, Ref, Refused, now
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Mode
from tongban.data.transport.data import MESSAGE, Envelope, Message, Outcome

from . import deliveries
from .models import Delivery, Node, Subscription

LARGEST = 16 << 20  # what a node sends in one piece; larger ones go from node to node
SLOT = files.Slot(formats=(*files.MATERIALS, "tiff", "csv"), max_bytes=LARGEST)


def accept(message: Message) -> Outcome:
    """Keep a file, or refuse it with a code and words for the people at the source."""
    return deliveries.answered(message, _taken)


def _taken(node: Node, envelope: Envelope, body: bytes) -> Delivery:
    deliveries.may_send(node, envelope, Mode.FILE)
    line, _end, content = body.partition(b"\n")
    try:
        head = json.loads(line)
        name, total, said = str(head["name"]), int(head["total"]), str(head["sha256"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(_("The file cannot be read."), "unreadable") from None
    if total != 1:
        raise Refused(_("The centre takes files of at most 16 MB; larger ones go from node to node."), "too_large")
    if hashlib.sha256(content).hexdigest() != said:
        raise Refused(_("The file is not the one that was sent."), "fixity")
    of = Ref(MESSAGE, envelope.id)
    try:
        file = files.receive(io.BytesIO(content), name, SLOT, by=of, subject=of)
    except Invalid as wrong:
        raise Refused(" ".join(map(str, wrong.errors.values())), "file") from None
    Subscription.objects.filter(grant=envelope.grant).update(received=now())
    catalogue.count_use(envelope.grant, 1)
    return deliveries.kept(node, envelope, len(content), deliveries.Taken(rows=1, file=file.id))

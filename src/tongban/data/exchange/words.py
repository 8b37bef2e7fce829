"""Why a message was not taken, in sentences: what is wrong, and what to do. Codes are for machines (NET-06)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Text

_WORDS: dict[str, Text] = {
    "again": _("This question came before and was not answered twice. Ask anew."),
    "altered": _("The message was changed on its way. It is sent again by itself; if this goes on, check the line."),
    "blocked": _("The sender is blocked here. Unblock the node if it is to deliver again."),
    "cancelled": _("The sender took the message back."),
    "certificate": _("The sender's certificate is not the one known here. Make a new enrolment file for the node."),
    "certificate_expired": _("The sender's certificate has run out. Start the node, so that it renews it."),
    "cipher": _("The message is closed to another key. The sender sends it again by itself once it knows the new one."),
    "clock": _("The sender's clock runs ahead. Set its time server right."),
    "conflict": _("Another message has the same number. Have the sender's data checked; nothing was taken."),
    "different": _("Both ends do not hold the same messages. Settle the day on the page of the node."),
    "expired": _("The message came after its time. Send it again if it is still needed."),
    "failed": _("The program failed at the receiver. The reason is in its log; the message waits there in quarantine."),
    "file": _("The file is of a kind that is not kept here, or was not found clean. The message's text says why."),
    "fixity": _("The file is not the one that was sent. Send it again."),
    "full": _("The exchange hub is full; the message waits at the sender. Free room at the hub."),
    "grant": _("There is no grant for this, or it has ended. Check the grant, or ask for a new one."),
    "invalid": _("Some values do not hold; they are named row by row. Mend them at the source and send again."),
    "late": _("A later message of the same order was taken already. Nothing needs to be done."),
    "line": _("The line to the exchange hub is down, or the hub vouches for another sender. Check the node's line."),
    "no_body": _("The sender no longer has the content. Send the data again."),
    "no_node": _("The office has no connected node. Connect its node first."),
    "no_source": _("The node has no source for this resource. Set one up at the node."),
    "not_centre": _("Only the centre may say this. Check which node sent it."),
    "not_found": _("What the message is about does not exist here. Check its number."),
    "not_provider": _("Another office provides this resource. Check the resource's code at the sender."),
    "not_set_up": _("This node has not been set up for the exchange yet. Enrol it."),
    "offline": _("The node is not connected at present. Try again when it is back."),
    "packing": _("The content cannot be unpacked. Bring both ends to the same version."),
    "quarantined": _("The message waits in the receiver's quarantine. Have the receiver look at it."),
    "quota": _("It sends more than it may in a minute; what is beyond is taken later. Is a source sent over and over?"),
    "readdressed": _("The message is meant for another node. Check the sender's settings."),
    "refused": _("The receiver refused the message. Its text says why."),
    "register": _("The register refuses rows of the delivery. Mend them at the source and send again."),
    "resource": _("The resource is not in the catalogue, not published, or taken elsewhere already. Check its code."),
    "schema": _("The delivery follows another edition of the resource. Bring the mapping to the present one."),
    "shape": _("Columns are missing, too many or of another type. Check the mapping at the sender."),
    "signature": _("The signature does not hold. Check whether somebody sends in the node's name."),
    "stranger": _("The sender is not known here. Enrol the node first."),
    "timeout": _("The node did not answer in time. Try again later."),
    "too_large": _("The message is too large. Send it in parts."),
    "too_many": _("Too many questions in this hour. Go on in the next."),
    "too_old": _("The message is more than ninety days old. Send the data again."),
    "unknown_business": _("The receiver knows no such kind of message. Bring both ends to the same version."),
    "unknown_message": _("The receipt is for a message that is not known here. Nothing needs to be done."),
    "unreadable": _("The message cannot be read. Bring both ends to the same version and send again."),
    "unsigned": _("The message is not signed. Check whether somebody sends in the node's name."),
    "untrue": _("The answer cannot be relied on. Check the node's certificate and its line."),
    "version": _("The message follows another version of the exchange. Bring both ends to the same version."),
}

_UNKNOWN = _("Reason “%s”, which this version does not know. Bring both ends to the same version.")


def words(code: str) -> Text:
    """The sentence for a code; one that a newer node made up is shown as it is."""
    return _WORDS.get(code) or _UNKNOWN % code

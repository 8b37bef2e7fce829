"""What is wrong between us and a node, in plain words and in the order in which it is worth looking (NET-06)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from importlib.metadata import version

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Text, local, now
from tongban.data.transport import api as transport

from . import certifying
from .data import Check, Finding, NodeState
from .models import Delivery, Node, Subscription
from .nodes import SILENT_AFTER
from .words import words

RUNS_OUT = timedelta(days=30)
SKEW = 30  # seconds a clock may differ
FULL = 1 << 30  # bytes free below which a disk is nearly full


def looked_at(key: str) -> list[Check]:
    """All lines of the self-test of one node."""
    row = Node.objects.get(key=key)
    return [Check(finding, not text, text or _("in order")) for finding, text in _found(row)]


def _found(row: Node) -> Iterator[tuple[Finding, Text]]:
    yield Finding.STATE, _state(row)
    yield Finding.CERTIFICATE, _certificate(row)
    yield Finding.LINE, _line(row)
    yield Finding.CLOCK, _clock(row)
    yield Finding.VERSION, _version(row)
    yield Finding.QUOTA, _quota(row)
    yield Finding.SOURCES, "; ".join(f"{one['resource']}: {one['text']}" for one in row.troubles)
    yield Finding.GRANT, _grant(row)


def _state(row: Node) -> Text:
    if row.state == NodeState.INVITED:
        return _("It has not enrolled yet. Give its enrolment file to the people who run it; it holds for seven days.")
    if row.state in (NodeState.BLOCKED, NodeState.CLOSED):
        return _("It was blocked or closed here, nothing of it is taken: %s") % row.why
    return ""


def _certificate(row: Node) -> Text:
    if not row.certificate:
        return _("It has no certificate yet.")
    good, _why = certifying.judged(row.certificate)
    if not good:
        return _("Its certificate is revoked, held or has run out. Make a new enrolment file for it.")
    if row.certificate_until and row.certificate_until < now() + RUNS_OUT:
        return _(
            "Its certificate ends within a month and has not been renewed: the node renews by itself when it runs."
        )
    return ""


def _line(row: Node) -> Text:
    ours = transport.line()
    if not ours.up:
        return _("Our own line to the exchange hub is down: %s") % ours.text
    if row.asked and row.answered and row.asked > (row.seen or row.asked - SILENT_AFTER):
        return _("Asked at %(at)s: %(answer)s") % {"at": f"{local(row.asked):%H:%M:%S}", "answer": row.answered}
    if row.seen is None:
        return _("Nothing was ever heard of it. Is it started, and can it reach the hub's address and port?")
    if now() - row.seen > SILENT_AFTER:
        words = _(
            "Nothing heard since %s. The machine, its line or the way to the hub is down; what it sends waits there."
        )
        return words % f"{local(row.seen):%Y-%m-%d %H:%M}"
    return ""


def _clock(row: Node) -> Text:
    if abs(row.skew) <= SKEW:
        return ""
    words = _("Its clock is %d seconds off ours. Messages may be refused as expired; set its time server right.")
    return words % round(row.skew)


def _version(row: Node) -> Text:
    ours = version("tongban")
    if not row.version or row.version == ours:
        return ""
    return _("It runs version %(theirs)s, the centre %(ours)s. Bring both to the same version.") % {
        "theirs": row.version,
        "ours": ours,
    }


def _quota(row: Node) -> Text:
    since = now() - timedelta(hours=1)
    refused = [one for one in transport.refusals(sender=row.key) if one.at > since]
    if any(one.code == "quota" for one in refused):
        return words("quota")
    if refused:
        return _("%(n)d of its messages were not taken in the last hour, the last one for this reason: %(why)s") % {
            "n": len(refused),
            "why": words(refused[0].code),
        }
    if row.free_bytes is not None and row.free_bytes < FULL:
        return _("Its disk is nearly full.")
    return ""


def _grant(row: Node) -> Text:
    last = Delivery.objects.filter(sender=row, at__gt=now() - timedelta(days=7)).order_by("-at").first()
    if last is not None and not last.accepted:
        return _("Its last delivery was refused: %s") % last.text
    if Subscription.objects.filter(provider=row.key, live=True, told=None).exists():
        return _("Offices were granted its data, but have no node of their own yet.")
    return ""

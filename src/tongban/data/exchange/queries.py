"""Reading: nodes, reach, flows, deliveries, what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from tongban.base.kernel.api import SHANGHAI, NotFound, Ref, Text, now
from tongban.data.catalogue.data import Cycle
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Flow
from tongban.trust.identity.api import office, offices_under
from tongban.trust.identity.data import OFFICE

from .data import LIVE, Node, NodeLevel, NodeState, Reach, Subscription
from .models import Ask, Delivery, Quarantined
from .models import Node as Row
from .models import Subscription as FlowRow

PAGE = 50


def nodes() -> list[Node]:
    """Every node, those that need somebody first."""
    order = {NodeState.SILENT: 0, NodeState.BLOCKED: 1, NodeState.INVITED: 2, NodeState.CLOSED: 9}
    found = [as_data(row) for row in Row.objects.order_by("division", "key")]
    return sorted(found, key=lambda one: order.get(one.state, 5))


def node(key: str) -> Node:
    """One node; `NotFound`."""
    row = Row.objects.filter(key=key).first()
    if row is None:
        raise NotFound(_("There is no such node."))
    return as_data(row)


def as_data(row: Row) -> Node:
    """The row outside this room."""
    return Node(
        key=row.key,
        office=Ref(OFFICE, row.office_id),
        office_code=row.office_code,
        title=row.title,
        level=NodeLevel(row.level),
        division=row.division,
        zone=row.zone,
        contact=row.contact,
        state=NodeState(row.state),
        why=row.why,
        invited=row.invited,
        enrolled=row.enrolled,
        seen=row.seen,
        waiting=row.waiting,
        lag=row.lag,
        skew=row.skew,
        version=row.version,
        certificate_until=row.certificate_until,
    )


def reach() -> list[Reach]:
    """Coverage and interconnection by level (NET-06). Divisions are those with a government of their own in the office
    tree that the nodes' offices lie in."""
    everyone = [row for row in Row.objects.all() if row.state != NodeState.CLOSED]
    divisions: dict[str, set[str]] = {level: set() for level in NodeLevel}
    if everyone:
        one = office(Ref(OFFICE, everyone[0].office_id))
        top = replace(one, path=one.path.split("/")[0] + "/")
        for known in offices_under(top, kinds=list(NodeLevel)):
            divisions[known.kind].add(known.division)
    found = []
    for level in NodeLevel:
        mine = [row for row in everyone if row.level == level]
        enrolled = [row for row in mine if row.state != NodeState.INVITED]
        covered = {row.division for row in enrolled}
        connected = sum(row.state == NodeState.ACTIVE for row in enrolled)
        found.append(Reach(level, len(divisions[level] | covered), len(covered), len(enrolled), connected))
    return found


def subscriptions(node: str = "") -> list[Subscription]:
    """Live subscriptions; of one node, either end."""
    rows = FlowRow.objects.filter(live=True).order_by("resource", "id")
    if node:
        rows = rows.filter(Q(provider=node) | Q(subscriber=node))
    return [
        Subscription(
            row.id, row.grant, row.resource, row.title, row.mode, row.provider, row.subscriber, tuple(row.items),
            row.cycle, row.target, row.until, row.live, row.received,
        )
        for row in rows[:500]
    ]  # fmt: skip


def flows(hours: int = 24) -> list[Flow]:
    """What went from node to node lately, by envelopes alone."""
    return transport.flows(now() - timedelta(hours=hours))


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody waits for somebody: who, for whom, what, since when."""

    who: str
    whom: str
    what: Text
    since: datetime | None


def waits() -> list[Wait]:
    """Who waits for whom, the longest first: offices without a node, sources that are late, messages on their way."""
    moment, found = now(), list[Wait]()
    silent = {row.key: row.seen for row in Row.objects.filter(state__in=(NodeState.SILENT, NodeState.BLOCKED))}
    for row in FlowRow.objects.filter(live=True).order_by("id")[:1000]:
        if not row.provider:
            found.append(Wait(row.subscriber, "", _("%s: its provider has no node") % row.title, row.told))
        elif not row.subscriber:
            found.append(Wait("", row.provider, _("%s: who asked for it has no node") % row.title, row.told))
        elif row.provider in silent:
            found.append(
                Wait(row.subscriber, row.provider, _("%s: its source is silent") % row.title, silent[row.provider])
            )
        elif row.subscriber == CENTRE and row.mode == "batch" and _late(row, moment):
            found.append(Wait(CENTRE, row.provider, _("%s: late by its cycle") % row.title, row.received or row.told))
    for lag in transport.lags():
        if lag.oldest and lag.oldest < moment - timedelta(minutes=5):
            words = _("%d messages wait for its receipt") % (lag.waiting + lag.sent)
            found.append(Wait(CENTRE, lag.peer.node, words, lag.oldest))
    return sorted(found, key=lambda one: one.since or moment)


def _late(row: FlowRow, moment: datetime) -> bool:
    days = Cycle(row.cycle).days if row.cycle in set(Cycle) else 0
    since = row.received or row.told
    return bool(days and since and since < moment - timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Volume:
    """One day of one resource, as the centre took it over."""

    day: date
    resource: str
    deliveries: int
    rows: int
    quarantined: int
    refused: int
    size: int


def volumes(days: int = 14, node: str = "") -> list[Volume]:
    """Deliveries by day and resource, newest first."""
    rows = Delivery.objects.filter(at__gte=now() - timedelta(days=days))
    if node:
        rows = rows.filter(sender_id=node)
    grouped = rows.annotate(day=TruncDate("at", tzinfo=SHANGHAI)).values("day", "resource")
    counted = grouped.annotate(
        n=Count("message"), taken=Sum("rows"), bad=Sum("quarantined"),
        refused=Count("message", filter=Q(accepted=False)), size=Sum("bytes"),
    )  # fmt: skip
    return [
        Volume(row["day"], row["resource"], row["n"], row["taken"], row["bad"], row["refused"], row["size"])
        for row in counted.order_by("-day", "resource")[:500]
    ]


def deliveries(
    *, node: str = "", refused: bool = False, after: str = "", most: int = PAGE
) -> tuple[Sequence[Delivery], str]:
    """A page of deliveries, newest first, and the key of the next page."""
    rows = Delivery.objects.select_related("sender")
    if node:
        rows = rows.filter(sender_id=node)
    if refused:
        rows = rows.filter(accepted=False)
    return _page(rows, after, most, "message")


def quarantined(after: str = "", most: int = PAGE) -> tuple[Sequence[Quarantined], str]:
    """A page of rows that wait at the desk, oldest first by id, and the key of the next."""
    rows = Quarantined.objects.filter(state="waiting").select_related("delivery").order_by("id")
    if after:
        rows = rows.filter(id__gt=after)
    found = list(rows[: most + 1])
    return found[:most], found[most - 1].id if len(found) > most else ""


def own_asks(person: Ref) -> list[Ask]:
    """One's own last questions."""
    return list(Ask.objects.filter(by=str(person)).order_by("-at", "id")[:20])


def _page(rows: Any, after: str, most: int, key: str) -> tuple[Sequence[Any], str]:
    """Keyset by moment and key, newest first."""
    if after:
        at, _dot, last = after.partition("~")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise NotFound from None
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, **{f"{key}__gt": last}))
    found = list(rows.order_by("-at", key)[: most + 1])
    if len(found) <= most:
        return found, ""
    end = found[most - 1]
    return found[:most], f"{end.at.isoformat()}~{getattr(end, key)}"


def live() -> list[Node]:
    """Nodes that messages may go to."""
    return [as_data(row) for row in Row.objects.filter(state__in=LIVE).order_by("key")]

"""What staff pages show: registries and sources, difference lists, lineage."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from tongban.base.kernel.api import Invalid, NotFound, Ref, Text, system
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import Actor

from .data import ReviewState, Step
from .desk import show, title
from .golden.registries import REGISTRIES, Registry, registry
from .golden.vault import opened, token_of
from .models import Delivery, Difference, Identifier, Review, Row, Source

PAGE, _SOME = 50, 2000
WHY: dict[str, Text] = {
    "authority": gettext_lazy("the other office is the authority for this item"),
    "order": gettext_lazy("the other source is trusted before this one"),
    "newer": gettext_lazy("the other value is newer"),
    "unreadable": gettext_lazy("your value cannot be read"),
    "another": gettext_lazy("this number belongs to somebody else"),
}
STEPS: dict[str, Text] = {
    Step.RECEIVED: pgettext_lazy("linkage", "Received"),
    Step.STANDARDISED: gettext_lazy("Writing values alike"),
    Step.STORED: gettext_lazy("Comparing with the last delivery, linking by official numbers"),
    Step.LIKENESS: gettext_lazy("Linking by likeness"),
    Step.GOLDEN: gettext_lazy("Making golden records and difference lists"),
    Step.DONE: pgettext_lazy("linkage", "Finished"),
    Step.FAILED: pgettext_lazy("linkage", "Stopped"),
}
COUNTS: dict[str, Text] = {
    "received": gettext_lazy("rows received"),
    "same": gettext_lazy("rows unchanged"),
    "new": gettext_lazy("new rows"),
    "changed": gettext_lazy("changed rows"),
    "gone": gettext_lazy("rows gone"),
    "repeated": gettext_lazy("repeated rows"),
    "without_key": gettext_lazy("rows without a key"),
    "unreadable": gettext_lazy("values that cannot be read"),
    "by_number": gettext_lazy("linked by number"),
    "founded": gettext_lazy("first of their number"),
    "by_likeness": gettext_lazy("linked by likeness"),
    "waiting": gettext_lazy("waiting without a number"),
    "contradicted": gettext_lazy("one number, two people"),
    "two_numbers": gettext_lazy("one person, two numbers"),
    "asked": gettext_lazy("questions for the review desk"),
    "golden_new": gettext_lazy("new golden records"),
    "golden_changed": gettext_lazy("changed golden records"),
    "golden_refused": gettext_lazy("golden records refused"),
    "differences": gettext_lazy("new differences"),
    "closed": gettext_lazy("differences settled"),
    "died": gettext_lazy("deaths"),
    "moved": gettext_lazy("moves"),
    "renamed": gettext_lazy("changes of name"),
    "cancelled": gettext_lazy("cancellations"),
    "merged": gettext_lazy("mergers"),
}

SHOWN = ("received", "new", "changed", "gone", "golden_new", "golden_changed", "differences")


def overview() -> list[dict[str, Any]]:
    """The base registries: their sources with the last delivery, and what waits. Counts only."""
    with system():
        made = []
        for key in REGISTRIES:
            sources = [_source(source) for source in Source.objects.filter(registry=key).order_by("rank", "title")]
            waiting = Review.objects.filter(registry=key).aggregate(
                open=Count("id", filter=Q(state=ReviewState.OPEN)),
                second=Count("id", filter=Q(state=ReviewState.SECOND)),
            )
            made.append({"key": key, "title": registry(key).definition.title, "sources": sources, **waiting})
        return made


def _source(source: Source) -> dict[str, Any]:
    last = Delivery.objects.filter(source=source).first()
    return {
        "source": source,
        "last": last,
        "open": Difference.objects.filter(source=source, closed_at=None).count(),
        "step": STEPS[last.step] if last else "",
    }


def deliveries(after: str = "") -> tuple[list[dict[str, Any]], str]:
    """A page of deliveries, newest first, with their counts; and where the next begins."""
    rows = Delivery.objects.select_related("source").order_by("-pk")
    found = list((rows.filter(pk__lt=int(after)) if after.isdigit() else rows)[: PAGE + 1])
    page = [
        {
            "delivery": one,
            "registry": registry(one.source.registry).definition.title,
            "step": STEPS[one.step],
            "counts": [(COUNTS[name], one.counts.get(name, 0)) for name in SHOWN],
        }
        for one in found[:PAGE]
    ]
    return page, str(found[PAGE - 1].pk) if len(found) > PAGE else ""


def progress(id: str) -> dict[str, Any]:
    """How far a delivery has come: every step with its state and seconds, every count that is not nothing."""
    delivery = Delivery.objects.select_related("source").filter(public_id=id).first()
    if delivery is None:
        raise NotFound
    order = [s for s in STEPS if s not in (Step.DONE, Step.FAILED)]
    at = order.index(delivery.step) if delivery.step in order else len(order)
    steps = []
    for n, step in enumerate(order):
        seconds = delivery.seconds.get(step)
        state = "done" if n < at or seconds is not None else "current" if n == at else "next"
        note = _("{seconds} s").format(seconds=seconds) if seconds is not None else ""
        steps.append({"title": STEPS[step], "state": state, "note": note})
    counts = [{"label": COUNTS[name], "value": delivery.counts[name]} for name in COUNTS if delivery.counts.get(name)]
    return {"delivery": delivery, "steps": steps, "counts": counts, "running": delivery.ended_at is None,
            "registry": registry(delivery.source.registry).definition.title}  # fmt: skip


# --- differences ------------------------------------------------------------------------------------------------------


def own_sources(actor: Actor) -> list[dict[str, Any]]:
    """The sources of the officer's offices with how many differences are open."""
    offices = [ref.id for ref in actor.offices]
    rows = Source.objects.filter(office_id__in=offices).order_by("registry", "title")
    return [
        {"source": row, "open": Difference.objects.filter(source=row, closed_at=None).count(),
         "closed": Difference.objects.filter(source=row).exclude(closed_at=None).count(),
         "registry": registry(row.registry).definition.title}
        for row in rows
    ]  # fmt: skip


def access_source(actor: Actor, id: str) -> Source:
    """A source of one's own office; `NotFound` otherwise."""
    identity.require(actor, "linkage.differences")
    found = Source.objects.filter(public_id=id, office_id__in=[ref.id for ref in actor.offices]).first()
    if found is None:
        raise NotFound
    return found


def differences(
    actor: Actor, source: Source, after: int = 0, item: str = ""
) -> tuple[list[dict[str, Any]], int | None]:
    """One page of the open list, masked, and where the next begins. Seeing people's data leaves a trace."""
    wanted = Difference.objects.filter(source=source, closed_at=None, id__gt=after).select_related("winner")
    if item:
        wanted = wanted.filter(item=item)
    found = list(wanted.order_by("id")[: PAGE + 1])
    page = found[:PAGE]
    base = registry(source.registry)
    if base.definition.personal:
        identity.looked_up(actor, [Ref("linkage.cluster", str(d.cluster_id)) for d in page])
        ledger.write("linkage.differences.read", _ref(source), by=actor.by, count=len(page))
    return _shown(base, page, bare=False), page[-1].pk if len(found) > PAGE else None


def _ref(source: Source) -> Ref:
    return Ref("linkage.source", f"{source.registry}/{source.resource}")


def _shown(base: Registry, page: Sequence[Difference], bare: bool) -> list[dict[str, Any]]:
    with system():  # the source's own keys of its own rows
        keys = dict(Row.objects.filter(pk__in=[d.row_id for d in page]).values_list("pk", "key"))
    plain = opened(text for d in page for text in (keys[d.row_id], d.theirs, d.ours))
    return [
        {
            "key": show(base, "", keys[d.row_id], bare, plain), "item": title(base, d.item),
            "theirs": show(base, d.item, d.theirs, bare, plain), "ours": show(base, d.item, d.ours, bare, plain),
            "winner": d.winner.title, "why": WHY.get(d.why, d.why), "found_at": d.found_at,
        }
        for d in page
    ]  # fmt: skip


def download(actor: Actor, source: Source, reason: str) -> bytes:
    """The whole open list as CSV with the values as they are, for the source office to correct its own data by: an act
    with a reason, recorded with the number of rows (R4)."""
    if len(reason.strip()) < 4:
        raise Invalid({"reason": _("Please say in a few words why you need to see this.")})
    base = registry(source.registry)
    rows = Difference.objects.filter(source=source, closed_at=None).select_related("winner").order_by("id")
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            _("Your key"),
            pgettext("linkage", "Item"),
            _("You sent"),
            _("We hold"),
            _("Whose value"),
            pgettext("linkage", "Why"),
        ]
    )
    count, found = 0, rows.iterator(chunk_size=_SOME)
    while page := list(islice(found, _SOME)):
        for one in _shown(base, page, bare=True):
            writer.writerow([_cell(str(one[n])) for n in ("key", "item", "theirs", "ours", "winner", "why")])
            count += 1
    ledger.write("linkage.differences.downloaded", _ref(source), by=actor.by, count=count, reason=reason.strip())
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _cell(text: str) -> str:
    """A text that a spreadsheet does not take for a formula (T28)."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


# --- lineage ----------------------------------------------------------------------------------------------------------


def lineage(actor: Actor, key: str, id: str) -> dict[str, Any]:
    """A record of the register with the source of every value. Whoever may see the record may see where it is from."""
    base = registry(key)
    row = registers.get(actor, key, id)
    number = str(row[base.number])
    token = token_of(number) if base.number in base.sealed else number
    with system():
        known = Identifier.objects.filter(registry=key, value=f"n:{token}").select_related("cluster").first()
        if known is None or known.cluster.number != token:  # of a merged record its values are another's
            raise NotFound
        cluster = known.cluster
        rows = {r.pk: r for r in Row.objects.filter(cluster=cluster).select_related("source", "delivery")}
    plain = opened(cluster.values.values())
    items = [
        {"title": title(base, item), "value": show(base, item, str(value), False, plain),
         "source": rows[at].source.title, "at": rows[at].changed_at}
        for item, value in cluster.values.items()
        if value and (at := cluster.lineage.get(item)) in rows
    ]  # fmt: skip
    others = sorted({r.source.title for r in rows.values()})
    return {"register": base.definition, "row": row, "items": items, "sources": others}

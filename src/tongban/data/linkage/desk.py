"""The clerical review desk: two records side by side, judged by people, remembered, and taken back when wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, mask, now, system
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import Actor

from .data import ChangeKind, Compared, Pair, ReviewState, Side, Verdict, Why
from .golden.registries import Registry
from .golden.registries import registry as registry_of
from .golden.survival import last_change, renew
from .golden.vault import opened
from .models import Change, Cluster, Difference, Identifier, Opinion, Review, Row

_SEEN_FOR = timedelta(minutes=30)


def access_review(actor: Actor, id: str) -> Review:
    """The review, for somebody who may judge; `NotFound` otherwise."""
    identity.require(actor, "linkage.review")
    found = Review.objects.select_for_update(of=("self",)).filter(public_id=id).exclude(state="void").first()
    if found is None:
        raise NotFound
    return found


def look(actor: Actor, id: str, reason: str | None = None) -> Pair:
    """The two records side by side. Opening them is what lets row security show them to this officer, for half an hour
    and for this question; it leaves a trace. Values are masked unless a `reason` is given, which is an act of its own.
    """
    if reason is not None and len(reason.strip()) < 4:
        raise Invalid({"reason": _("Please say in a few words why you need to see this.")})
    with transaction.atomic():
        review = access_review(actor, id)
        clusters = [Ref("linkage.cluster", str(pk)) for pk in (review.left_id, review.right_id)]
        _not_about(actor, review)
        identity.looked_up(actor, clusters)
        for cluster in clusters:
            identity.purpose_grant(actor.person, review.ref, cluster, now() + _SEEN_FOR, by=actor.by)
        kind = "linkage.review.opened" if reason is None else "linkage.review.unmasked"
        ledger.write(kind, review.ref, by=actor.by, reason=(reason or "").strip())
        return _pair(review, reason is not None)


def judge(actor: Actor, id: str, verdict: Verdict, reason: str) -> ReviewState:
    """One officer's word. A merge needs a second officer who agrees; apart and unsure stand at once. What was judged is
    never asked again."""
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please say what you decided by.")})
    with transaction.atomic():
        review = access_review(actor, id)
        _not_about(actor, review)
        if review.state not in (ReviewState.OPEN, ReviewState.SECOND, ReviewState.UNSURE):
            raise Refused(_("This has been judged already."), code="judged")
        second = review.state == ReviewState.SECOND
        if second and review.opinions.filter(by=str(actor.person)).exists():
            raise Refused(_("A second officer has to agree; you gave the first opinion."), code="second")
        Opinion.objects.create(review=review, by=str(actor.person), verdict=verdict, reason=reason.strip(), at=now())
        states = {Verdict.APART: ReviewState.APART, Verdict.UNSURE: ReviewState.UNSURE}
        review.state = states.get(verdict, ReviewState.MERGED if second else ReviewState.SECOND)
        review.decided_at = None if review.state == ReviewState.SECOND else now()
        review.save(update_fields=["state", "decided_at"])
        ledger.write(f"linkage.review.{review.state}", review.ref, by=actor.by, reason=reason.strip())
        with system():  # the officer sees two records; the golden record is made of all that bears on it
            if review.state == ReviewState.MERGED:
                _merge(review)
            elif review.state == ReviewState.APART and review.why == Why.ONE_NUMBER:
                _tell_source(review)
    return ReviewState(review.state)


def undo(actor: Actor, id: str, reason: str) -> None:
    """Take a merge back: the rows return to the record they came from, and the two are kept apart from now on."""
    if len(reason.strip()) < 2:
        raise Invalid({"reason": _("Please say why the merge was wrong.")})
    with transaction.atomic():
        review = access_review(actor, id)
        _not_about(actor, review)
        if review.state != ReviewState.MERGED:
            raise Refused(_("Only what was merged can be split."), code="not_merged")
        review.state, review.decided_at = ReviewState.APART, now()
        Opinion.objects.create(
            review=review, by=str(actor.person), verdict=Verdict.APART, reason=reason.strip(), at=now()
        )
        ledger.write("linkage.review.split", review.ref, by=actor.by, reason=reason.strip(), rows=len(review.moved))
        with system():
            _split(review)
        review.moved = []
        review.save(update_fields=["state", "decided_at", "moved"])


def _not_about(actor: Actor, review: Review) -> None:
    """Nobody judges their own record (T4)."""
    if review.registry != "population":
        return
    with system():
        numbers = list(
            Cluster.objects.filter(pk__in=(review.left_id, review.right_id)).values_list("number", flat=True)
        )
        plain = opened(numbers).values()
    people = [found.ref for number in plain if (found := identity.person_by_id_number(number))]
    if identity.conflicts(actor, people):
        raise Refused(_("This record is your own; somebody else has to judge it."), code="own")


# --- merging and splitting --------------------------------------------------------------------------------------------


def _merge(review: Review) -> None:
    """The rows of the one go to the other; the record that ends names the one it went into."""
    left, right = Cluster.objects.get(pk=review.left_id), Cluster.objects.get(pk=review.right_id)
    stays, goes = (right, left) if (left.held or not left.number) and right.number and not right.held else (left, right)
    review.moved = list(Row.objects.filter(cluster=goes).values_list("pk", flat=True))
    review.save(update_fields=["moved"])
    Row.objects.filter(cluster=goes).update(cluster=stays)
    Identifier.objects.filter(cluster=goes).update(cluster=stays)
    registry = registry_of(review.registry)
    since = last_change(registry)
    if goes.written and goes.number != stays.number:
        _end_record(registry, goes.number, stays.number, review)
    Cluster.objects.filter(pk=goes.pk).update(rows=0, written=False, stale=False, values={}, lineage={})
    Cluster.objects.filter(pk=stays.pk).update(stale=True)
    _repoint(review, goes.pk, stays.pk)
    renew(registry, since)


def _end_record(registry: Registry, number: str, into: str, review: Review) -> None:
    plain = opened([number]).get(number, number)
    if row := registers.find(registry.key, **{registry.number: plain}):
        reason = _("merged with another record, question {id}").format(id=review.public_id)
        registers.retire(registry.key, row.id, by=None, reason=reason)
    Change.objects.create(registry=registry.key, number=number, kind=ChangeKind.MERGED, items=[], other=into, at=now())


def _repoint(review: Review, former: int, to: int) -> None:
    """Other questions about the record that ended are questions about the one it went into."""
    for other in Review.objects.filter(Q(left=former) | Q(right=former)).exclude(pk=review.pk):
        third = other.right_id if other.left_id == former else other.left_id
        low, high = sorted((third, to))
        if third == to or Review.objects.filter(left=low, right=high).exists():
            if other.state in (ReviewState.OPEN, ReviewState.SECOND):
                Review.objects.filter(pk=other.pk).update(state="void")
        else:
            Review.objects.filter(pk=other.pk).update(left=low, right=high)


def _split(review: Review) -> None:
    pair = {review.left_id, review.right_id}
    moved = Row.objects.filter(pk__in=review.moved, cluster__in=pair)
    for stayed in moved.values_list("cluster_id", flat=True)[:1]:  # nothing is left to move where all were withdrawn
        _move_back(moved, stayed, (pair - {stayed}).pop())
    registry = registry_of(review.registry)
    since = last_change(registry)
    Cluster.objects.filter(pk__in=pair).update(stale=True)
    for cluster in Cluster.objects.filter(pk__in=pair, written=False, held=False).exclude(number=""):
        Change.objects.create(
            registry=registry.key, number=cluster.number, kind=ChangeKind.SPLIT, items=[], other="", at=now()
        )
    renew(registry, since)


def _move_back(rows: QuerySet[Row], stayed: int, back: int) -> None:
    keys = {key for row in rows for key in row.keys}
    rows.update(cluster_id=back)
    kept = {key for row in Row.objects.filter(cluster_id=stayed) for key in row.keys}
    Identifier.objects.filter(cluster_id=stayed, value__in=keys - kept).update(cluster_id=back)


def _tell_source(review: Review) -> None:
    """The number belongs to another: the source that sent it learns so from its difference list."""
    number = registry_of(review.registry).number
    held = Cluster.objects.filter(pk__in=(review.left_id, review.right_id), held=True).first()
    other = Cluster.objects.filter(pk__in=(review.left_id, review.right_id), held=False).first()
    if held is None or other is None:
        return
    winner = Row.objects.get(pk=other.founder).source_id
    for row in Row.objects.filter(cluster=held):
        Difference.objects.update_or_create(
            row=row,
            item=number,
            defaults={
                "source_id": row.source_id, "cluster": held, "theirs": held.number, "ours": "", "winner_id": winner,
                "why": "another", "found_at": now(), "closed_at": None,
            },
        )  # fmt: skip


# --- what the officer sees --------------------------------------------------------------------------------------------


def _pair(review: Review, bare: bool) -> Pair:
    registry = registry_of(review.registry)
    sides = [_side(registry, pk) for pk in (review.left_id, review.right_id)]
    plain = opened(value for side in sides for value in side.values.values())
    items = [f.name for f in registry.definition.live] + ["former_name", "registration_number", "successor"]
    present = [item for item in items if any(item in side.values for side in sides)]
    officers = identity.people_by_ref([Ref.parse(o.by) for o in review.opinions.all()])
    return Pair(
        id=review.public_id,
        registry=review.registry,
        why=Why(review.why),
        state=ReviewState(review.state),
        probability=review.probability,
        asked_at=review.asked_at,
        left=sides[0],
        right=sides[1],
        items=tuple(_compared(registry, item, sides[0], sides[1], bare, plain) for item in present),
        opinions=tuple(
            (officers[Ref.parse(o.by)].name if Ref.parse(o.by) in officers else "", Verdict(o.verdict), o.reason, o.at)
            for o in review.opinions.all()
        ),
        bare=bare,
    )


def _side(registry: Registry, pk: int) -> Side:
    cluster = Cluster.objects.get(pk=pk)
    rows = {r.pk: r for r in Row.objects.filter(cluster=pk).select_related("source")}
    origin = {item: rows[row].source.title for item, row in cluster.lineage.items() if row in rows}
    forms = {item: rows[row].forms.get(item) or cluster.values.get(item) for item, row in cluster.lineage.items()
             if row in rows}  # fmt: skip
    if named := rows.get(cluster.lineage.get("name", 0)):
        forms["name~"] = named.forms.get("name~")
    titles = sorted({row.source.title for row in rows.values()})
    return Side(tuple(titles), len(rows), dict(cluster.values), forms, origin, cluster.written)


def _compared(registry: Registry, item: str, left: Side, right: Side, bare: bool, plain: Mapping[str, str]) -> Compared:
    one, two = (str(side.values.get(item) or "") for side in (left, right))
    shown = [show(registry, item, value, bare, plain) for value in (one, two)]
    state = "one" if not (one and two) else "same" if left.forms.get(item) == right.forms.get(item) else "differs"
    if item == "name" and state == "differs" and (sound := left.forms.get("name~")):
        state = "sounds" if sound == right.forms.get("name~") else state
    marks = _marks(*shown) if bare and state in ("differs", "sounds") else ([(shown[0], False)], [(shown[1], False)])
    return Compared(item, title(registry, item), state, *marks, left.origin.get(item, ""), right.origin.get(item, ""))


def title(registry: Registry, item: str) -> str:
    """What people call an item."""
    base = item.removesuffix("_division")
    if base in registry.definition.by_name:
        return str(registry.definition.field(base).title) + (_(" (division)") if base != item else "")
    own = {"former_name": _("Former name"), "registration_number": _("Old registration number"),
           "tax_state": _("Tax status"), "insured": _("People insured")}  # fmt: skip
    return own.get(item, pgettext("tax", "Successor") if item == "successor" else item)


def show(registry: Registry, item: str, value: str, bare: bool, plain: Mapping[str, str]) -> str:
    """A value as people read it: masked, unless it is asked for bare. `plain`: the numbers behind tokens."""
    field = registry.definition.by_name.get(item.removesuffix("_division"))
    text = plain.get(value, value)
    if not text:
        return ""
    if field is None:
        if bare:
            return text
        name = registry.definition.by_name["name"]
        return (
            mask(text, "number") if value in plain else registers.masked(name, text) if item == "former_name" else text
        )
    return (
        text if bare and item != field.name else registers.shown(field, text if bare else registers.masked(field, text))
    )


def _marks(one: str, two: str) -> tuple[list[tuple[str, bool]], list[tuple[str, bool]]]:
    """The two texts in pieces, with which pieces differ."""
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for kind, a, b, c, d in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
        if a < b:
            left.append((one[a:b], kind != "equal"))
        if c < d:
            right.append((two[c:d], kind != "equal"))
    return left, right


def queue(registry: str, state: str = ReviewState.OPEN, limit: int = 50) -> list[Mapping[str, Any]]:
    """What waits to be judged, the most gained by it first. No values: they are seen one question at a time."""
    wanted = Review.objects.filter(registry=registry, state=state).order_by("-gain", "pk")[:limit]
    return [
        {"id": r.public_id, "why": r.why, "probability": r.probability, "asked_at": r.asked_at, "state": r.state}
        for r in wanted
    ]

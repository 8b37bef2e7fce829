"""What offices hold in the hall: cases, work, questions, items. A reorganisation gives them to those who follow.

Legal clocks are kept by case and by piece of work, so they run on as they are. What an office did (decisions,
suspensions, the ledger) keeps the office's name of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref
from tongban.base.ledger import api as ledger
from tongban.engine.process import api as process
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import OfficeHolding, Shift, Thing, office_holdings

from .data import CASE, WorkKind
from .items.reorganisation import rehome
from .models import Case, Question, Service, Work
from .models.item import Item

_SOME = 5_000


def _moved(rows: QuerySet[Any], shift: Shift, field: str = "office") -> int:
    """Give the chosen rows to the new office, in one statement or one per few thousand."""
    if shift.ids is None:
        return rows.update(**{field: shift.to.ref.id})
    return sum(
        rows.filter(pk__in=[int(id_) for id_ in some]).update(**{field: shift.to.ref.id}) for some in _parts(shift.ids)
    )


def _parts(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (ids[start : start + _SOME] for start in range(0, len(ids), _SOME))


def _firsts() -> dict[str, str]:
    """The part that handles each item first."""
    return {row.item: str(row.definition.get("first", "")) for row in Service.objects.all()}


# Cases


def _cases(office: Ref) -> QuerySet[Case]:
    return Case.objects.filter(first_office=office.id)


def _case_things(office: Ref) -> Iterable[Thing]:
    firsts = _firsts()
    for pk, item, division, number in _cases(office).values_list("pk", "item", "division", "case_no").iterator():
        yield Thing(str(pk), item, division, firsts.get(item, ""), number)


def _move_cases(shift: Shift) -> int:
    """All of them, closed ones too: who follows answers for them. Each case under way says so in its own history."""
    rows = _cases(shift.former.ref)
    under_way = rows.filter(closed_at=None)
    if shift.ids is not None:
        under_way = under_way.filter(pk__in=[int(id_) for id_ in shift.ids])
    for id_ in under_way.order_by("pk").values_list("public_id", flat=True):
        ledger.write(
            "hall.case.rehomed", Ref(CASE, id_), by=shift.by, office=shift.to.ref.id, former=shift.former.ref.id,
            act=str(shift.act),
        )  # fmt: skip
    return _moved(rows, shift, "first_office")


# Work


def _work(office: Ref) -> QuerySet[Work]:
    return Work.objects.filter(office=office.id)


def _work_things(office: Ref) -> Iterable[Thing]:
    firsts = _firsts()
    fields = ("pk", "case__item", "case__division", "kind", "task", "case__case_no")
    rows = list(_work(office).order_by("pk").values_list(*fields))
    steps = process.parts_of(task for *_others, task, _number in rows if task)
    for pk, item, division, kind, task, number in rows:
        part = firsts.get(item, "") if kind == WorkKind.ACCEPT else steps.get(task) or firsts.get(item, "")
        yield Thing(str(pk), item, division, part, number)


def _move_work(shift: Shift) -> int:
    """Done work goes along: it says who may look at a case. Who claimed something and does not come along, lets go of
    it, and has no reason left to see the people in those cases."""
    number = _moved(_work(shift.former.ref), shift)
    staying = {str(post.person) for post in identity.people_at(shift.to.ref)}
    open_ = _work(shift.to.ref).filter(open=True)
    strangers = set(open_.exclude(claimed_by="").values_list("claimed_by", flat=True)) - staying
    open_.filter(claimed_by__in=strangers).update(claimed_by="")
    cases = [Ref(CASE, id_) for id_ in open_.values_list("case__public_id", flat=True).distinct()]
    identity.purposes_left(cases, shift.former.ref, shift.to.ref)
    return number


# Questions


def _questions(office: Ref) -> QuerySet[Question]:
    return Question.objects.filter(office=office.id, replied_at=None)


def _question_things(office: Ref) -> Iterable[Thing]:
    return (Thing(str(row.pk), row.item) for row in _questions(office).order_by("pk"))


# Items


def _items(office: Ref) -> QuerySet[Item]:
    return Item.objects.filter(office=office.id)


def _item_things(office: Ref) -> Iterable[Thing]:
    firsts = _firsts()
    for row in _items(office).order_by("pk"):
        yield Thing(str(row.pk), row.key, row.division, firsts.get(row.key, ""), row.key)


def _move_items(shift: Shift) -> int:
    rows = _items(shift.former.ref)
    if shift.ids is not None:
        rows = rows.filter(pk__in=[int(id_) for id_ in shift.ids])
    return rehome(list(rows.order_by("pk").values_list("key", flat=True)), shift.to, by=shift.by)


def _count(rows: Any) -> Any:
    return lambda office: rows(office).count()


office_holdings.register("hall.case", OfficeHolding(_("cases"), _count(_cases), _case_things, _move_cases))
office_holdings.register("hall.work", OfficeHolding(_("work on cases"), _count(_work), _work_things, _move_work))
office_holdings.register(
    "hall.question",
    OfficeHolding(
        _("unanswered questions"),
        _count(_questions),
        _question_things,
        lambda shift: _moved(_questions(shift.former.ref), shift),
    ),
)
office_holdings.register("hall.item", OfficeHolding(_("service items"), _count(_items), _item_things, _move_items))

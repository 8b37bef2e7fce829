"""Reading items: lists, facets, one item, its guide for a situation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import F, Func

from tongban.base.kernel.api import NotFound, Ref
from tongban.engine.search import api as search
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE, Actor

from ..models import item as models
from . import data
from .changes import Edit, Stage

LIMIT = 20
AUDIENCES: dict[str, tuple[str, ...]] = {"person": ("1",), "legal": ("2", "3", "4", "5", "6")}
"""The two entrances of the hall, as codes of GB/T 39046 A.4."""


def search_items(
    text: str = "",
    audience: str = "",
    department: str = "",
    theme: str = "",
    after: str = "",
    *,
    type: str = "",
    state: str = data.ItemState.IN_USE,
    limit: int = LIMIT,
) -> data.Page:
    """Items that answer the text (all where it is empty) for an entrance, office, theme or type; one page.

    `audience` is `person`, `legal` or a code of A.4; `department` an office's id or the department's name; an
    empty `state` gives items of every state, which is for staff.
    """
    rows = _narrowed(audience, department, theme, type, state)
    if text.strip():
        return _searched(rows, text.strip(), after, limit)
    if after.isascii() and after.isdigit():
        rows = rows.filter(id__gt=int(after))
    found = list(rows.order_by("id")[: limit + 1])
    more = str(found[limit - 1].id) if len(found) > limit else ""
    return data.Page(tuple(card(row) for row in found[:limit]), more)


def _narrowed(audience: str, department: str, theme: str, type: str, state: str) -> QuerySet[models.Item]:
    rows = models.Item.objects.all()
    if state:
        rows = rows.filter(task_state=state)
    if audience:
        rows = rows.filter(service_object__overlap=list(AUDIENCES.get(audience, (audience,))))
    if department:
        rows = rows.filter(Q(office=department) | Q(dept_name=department))
    if theme:
        rows = rows.filter(Q(user_topic_type__contains=[theme]) | Q(corp_topic_type__contains=[theme]))
    return rows.filter(task_type=type) if type else rows


def _searched(rows: QuerySet[models.Item], text: str, after: str, limit: int) -> data.Page:
    """The index gives the order, the table decides what may be shown; also codes and parts of a name are found."""
    if not after:
        exact = list(rows.filter(Q(task_code=text) | Q(local_task_code=text) | Q(key=text))[:limit])
        if exact:
            return data.Page(tuple(card(row) for row in exact))
    hits = search.query(text, kinds=[data.ITEM], limit=50, after=after or None)
    order = {hit.subject.id: place for place, hit in enumerate(hits)}
    found = sorted(rows.filter(public_id__in=order), key=lambda row: order[row.public_id])
    if not found and not after:
        found = list(rows.filter(task_name__icontains=text).order_by("id")[:limit])
    return data.Page(tuple(card(row) for row in found), hits.after or "", hits.read_as)


def item_facets(audience: str = "") -> data.Facets:
    """What items in use can be narrowed by, the most frequent first."""
    rows = _narrowed(audience, "", "", "", data.ItemState.IN_USE)
    offices = rows.values_list("office", "dept_name").annotate(n=Count("id")).order_by("-n", "dept_name")
    titles = _office_titles(office for office, _name, _n in offices)
    departments: dict[str, data.Facet] = {}
    for office, name, n in offices:
        value = office or name
        known = departments.get(value)
        departments[value] = data.Facet(value, titles.get(office, name), n + (known.count if known else 0))
    types = rows.exclude(task_type="").values_list("task_type").annotate(n=Count("id")).order_by("task_type")
    return data.Facets(
        departments=tuple(facet for facet in departments.values() if facet.value),
        themes=_listed(rows, "user_topic_type"),
        corp_themes=_listed(rows, "corp_topic_type"),
        types=tuple(data.Facet(code, data.TASK_TYPES.get(code, code), n) for code, n in types),
        audiences=tuple(
            data.Facet(facet.value, data.SERVICE_OBJECTS.get(facet.value, facet.value), facet.count)
            for facet in sorted(_listed(rows, "service_object"), key=lambda facet: facet.value)
        ),
    )


def _listed(rows: QuerySet[models.Item], field: str) -> tuple[data.Facet, ...]:
    counted = rows.annotate(one=Func(F(field), function="unnest")).values_list("one").annotate(n=Count("id"))
    return tuple(data.Facet(value, value, n) for value, n in counted.order_by("-n", "one"))


def item_count() -> int:
    """How many items are in use."""
    return models.Item.objects.filter(task_state=data.ItemState.IN_USE).count()


def access_item(key: str) -> models.Item:
    """The item under this key or public id. Items are public; `NotFound` where there is none."""
    row = models.Item.objects.filter(Q(key=key) | Q(public_id=key)).first()
    if row is None:
        raise NotFound()
    return row


def item(key: str) -> data.Item:
    """The item with everything it has, in any state; `NotFound`."""
    return view(access_item(key))


def item_title(key: str) -> str:
    """The item's name; `NotFound`."""
    return access_item(key).task_name


def guide(key: str, answers: Mapping[str, str] | None = None) -> data.Guide:
    """The guide for a situation. Answers to questions that do not arise, or that are no option, are left out."""
    found = item(key)
    given: dict[str, str] = {}
    questions = []
    for question in found.situations:
        if question.only_if and not _holds(question.only_if, given):
            continue
        questions.append(question)
        answer = (answers or {}).get(question.key, "")
        if answer in {option.key for option in question.options}:
            given[question.key] = answer
    materials = tuple(m for m in found.materials if _may_apply(m.applies, given))
    return data.Guide(found, tuple(questions), given, materials)


def _conditions(texts: Sequence[str]) -> dict[str, set[str]]:
    wanted: dict[str, set[str]] = {}
    for text in texts:
        question, _equals, option = text.partition("=")
        wanted.setdefault(question, set()).add(option)
    return wanted


def _holds(texts: Sequence[str], given: Mapping[str, str]) -> bool:
    """Each question named is answered with one of the options named for it."""
    return all(given.get(question) in options for question, options in _conditions(texts).items())


def _may_apply(texts: Sequence[str], given: Mapping[str, str]) -> bool:
    """Like `_holds`, but a question not yet answered leaves the material on the list."""
    return all(given.get(q) is None or given[q] in options for q, options in _conditions(texts).items())


def versions(key: str) -> list[data.Version]:
    """All wordings of an item, the newest first, each with what it changed."""
    rows = list(access_item(key).versions.order_by("-version"))
    former = [*(row.body for row in rows[1:]), {}]
    return [
        data.Version(
            row.version,
            row.at,
            row.by,
            row.reason,
            {
                name: (before.get(name), row.body.get(name))
                for name in sorted({*before, *row.body})
                if before and before.get(name) != row.body.get(name)
            },
        )
        for row, before in zip(rows, former, strict=True)
    ]


def body_of(row: models.Item, version: int | None = None) -> dict[str, Any]:
    """The wording of a version (the present one) as it was published; `NotFound`."""
    body = row.versions.filter(version=version or row.version).values_list("body", flat=True).first()
    if body is None:
        raise NotFound()
    return dict(body)


def edit(row: models.ItemEdit) -> Edit:
    """A change as one data object."""
    return Edit(
        id=row.public_id,
        ref=row.ref,
        item=view(row.item),
        state=data.ItemState(row.state) if row.state else None,
        base=row.base,
        body=row.body,
        reason=row.reason,
        stage=Stage(row.stage),
        editors=tuple(Ref.parse(editor) for editor in row.editors),
        reviewer=Ref.parse(row.reviewer) if row.reviewer else None,
        opinion=row.opinion,
        on=row.on,
        revision=row.revision,
        updated_at=row.updated_at,
    )


EDITS_SHOWN = 200


def edits(actor: Actor, key: str = "", *, over: bool = False) -> list[Edit]:
    """Changes of items that this actor edits or reviews, the latest first: the open ones, or with `over` the others."""
    rows = models.ItemEdit.objects.select_related("item").order_by("-updated_at")
    rows = rows.exclude(stage__in=Stage.open()) if over else rows.filter(stage__in=Stage.open())
    if key:
        rows = rows.filter(item__key=key)
    found = list(rows[:EDITS_SHOWN])
    offices = identity.offices_by_ref({Ref(OFFICE, row.item.office) for row in found if row.item.office})

    def mine(row: models.ItemEdit) -> bool:
        place = offices.get(Ref(OFFICE, row.item.office)) if row.item.office else None
        return any(identity.may(actor, permission, place) for permission in ("items.edit", "items.review"))

    return [edit(row) for row in found if mine(row)]


def card(row: models.Item) -> data.ItemCard:
    return data.ItemCard(
        ref=row.ref,
        key=row.key,
        title=row.task_name,
        department=row.dept_name,
        type=row.task_type,
        state=data.ItemState(row.task_state),
        audiences=tuple(row.service_object),
        promise_day=row.promise_day,
        promise_unit=data.LIMIT_UNITS.get(row.promise_type, "workday"),
        online=bool(row.form_key or row.is_online),
        group=row.group,
    )


def view(row: models.Item) -> data.Item:
    """The row with its parts as one data object."""
    return data.Item(
        ref=row.ref,
        key=row.key,
        version=row.version,
        state=data.ItemState(row.task_state),
        state_reason=row.state_reason,
        title=row.task_name,
        office=Ref(OFFICE, row.office) if row.office else None,
        department=row.dept_name,
        division=row.division,
        pack=row.pack,
        form_key=row.form_key,
        process_key=row.process_key,
        licence_type=row.licence_type,
        promise_day=row.promise_day,
        promise_unit=data.LIMIT_UNITS.get(row.promise_type, "workday"),
        anticipate_day=row.anticipate_day,
        anticipate_unit=data.LIMIT_UNITS.get(row.anticipate_type, "workday"),
        attribution=row.attribution,
        updated_at=row.updated_at,
        fields={**{name: getattr(row, name) for name in FIELDS}, **row.extra},
        situations=tuple(_situation(each) for each in row.situations),
        materials=tuple(_material(each) for each in row.materials.all()),
        steps=tuple(
            data.Step(
                s.step_name,
                s.office,
                s.limit_day,
                data.LIMIT_UNITS.get(s.limit_type, "workday"),
                s.content,
                s.result,
            )
            for s in row.steps.all()
        ),
        faqs=tuple(data.Faq(f.question, f.answer) for f in row.faqs.all()),
        fees=tuple(data.Fee(f.fee_name, f.fee_stand, f.by_law, f.is_desc, f.desc_explain) for f in row.fees.all()),
    )


_NOT_WORDING = {
    "id",
    "public_id",
    "key",
    "version",
    "digest",
    "task_state",
    "state_reason",
    "state_at",
    "updated_at",
    "extra",
    "local",
}
FIELDS: tuple[str, ...] = tuple(f.name for f in models.Item._meta.concrete_fields if f.name not in _NOT_WORDING)
"""The columns that are an item's wording, by the national library's names, and what ties it to a pack."""


def _situation(each: Mapping[str, Any]) -> data.Situation:
    options = each.get("options") or []
    only_if = each.get("only_if") or []
    return data.Situation(
        key=str(each["key"]),
        title=str(each["title"]),
        options=tuple(data.Option(str(o["key"]), str(o["title"])) for o in options if isinstance(o, Mapping)),
        only_if=tuple(str(text) for text in only_if),
    )


def _material(m: models.ItemMaterial) -> data.Material:
    return data.Material(
        slot=m.slot or f"m{m.order_num}",
        name=m.material_name,
        need=m.is_need or "1",
        type=m.material_type,
        format=m.material_format,
        originals=m.page_num,
        copies=m.copy_num,
        source=m.source_type,
        source_explain=m.source_explain,
        licence_type=m.licence_type,
        register=m.register,
        blank=m.form_guid,
        example=m.example_guid,
        fill_explain=m.fill_explain,
        accept_stand=m.accept_stand,
        by_law=m.by_law,
        applies=tuple(m.applies),
    )


def _office_titles(ids: Iterable[str]) -> dict[str, str]:
    offices = identity.offices_by_ref(Ref(OFFICE, id_) for id_ in ids if id_)
    return {ref.id: office.title for ref, office in offices.items()}

"""Verbs: propose, approve, withdraw and apply a reorganisation. It is applied whole or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from tongban.base.kernel.api import (
    DefinitionError,
    NotFound,
    Ref,
    Refused,
    TongbanError,
    alone,
    emit,
    now,
    system,
    today,
)
from tongban.base.ledger.api import write

from .. import data, models, offices
from ..access import conflicts, require
from . import file
from .data import How, OfficesReorganised, Plan, Reform, Route, Shift, State
from .holdings import in_order, office_holdings
from .models import Reorganisation, Succession
from .plan import offices_named, plan

PROPOSE, APPROVE = "identity.manage", "identity.confirm"


def propose(text: str, name: str = "", by: Ref | None = None) -> Reorganisation:
    """Keep a checked file with its plan, for somebody else to approve. `DefinitionError` names what does not hold."""
    reform = file.read(text, name or "reorganisation.yaml")
    shown = as_json(plan(reform))
    with transaction.atomic():
        row = Reorganisation.objects.create(
            title=reform.title[:200],
            basis=reform.basis[:300],
            on=reform.on,
            text=text,
            digest=hashlib.sha256(text.encode()).hexdigest(),
            plan=shown,
            proposed_by=str(by or ""),
        )
        write("identity.reorganisation.proposed", row.ref, by=by, digest=row.digest, on=str(row.on))
    return row


def approve(actor: data.Actor, id_: str) -> Reorganisation:
    """A second person lets it happen: a security administrator, because people's roles move with it. It is applied by
    a job at once, or on its day. `Refused` for the one who proposed it, and while something has no home."""
    with transaction.atomic():
        row = _locked(id_, State.PROPOSED, State.FAILED)
        require(actor, APPROVE)
        if row.proposed_by and conflicts(actor, [Ref.parse(row.proposed_by)]):
            raise Refused(_("Somebody else has to approve what you proposed."), code="conflict")
        shown = plan(file.read(row.text))
        row.plan = as_json(shown)
        if not shown.possible:
            raise Refused(homeless_words(shown))
        row.state, row.message = State.APPROVED, ""
        row.approved_by, row.approved_at = str(actor.person), now()
        row.save()
        write("identity.reorganisation.approved", row.ref, by=actor.by, digest=row.digest)
        if row.on <= today():
            app.configure_task("identity:reorganise", queue="events").defer(id=row.public_id)
    return row


def withdraw(actor: data.Actor, id_: str) -> Reorganisation:
    """It will not happen. What was applied cannot be withdrawn; propose the next one."""
    with transaction.atomic():
        row = _locked(id_, State.PROPOSED, State.APPROVED, State.FAILED)
        require(actor, PROPOSE)
        row.state = State.WITHDRAWN
        row.save(update_fields=["state"])
        write("identity.reorganisation.withdrawn", row.ref, by=actor.by)
    return row


def apply_due(id_: str = "") -> int:
    """Apply the approved reorganisations whose day has come (or this one); gives how many. One that cannot be applied
    stays, with the reason, for its administrators."""
    rows = Reorganisation.objects.filter(state=State.APPROVED, on__lte=today())
    done = 0
    for found in list((rows.filter(public_id=id_) if id_ else rows).order_by("on", "pk")):
        try:
            apply(found.public_id)
            done += 1
        except (TongbanError, DefinitionError) as error:
            if getattr(error, "code", "") == "busy":
                raise  # the job is tried again
            Reorganisation.objects.filter(pk=found.pk, state=State.APPROVED).update(
                state=State.FAILED, message=_message(error)
            )
    return done


def apply(id_: str) -> Plan:
    """Carry it out now, in one transaction in which nothing else is under way; what was done is what `plan` shows.

    `Refused` while anything is left without a home, and if anything were left behind at an office that ends.
    """
    with transaction.atomic():
        alone()
        with system():
            row = _locked(id_, State.APPROVED)
            reform = file.read(row.text)
            shown = plan(reform)
            if not shown.possible:
                raise Refused(homeless_words(shown))
            _carry_out(row, reform, shown)
            row.plan, row.state, row.message, row.applied_at = as_json(shown), State.APPLIED, "", now()
            row.save()
    return shown


def _carry_out(row: Reorganisation, reform: Reform, shown: Plan) -> None:
    by = Ref.parse(row.approved_by) if row.approved_by else None
    if reform.new:
        offices.load_offices(reform.new.values(), by=by)
    for change in reform.changes:
        if change.how == How.RENAME:
            offices.rename_office(
                offices.office_by_code(change.offices[0]).ref, change.title, change.short_title, by=by
            )
        elif change.how == How.MOVE:
            offices.place_office(
                offices.office_by_code(change.offices[0]).ref, offices.office_by_code(change.parent).ref, by=by
            )
    named = offices_named(reform)
    for route in shown.routes:
        moved = office_holdings.get(route.sort).move(_shift(row, reform, route, named, by))
        if moved != route.count:
            raise Refused(_("Something changed meanwhile. Nothing was moved; please try again."), code="busy")
    _end(row, reform, named, by)


def _shift(row: Reorganisation, reform: Reform, route: Route, named: dict[str, data.Office], by: Ref | None) -> Shift:
    return Shift(named[route.former], named[route.to], route.ids, today(), row.ref, reform.people, by)


def _end(row: Reorganisation, reform: Reform, named: dict[str, data.Office], by: Ref | None) -> None:
    """Close what ends, remember who follows, and see that nothing was left behind."""
    followers: dict[str, tuple[str, ...]] = {}
    for change in reform.changes:
        for code in change.ending:
            ended = named[code]
            for sort, holding in in_order():
                if left := holding.count(ended.ref):
                    raise Refused(_("%(n)d of %(sort)s would be left at %(office)s.")
                                  % {"n": left, "sort": sort, "office": ended.title})  # fmt: skip
            models.Office.objects.filter(public_id=ended.ref.id).update(until=today())
            models.OfficeName.objects.filter(office__public_id=ended.ref.id, until=None).update(until=today())
            followers[str(ended.ref)] = tuple(str(named[to].ref) for to in change.into)
            write("identity.office.ended", ended.ref, by=by, title=ended.title, into=list(followers[str(ended.ref)]))
        for code in change.offices if change.into else ():
            _follow(row, change.how, named[code], [named[to] for to in change.into if to != code])
    write("identity.offices.reorganised", row.ref, by=by, digest=row.digest, ended=len(followers))
    emit(OfficesReorganised(row.ref, followers))


def _follow(row: Reorganisation, how: How, former: data.Office, successors: list[data.Office]) -> None:
    """People go on searching for the name they know: it becomes an alias of those who follow."""
    old = models.Office.objects.get(public_id=former.ref.id)
    for successor in successors:
        new = models.Office.objects.get(public_id=successor.ref.id)
        Succession.objects.create(former=old, successor=new, how=how, on=today(), reorganisation=row)
        models.OfficeName.objects.create(
            office=new, title=old.title, short_title=old.short_title, alias=True, valid_from=today()
        )


def plan_reorganisation(text: str, name: str = "") -> dict[str, Any]:
    """What a file would do, as `as_json` shows it; nothing is kept. `DefinitionError` for a file that does not hold."""
    return as_json(plan(file.read(text, name or "reorganisation.yaml")))


def reorganise(text: str, name: str = "") -> tuple[Reorganisation, dict[str, Any]]:
    """For the command line, where the operator of the installation answers for it: propose, and apply if its day has
    come; else it waits for its day."""
    row = propose(text, name)
    with transaction.atomic():
        shown = plan(file.read(text))
        if not shown.possible:
            raise Refused(homeless_words(shown))
        Reorganisation.objects.filter(pk=row.pk).update(state=State.APPROVED, approved_at=now())
        write("identity.reorganisation.approved", row.ref, digest=row.digest, operator=True)
    if row.on <= today():
        shown = apply(row.public_id)
    row.refresh_from_db()
    return row, as_json(shown)


def access_reorganisation(id_: str) -> Reorganisation:
    """The row; `NotFound`."""
    row = Reorganisation.objects.filter(public_id=id_).first()
    if row is None:
        raise NotFound(_("There is no such reorganisation."))
    return row


def _locked(id_: str, *states: State) -> Reorganisation:
    access_reorganisation(id_)
    row = Reorganisation.objects.select_for_update().get(public_id=id_)
    if row.state not in states:
        raise Refused(_("This reorganisation is already decided."), code="state")
    return row


def homeless_words(shown: Plan) -> str:
    """One sentence per sort of things that has no home."""
    return " ".join(
        str(_("%(n)d × %(title)s of %(office)s have no home yet (%(examples)s).")
            % {"n": each.count, "title": each.title, "office": each.former, "examples": "、".join(each.examples)})
        for each in shown.homeless
    )  # fmt: skip


def as_json(shown: Plan) -> dict[str, Any]:
    """The plan as the page, the command and the row show it: counts, not lists of things."""
    routes = [
        {"sort": r.sort, "title": str(r.title), "former": r.former, "to": r.to, "count": r.count} for r in shown.routes
    ]
    homeless = [asdict(each) | {"title": str(each.title), "examples": list(each.examples)} for each in shown.homeless]
    return {"possible": shown.possible, "words": list(shown.words), "routes": routes, "homeless": homeless}


def _message(error: TongbanError | DefinitionError) -> str:
    return "\n".join(error.findings) if isinstance(error, DefinitionError) else str(error)

"""The steps of an acceptance case. Each method is a step of `cases.yaml`; its people are made on the spot."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tongban.base.calendars.data import Procedure
from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, Ref, new_id, today, travelled
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Right
from tongban.work.hall import api as hall
from tongban.work.hall.data import Applicant, Outcome

from .data import SAMPLE_PDF

_EVERYTHING = ("hall.accept", "hall.decide", "hall.work", "hall.oversee")


class Wrong(Exception):
    """The case did not go as its pack says."""


class Play:
    """One case under way: somebody applies, offices act, time passes."""

    def __init__(self, case: Mapping[str, Any], item: str, clock: ExitStack) -> None:
        self.case, self.item, self.clock = case, item, clock
        self.answers: dict[str, Any] = dict(case["answers"])
        self.applicant = _citizen("申请人")
        self.ref = Ref("hall.case", "none")

    def apply(self) -> None:
        """The applicant hands in; what needs nobody at the window is accepted at once."""
        self.ref = self._submit(self.applicant, self.answers)

    def _submit(self, actor: Actor, answers: Mapping[str, Any]) -> Ref:
        applicant = Applicant(actor.person, actor.name)
        papers = self._papers(actor, answers)
        done = hall.submit(actor, self.item, applicant, answers, papers, nonce=new_id())
        hall.take_in(done.case)
        return done.case

    def _papers(self, actor: Actor, answers: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """One file for every material that applies, unless the case names its own list."""
        guide = hall.guide(self.item, {key: str(value) for key, value in answers.items()})
        slots = self.case.get("materials", [material.slot for material in guide.materials])
        if not slots:
            return {}
        file = files.receive(io.BytesIO(SAMPLE_PDF), "sample.pdf", files.Slot(("pdf",)), by=actor.person)
        return {slot: [{"file": file.id, "name": file.name}] for slot in slots}

    def _office(self, part: str) -> Ref:
        return identity.office_by_role(part, str(self.answers.get("division", ""))).ref

    def _work(self, kind: str, part: str = "") -> tuple[Ref, Actor]:
        """Something to do at the office, and an officer there who may do it."""
        wanted = self._office(part) if part else None
        for work, at, what in hall.open_work(self.ref):
            if what == kind and wanted in (None, at):
                return work, _officer(at)
        raise Wrong(f"there is nothing to {kind} at {part or 'any office'}")

    def accept(self) -> None:
        """The window accepts; the legal clock starts."""
        work, clerk = self._work("accept")
        hall.accept(clerk, work)

    def correct(self, ask: str, answers: Mapping[str, Any]) -> None:
        """The window asks for a correction; the applicant answers it with changed answers."""
        work, clerk = self._work("accept")
        hall.ask_correction(clerk, work, [{"what": "材料", "problem": "需要更正", "need": ask}])
        self.answers |= answers
        hall.answer_correction(self.applicant, self.ref, self.answers, self._papers(self.applicant, self.answers))

    def decline(self, reason: str = "不属于本机关职权范围") -> None:
        """不受理: another authority is responsible, or no permit is needed."""
        work, clerk = self._work("accept")
        hall.decline(clerk, work, reason)

    def refuse_acceptance(self, reason: str = "申请材料不符合法定形式") -> None:
        """不予受理."""
        work, clerk = self._work("accept")
        hall.refuse_acceptance(clerk, work, reason)

    def decide(self, outcome: str, office: str = "", opinion: str = "经审查，提出意见如上。") -> None:
        """One office decides on its part."""
        work, officer = self._work("decide", office)
        hall.decide(officer, work, Outcome(outcome), opinion)

    def suspend(self, procedure: str, office: str = "", reason: str = "依法需要履行该程序") -> None:
        """The clock stops for a procedure whose time the law does not count."""
        work, officer = self._work("decide", office)
        hall.suspend(officer, work, Procedure(procedure), reason)

    def resume(self, office: str = "", result: str = "程序已经完成") -> None:
        """The clock goes on."""
        work, officer = self._work("decide", office)
        hall.resume(officer, work, result)

    def withdraw(self, reason: str = "不再办理") -> None:
        """The applicant takes the application back."""
        hall.withdraw(self.applicant, self.ref, reason)

    def travel(self, days: str) -> None:
        """Let natural days pass: the product's clock moves on."""
        self.clock.enter_context(travelled(timedelta(days=int(days))))

    def second(self, refused: str, answers: Mapping[str, Any] | None = None) -> None:
        """Somebody else applies with the same answers; `refused` names the answer that clashes."""
        try:
            self._submit(_citizen("另一申请人"), {**self.answers, **(answers or {})})
        except Invalid as error:
            if refused not in error.errors:
                raise
        else:
            raise Wrong("the second application was taken")

    def expect(self, rows: Sequence[Mapping[str, Any]] = (), **wanted: Any) -> None:
        """Compare what is with what the case says."""
        view = hall.case_view_of(self.ref)
        open_parts = {office for _work, office, _kind in hall.open_work(self.ref)}
        late = {holder.office for holder in view.holders if holder.due and holder.due < today()}
        found: dict[str, Any] = {
            "state": view.state.value,
            "licence": "true" if view.licence else "false",
            "due": view.due.isoformat() if view.due else "",
        }
        for name, value in wanted.items():
            if name == "waiting":
                _same(name, open_parts, {self._office(part) for part in value})
            elif name == "late":
                _same(name, late, {identity.office(self._office(part)).title for part in value})
            elif name == "why":
                if value not in view.due_why:
                    raise Wrong(f"the reason of the date is {view.due_why!r}, without {value!r}")
            else:
                _same(name, found[name], value)
        for row in rows:
            number = registers.model(row["register"]).objects.filter(**row["where"]).count()
            _same(f"rows of {row['register']}", str(number), row.get("count", "1"))


def _same(name: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        shown, expected = (", ".join(map(str, each)) if isinstance(each, set) else each for each in (found, wanted))
        raise Wrong(f"{name} is {shown or 'empty'}, expected {expected or 'empty'}")


def _citizen(name: str) -> Actor:
    person = identity.create_citizen(name, level=4)
    return identity.actor_for(person.ref)


def _officer(office: Ref) -> Actor:
    person = identity.create_staff(f"case-{new_id()}", "经办人", second_factor=False)
    path = identity.office(office).path
    rights = tuple(Right(permission, path, False) for permission in _EVERYTHING)
    return replace(identity.actor_for(person.ref), rights=rights)

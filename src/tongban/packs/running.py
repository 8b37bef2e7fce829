"""`packs test`: the cases of `cases.yaml`, played through the hall's own verbs and taken back."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction

from tongban.base.calendars.data import Procedure
from tongban.base.files import api as files
from tongban.base.kernel.api import Invalid, Ref, TongbanError, new_id, today, travelled
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Right
from tongban.work.hall import api as hall
from tongban.work.hall.data import Applicant, CaseView, Outcome

from .data import SAMPLE_PDF, CaseRun, Pack
from .loading import load
from .places import pack_folder

_EVERYTHING = ("hall.accept", "hall.decide", "hall.work", "hall.oversee")


class _RolledBack(Exception):
    pass


class _Wrong(Exception):
    pass


def test(names: Sequence[str]) -> list[CaseRun]:
    """Run every acceptance case of the packs, which must be installed. Nothing is left behind."""
    return [_run(pack, case) for pack in (load(pack_folder(name)) for name in names) for case in pack.cases]


def _run(pack: Pack, case: Mapping[str, Any]) -> CaseRun:
    title, started = str(case.get("title", "")), time.perf_counter()
    detail = ""
    try:
        with transaction.atomic(), ExitStack() as clock:
            _Play(pack, case, clock).run()
            raise _RolledBack
    except _RolledBack:
        pass
    except _Wrong as wrong:
        detail = str(wrong)
    except (TongbanError, KeyError, ValueError) as error:
        detail = f"{type(error).__name__}: {error}"
    return CaseRun(pack.key, title, not detail, detail, round(time.perf_counter() - started, 3))


class _Play:
    """One case: its people are made on the spot, one for each part."""

    def __init__(self, pack: Pack, case: Mapping[str, Any], clock: ExitStack) -> None:
        self.pack, self.case, self.clock = pack, case, clock
        self.item = str(case.get("item") or pack.items[0]["key"])
        self.applicant = self._citizen("申请人")
        self.ref: Ref | None = None

    def run(self) -> None:
        refused = self.case.get("refused")
        try:
            self.submit(self.applicant, {})
        except Invalid as error:
            if not refused or refused not in error.errors:
                raise
            return
        for step in self.case.get("steps") or ():
            name, values = (step, {}) if isinstance(step, str) else next(iter(step.items()))
            getattr(self, f"step_{name}")(values or {})
        self.expect(self.case.get("expect") or {})

    def _citizen(self, name: str) -> Actor:
        person = identity.create_citizen(name, level=4)
        return identity.actor_for(person.ref)

    def _officer(self, office: Ref) -> Actor:
        person = identity.create_staff(f"case-{new_id()}", "经办人", second_factor=False)
        path = identity.office(office).path
        rights = tuple(Right(permission, path, False) for permission in _EVERYTHING)
        return replace(identity.actor_for(person.ref), rights=rights)

    def submit(self, actor: Actor, changes: Mapping[str, Any]) -> Ref:
        answers = {**(self.case.get("answers") or {}), **changes}
        papers = self._papers(answers)
        applicant = Applicant(actor.person, actor.name)
        done = hall.submit(actor, self.item, applicant, answers, papers, nonce=new_id())
        if self.ref is None:
            self.ref = done.case
        hall.accept_automatically(done.case)
        return done.case

    def _papers(self, answers: Mapping[str, Any]) -> dict[str, list[dict[str, str]]]:
        """One file for every material that applies, unless the case names its own list."""
        guide = hall.guide(self.item, {key: str(value) for key, value in answers.items()})
        slots = self.case.get("materials") or [material.slot for material in guide.materials]
        if not slots:
            return {}
        file = files.receive(io.BytesIO(SAMPLE_PDF), "sample.pdf", files.Slot(("pdf",)), by=self.applicant.person)
        return {slot: [{"file": file.id, "name": file.name}] for slot in slots}

    def work(self, kind: str, office: str = "") -> tuple[Ref, Actor]:
        assert self.ref
        division = str((self.case.get("answers") or {}).get("division", ""))
        wanted = identity.office_by_role(office, division).ref if office else None
        for work, at, what in hall.open_work(self.ref):
            if what == kind and wanted in (None, at):
                return work, self._officer(at)
        raise _Wrong(f"there is nothing to {kind} at {office or 'any office'}")

    def step_accept(self, _values: Mapping[str, Any]) -> None:
        work, clerk = self.work("accept")
        hall.accept(clerk, work)

    def step_correct(self, values: Mapping[str, Any]) -> None:
        """Ask for a correction, and answer it with the changed answers."""
        work, clerk = self.work("accept")
        hall.ask_correction(clerk, work, [{"what": "材料", "problem": "不清楚", "need": str(values.get("ask", "请更正"))}])
        assert self.ref
        answers = {**(self.case.get("answers") or {}), **(values.get("answers") or {})}
        papers = self._papers(answers)
        hall.answer_correction(self.applicant, self.ref, answers, papers)

    def step_decline(self, values: Mapping[str, Any]) -> None:
        work, clerk = self.work("accept")
        hall.decline(clerk, work, str(values.get("reason", "不属于本机关职权范围")))

    def step_decide(self, values: Mapping[str, Any]) -> None:
        work, officer = self.work("decide", str(values.get("office", "")))
        hall.decide(officer, work, Outcome(values["outcome"]), str(values.get("opinion", "经审查，提出意见如上。")))

    def step_suspend(self, values: Mapping[str, Any]) -> None:
        work, officer = self.work("decide", str(values.get("office", "")))
        hall.suspend(officer, work, Procedure(values["procedure"]), str(values.get("reason", "需要专家评审")))

    def step_resume(self, values: Mapping[str, Any]) -> None:
        work, officer = self.work("decide", str(values.get("office", "")))
        hall.resume(officer, work, str(values.get("result", "评审通过")))

    def step_withdraw(self, _values: Mapping[str, Any]) -> None:
        assert self.ref
        hall.withdraw(self.applicant, self.ref, "不再办理")

    def step_travel(self, values: Mapping[str, Any]) -> None:
        """Let days pass: the product's clock moves on."""
        self.clock.enter_context(travelled(timedelta(days=int(values["days"]))))

    def step_second(self, values: Mapping[str, Any]) -> None:
        """Somebody else applies with the same answers; `refused` names the answer that clashes."""
        try:
            self.submit(self._citizen("另一申请人"), {})
        except Invalid as error:
            if values.get("refused") in error.errors:
                return
            raise
        raise _Wrong("the second application was taken")

    def expect(self, wanted: Mapping[str, Any]) -> None:
        assert self.ref
        view = hall.case_view_of(self.ref)
        for name, value in wanted.items():
            found = self._found(name, view)
            if found != value:
                raise _Wrong(f"{name} is {found!r}, expected {value!r}")

    def _found(self, name: str, view: CaseView) -> Any:
        plain = {
            "state": view.state.value,
            "licence": "true" if view.licence else "false",
            "overdue": "true" if view.due and view.due < today() and not view.closed_at else "false",
            "due": view.due.isoformat() if view.due else "",
            "waiting": str(len(view.holders)),
        }
        return plain[name]

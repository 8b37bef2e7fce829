"""NFR-08: two departments become one and a third is split while 500 cases are under way and people go on working."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection

from tests.conftest import ANSWERS, CITY, Town, build_town, papers
from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import NotFound, Ref, Refused, system, today
from tongban.base.ledger import api as ledger
from tongban.engine.forms import api as forms
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import acting, office_holdings
from tongban.work.hall import api as hall
from tongban.work.hall.access import access_case, access_work
from tongban.work.hall.data import CaseState, Outcome, WorkKind
from tongban.work.hall.models import Case, Decision, Work
from tongban.work.hall.queries.inbox import inbox

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 500
DIVISIONS = (CITY, "460200", "460300")
FILE = f"""
title: 海口市机构改革
on: {today()}
basis: 琼编〔2026〕12号
changes:
  - merge:
      from: [haikou-commerce, haikou-quality]
      into: {{code: haikou-market, title: 海口市市场监管综合局, division: "{CITY}", parent: haikou}}
  - split:
      from: haikou-tax
      into:
        - {{code: haikou-tax-1, title: 海口市税务一局, division: "{CITY}", parent: haikou}}
        - {{code: haikou-tax-2, title: 海口市税务二局, division: "{CITY}", parent: haikou}}
      rules:
        - {{divisions: ["460100", "460200"], to: haikou-tax-1}}
        - {{divisions: ["460300"], to: haikou-tax-2}}
        - {{things: [identity.part], to: haikou-tax-2}}
        - {{things: [hall.case, hall.item, notify.message], to: haikou-tax-2}}
people:
  - {{person: tax, to: haikou-tax-1}}
  - {{person: tax2, to: haikou-tax-2}}
"""


@pytest.fixture
def town(transactional_db: None) -> Iterator[Town]:
    with system():
        made = build_town()
        second = identity.create_staff("tax2", "税务乙", second_factor=False)
        for role in ("commerce", "quality", "tax", "social_security", "statistics", "police"):
            for division in DIVISIONS[1:]:
                identity.play_role(made.office(role), role, division)
        identity.assign_post(second.ref, made.office("tax"), "审批", ["test_tax"])
    yield made


def apply_for(town: Town, n: int, form: Any, applicant: Any, held: Any) -> Ref:
    with acting(town.founder):
        answers = {**ANSWERS, "name": f"海口第{n:03d}号有限公司", "division": DIVISIONS[n % 3]}
        item = "enterprise_registration"
        return hall.submit(town.founder, item, applicant, answers, held, nonce=f"{n}", form=form).case


def fill(town: Town) -> Any:
    """500 applications; some accepted, some decided by one office. Gives what one more application needs."""
    with acting(town.founder):
        more = (forms.current("enterprise_registration"), hall.applicant_of(town.founder), papers(town.founder))
    for n in range(MANY):
        case = apply_for(town, n, *more)
        if n % 5 == 0:
            with acting(town.clerk):
                hall.accept(town.clerk, hall.open_work(case)[0][0])
        if n % 15 == 0:
            act(town.approvers["commerce"].person, WorkKind.DECIDE)
    return more


def act(person: Ref, kind: WorkKind) -> bool:
    """As a page does it: who am I now, what is in my inbox, do the first of it."""
    actor = identity.actor_for(person)
    with acting(actor):
        rows = Work.objects.filter(office__in=[o.id for o in actor.offices], open=True, kind=kind)
        work = rows.order_by("id").first()
        if work and kind == WorkKind.ACCEPT:
            hall.accept(actor, work.ref)
        elif work:
            hall.decide(actor, work.ref, Outcome.GRANT, "同意")
    return work is not None


def clocks() -> dict[tuple[str, str], Any]:
    """Every running deadline of cases and work: what the law counts."""
    with system():
        refs = [case.ref for case in Case.objects.all()] + [work.ref for work in Work.objects.filter(open=True)]
        found = calendars.deadlines_of(refs)
    return {(str(ref), each.code): (each.start, each.due, each.status) for ref, many in found.items() for each in many}


def test_nfr08_500_running_cases_survive_a_merger_and_a_split(town: Town) -> None:
    more = fill(town)
    before, names = clocks(), {role: identity.office(town.office(role)) for role in ("commerce", "quality", "tax")}
    stop, said, done = threading.Event(), list[str](), Counter[str]()

    def busy(name: str, work: Callable[[int], object]) -> None:
        """Somebody who goes on working meanwhile. What has passed to others is not there any more: no other answer."""
        n = MANY
        while not stop.is_set():
            n += 1
            try:
                work(n)
                done[name] += 1
            except NotFound:
                done["gone"] += 1
            except Exception as error:
                said.append(f"{name}: {error!r}")
                stop.wait(0.2)
        connection.close()

    officers = {role: actor.person for role, actor in town.approvers.items()}
    works: dict[str, Callable[[int], object]] = {
        "apply": lambda n: apply_for(town, n, *more),
        "accept": lambda n: act(town.clerk.person, WorkKind.ACCEPT),
        "commerce": lambda n: act(officers["commerce"], WorkKind.DECIDE),
        "tax": lambda n: act(officers["tax"], WorkKind.DECIDE),
    }
    threads = [threading.Thread(target=busy, args=each) for each in works.items()]
    for thread in threads:
        thread.start()
    stop.wait(0.5)
    row, plan = identity.reorganise(FILE)
    stop.wait(0.5)
    stop.set()
    for thread in threads:
        thread.join(30)
    assert (row.state, said) == ("applied", [])
    assert done["apply"] and done["accept"]
    moved = Counter({route["sort"]: 0 for route in plan["routes"]})
    for route in plan["routes"]:
        moved[route["sort"]] += route["count"]
    assert moved["hall.case"] >= MANY and moved["hall.work"] >= MANY

    with system():
        nothing_is_lost(before, names, done)
        nothing_is_stuck()
    nobody_sees_too_much(town)
    history_keeps_the_old_name(names)


def nothing_is_lost(before: dict[tuple[str, str], Any], names: dict[str, Any], done: Counter[str]) -> None:
    assert Case.objects.count() == MANY + done["apply"]
    for office in names.values():
        assert identity.office(office.ref).until == today()
        assert {sort: holding.count(office.ref) for sort, holding in office_holdings.items()} == dict.fromkeys(
            office_holdings, 0
        )
    assert hall.item("enterprise_registration").department == "海口市市场监管综合局"
    now = clocks()
    running = {key for key in before if key in now}
    assert len(running) >= MANY // 2 and all(
        now[key] == before[key] for key in running if now[key][2] == before[key][2]
    )


def nothing_is_stuck() -> None:
    for case in Case.objects.filter(closed_at=None):
        assert case.work.filter(open=True).exists(), case
    offices = set(Work.objects.filter(open=True).values_list("office", flat=True))
    titles = {identity.office(id_).title for id_ in offices}
    assert titles == {"海口市市场监管综合局", "海口市税务一局", "海口市税务二局"}
    for id_ in offices:
        assert identity.people_at(Ref("identity.office", id_))
    for case in Case.objects.filter(state=CaseState.HANDLING).order_by("id")[:4]:  # and they go through to their end
        while waiting := hall.open_work(case.ref):
            work, office, _kind = waiting[0]
            actors = [identity.actor_for(post.person) for post in identity.people_at(office)]
            officer = next(one for one in actors if identity.may(one, "hall.decide", office))
            hall.decide(officer, work, Outcome.GRANT, "同意")
        case.refresh_from_db()
        assert case.state == CaseState.GRANTED


def nobody_sees_too_much(town: Town) -> None:
    one, two, stranger = (identity.actor_for(identity.person_by_username(n).ref) for n in ("tax", "tax2", "stranger"))
    with system():
        samples = {
            division: Work.objects.filter(case__division=division, office__in=[o.id for o in actor.offices])
            .select_related("case")
            .first()
            for division, actor in ((DIVISIONS[0], one), (DIVISIONS[2], two))
        }
    for actor, division, seen in (
        (one, 0, True), (two, 0, False), (one, 2, False), (two, 2, True), (stranger, 0, False), (stranger, 2, False),
    ):  # fmt: skip
        work = samples[DIVISIONS[division]]
        assert work
        with acting(actor):
            if seen:
                assert access_case(actor, work.case.public_id).pk == work.case_id
            else:
                with pytest.raises(NotFound):
                    access_case(actor, work.case.public_id)
                with pytest.raises((NotFound, Refused)):
                    access_work(actor, work.ref, "hall.decide")
            mine = {row.case.division for row in inbox(actor).rows}
            assert mine <= ({DIVISIONS[2]} if actor is two else set(DIVISIONS[:2]) if actor is one else set())
    clerk = identity.actor_for(town.clerk.person)
    with acting(clerk):
        assert {identity.office(office).title for office in clerk.offices} == {"海口市市场监管综合局"}
        assert inbox(clerk).rows


def history_keeps_the_old_name(names: dict[str, Any]) -> None:
    with system():
        decision = Decision.objects.filter(office=names["commerce"].ref.id).select_related("case").first()
        assert decision
        view = hall.case_view(decision.case)
        steps = {step.kind: step.office for step in view.steps}
        assert steps["hall.case.submitted"] == names["commerce"].title
        assert steps["hall.case.rehomed"] == "海口市市场监管综合局" == view.first_office
        kinds = [leaf.kind for leaf in ledger.history(decision.case.ref)]
        assert kinds.count("hall.case.rehomed") == 1

"""Row security tried by plain SQL under the program's own database roles: the second wall behind `access_*` (R1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import ProgrammingError, connection, transaction

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.base.kernel.api import Ref, system
from tongban.data.licences import api as licences
from tongban.site.database import personal_tables
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import ANONYMOUS, Actor, Reach
from tongban.work.hall import api as hall
from tongban.work.hall.access import access_case_by_code
from tongban.work.hall.data import Outcome, Submitted

from .test_rows import submit, work_of

pytestmark = pytest.mark.django_db
ROLES = ("tongban_app", "tongban_public")
# What belongs to one case, by table.
OF_CASE = ("hall_case", "hall_answers", "hall_paper", "hall_work", "hall_decision", "hall_reservation")


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


@pytest.fixture
def done(town: Town, run_jobs: Callable[[], int]) -> Submitted:
    """A case of the founder's that three offices granted, with a draft and a question besides."""
    done = submit(town)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    for role in ("commerce", "quality", "tax"):
        hall.decide(town.approvers[role], work_of(done, town, role), Outcome.GRANT, "同意")
    hall.open_draft(town.founder, "elder_card")
    hall.ask(town.founder, "enterprise_registration", "要带什么材料？")
    run_jobs()
    return done


@contextmanager
def at_work(actor: Actor, role: str = "tongban_app") -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}")
        with identity.acting(actor):
            yield
        cursor.execute("RESET ROLE")


def count(table: str) -> int:
    """How many rows plain SQL shows; none as well where the role may not even ask."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            return int(cursor.fetchone()[0])
    except ProgrammingError as error:
        assert "permission denied" in str(error)
        return 0


@pytest.mark.parametrize("role", ROLES)
def test_r1_without_somebody_at_work_no_row_is_shown(done: Submitted, role: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        assert {table: count(table) for table in OF_CASE} == dict.fromkeys(OF_CASE, 1) | {
            "hall_paper": 3, "hall_work": 4, "hall_decision": 3, "hall_reservation": 0
        }  # fmt: skip
        cursor.execute(f"SET LOCAL ROLE {role}")
        shown = {table: count(table) for table in personal_tables()}
        cursor.execute("RESET ROLE")
    assert {table: n for table, n in shown.items() if n} == {}
    assert len(shown) >= 20


@pytest.mark.parametrize("role", ROLES)
def test_r1_a_citizen_sees_the_own_rows_and_no_others(town: Town, done: Submitted, role: str) -> None:
    own = ("hall_case", "hall_answers", "hall_paper", "hall_draft", "hall_question", "documents_document", "files_file")
    with at_work(town.founder, role):
        assert all(count(table) for table in own)
        assert count("identity_person") == 1
    with at_work(town.second, role):
        shown = {table: count(table) for table in personal_tables()}
    assert {table: n for table, n in shown.items() if n} == {"identity_person": 1}


def test_r1_an_officer_sees_the_cases_of_the_own_office_only(town: Town, done: Submitted) -> None:
    for officer in (town.clerk, town.approvers["tax"]):
        with at_work(officer):
            assert {table: count(table) for table in OF_CASE[:4]} == dict(zip(OF_CASE[:4], (1, 1, 3, 4), strict=True))
            assert count("documents_document") and count("files_file")
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM identity_person WHERE kind = 'citizen'")
                assert cursor.fetchone() == (1,), "the applicant, and nobody else"
    with at_work(town.stranger):
        shown = {table: count(table) for table in personal_tables()}
    assert {table for table, n in shown.items() if n} == {
        "identity_person",  # colleagues' names
        "notify_message",  # the police are told of new enterprises
    }


def test_r1_who_oversees_offices_sees_their_cases_and_only_by_such_a_right(town: Town, done: Submitted) -> None:
    def chief(username: str, permission: str) -> Actor:
        identity.define_role(username, "主管", [permission], reach=Reach.SUBTREE)
        person = identity.create_staff(username, "主管", second_factor=False)
        identity.assign_post(person.ref, identity.office_by_code("haikou").ref, "主管", [username])
        return identity.actor_for(person.ref)

    with at_work(chief("overseer", "hall.oversee")):
        assert [count(table) for table in OF_CASE[:4]] == [1, 1, 3, 4]
    with at_work(chief("calendars", "calendar.edit")):
        assert [count(table) for table in OF_CASE[:4]] == [0, 0, 0, 0]


def test_r1_a_query_code_opens_one_case_until_the_transaction_ends(town: Town, done: Submitted) -> None:
    answers = {**ANSWERS, "name": "海口第二贸易有限公司"}
    who = town.second
    hall.submit(who, "enterprise_registration", hall.applicant_of(who), answers, papers(who), nonce="2")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE tongban_public")
        with transaction.atomic():
            found = access_case_by_code(done.case_no, done.query_code)
            assert found.ref == done.case
            assert [count(table) for table in OF_CASE[:4]] == [1, 1, 3, 4]
            assert count("identity_person") == 0 and count("hall_draft") == 0
        cursor.execute("SELECT set_config('tongban.subject', '', true)")
        assert count("hall_case") == 0
        cursor.execute("RESET ROLE")


@pytest.mark.parametrize("statement", [
    "UPDATE hall_case SET applicant_name = 'x'",
    "UPDATE hall_work SET claimed_by = 'x'",
    "UPDATE identity_person SET name = 'x' WHERE kind = 'citizen'",
    "DELETE FROM hall_draft",
    "UPDATE files_file SET name = 'x'",
])  # fmt: skip
def test_r1_nobody_changes_rows_they_do_not_see(town: Town, done: Submitted, statement: str) -> None:
    with at_work(town.stranger), connection.cursor() as cursor:
        cursor.execute(statement)
        assert cursor.rowcount == 0


def test_r1_nobody_hands_in_for_somebody_else(town: Town, done: Submitted) -> None:
    """A row that its author would not see cannot be written."""
    copy = (
        "INSERT INTO hall_draft (public_id, owner, applicant, corrects, item, form, answers, papers, version, "
        "updated_at) VALUES ('x', %s, %s, '', 'i', 'f', '{}', '{}', 1, now())"
    )
    owner = str(town.founder.person)
    refused = pytest.raises(ProgrammingError, match="row-level security")
    with refused, at_work(town.second, "tongban_public"), connection.cursor() as cursor:
        cursor.execute(copy, [owner, owner])


def test_r1_narrow_questions_leave_no_door_open(town: Town, done: Submitted) -> None:
    """Signing in, verifying and comparing people look at rows nobody is shown, and close again."""
    from tongban.trust.identity.signin import find_account

    number = hall.case_view_of(done.case).licence
    with at_work(town.second, "tongban_public"):
        find_account("founder")
        assert licences.verify(number).status == "valid"
        with system():
            assert count("hall_case") == 1
        assert count("hall_case") == 0 and count("licences_token") == 0 and count("identity_person") == 1


def test_r2_two_hundred_interleaved_people_on_one_connection(town: Town, done: Submitted) -> None:
    """Applicant, officers, a stranger and nobody take turns; each sees their own, whoever was before."""
    wanted = {
        town.founder: 1, town.second: 0, town.clerk: 1, town.approvers["tax"]: 1, town.stranger: 0, ANONYMOUS: 0
    }  # fmt: skip
    people = list(wanted)
    for turn in range(200):
        actor = people[turn * 7 % len(people)]
        role = "tongban_app" if actor.staff else "tongban_public"
        with at_work(actor, role):
            assert count("hall_case") == wanted[actor], (turn, actor)
        if turn % 5 == 0:
            with pytest.raises(ZeroDivisionError), at_work(people[turn % len(people)], role):
                raise ZeroDivisionError


def test_r1_a_case_of_another_is_not_there_for_a_document_of_it(town: Town, done: Submitted) -> None:
    """Rooms below cases follow what the case shows (`tongban_sees`), and an unknown kind shows nothing."""
    with connection.cursor() as cursor, at_work(town.founder, "tongban_public"):
        cursor.execute("SELECT tongban_sees('hall.case', %s), tongban_sees('x.y', 'z')", [done.case.id])
        assert cursor.fetchone() == (True, False)
    with connection.cursor() as cursor, at_work(town.second, "tongban_public"):
        cursor.execute("SELECT tongban_sees('hall.case', %s)", [done.case.id])
        assert cursor.fetchone() == (False,)
    assert Ref("hall.case", done.case.id) == done.case

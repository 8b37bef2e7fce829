"""What the database itself holds: roles, row security, one transaction, time (T3, T45, R1, R8, R9, R14)."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from tests.conftest import ANSWERS, Town, build_town, papers
from tongban.base.calendars import api as calendars
from tongban.base.calendars.data import Procedure
from tongban.base.kernel.api import now, travelled
from tongban.base.ledger import api as ledger
from tongban.site.database import personal_tables
from tongban.work.hall import api as hall
from tongban.work.hall.data import Outcome, Submitted

from .conftest import Browse

pytestmark = pytest.mark.django_db
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")


@pytest.fixture
def town(db: None) -> Town:
    return build_town()


def rows(query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def submit(town: Town, nonce: str = "n") -> Submitted:
    who = town.founder
    return hall.submit(who, "enterprise_registration", hall.applicant_of(who), ANSWERS, papers(who), nonce=nonce)


def work_of(done: Submitted, town: Town, role: str) -> Any:
    return next(work for work, office, _kind in hall.open_work(done.case) if office == town.office(role))


def declared() -> dict[str, set[str]]:
    """What the rooms say the public process may do, by table."""
    found: dict[str, set[str]] = {}
    for config in apps.get_app_configs():
        for table, rights in getattr(config, "public_tables", {}).items():
            name = table if "." in table else f"public.{table}"
            found.setdefault(name, set()).update(right.strip() for right in rights.split(","))
    return found


def test_t45_the_public_role_has_exactly_what_the_rooms_declare(db: None) -> None:
    """Every table of the database against the declarations: not one right more, on any."""
    tables = rows("SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'registers')")
    may, surplus = declared(), []
    for schema, table in tables:
        columns = ", ".join(
            f"has_table_privilege('tongban_public', '{schema}.\"{table}\"', '{right}')" for right in RIGHTS
        )
        held = {right for right, has in zip(RIGHTS, rows(f"SELECT {columns}")[0], strict=True) if has}
        if held - may.get(f"{schema}.{table}", set()) and schema == "public":
            surplus.append((table, held))
        if schema == "registers":
            assert held <= {"SELECT", "INSERT", "UPDATE"}, (table, held)
    assert surplus == []


@pytest.mark.parametrize(
    "table",
    [
        "identity_grant",
        "identity_purpose_grant",
        "identity_role",
        "hall_correction",
        "notify_delivery",
        "process_definition",
        "hall_suspension",
        "django_migrations",
    ],
)
def test_t45_the_public_role_is_refused_by_staff_tables(db: None, table: str) -> None:
    """Tried, not read from a catalogue: what is not declared for reading or writing is refused."""
    rights = declared().get(f"public.{table}", set())
    for right, statement in (
        ("SELECT", f"SELECT 1 FROM {table} LIMIT 1"),
        ("DELETE", f"DELETE FROM {table} WHERE false"),
    ):
        if right in rights:
            continue
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            rows("SET LOCAL ROLE tongban_public; " + statement)


@pytest.mark.parametrize("role", ["tongban_app", "tongban_public", "tongban_audit"])
def test_r1_no_role_of_the_program_passes_row_security(db: None, role: str) -> None:
    found = rows("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = %s", role)
    assert found == [(False, False, False, False)]
    assert rows("SELECT 1 FROM pg_tables WHERE tableowner = %s", role) == []


# Columns that say who somebody is or what is theirs; a table with one is personal unless it stands below.
PERSONAL = {
    "answers", "applicant", "applicant_name", "asker", "case_id", "contact_index", "holder_id", "id_index", "id_number",
    "officer", "owner", "person_id", "phone", "recipient_id", "subject_id", "user_id",
}  # fmt: skip
PLAIN = {
    "account_emailaddress": "allauth's; addresses are kept by notify, this stays empty",
    # A row hidden while somebody signs in would count as no second factor: the policy would open what it is to close.
    "mfa_authenticator": "allauth's; read before it is known who signs in; secrets sealed with a key kept elsewhere",
    "calendars_deadline": "dates of cases by opaque id",
    "identity_grant": "rights of staff, asked before it is known who they are",
    "identity_personnel_record": "titles of staff, asked by their personnel system, which is nobody's account",
    "identity_request": "rights of staff that one administrator asks for and another gives",
    "keys_key": "wrapped; its certificate says whose it is; the public process sees responders' only",
    "oauth2_provider_devicegrant": "a way in that has no address here: stays empty",
    "openid_client": "systems of departments; the toolkit's person of a system stays empty",
    "identity_post": "who holds which office is public",
    "ledger_leaf": "references only; nobody may change it, and the auditors' role reads it whole",
    "licences_reuse": "counts only: which licence stood in for which material",
    "process_instance": "state of the process by opaque id; the case's data stays in the case",
    "search_entry": "what the search shows to everybody",
}


def test_r1_every_table_of_peoples_data_is_declared(db: None) -> None:
    """A new table that looks personal is declared in its room's `personal_tables`, or here with the reason why not."""
    found = rows(
        "SELECT DISTINCT table_name FROM information_schema.columns JOIN pg_tables ON tablename = table_name "
        "AND schemaname = table_schema WHERE table_schema = 'public' AND column_name = ANY (%s)",
        sorted(PERSONAL),
    )
    strange = {name for (name,) in found} - set(personal_tables()) - set(PLAIN)
    assert strange == set(), "declare these in personal_tables of their room's apps.py"


def test_r1_row_security_is_forced_on_every_table_marked_personal(town: Town) -> None:
    """The database against the rooms' declarations: also the owner is held (`FORCE`)."""
    from tongban.engine.registers.api import definitions

    personal = [f"registers.{d.key}" for d in definitions() if d.personal] + [
        f"public.{table}" for table in personal_tables()
    ]
    assert len(personal) >= 20
    for table in personal:
        assert rows("SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass", table) == [
            (True, True)
        ], table


@pytest.mark.parametrize("role", ["tongban_app", "tongban_public"])
@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_leaf SET kind = 'x'", "DELETE FROM ledger_leaf", "TRUNCATE ledger_leaf"]
)
def test_t3_no_role_of_the_program_changes_a_leaf(town: Town, role: str, statement: str) -> None:
    submit(town)
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        rows(f"SET LOCAL ROLE {role}; {statement}")


def test_t3_a_decision_cannot_be_back_dated_by_form_or_clock(town: Town, browse: Browse) -> None:
    """Extra fields are ignored, a shifted clock of the program changes nothing: the record's time is the database's."""
    done = submit(town)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    early = {
        "at": "2020-01-01",
        "decided_at": "2020-01-01T00:00",
        "date": "2020-01-01",
        "closed_at": "2020-01-01",
        "seq": "1",
    }
    client = browse("staff", town.approvers["commerce"])
    answer = client.post(
        f"/work/{work_of(done, town, 'commerce').id}/decide/", {"outcome": "grant", "opinion": "同意", **early}
    )
    assert answer.status_code == 302
    with travelled(timedelta(days=2)):
        hall.decide(town.approvers["tax"], work_of(done, town, "tax"), Outcome.GRANT, "同意")
    history = ledger.history(done.case)
    assert all(abs(entry.at - now()) < timedelta(minutes=5) for entry in history)
    assert [entry.seq for entry in history] == sorted(entry.seq for entry in history)
    shown = hall.case_view_of(done.case).steps
    assert all(abs(step.at - now()) < timedelta(minutes=5) for step in shown)


def test_t3_an_application_cannot_be_back_dated_by_the_api(town: Town, browse: Browse) -> None:
    client = browse("public", town.founder)
    body = {
        "item": "elder_card",
        "papers": {},
        "submitted_at": "2020-01-01T00:00:00Z",
        "accepted_at": "2020-01-01T00:00:00Z",
        "answers": {
            "holder_name": "测试甲",
            "id_number": "11010519491231002X",
            "birth": "1949-12-31",
            "division": "460100",
            "residence": "registered",
            "phone": "13800138000",
            "submitted_at": "2020-01-01",
        },
    }
    client.post("/api/applications", body, content_type="application/json", headers={"Idempotency-Key": "k" * 20})
    assert rows("SELECT 1 FROM hall_case WHERE submitted_at < %s", now() - timedelta(days=1)) == []


def test_t3_no_command_takes_a_time(db: None) -> None:
    """The command line has no option that sets when something happened."""
    from tongban.site.cli import parser

    def options(one: Any, path: str = "") -> Iterator[str]:
        for action in one._actions:
            yield from (f"{path} {flag}" for flag in action.option_strings)
            for name, below in (
                (getattr(action, "choices", None) or {}).items() if hasattr(action, "add_parser") else ()
            ):
                yield from options(below, f"{path} {name}")

    found = [*options(parser())]
    bad = [
        flag
        for flag in found
        if flag.rpartition("--")[2] in {"at", "date", "time", "when", "as-of", "decided", "accepted", "now"}
    ]
    assert bad == []


STEPS: dict[str, Callable[[Town, Submitted], Any]] = {
    "submit": lambda town, done: submit(town, "again"),
    "accept": lambda town, done: hall.accept(town.clerk, work_of(done, town, "commerce")),
    "withdraw": lambda town, done: hall.withdraw(town.founder, done.case, "改主意了"),
}


@pytest.mark.parametrize("verb", STEPS)
def test_r9_rows_leaf_and_jobs_stand_or_fall_together(town: Town, verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verb that fails at its very end leaves no row, no leaf, no job, no message and no document."""
    done = submit(town) if verb != "submit" else None
    counted = (
        "hall_case",
        "hall_work",
        "ledger_leaf",
        "procrastinate_jobs",
        "notify_message",
        "documents_document",
        "hall_reservation",
        "process_instance",
    )
    before = {table: rows(f"SELECT count(*), max(xmin::text) FROM {table}") for table in counted}

    class Power(Exception):
        """The lights go out."""

    with pytest.raises(Power), transaction.atomic():
        STEPS[verb](town, done)  # type: ignore[arg-type]
        assert {table: rows(f"SELECT count(*), max(xmin::text) FROM {table}") for table in counted} != before
        raise Power
    assert {table: rows(f"SELECT count(*) FROM {table}")[0][0] for table in counted} == {
        t: b[0][0] for t, b in before.items()
    }


def test_r9_no_network_call_inside_a_transaction(
    town: Town, monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[[], int]
) -> None:
    """The whole way of a case, and the jobs it leaves but the drawing of PDFs: no connection while rows are locked."""
    seen: list[Any] = []
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> Any:
        seen.append(address)
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: seen.append(a))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: seen.append(a))
    done = submit(town)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    for role in ("commerce", "quality", "tax"):
        hall.decide(town.approvers[role], work_of(done, town, role), Outcome.GRANT, "同意")
    rows("DELETE FROM procrastinate_jobs WHERE queue_name = 'documents' RETURNING 1")
    run_jobs()
    assert hall.case_view_of(done.case).state == "granted"
    assert seen == []


def test_r14_deadlines_computed_again_equal_those_stored(town: Town) -> None:
    """After acceptance, suspension, resumption and extension: the same dates from the events alone."""
    done = submit(town)
    hall.accept(town.clerk, work_of(done, town, "commerce"))
    officer, work = town.approvers["commerce"], work_of(done, town, "commerce")
    hall.suspend(officer, work, Procedure.HEARING, "听证")
    with travelled(timedelta(days=6)):
        hall.resume(officer, work, "听证结束")
        hall.extend(officer, work, 3, "案情复杂")
        assert calendars.recompute_check() == ()
        rows("UPDATE calendars_deadline SET due = due + 1 WHERE subject_id = %s RETURNING 1", done.case.id)
        assert calendars.recompute_check() != ()  # the check does see a date that somebody moved


def test_r8_the_same_key_answers_with_the_same_case(town: Town, browse: Browse) -> None:
    client = browse("public", town.founder)
    body = {
        "item": "elder_card",
        "papers": {},
        "answers": {
            "holder_name": "测试甲",
            "id_number": "11010519491231002X",
            "birth": "1949-12-31",
            "division": "460100",
            "residence": "registered",
            "phone": "13800138000",
        },
    }
    sent = [
        client.post(
            "/api/applications", body, content_type="application/json", headers={"Idempotency-Key": "k-1234567890"}
        )
        for _twice in range(2)
    ]
    assert [answer.status_code for answer in sent] in ([201, 201], [200, 200], [201, 200]), sent[0].content
    assert sent[0].json()["id"] == sent[1].json()["id"]
    assert len(rows("SELECT 1 FROM hall_case WHERE item = 'elder_card'")) == 1


def test_r16_a_pack_has_no_code(db: None) -> None:
    """No Python, no template, no script in any pack; what is in them is data of the kinds we read."""
    from tongban.site.home import checkout

    kinds = {".yaml", ".csv", ".bpmn", ".dmn", ".md", ".json", ".svg", ".png"}
    strange = [p.name for p in (checkout() / "packs").rglob("*") if p.is_file() and p.suffix not in kinds]
    assert strange == []

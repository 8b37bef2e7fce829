"""The ledger: one leaf per event, in the event's transaction, never changed (TRUST-06; T3, T5 first step)."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from tongban.base.kernel.api import Ref, now, travelled
from tongban.base.ledger import api as ledger

CASE = Ref("hall.case", "c1")
PERSON = Ref("identity.person", "p1")


@pytest.mark.django_db
def test_a_leaf_tells_what_happened_to_whom_by_whom() -> None:
    ledger.write("hall.case.accepted", CASE, by=PERSON, office="o1", n=3)
    [entry] = ledger.history(CASE)
    assert (entry.kind, entry.by, dict(entry.facts)) == ("hall.case.accepted", PERSON, {"office": "o1", "n": 3})


@pytest.mark.django_db
def test_the_leaf_hash_can_be_recomputed_without_the_database() -> None:
    ledger.write("hall.case.decided", CASE, by=PERSON, opinion='同意 "ok" \\ 完', ok=True)
    [entry] = ledger.history(CASE)
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    facts = '{"ok":true,"opinion":"同意 \\"ok\\" \\\\ 完"}'
    event = f'{{"at":"{at}","by":"{PERSON}","facts":{facts},"kind":"hall.case.decided","subject":"{CASE}"}}'
    assert entry.event.decode() == event == dict(ledger.event_texts([entry.seq]))[entry.seq].decode()
    assert entry.leaf == hashlib.sha256(b"\x00" + event.encode()).digest()


def ledger_clock() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_t3_a_shifted_application_clock_does_not_back_date() -> None:
    with travelled(timedelta(days=-2)):
        assert now() < ledger_clock() - timedelta(days=1)
        ledger.write("hall.case.decided", CASE)
    [entry] = ledger.history(CASE)
    assert abs(entry.at - now()) < timedelta(seconds=60)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction_or_when_it_rolls_back() -> None:
    with pytest.raises(RuntimeError):
        ledger.write("x", CASE)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        ledger.write("x", CASE)
        raise ZeroDivisionError
    assert ledger.history(CASE) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_leaf SET kind = 'y'", "DELETE FROM ledger_leaf", "TRUNCATE ledger_leaf"]
)
def test_a_leaf_cannot_be_changed_even_by_the_owner(statement: str) -> None:
    ledger.write("x", CASE)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert [entry.kind for entry in ledger.history(CASE)] == ["x"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ["tongban_app", "tongban_public"])
def test_t3_a_role_of_the_application_gives_a_leaf_neither_number_nor_moment(role: str) -> None:
    """Not even with SQL of its own; and it changes nothing afterwards."""
    row = "(kind, subject_kind, subject_id, \"by\", facts) VALUES ('x', 'hall.case', 'c1', '', '{}')"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {role}; INSERT INTO ledger_leaf {row}; RESET ROLE")
    for column, value in (("at", "'2020-01-01'"), ("seq", "-1")):
        forged = row.replace("(kind", f"({column}, kind").replace("('x'", f"({value}, 'x'")
        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}; INSERT INTO ledger_leaf {forged}")
    assert [entry.kind for entry in ledger.history(CASE)] == ["x"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege(%s, 'ledger_leaf', 'UPDATE, DELETE, TRUNCATE')", [role])
        assert cursor.fetchone() == (False,)

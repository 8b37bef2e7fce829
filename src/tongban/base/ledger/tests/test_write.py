"""The ledger: one leaf per event, in the event's transaction, never changed (TRUST-06; T3, T5 first step)."""

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
    assert entry.leaf == ledger.leaf_hash(at, entry.kind, CASE, PERSON, dict(entry.facts))
    assert entry.leaf != ledger.leaf_hash(at, entry.kind, CASE, PERSON, {"opinion": "不同意", "ok": True})


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
def test_the_application_role_has_no_right_to_change_a_leaf() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('tongban_app', 'ledger_leaf', p) "
            "FROM unnest(ARRAY['INSERT','UPDATE','DELETE']) p"
        )
        assert [row[0] for row in cursor.fetchall()] == [True, False, False]

"""Row security sees exactly one actor, and nobody outside a transaction (R1, R2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection, transaction

from tongban.base.kernel.api import Ref, now
from tongban.trust.identity import api
from tongban.trust.identity.data import Actor, PersonKind

USERS = [Actor(Ref("identity.person", f"{n:026d}"), PersonKind.STAFF, "x") for n in range(20)]


def _seen() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM identity_probe ORDER BY id")
        return [id_ for (id_,) in cursor.fetchall()]


@pytest.fixture
def probe(transactional_db: None) -> Iterator[None]:
    """A personal table as registers make them: each row visible to its person, or by a purpose grant."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE identity_probe (id text)")
        cursor.execute("INSERT INTO identity_probe SELECT lpad(n::text, 26, '0') FROM generate_series(0, 19) n")
        cursor.execute("ALTER TABLE identity_probe ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
        cursor.execute(
            "CREATE POLICY own ON identity_probe USING (id = tongban_person() OR tongban_may_see('probe', id))"
        )
        cursor.execute("GRANT SELECT ON identity_probe TO tongban_app")
        cursor.execute("SET ROLE tongban_app")
    yield
    connection.close()


def test_r2_two_hundred_interleaved_users_on_one_connection(probe: None) -> None:
    for n in range(200):
        actor = USERS[n * 7 % 20]
        with api.acting(actor):
            assert _seen() == [actor.person.id]
        assert _seen() == []
        with transaction.atomic():
            assert _seen() == []


def test_r2_a_rolled_back_transaction_leaves_nothing(probe: None) -> None:
    with pytest.raises(ZeroDivisionError), api.acting(USERS[1]):
        raise ZeroDivisionError
    assert _seen() == []


def test_r2_nested_actors_come_back(probe: None) -> None:
    with api.acting(USERS[1]):
        with api.acting(USERS[2]):
            assert _seen() == [USERS[2].person.id]
        assert _seen() == [USERS[1].person.id]
        with api.acting(api.ANONYMOUS):
            assert _seen() == []
        with pytest.raises(ZeroDivisionError), api.acting(USERS[3]):
            raise ZeroDivisionError
        assert _seen() == [USERS[1].person.id]


def test_t1_purpose_grants_open_rows_for_officer_purpose_and_time(probe: None) -> None:
    officer, other = USERS[1], USERS[2]
    case, subject = Ref("hall.case", "c1"), Ref("probe", USERS[9].person.id)
    api.purpose_grant(officer.person, case, subject, now() + timedelta(hours=1))
    with api.acting(officer):
        assert subject.id in _seen()
    with api.acting(officer, purpose=case):
        assert subject.id in _seen()
    with api.acting(officer, purpose=Ref("hall.case", "c2")):
        assert subject.id not in _seen()
    with api.acting(other):
        assert subject.id not in _seen()
    assert api.purpose_end(case) == 1
    with api.acting(officer):
        assert subject.id not in _seen()

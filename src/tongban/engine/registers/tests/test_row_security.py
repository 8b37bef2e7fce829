"""T1, T13, T45, R1-R4: no grant, no row, through every door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from tongban.base.kernel.api import NotFound, Ref, Refused, now, system
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api
from tongban.trust.identity import api as identity

from .conftest import BY, CITIZEN, NEIGHBOUR, as_role, citizen_row

CASE = Ref("hall.case", "c1")


def doors(actor: Any, id: str) -> dict[str, int]:
    """How many population rows each way of asking gives."""
    found = {
        "find": int(api.find("population", id_number=CITIZEN) is not None),
        "find_by_id": int(api.find_by_id("population", id) is not None),
        "find_many": len(api.find_many("population", "id_number", [CITIZEN, NEIGHBOUR])),
        "page": len(api.page("population")),
        "filter": len(api.page("population", {"status": "normal"})),
        "search": len(api.page("population", search="陈小")),
        "search_number": len(api.page("population", search=CITIZEN)),
        "history": len(api.history("population", id)),
        "model": api.model("population").objects.count(),
        "export": len(api.export(actor, "population").read().decode("utf-8-sig").splitlines()) - 1,
    }
    with connection.cursor() as cursor:
        for name, query in (
            ("sql", "SELECT count(*) FROM registers.population"),
            ("sql_history", "SELECT count(*) FROM registers.population_history"),
            (
                "sql_join",
                "SELECT count(*) FROM registers.population a JOIN registers.population b USING (status)",
            ),
        ):
            cursor.execute(query)
            found[name] = cursor.fetchone()[0]
    try:
        api.get(actor, "population", id)
        found["get"] = 1
    except NotFound:
        found["get"] = 0
    return found


@pytest.mark.django_db
def test_t1_r3_without_a_grant_every_door_gives_nothing(people: SimpleNamespace) -> None:
    row = citizen_row()
    actor = identity.actor_for(people.clerk.ref)
    with as_role("tongban_app"), identity.acting(actor):
        found = doors(actor, row.id)
        assert set(found.values()) == {0}, found
        with pytest.raises(NotFound):
            api.unmask(actor, "population", row.id, reason="好奇而已")
        with pytest.raises(NotFound):
            api.change("population", row.id, {"name": "甲"}, by=actor.by, reason="x", source="x")
        with pytest.raises(Refused):
            values = {"id_number": CITIZEN, "name": "甲", "status": "normal"}
            api.write("population", values, by=actor.by, reason="x", source="x")
        with connection.cursor() as cursor:
            cursor.execute("UPDATE registers.population SET name = 'x'")
            assert cursor.rowcount == 0


@pytest.mark.django_db
def test_t1_nobody_at_all_sees_nothing(people: SimpleNamespace) -> None:
    citizen_row()
    with as_role("tongban_app"):
        assert api.model("population").objects.count() == 0
        assert api.find("population", id_number=CITIZEN) is None


@pytest.mark.django_db
def test_t1_r3_a_live_grant_shows_one_person_and_leaves_a_trace(people: SimpleNamespace) -> None:
    row = citizen_row()
    identity.purpose_grant(people.clerk.ref, CASE, people.citizen.ref, now() + timedelta(days=1))
    actor = identity.actor_for(people.clerk.ref)
    with as_role("tongban_app"), identity.acting(actor):
        found = doors(actor, row.id)
    assert found.pop("sql_history") == 0 and set(found.values()) == {1}, found
    reads = [leaf for leaf in ledger.history(row.ref) if leaf.kind == "registers.row.read"]
    assert len(reads) == 2  # the export and the record
    assert ledger.history(row.ref)[-1].by == people.clerk.ref


@pytest.mark.django_db
def test_t1_a_row_is_granted_where_the_subject_has_no_account(people: SimpleNamespace) -> None:
    row = citizen_row(NEIGHBOUR)
    identity.purpose_grant(people.clerk.ref, CASE, row.ref, now() + timedelta(days=1))
    actor = identity.actor_for(people.clerk.ref)
    with as_role("tongban_app"), identity.acting(actor):
        assert [item.id for item in api.page("population")] == [row.id]


@pytest.mark.django_db
def test_t1_grants_end(people: SimpleNamespace) -> None:
    citizen_row()
    identity.purpose_grant(people.clerk.ref, CASE, people.citizen.ref, now() + timedelta(days=1))
    identity.purpose_end(CASE)
    actor = identity.actor_for(people.clerk.ref)
    with as_role("tongban_app"), identity.acting(actor):
        assert not api.page("population").rows


@pytest.mark.django_db
def test_a_citizen_sees_the_own_row_only_and_may_not_change_it(people: SimpleNamespace) -> None:
    citizen_row()
    actor = identity.actor_for(people.citizen.ref)
    with identity.acting(actor):
        with as_role("tongban_public"):
            found = api.find("population", id_number=CITIZEN)
            assert found is not None and found["name"] == "陈小明"
            assert api.find("population", id_number=NEIGHBOUR) is None
            assert len(api.page("population")) == 1
        for query in (
            "UPDATE registers.population SET name = 'x'",
            "SELECT 1 FROM registers.population_history",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), as_public() as cursor:
                cursor.execute(query)


class as_public:  # noqa: N801
    def __enter__(self) -> Any:
        self.cursor = connection.cursor()
        self.cursor.execute("SET LOCAL ROLE tongban_public")
        return self.cursor

    def __exit__(self, *error: object) -> None:
        self.cursor.close()


@pytest.mark.django_db
def test_an_unconfirmed_account_does_not_open_the_row_of_the_number_it_claims(
    people: SimpleNamespace,
) -> None:
    """Anybody can type a number; only a confirmed name and number make it theirs."""
    citizen_row(NEIGHBOUR)
    liar = identity.create_citizen("假名字", id_number=NEIGHBOUR)
    assert liar.level < 2
    actor = identity.actor_for(liar.ref)
    with as_role("tongban_public"), identity.acting(actor):
        assert not api.page("population").rows


@pytest.mark.django_db
def test_the_register_confirms_real_names(people: SimpleNamespace) -> None:
    citizen_row()
    assert people.citizen.level == 2


@pytest.mark.django_db
def test_r1_row_security_is_forced_on_every_personal_table(people: SimpleNamespace) -> None:
    for register in api.definitions():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname IN (%s, %s) "
                "AND relnamespace = 'registers'::regnamespace",
                [register.key, f"{register.key}_history"],
            )
            rows = cursor.fetchall()
        assert len(rows) == 2
        assert all((on, forced) == (register.personal, register.personal) for _name, on, forced in rows), rows


@pytest.mark.django_db
def test_t1_pages_and_rest_show_no_neighbour(people: SimpleNamespace, client_of: Callable[[Any], Any]) -> None:
    row = citizen_row()
    client = client_of(people.clerk)
    with as_role("tongban_app"):
        assert "陈" not in client.get("/registers/population/").content.decode()
        for path in ("", "history/"):
            assert client.get(f"/registers/population/{row.id}/{path}").status_code == 404
        answer = client.post(f"/registers/population/{row.id}/unmask/", {"reason": "办理案件"})
        assert answer.status_code == 404
        assert client.get("/api/registers/population").json()["rows"] == []
        assert client.get(f"/api/registers/population/{row.id}").status_code == 404
        assert b"1990" not in client.get("/registers/population/export.csv").getvalue()


@pytest.mark.django_db
def test_r4_masked_until_unmasked_with_a_recorded_reason(
    people: SimpleNamespace, client_of: Callable[[Any], Any]
) -> None:
    row = citizen_row()
    identity.purpose_grant(people.clerk.ref, CASE, people.citizen.ref, now() + timedelta(days=1))
    client = client_of(people.clerk)
    with as_role("tongban_app"):
        for path in (
            "/registers/population/",
            f"/registers/population/{row.id}/",
            "/api/registers/population",
        ):
            text = client.get(path).content.decode()
            assert CITIZEN not in text and "陈小明" not in text and "13812345678" not in text, path
            assert "4601**********0017" in text, path
        assert CITIZEN.encode() not in client.get("/registers/population/export.csv").getvalue()
        path = f"/registers/population/{row.id}/unmask/"
        assert client.post(path, {"reason": ""}).status_code == 422
        assert client.get(path).status_code == 405
        shown = client.post(path, {"reason": "核对申请人身份"}).content.decode()
    assert CITIZEN in shown and "陈小明" in shown
    leaf = ledger.history(row.ref)[-1]
    assert (leaf.kind, leaf.facts["reason"]) == ("registers.row.unmasked", "核对申请人身份")


@pytest.mark.django_db
def test_pages_ask_for_permission(people: SimpleNamespace, client_of: Callable[[Any], Any]) -> None:
    for person, status in ((people.stranger, 403), (people.reader, 200)):
        assert client_of(person).get("/registers/legal_entity/").status_code == status
    assert client_of(people.reader).get("/registers/legal_entity/export.csv").status_code == 403
    body = {"values": {}, "reason": "x"}
    answer = client_of(people.reader).post("/api/registers/legal_entity", body, content_type="application/json")
    assert answer.status_code == 403
    assert client_of(people.citizen).get("/registers/").status_code in (302, 403)


@pytest.mark.django_db
def test_r1_the_app_role_can_do_its_work_and_cannot_rewrite_history(people: SimpleNamespace) -> None:
    columns = ["id_number", "name", "status"]
    with as_role("tongban_app"), system():
        rows = [(CITIZEN, "陈晓明", "normal")]
        assert api.bulk("population", columns, rows, source="public_security").updated == 1
        values = {"id_number": NEIGHBOUR, "name": "林海", "status": "moved"}
        row = api.write("population", values, by=None, reason="迁出", source="public_security")
        api.retire("population", row.id, by=None, reason="注销")
        assert [version.version for version in api.history("population", row.id)] == [3, 2, 1]
    for query in ("UPDATE registers.population_history SET name = 'x'", "DELETE FROM registers.population"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE tongban_app")
            cursor.execute(query)


@pytest.mark.django_db
def test_t45_the_public_process_reads_open_columns_only(settings: Any) -> None:
    """A register of the public level: what is not disclosed is refused to the public process by the database."""
    api.forget_definitions()
    api.apply([api.parse(OPEN, "depot.yaml")])
    row = api.write("depot", {"code": "1", "name": "甲库", "guard": "丙"}, by=BY, reason="x", source="office")
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON registers.depot TO tongban_public")  # as it was given before
    added = OPEN.replace("fields:", "fields:\n  - {name: gate, title: {zh: 门号, en: Gate}, type: text}")
    api.apply([api.parse(added, "depot.yaml")])
    for query in ("guard", "gate", "line_hash", "depot", "*", "count(guard)"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), as_public() as cursor:
            cursor.execute(f"SELECT {query} FROM registers.depot")
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), as_public() as cursor:
        cursor.execute("SELECT code FROM registers.depot WHERE guard = '丙'")
    with as_public() as cursor:
        cursor.execute("SELECT code, name FROM registers.depot")
        assert cursor.fetchall() == [("1", "甲库")]
        cursor.execute("RESET ROLE")
    settings.SITE = "public"
    with as_role("tongban_public"):
        found = api.find("depot", code="1")
        assert found is not None and (found["name"], found["guard"], found["gate"]) == ("甲库", None, None)
        assert [one.id for one in api.page("depot")] == [row.id]
    settings.SITE = "staff"
    found = api.find("depot", code="1")
    assert found is not None and found["guard"] == "丙"
    api.forget_definitions()


OPEN = """
key: depot
title: {zh: 仓库, en: Depot}
owner: transport
level: public
zone: outer
portal: true
natural_key: [code]
label: name
fields:
  - {name: code, title: {zh: 编号, en: Code}, type: text, required: true, disclosure: none}
  - {name: name, title: {zh: 名称, en: Name}, type: text, disclosure: active}
  - {name: guard, title: {zh: 值守人, en: Guard}, type: text, disclosure: none}
"""

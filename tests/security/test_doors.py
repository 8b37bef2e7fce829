"""No access without a reason, by every door there is: list, detail, search, autocomplete, export, report, REST and raw
SQL as the application role (T1, TRUST-05)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from tongban.base.kernel.api import Ref, identity_check, now, system
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, Reach, Scope

from .conftest import Browse, World

pytestmark = pytest.mark.django_db
NAME = "慕容测试"
NUMBER = "46010519850307991" + identity_check("46010519850307991")
RIGHTS = ("register.read", "register.export", "register.unmask", "linkage.read", "linkage.topics", "catalogue.read")
LIST, REST = "/registers/population/", "/api/registers/population"


@pytest.fixture
def row(world: World) -> Ref:
    values = {"id_number": NUMBER, "name": NAME, "status": "normal", "phone": "13912345678", "birth_date": "1985-03-07"}
    with system():
        return registers.write("population", values, by=None, reason="建库", source="public_security").ref


@pytest.fixture
def officer(world: World) -> Actor:
    """Everything that an officer of the province may have, over all of it; but no case, so no reason."""
    identity.define_role("test_doors", "查阅人员", RIGHTS, reach=Reach.SUBTREE)
    return _staff("doors", ["test_doors"])


def _staff(username: str, roles: list[str]) -> Actor:
    person = identity.create_staff(username, username, second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, username, roles)
    return identity.actor_for(person.ref)


def _pages(row: Ref) -> dict[str, str]:
    """The doors over HTTP. Autocomplete is the search by a name's first letters, as forms ask it."""
    return {
        "list": LIST,
        "filter": f"{LIST}?status=normal",
        "search by name": f"{LIST}?q={NAME}",
        "search by number": f"{LIST}?q={NUMBER}",
        "detail": f"{LIST}{row.id}/",
        "history": f"{LIST}{row.id}/history/",
        "export CSV": f"{LIST}export.csv",
        "export XLSX": f"{LIST}export.xlsx",
        "report": "/registries/",
        "report of tax governance": "/tax-governance/",
        "golden record": f"/registries/population/{row.id}/sources/",
        "REST list": REST,
        "REST autocomplete": f"{REST}?q={NAME[:2]}&size=5",
        "REST search": f"{REST}?q={NUMBER}",
        "REST detail": f"{REST}/{row.id}",
    }


STATEMENTS = {
    "rows": "SELECT id::text FROM registers.population",
    "history": "SELECT id::text FROM registers.population_history",
    "count": "SELECT count(*)::text FROM registers.population HAVING count(*) > 0",
    "joined": "SELECT a.name FROM registers.population a JOIN registers.population b USING (status)",
    "by look-up hash": "SELECT id::text FROM registers.population WHERE id_number_index IS NOT NULL",
    "grouped": "SELECT status FROM registers.population GROUP BY status",
}


def _by_sql(actor: Actor) -> dict[str, list[Any]]:
    """What the application's own role reads for this officer, whatever the program forgets to ask."""
    found = {}
    with identity.acting(actor), _application(), connection.cursor() as cursor:
        for name, statement in STATEMENTS.items():
            cursor.execute(statement)
            found[name] = cursor.fetchall()
    return found


def _application() -> Any:
    from tongban.site.testing import _as_role

    return _as_role("tongban_app")


def _shown(client: Any, row: Ref) -> Iterator[tuple[str, int, bool]]:
    for door, address in _pages(row).items():
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        yield door, answer.status_code, NAME.encode() in body or row.id.encode() in body.replace(address.encode(), b"")


def test_t1_without_a_reason_no_door_shows_anybody(world: World, row: Ref, officer: Actor, browse: Browse) -> None:
    client = browse("staff", officer)
    for door, status, shown in _shown(client, row):
        # The words of the search come back in its own box, and in nothing else.
        assert status in (200, 404), (door, status)
        if "search" not in door:
            assert not shown, door
    body = client.get(_pages(row)["search by name"]).content.decode()
    assert row.id not in body and body.count(NAME) <= 2
    unmask = client.post(f"{LIST}{row.id}/unmask/", {"reason": "想看一看是谁"})
    assert unmask.status_code == 404
    assert {name: rows for name, rows in _by_sql(officer).items() if rows} == {}


def test_t1_with_a_reason_they_show_this_one_person(world: World, row: Ref, officer: Actor, browse: Browse) -> None:
    """The doors are real: a live grant for one row opens them, for that row."""
    identity.purpose_grant(officer.person, Ref("hall.case", "c1"), row, now() + timedelta(days=1))
    client = browse("staff", officer)
    found = {door: (status, shown) for door, status, shown in _shown(client, row)}
    for door in ("list", "filter", "search by name", "search by number", "detail", "REST list", "REST detail"):
        assert found[door] == (200, True), door
    assert _by_sql(officer)["rows"] == [(row.id,)]


def test_trust05_a_right_to_another_register_opens_none_of_them(world: World, row: Ref, browse: Browse) -> None:
    """A grant bound to the register of enterprises: nothing of the residents, though their row is granted."""
    actor = _staff("bounded", [])
    for right in ("register.read", "register.export"):
        office = identity.office_by_code("province").ref
        until, scope = now() + timedelta(days=9), Scope(register="legal_entity")
        identity.grant(
            actor.person, right, office, until=until, purpose="核查企业", by=world.manager.person, scope=scope
        )
    client = browse("staff", identity.actor_for(actor.person))
    assert client.get("/registers/legal_entity/").status_code == 200
    for door, status, shown in _shown(client, row):
        assert status in (403, 404) and not shown, (door, status)
    assert {name: rows for name, rows in _by_sql(identity.actor_for(actor.person)).items() if rows} == {}

"""The demonstration province: loaded once, unchanged by loading it again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tongban.base.kernel.api import credit_code, system
from tongban.engine.registers import api as registers
from tongban.site.demo import accounts
from tongban.site.demo.province import load
from tongban.site.region.organisation import ROOT, government_code, office_rows
from tongban.site.region.places import read_divisions
from tongban.trust.identity import api as identity
from tongban.work.hall import api as hall

REGION = Path(__file__).resolve().parents[5] / "regions" / "hainan"


@pytest.fixture
def state(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(accounts, "accounts_file", lambda: tmp_path / "demo-accounts.json")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    yield tmp_path
    registers.forget_definitions()


def test_divisions_are_complete() -> None:
    places = read_divisions(REGION)
    codes = {place.code for place in places}
    levels = [place.level for place in places]
    below_city = {place.parent for place in places if place.level == "county"}
    cities_alone = [place for place in places if place.level == "city" and place.code not in below_city]
    assert levels.count("county") + len(cities_alone) == 27
    assert levels.count("township") == 243 and levels.count("village") == 3296
    assert all(place.parent in codes for place in places if place.level != "province")


def test_offices_have_parents_roles_and_codes_that_check() -> None:
    rows = office_rows(REGION, {"hall": {"division": "460100", "title": {"zh": "厅"}, "windows": ["一号"]}})
    codes = [row.code for row in rows]
    assert len(set(codes)) == len(codes)
    seen: set[str] = set()
    for row in rows:
        assert not row.parent or row.parent in seen
        seen.add(row.code)
    assert all(credit_code(row.uscc).level == "ok" for row in rows if row.uscc)
    assert credit_code(government_code("x", "460000")).level == "ok"
    played = {(role, row.division) for row in rows for role in row.roles}
    for role in ("commerce", "quality", "tax", "police", "service_hall", "statistics"):
        assert (role, "460100") in played and (role, "469030") in played


@pytest.mark.django_db
def test_loading_twice_changes_nothing(state: Path) -> None:
    first = load(residents=3_000, enterprises=200)
    assert first["residents"] == 3_000 and first["items"] == 421 + 5
    accounts = json.loads((state / "demo-accounts.json").read_text())
    assert (state / "demo-accounts.json").stat().st_mode & 0o077 == 0
    assert {"founder", "clerk", "commerce", "quality", "tax", "leader", "supervisor"} <= set(accounts)
    again = load(residents=3_000, enterprises=200)
    counted_anew = ("seconds", "calendar", "bases")
    assert {k: v for k, v in again.items() if k not in counted_anew} == {
        k: v for k, v in first.items() if k not in counted_anew
    }
    assert (first["bases"] > 0, again["bases"]) == (True, 0)
    assert json.loads((state / "demo-accounts.json").read_text()) == accounts

    founder = identity.person_by_username("founder")
    with system():
        row = registers.find("population", id_number=founder.id_number)
    assert row is not None and row["name"] == founder.name and row.source == "demo"
    assert identity.office_by_code(ROOT).division == "460000"
    assert identity.office_by_role("tax", "460106").title == "国家税务总局海口市龙华区税务局"
    clerk = identity.posts_of(identity.person_by_username("clerk").ref)
    assert any(post.acting_for for post in clerk)

    item = hall.search_items("居住证").rows[0]
    assert item.department == "海口市龙华区公安局"
    assert "Apache-2.0" in hall.item(item.key).attribution
    assert hall.item(item.key).version == 1


def test_a_folder_that_is_no_region(tmp_path: Path) -> None:
    shutil.copy(REGION / "divisions.csv", tmp_path)
    with pytest.raises(RuntimeError, match="no region"):
        load(tmp_path)

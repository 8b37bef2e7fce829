"""T36, R11: writers of one record at the same moment."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tongban.base.kernel.api import Stale
from tongban.engine.registers import api

from .conftest import base_definitions
from .test_write import BY, FIRM


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    api.forget_definitions()
    api.apply(base_definitions())
    yield
    api.forget_definitions()


def put(number: int, version: int | None = None) -> str:
    try:
        values = {**FIRM, "name": f"海口第{number}号有限公司"}
        return str(api.write("legal_entity", values, by=BY, reason="x", source="x", version=version).version)
    except Stale:
        return "stale"
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_t36_many_writers_make_one_row_and_lose_no_version(committed: None) -> None:
    with ThreadPoolExecutor(6) as pool:
        versions = sorted(int(done) for done in pool.map(put, range(12)))
    assert versions == list(range(1, 13))
    row = api.find("legal_entity", uscc=FIRM["uscc"])
    assert row is not None and row.version == 12 and len(api.history("legal_entity", row.id)) == 12


@pytest.mark.django_db(transaction=True)
def test_r11_of_many_who_saw_one_version_one_wins(committed: None) -> None:
    put(0)
    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(lambda number: put(number, version=1), range(1, 9)))
    assert answers == ["2", *["stale"] * 7]

"""T28: no cell of an export is a formula, whatever people called themselves."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from tongban.base.kernel.api import Invalid, Refused
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api
from tongban.trust.identity import api as identity

from .test_page import code

BEGINNINGS = [
    "=",
    "+",
    "-",
    "@",
    "\t=",
    "\r=",
    "\n=",
    "|",
    " =",
    "＝",
    "'=",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "-2+3",
    "\x01=",
]


def hostile() -> list[str]:
    bodies = itertools.cycle(["1+1", 'HYPERLINK("http://x","y")', "cmd|'/C calc'!A1", "名称", 'A1&"', ",;\n"])
    return [f"{BEGINNINGS[i % len(BEGINNINGS)]}{next(bodies)}{i}" for i in range(1000)]


@pytest.fixture
def filled(people: SimpleNamespace) -> Any:
    rows = [(code(i), name, "enterprise", "active") for i, name in enumerate(hostile())]
    assert api.bulk("legal_entity", ["uscc", "name", "type", "status"], rows, source="x").inserted == 1000
    return identity.actor_for(people.clerk.ref)


@pytest.mark.django_db
def test_t28_xlsx_has_no_formula(filled: Any) -> None:
    book = openpyxl.load_workbook(io.BytesIO(api.export(filled, "legal_entity", format="xlsx").read()))
    cells = [cell for line in book.active.iter_rows() for cell in line if cell.value is not None]
    assert len(cells) > 4000
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell.value for cell in cells if str(cell.value)[0] in "=+-@\t\r"]


@pytest.mark.django_db
def test_t28_csv_has_no_formula(filled: Any) -> None:
    text = api.export(filled, "legal_entity").read().decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert len(lines) == 1001 and len({len(line) for line in lines}) == 1
    assert not [cell for line in lines for cell in line if cell.lstrip(" ")[:1] in set("=+-@\t\r\n＝") and cell]
    assert ledger.history(api.definition("legal_entity").ref("x")) == []


@pytest.mark.django_db
def test_an_export_is_filtered_recorded_and_asked_for_permission(
    filled: Any, people: SimpleNamespace, client_of: Callable[[Any], Any]
) -> None:
    only = api.export(filled, "legal_entity", {"uscc": code(3)}).read().decode("utf-8-sig")
    assert len(list(csv.reader(io.StringIO(only)))) == 2
    with pytest.raises(Refused):
        api.export(identity.actor_for(people.reader.ref), "legal_entity")
    with pytest.raises(Invalid):
        api.export(filled, "legal_entity", format="exe")
    answer = client_of(people.clerk).get("/registers/legal_entity/export.xlsx", {"type": "enterprise"})
    assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
    assert openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active.max_row == 1001

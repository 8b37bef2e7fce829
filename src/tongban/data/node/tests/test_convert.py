"""Cells of departments' databases: what has no like in a text is written alike each time, and nothing is rounded."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pymysql
import pytest
import sqlalchemy as sa

from tongban.data.node.conversions import Wrong, converter
from tongban.data.node.data import Change, Item, ItemType, Mapping, Place
from tongban.data.node.databases import about_row


def convert(kind: ItemType, cell: Any) -> Any:
    mapping = Mapping("a", "1/1", 1, Place("csv", {}), Change(), 60, ("a",), (Item("a", kind, column="a"),))
    return converter(mapping)({"a": cell})["a"]


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (ItemType.DATE, "0000-00-00", None),
        (ItemType.DATETIME, "0000-00-00 00:00:00", None),
        (ItemType.DECIMAL, Decimal("1234567890123456789012345678.0123456789"), None),
        (ItemType.DECIMAL, Decimal("-99999999999999999999999999.0000000001"), None),
        (ItemType.DECIMAL, Decimal("-0.0"), "0"),
        (ItemType.INT, 2**63 - 1, 2**63 - 1),
        (ItemType.TEXT, 2**64 - 1, "18446744073709551615"),
        (ItemType.TEXT, {"乙", "丙", "甲"}, "丙,乙,甲"),
        (ItemType.TEXT, {"b": [1], "a": "甲"}, '{"a": "甲", "b": [1]}'),
        (ItemType.TEXT, "甲".encode(), "甲"),
        (ItemType.TEXT, timedelta(hours=8, minutes=5), "8:05:00"),
        (ItemType.BOOL, 1, True),
    ],
)
def test_a_cell_of_a_database_becomes_its_item(kind: ItemType, cell: Any, value: Any) -> None:
    if kind is ItemType.DECIMAL and value is None:
        value = str(cell).rstrip("0")
    assert convert(kind, cell) == value


@pytest.mark.parametrize(
    ("kind", "cell"),
    [(ItemType.INT, 2**64 - 1), (ItemType.TEXT, b"\xff"), (ItemType.DATE, "2026-00-15"), (ItemType.DECIMAL, 10**28)],
)
def test_a_cell_that_does_not_fit_is_a_fault(kind: ItemType, cell: Any) -> None:
    with pytest.raises(Wrong):
        convert(kind, cell)


@pytest.mark.parametrize(
    ("error", "row"),
    [
        (pymysql.err.OperationalError(4025, "CONSTRAINT failed"), True),
        (pymysql.err.OperationalError(1292, "Incorrect datetime value"), True),
        (pymysql.err.DataError(1406, "Data too long"), True),
        (pymysql.err.OperationalError(1142, "INSERT command denied"), False),
        (pymysql.err.OperationalError(2013, "Lost connection"), False),
        (pymysql.err.InterfaceError(0, ""), False),
        (pymysql.err.ProgrammingError(1146, "no such table"), False),
    ],
)
def test_a_row_that_is_refused_is_not_a_line_that_is_down(error: Exception, row: bool) -> None:
    wrapped: Any = sa.exc.DBAPIError.instance("INSERT", {}, error, pymysql.err.MySQLError)
    assert about_row(wrapped) is row

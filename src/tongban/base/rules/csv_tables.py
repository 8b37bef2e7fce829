"""Decision tables as CSV, the form packs use. See README.md for the form."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar

from .compiler import Code
from .data import FeelError, TableError
from .expressions import Expression, UnaryTests, compile_expression, compile_unary_tests
from .items import listed
from .memberships import Test
from .scanner import normal_name
from .tables import POLICIES, Input, Output, Rule, Table

MAX_BYTES = 2_000_000
T = TypeVar("T", Expression, UnaryTests)


@dataclass(slots=True)
class _Column:
    at: int
    header: str
    kind: str
    text: str


def load_table_csv(text: str, name: str, names: Collection[str] = ()) -> Table:
    """Read a decision table from CSV text; `TableError` names the row (1 is the header) and the column.

    `names` are the variables in scope, as for `compile_expression`.
    """
    if len(text) > MAX_BYTES:
        raise TableError(f"the table is larger than {MAX_BYTES} characters", 1, "")
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as error:
        raise TableError(f"not CSV: {error}", 1, "") from None
    if not rows or not rows[0]:
        raise TableError("the table is empty", 1, "")
    return _Reader(rows, name, names).table()


class _Reader:
    def __init__(self, rows: list[list[str]], name: str, scope: Collection[str]) -> None:
        self._rows = rows
        self._name = name
        self._scope = scope
        self._names: set[str] = set()
        header = [cell.strip() for cell in rows[0]]
        if header[0] not in POLICIES:
            known = ", ".join(POLICIES)
            raise TableError(f"the first cell is the hit policy, one of {known}", 1, header[0])
        self._policy, self._aggregation = POLICIES[header[0]]
        self._columns = [_column(at, cell) for at, cell in enumerate(header) if at]
        self._inputs = [column for column in self._columns if column.kind == "in"]
        self._outputs = [column for column in self._columns if column.kind == "out"]
        if not self._outputs:
            raise TableError("there is no 'out:' column", 1, header[0])

    def table(self) -> Table:
        inputs = [Input(c.text, self._expression(c.text, 1, c).code) for c in self._inputs]
        special: dict[str, dict[int, str]] = {}
        rules: list[Rule] = []
        for number, row in enumerate(self._rows[1:], 2):
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(self._rows[0]):
                raise TableError("more cells than the header has", number, row[len(self._rows[0])])
            cells = row + [""] * (len(self._rows[0]) - len(row))
            mark = cells[0].strip().lower()
            if mark in ("allowed", "default"):
                if mark in special:
                    raise TableError(f"a second {mark!r} row", number, self._rows[0][0])
                special[mark] = {column.at: cells[column.at].strip() for column in self._columns}
                special[mark][0] = str(number)
                continue
            rules.append(self._rule(cells, number))
        if not rules:
            raise TableError("there are no rules", 1, self._rows[0][0])
        inputs = self._allowed(inputs, special.get("allowed", {}))
        outputs = self._made_outputs(special.get("allowed", {}), special.get("default", {}))
        return Table(
            self._name,
            self._policy,
            self._aggregation,
            tuple(inputs),
            tuple(outputs),
            tuple(rules),
            frozenset(self._names),
        )

    def _rule(self, cells: list[str], number: int) -> Rule:
        tests = tuple(self._tests(cells[column.at].strip(), number, column) for column in self._inputs)
        outputs: list[Code] = []
        for column in self._outputs:
            cell = cells[column.at].strip()
            if not cell:
                raise TableError("an output cell is empty (write null for nothing)", number, column.header)
            outputs.append(self._expression(cell, number, column).code)
        return Rule(tests, tuple(outputs))

    def _allowed(self, inputs: list[Input], row: dict[int, str]) -> list[Input]:
        if not row:
            return inputs
        number = int(row[0])
        return [
            Input(made.label, made.value, self._tests(row.get(column.at, ""), number, column))
            for made, column in zip(inputs, self._inputs, strict=True)
        ]

    def _made_outputs(self, allowed: dict[int, str], default: dict[int, str]) -> list[Output]:
        made = []
        for column in self._outputs:
            ranking = listed(allowed[column.at]) if allowed.get(column.at) else ()
            if self._policy in ("PRIORITY", "OUTPUT ORDER") and not ranking:
                message = "P and O need an 'allowed' row that lists the outputs from most to least important"
                raise TableError(message, int(allowed.get(0, "1")), column.header)
            cell = default.get(column.at, "")
            code = self._expression(cell, int(default[0]), column).code if cell else None
            made.append(Output(column.text, ranking, code))
        return made

    def _expression(self, text: str, row: int, column: _Column) -> Expression:
        return self._compiled(lambda: compile_expression(text, self._scope), row, column)

    def _tests(self, text: str, row: int, column: _Column) -> Test | None:
        """An empty cell, like `-`, is met by everything."""
        if text in ("", "-"):
            return None
        return self._compiled(lambda: compile_unary_tests(text, self._scope), row, column).test

    def _compiled(self, compile_it: Callable[[], T], row: int, column: _Column) -> T:
        try:
            made = compile_it()
        except FeelError as error:
            raise TableError(f"{error.message} (character {error.column})", row, column.header) from None
        self._names |= made.names
        return made


def _column(at: int, header: str) -> _Column:
    kind, colon, text = (part.strip() for part in header.partition(":"))
    if kind.lower() == "note" or not header:
        return _Column(at, header, "note", "")
    if kind.lower() not in ("in", "out") or not colon or not text:
        raise TableError("a header reads 'in: expression', 'out: name' or 'note'", 1, header)
    return _Column(at, header, kind.lower(), normal_name(text) if kind.lower() == "out" else text)

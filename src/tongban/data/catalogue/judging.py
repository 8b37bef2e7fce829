"""Quality rules as SQL over texts, so that a million rows of a register and a batch handed in are judged by the same
words in one pass; only conditions across items (FEEL) look at rows one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from psycopg import sql

from tongban.base.kernel.api import now
from tongban.base.rules.api import compile_expression
from tongban.engine.registers import api as registers

from .data import Resource, Rule, RuleKind, RuleResult

SAMPLES = 10
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NUMBER = r"^-?\d+(\.\d+)?$"


@dataclass(frozen=True)
class Rows:
    """Where rows come from: `origin` the FROM of a statement with the alias d, `params` its parameters, `name` what a
    sample shows of a row (its id or its line: never a value), `column` an item as text."""

    origin: sql.Composable
    params: tuple[Any, ...]
    name: sql.Composable
    batch: Sequence[Mapping[str, Any]] | None = None
    register: str = ""

    def column(self, item: str) -> sql.Composable:
        """The item as text; NULL where it is empty."""
        if self.register:
            return sql.SQL("nullif(d.{}::text, '')").format(sql.Identifier(item))
        return sql.SQL("nullif(d.v->>{}, '')").format(sql.Literal(item))

    def each(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Every row with its name, for conditions across items."""
        if self.batch is not None:
            yield from ((str(number), row) for number, row in enumerate(self.batch, 1))
            return
        names = [field.name for field in registers.definition(self.register).live]
        rows = registers.model(self.register).objects.filter(valid_to=None).values("id", *names)
        yield from ((row["id"], row) for row in rows.iterator(chunk_size=2000))


def of_register(key: str) -> Rows:
    """The rows in force of a register."""
    table = sql.SQL(registers.definition(key).table)  # quoted by its definition
    return Rows(sql.SQL("(SELECT * FROM {} WHERE valid_to IS NULL) d").format(table), (), sql.SQL("d.id"), register=key)


def of_batch(batch: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows that somebody handed in: texts, numbers, dates."""
    body = json.dumps([dict(row) for row in batch], ensure_ascii=False, default=str)
    origin = sql.SQL("jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS d(v, line)")
    return Rows(origin, (body,), sql.SQL("d.line::text"), batch=batch)


def judge(resource: Resource, rules: Sequence[Rule], rows: Rows) -> tuple[int, list[RuleResult]]:
    """How many rows there are, and how many break each rule, with samples."""
    by_sql = [rule for rule in rules if rule.kind not in (RuleKind.CROSS, RuleKind.TIMELY)]
    counts = [_counted(resource, rule, rows) for rule in by_sql]
    statement = sql.SQL("SELECT count(*){} FROM {}").format(
        sql.SQL("").join(sql.SQL(", ") + count for count in counts), rows.origin
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, rows.params)
        total, *broken = cursor.fetchone()
    found = dict(zip(by_sql, broken, strict=True))
    results = []
    for rule in rules:
        if rule.kind is RuleKind.CROSS:
            results.append(_across(rule, rows))
        elif rule.kind is RuleKind.TIMELY:
            results.append(RuleResult(rule, total if _late(resource, rule, rows) else 0))
        else:
            results.append(RuleResult(rule, found[rule], _samples(resource, rule, rows) if found[rule] else ()))
    return total, results


def _counted(resource: Resource, rule: Rule, rows: Rows) -> sql.Composable:
    if rule.kind is RuleKind.UNIQUE:
        return sql.SQL("count({0}) - count(DISTINCT {0})").format(rows.column(rule.item))
    return sql.SQL("count(*) FILTER (WHERE {})").format(_broken(resource, rule, rows.column(rule.item)))


def _samples(resource: Resource, rule: Rule, rows: Rows) -> tuple[str, ...]:
    column = rows.column(rule.item)
    if rule.kind is RuleKind.UNIQUE:
        text = (
            "SELECT min({name}) FROM {origin} WHERE {column} IS NOT NULL GROUP BY {column} "
            "HAVING count(*) > 1 LIMIT {n}"
        )
        statement = sql.SQL(text).format(name=rows.name, origin=rows.origin, column=column, n=sql.Literal(SAMPLES))
    else:
        statement = sql.SQL("SELECT {} FROM {} WHERE {} LIMIT {}").format(
            rows.name, rows.origin, _broken(resource, rule, column), sql.Literal(SAMPLES)
        )
    with connection.cursor() as cursor:
        cursor.execute(statement, rows.params)
        return tuple(row[0] for row in cursor.fetchall())


def _broken(resource: Resource, rule: Rule, column: sql.Composable) -> sql.Composable:
    """True of a bad value. An empty value breaks only the rule that it is not empty."""
    match rule.kind:
        case RuleKind.REQUIRED:
            return sql.SQL("{} IS NULL").format(column)
        case RuleKind.CODES:
            return sql.SQL("NOT ({} = ANY({}))").format(column, sql.Literal(list(code_set(resource, rule))))
        case RuleKind.PATTERN:
            return sql.SQL("{} !~ {}").format(column, _pattern(rule.setting))
        case RuleKind.RANGE:
            return _outside(column, *bounds(rule.setting))
        case RuleKind.IDENTITY:
            return _shaped(column, r"^[1-9]\d{16}[0-9X]$", _identity(column))
        case RuleKind.CREDIT:
            return _shaped(column, f"^[{_CREDIT}]{{18}}$", _credit(column))
    raise ValueError(rule.kind)


def _pattern(text: str) -> sql.Composable:
    return sql.Literal(f"^(?:{text})$")


def _shaped(column: sql.Composable, shape: str, fits: sql.Composable) -> sql.Composable:
    """The check digit is looked at only where the shape holds: reading it elsewhere would fail."""
    form = sql.Literal(shape)
    return sql.SQL("({c} !~ {s} OR CASE WHEN {c} ~ {s} THEN NOT ({f}) ELSE false END)").format(c=column, s=form, f=fits)


def _identity(column: sql.Composable) -> sql.Composable:
    """GB 11643."""
    digits = [
        sql.SQL("substr({}, {}, 1)::int * {}").format(column, sql.Literal(i + 1), sql.Literal(w))
        for i, w in enumerate(_ID_WEIGHTS)
    ]
    total = sql.SQL(" + ").join(digits)
    return sql.SQL("substr('10X98765432', ({}) %% 11 + 1, 1) = right({}, 1)").format(total, column)


def _credit(column: sql.Composable) -> sql.Composable:
    """GB 32100."""
    letters = sql.Literal(_CREDIT)
    digits = [
        sql.SQL("(strpos({}, substr({}, {}, 1)) - 1) * {}").format(
            letters, column, sql.Literal(i + 1), sql.Literal(pow(3, i, 31))
        )
        for i in range(17)
    ]
    total = sql.SQL(" + ").join(digits)
    return sql.SQL("substr({}, (31 - ({}) %% 31) %% 31 + 1, 1) = right({}, 1)").format(letters, total, column)


def _outside(column: sql.Composable, low: str, high: str) -> sql.Composable:
    """Numbers as numbers; dates as ISO texts, which sort as they should."""
    numbers = all(_is_number(one) for one in (low, high) if one)
    value = sql.SQL("{}::numeric").format(column) if numbers else column
    limits = [
        sql.SQL("{} {} {}").format(value, sql.SQL(sign), sql.Literal(Decimal(end) if numbers else end))
        for end, sign in ((low, "<"), (high, ">"))
        if end
    ]
    beyond = sql.SQL(" OR ").join(limits)
    if not numbers:
        return sql.SQL("({})").format(beyond)
    shape = sql.Literal(_NUMBER)
    return sql.SQL("({c} !~ {s} OR CASE WHEN {c} ~ {s} THEN {b} ELSE false END)").format(c=column, s=shape, b=beyond)


def bounds(setting: str) -> tuple[str, str]:
    """`0..150`, `2000-01-01..`, `..9`."""
    low, dots, high = setting.partition("..")
    if not dots or not (low.strip() or high.strip()):
        raise ValueError(setting)
    return low.strip(), high.strip()


def _is_number(text: str) -> bool:
    try:
        Decimal(text)
    except ArithmeticError:
        return False
    return True


def code_set(resource: Resource, rule: Rule) -> tuple[str, ...]:
    """The codes of a rule: its own, else those of the item's code set, named or written out."""
    text = rule.setting or (item.codes if (item := resource.item(rule.item)) else "")
    if " " not in text and text:
        known = tuple(registers.codes(text))
        if known:
            return known
    return tuple(text.split())


def _late(resource: Resource, rule: Rule, rows: Rows) -> bool:
    """Whether the newest row of a register is older than its cycle allows."""
    days = int(rule.setting or resource.cycle.days)
    if not rows.register or not days:
        return False
    statement = sql.SQL("SELECT max(updated_at) FROM {}").format(sql.SQL(registers.definition(rows.register).table))
    with connection.cursor() as cursor:
        cursor.execute(statement)
        newest = cursor.fetchone()[0]
    return newest is None or newest < now() - timedelta(days=days)


def _across(rule: Rule, rows: Rows) -> RuleResult:
    """A condition is broken where it is plainly false, not where it cannot be told."""
    expression, broken = compile_expression(rule.setting), 0
    samples: list[str] = []
    for name, row in rows.each():
        context = {one: row.get(one) for one in expression.names}
        if expression.evaluate(context) is False:
            broken += 1
            if len(samples) < SAMPLES:
                samples.append(name)
    return RuleResult(rule, broken, tuple(samples))

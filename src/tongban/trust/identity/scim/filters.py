"""The filter language of RFC 7644, 3.4.2.2: parsed once, asked of the database (`query`) or a resource (`holds`)."""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from .data import ScimError

_MAX = 1_000
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)(?![\w.:])|(?P<sign>[()\[\]])"""
    r"""|(?P<word>[A-Za-z$][\w$.:\-]*))"""
)
_COMPARE = ("eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le")
_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


@dataclass(frozen=True)
class Test:
    """One comparison; `pr` (present) has no value."""

    path: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class Both:
    """Two filters joined by `and` or `or`."""

    op: str
    left: Filter
    right: Filter


@dataclass(frozen=True)
class Not:
    """What does not hold."""

    inner: Filter


@dataclass(frozen=True)
class Within:
    """A filter over the values of a complex attribute: `phoneNumbers[type eq "mobile"]`."""

    path: str
    inner: Filter


Filter = Test | Both | Not | Within


def parse(text: str) -> Filter:
    """The filter; `ScimError` 400 invalidFilter for anything that is none."""
    parser = _Parser(text)
    found = parser.either()
    parser.end()
    return found


def parse_path(text: str) -> tuple[str, Filter | None, str]:
    """The path of a PATCH operation: attribute, filter of its values, sub-attribute. `ScimError` invalidPath."""
    try:
        parser = _Parser(text)
        attribute, inner, sub = parser.word(), None, ""
        if parser.sign("["):
            inner = parser.either()
            parser.expect("]")
            rest = parser.rest()
            if rest:
                if not re.fullmatch(r"\.[A-Za-z$][\w$\-]*", rest):
                    raise ScimError(400, f"not a path: {text}", "invalidPath")
                sub = rest[1:]
        else:
            parser.end()
            attribute, sub = _split(attribute)
    except ScimError as error:
        raise ScimError(400, error.detail, "invalidPath") from None
    return bare(attribute), inner, sub


def _split(path: str) -> tuple[str, str]:
    head, _colon, tail = path.rpartition(":")
    attribute, _dot, sub = tail.partition(".")
    return (f"{head}:{attribute}" if head else attribute), sub


def bare(path: str) -> str:
    """The attribute without the address of its schema."""
    return path.rpartition(":")[2]


class _Parser:
    def __init__(self, text: str) -> None:
        if len(text) > _MAX:
            raise ScimError(400, "the filter is too long", "invalidFilter")
        self.text, self.at, self.depth = text, 0, 0

    def _next(self) -> re.Match[str] | None:
        return _TOKEN.match(self.text, self.at)

    def wrong(self) -> ScimError:
        return ScimError(400, f"not understood at {self.at}: {self.text[self.at : self.at + 20]!r}", "invalidFilter")

    def rest(self) -> str:
        rest, self.at = self.text[self.at :].strip(), len(self.text)
        return rest

    def end(self) -> None:
        if self.text[self.at :].strip():
            raise self.wrong()

    def sign(self, sign: str) -> bool:
        found = self._next()
        if found and found["sign"] == sign:
            self.at = found.end()
            return True
        return False

    def expect(self, sign: str) -> None:
        if not self.sign(sign):
            raise self.wrong()

    def word(self, *allowed: str) -> str:
        found = self._next()
        if not found or not found["word"] or (allowed and found["word"].lower() not in allowed):
            raise self.wrong()
        self.at = found.end()
        return found["word"]

    def is_word(self, word: str) -> bool:
        found = self._next()
        if found and (found["word"] or "").lower() == word:
            self.at = found.end()
            return True
        return False

    def either(self) -> Filter:
        self.depth += 1
        if self.depth > 20:
            raise ScimError(400, "the filter is nested too deeply", "invalidFilter")
        left = self.both()
        while self.is_word("or"):
            left = Both("or", left, self.both())
        self.depth -= 1
        return left

    def both(self) -> Filter:
        left = self.one()
        while self.is_word("and"):
            left = Both("and", left, self.one())
        return left

    def one(self) -> Filter:
        if self.is_word("not"):
            self.expect("(")
            return Not(self._closed())
        if self.sign("("):
            return self._closed()
        path = bare(self.word())
        if self.sign("["):
            inner = self.either()
            self.expect("]")
            return Within(path, inner)
        op = self.word(*_COMPARE, "pr").lower()
        return Test(path, op) if op == "pr" else Test(path, op, self.value())

    def _closed(self) -> Filter:
        inner = self.either()
        self.expect(")")
        return inner

    def value(self) -> Any:
        found = self._next()
        if not found or found["sign"]:
            raise self.wrong()
        text = found["string"] or found["number"] or found["word"]
        if found["word"] and text not in ("true", "false", "null"):
            raise self.wrong()
        self.at = found.end()
        try:
            return json.loads(text)
        except ValueError:
            raise self.wrong() from None


def holds(found: Filter, resource: Any) -> bool:
    """Whether one resource, or one value of a complex attribute, fits."""
    match found:
        case Both(op, left, right):
            return (all if op == "and" else any)(holds(each, resource) for each in (left, right))
        case Not(inner):
            return not holds(inner, resource)
        case Within(path, inner):
            return any(holds(inner, value) for value in _all(resource, path))
        case Test(path, op, value):
            values = _at(resource, path)
            if op == "pr":
                return any(each not in (None, "", [], {}) for each in values)
            if op == "ne":
                return not any(_compared("eq", each, value) for each in values)
            return any(_compared(op, each, value) for each in values)


def _all(resource: Any, name: str) -> list[Any]:
    """The values of an attribute, whatever the case of its name."""
    if not isinstance(resource, Mapping):
        return [resource] if name == "value" else []
    found = next((value for key, value in resource.items() if key.lower() == name.lower()), None)
    return found if isinstance(found, list) else [] if found is None else [found]


def _at(resource: Any, path: str) -> list[Any]:
    """The values under a path; of a complex value without a sub-attribute, its `value`."""
    name, _dot, rest = path.partition(".")
    values = _all(resource, name)
    if rest:
        return [each for value in values for each in _at(value, rest)]
    return [value.get("value", value) if isinstance(value, Mapping) else value for value in values]


def _compared(op: str, mine: Any, value: Any) -> bool:
    if isinstance(mine, str) and isinstance(value, str):
        mine, value = mine.lower(), value.lower()
        if op in ("co", "sw", "ew"):
            return bool({"co": value in mine, "sw": mine.startswith(value), "ew": mine.endswith(value)}[op])
    if op == "eq":
        return bool(mine == value)
    return op in _ORDER and type(mine) is type(value) and not isinstance(mine, bool) and _ORDER[op](mine, value)


_LOOKUPS = {"eq": "iexact", "co": "icontains", "sw": "istartswith", "ew": "iendswith"}

Column = str | Callable[[str, Any], Q]


def query(found: Filter, columns: Mapping[str, Column]) -> Q:
    """The filter as a question to the database. `columns`: attribute in small letters -> column, or a function of
    operator and value. `ScimError` invalidFilter for an attribute that cannot be filtered by."""
    match found:
        case Both(op, left, right):
            one, two = query(left, columns), query(right, columns)
            return one & two if op == "and" else one | two
        case Not(inner):
            return ~query(inner, columns)
        case Within(path, inner):
            return query(
                inner, {key[len(path) + 1 :]: c for key, c in columns.items() if key.startswith(f"{path.lower()}.")}
            )
        case Test(path, op, value):
            column = columns.get(path.lower())
            if column is None:
                raise ScimError(400, f"{path} cannot be filtered by", "invalidFilter")
            return column(op, value) if callable(column) else _test(column, op, value)


def _test(column: str, op: str, value: Any) -> Q:
    if op == "pr":
        return ~Q(**{column: ""})
    if op == "ne":
        return ~_test(column, "eq", value)
    if not isinstance(value, str) or op not in _LOOKUPS:
        raise ScimError(400, f"{op} does not fit this attribute", "invalidFilter")
    if "\x00" in value:
        return Q(pk__in=[])
    return Q(**{f"{column}__{_LOOKUPS[op]}": value})


def truth(column: str) -> Callable[[str, Any], Q]:
    """A column that is true or false."""

    def ask(op: str, value: Any) -> Q:
        if op not in ("eq", "ne") or not isinstance(value, bool):
            raise ScimError(400, "true or false can be compared by eq only", "invalidFilter")
        return Q(**{column: value if op == "eq" else not value})

    return ask


def exact(ask_one: Callable[[Any], Q]) -> Callable[[str, Any], Q]:
    """An attribute that can be asked for by `eq` only."""

    def ask(op: str, value: Any) -> Q:
        if op != "eq" or not isinstance(value, str) or "\x00" in value:
            raise ScimError(400, "this attribute can be compared by eq only", "invalidFilter")
        return ask_one(value)

    return ask

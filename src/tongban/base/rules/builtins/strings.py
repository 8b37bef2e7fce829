"""String functions (DMN 10.3.4.3). Positions count characters (code points) from 1."""

from __future__ import annotations

from decimal import Decimal

from .. import patterns
from ..arithmetic import whole
from ..data import BudgetExceeded
from ..run import Run
from ..values import MAX_TEXT, Value
from .signature import feel


def _pattern(text: str, flags: str | None, run: Run) -> patterns.Pattern | None:
    made = patterns.compiled(text, flags or "")
    run.charge(1 + (len(text) >> 3 if made is None else made.size >> 1))  # what compiling it may have cost
    return made


def _sized(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise BudgetExceeded("a string would be too long")
    return text


@feel("substring", "string: string", "start position: number", "length?: number")
def _substring(run: Run, string: str, start: Decimal, length: Decimal | None) -> Value:
    first = whole(start)
    count = len(string) if length is None else whole(length)
    if not first or abs(first) > len(string) or count is None or (length is not None and count < 1):
        return None
    begin = first - 1 if first > 0 else len(string) + first
    return string[begin : begin + count]


@feel("string length", "string: string")
def _length(run: Run, string: str) -> Value:
    return Decimal(len(string))


@feel("upper case", "string: string")
def _upper(run: Run, string: str) -> Value:
    return _sized(string.upper())


@feel("lower case", "string: string")
def _lower(run: Run, string: str) -> Value:
    return _sized(string.lower())


@feel("substring before", "string: string", "match: string")
def _before(run: Run, string: str, match: str) -> Value:
    return string[: max(string.find(match), 0)]


@feel("substring after", "string: string", "match: string")
def _after(run: Run, string: str, match: str) -> Value:
    at = string.find(match)
    return "" if at < 0 else string[at + len(match) :]


@feel("contains", "string: string", "match: string")
def _contains(run: Run, string: str, match: str) -> Value:
    return match in string


@feel("starts with", "string: string", "match: string")
def _starts(run: Run, string: str, match: str) -> Value:
    return string.startswith(match)


@feel("ends with", "string: string", "match: string")
def _ends(run: Run, string: str, match: str) -> Value:
    return string.endswith(match)


@feel("matches", "input: string", "pattern: string", "flags?: string")
def _matches(run: Run, string: str, pattern: str, flags: str | None) -> Value:
    compiled = _pattern(pattern, flags, run)
    return None if compiled is None else compiled.search(string, 0, run) is not None


@feel("replace", "input: string", "pattern: string", "replacement: string", "flags?: string")
def _replace(run: Run, string: str, pattern: str, replacement: str, flags: str | None) -> Value:
    compiled = _pattern(pattern, flags, run)
    return None if compiled is None else compiled.replace(string, replacement, run)


@feel("split", "string: string", "delimiter: string")
def _split(run: Run, string: str, delimiter: str) -> Value:
    compiled = _pattern(delimiter, None, run)
    return None if compiled is None else compiled.split(string, run)


@feel("string join", "list: list", "delimiter?: string")
def _join(run: Run, parts: list[Value], delimiter: str | None) -> Value:
    run.charge(len(parts))
    if any(part is not None and type(part) is not str for part in parts):
        return None
    texts = [part for part in parts if part is not None]
    between = delimiter or ""
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_TEXT:
        raise BudgetExceeded("a string would be too long")
    return between.join(texts)

"""`tongban clock`: working-day arithmetic on the built-in calendar. Needs no database and no Django."""

from __future__ import annotations

import argparse
import gettext
import json
import os
import re
import sys
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from .arithmetic import Suspension, Unit
    from .words import Catalog

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)", re.ASCII)


_DESCRIPTION = """Count working days and natural days. With --json and no operation, answers JSON lines on
standard input: {"op": "add", "start": "2026-02-11", "n": 5} or {"op": "between", "start": "2026-02-11",
"end": "2026-03-02"}; optional "unit" (workday, day, month, year) and "suspend" ([["A", "B"], ...], B null
while still suspended)."""


class _Wrong(ValueError):
    """What was asked cannot be read."""


def register(commands: Any) -> None:
    """Add `clock` to the command line."""
    clock = commands.add_parser(
        "clock",
        help="count working days and natural days, with the reason in words",
        description=_DESCRIPTION,
    )
    clock.add_argument("--json", action="store_true", help="answer in JSON")
    clock.add_argument("--lang", choices=("zh", "en"), help="language of the explanation")
    clock.set_defaults(run=lambda args: _lines(args, clock))
    operations = clock.add_subparsers(dest="operation", metavar="OPERATION")
    add = operations.add_parser("add", help="the last day of a limit of N days that starts on DATE")
    add.add_argument("start", metavar="DATE", help="2026-02-11, or a moment 2026-02-11T18:05")
    add.add_argument("n", metavar="N", type=int)
    between = operations.add_parser("between", help="the days after A up to and including B")
    between.add_argument("start", metavar="A")
    between.add_argument("end", metavar="B")
    for one in (add, between):
        units = ("workday", "day", "month", "year") if one is add else ("workday", "day")
        one.add_argument("--unit", choices=units, default="workday")
        one.add_argument("--suspend", metavar="A..B", action="append", default=[], help="may be repeated; A.. is open")
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="answer in JSON")
        one.add_argument("--lang", choices=("zh", "en"), default=argparse.SUPPRESS)
        one.set_defaults(run=_one)


def _one(args: argparse.Namespace) -> int:
    question = {
        "op": args.operation,
        **{k: getattr(args, k) for k in ("start", "n", "end", "unit", "suspend") if k in args},
    }
    answer = _answer(question, args.lang)
    if "error" in answer:
        if args.json:
            print(json.dumps(answer, ensure_ascii=False))
        print(f"tongban clock: {answer['error']}", file=sys.stderr)
        return 2
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    mark = " (provisional)" if answer["provisional"] else ""
    print(f"{answer['date'] if 'date' in answer else answer['days']}{mark}\n{answer['why']}")
    return 0


def _lines(args: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    if not args.json:
        parser.error("say add or between, or --json to answer JSON lines on standard input")
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        out.write(json.dumps(_reply(line, args.lang), ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        out.flush()
    return 0


def _reply(line: bytes, lang: str | None) -> dict[str, Any]:
    """The answer to one line; whatever it holds, there is one, and it is an object."""
    try:
        question = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        return {"error": f"this line is not JSON: {error}"}
    if not isinstance(question, dict):
        return {"error": "a line must be a JSON object"}
    echo = {"id": question["id"]} if "id" in question else {}
    return echo | _answer(question, lang)


def _answer(question: dict[str, Any], lang: str | None) -> dict[str, Any]:
    from .year import CannotCount

    try:
        operation = question.get("op")
        if operation == "add":
            return _add(question, lang)
        if operation == "between":
            return _between(question, lang)
        raise _Wrong(f"op must be add or between, not {json.dumps(operation, ensure_ascii=False)}")
    except (_Wrong, CannotCount) as error:
        return {"error": str(error)}


def _add(question: dict[str, Any], lang: str | None) -> dict[str, Any]:
    from . import arithmetic
    from .builtin import builtin
    from .words import sentence

    text = question.get("start")
    moment = _MOMENT.fullmatch(text) if isinstance(text, str) else None
    steps: tuple[arithmetic.Step, ...] = ()
    if moment:
        start, steps = arithmetic.received(builtin(), _moment(moment.group(0)))
    else:
        start = _date(text, "start")
    due = arithmetic.add(builtin(), start, _whole(question.get("n")), _unit(question), tuple(_suspensions(question)))
    answer: dict[str, Any] = {"date": due.date and due.date.isoformat(), "provisional": due.provisional}
    if due.date is None:
        answer["remaining"] = due.remaining
    return answer | {"why": sentence((*steps, *due.steps), _catalog(lang))}


def _between(question: dict[str, Any], lang: str | None) -> dict[str, Any]:
    from . import arithmetic
    from .builtin import builtin
    from .words import sentence

    start, end = _date(question.get("start"), "start"), _date(question.get("end"), "end")
    count = arithmetic.between(builtin(), start, end, _unit(question), tuple(_suspensions(question)))
    return {
        "days": count.days,
        "provisional": count.provisional,
        "why": sentence(count.steps, _catalog(lang)),
    }


def _date(value: object, name: str) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _Wrong(f"{name} must be a date like 2026-02-11")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Wrong(f"{name}: there is no day {value}") from None


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _Wrong(f"start: there is no moment {text}") from None


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _Wrong("n must be a whole number")
    return value


def _unit(question: dict[str, Any]) -> Unit:
    from .arithmetic import Unit

    value = "workday" if question.get("unit") is None else question["unit"]
    if value not in Unit.__members__.values():
        raise _Wrong("unit must be workday, day, month or year")
    return Unit(value)


def _suspensions(question: dict[str, Any]) -> Iterator[Suspension]:
    from .arithmetic import Suspension

    given = question.get("suspend") or []
    if not isinstance(given, list):
        raise _Wrong('suspend must be a list of pairs ["A", "B"]')
    for one in given:
        pair: Any = one.split("..") if isinstance(one, str) else one
        if not isinstance(pair, list) or len(pair) != 2:
            raise _Wrong("a suspension is A..B, or A.. while it lasts")
        end = None if pair[1] in (None, "") else _date(pair[1], "suspend")
        yield Suspension(_date(pair[0], "suspend"), end)


@cache
def _catalog(lang: str | None) -> Catalog:
    """The words of the explanation: Chinese unless English is asked for."""
    lang = lang or ("en" if os.environ.get("TONGBAN_LANGUAGE", "zh").startswith("en") else "zh")
    if lang == "en":
        return gettext.NullTranslations()
    folder = Path(__file__).parent / "locale"
    return cast("Catalog", gettext.translation("django", folder, languages=["zh_Hans"], fallback=True))

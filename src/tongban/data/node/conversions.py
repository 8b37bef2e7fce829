"""Cells to values of items: blanks, dates in their many forms, code maps, numbers. What does not fit is a fault."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from collections.abc import Mapping as Map
from contextlib import suppress
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from tongban.base.kernel.api import SHANGHAI
from tongban.base.rules.api import compile_expression, from_feel
from tongban.base.rules.data import FeelError

from .data import Cell, Item, ItemType, Mapping, Row

CONVERSIONS: Map[str, Callable[[str], str]] = {
    "trim": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "narrow": lambda text: unicodedata.normalize("NFKC", text),  # full-width letters and digits to plain ones
    "digits": lambda text: "".join(sign for sign in text if sign.isdigit()),
    "together": lambda text: "".join(text.split()),  # no blanks inside
}
_FORM = re.compile(r"yyyy|MM?|dd?|HH?|mm|ss|[^A-Za-z%]")
_PART = {"yyyy": "%Y", "MM": "%m", "M": "%m", "dd": "%d", "d": "%d", "HH": "%H", "H": "%H", "mm": "%M", "ss": "%S"}
_DATES = ("yyyy-MM-dd", "yyyyMMdd", "yyyy/M/d", "yyyy.M.d", "yyyy年M月d日")
_TIMES = ("yyyy-MM-dd HH:mm:ss", "yyyy/M/d HH:mm:ss", "yyyyMMddHHmmss", "yyyy-MM-dd HH:mm", "yyyy年M月d日 HH:mm:ss")
NO_DATE, NO_MOMENT = "0000-00-00", "0000-00-00 00:00:00"  # as MySQL writes them, and what was exported from there
_YES = {"1", "true", "t", "yes", "y", "是"}
_NO = {"0", "false", "f", "no", "n", "否"}
_LARGEST = 2**63
_EXACT = 10**15  # a spreadsheet's number is exact to fifteen digits
_PLACES = Decimal(1).scaleb(-10)
_DIGITS = Context(prec=60)  # more than a batch's decimals have

Value = str | int | bool | None
Convert = Callable[[Any], Value]


class Unfit(ValueError):
    """A cell does not fit its item; the text says why without showing the value."""


def date_form(form: str) -> str | None:
    """A form such as `yyyy年M月d日` as Python writes it; None when it is not one."""
    parts = _FORM.findall(form)
    return "".join(_PART.get(part, part) for part in parts) if "".join(parts) == form and parts else None


def converter(mapping: Mapping) -> Callable[[Row], dict[str, Value]]:
    """A function from a source's row to its items, as JSON holds them; `Wrong` at the first that does not fit.

    Dates are ISO texts, moments ISO texts in UTC, decimals plain texts: equal values are written alike.
    """
    steps = [(item, _step(item)) for item in mapping.items]

    def convert(row: Row) -> dict[str, Value]:
        found: dict[str, Value] = {}
        for item, step in steps:
            try:
                value = step(found if item.feel else row.get(item.column))
            except Unfit as unfit:
                raise Wrong(item.name, str(unfit)) from None
            if value is None and item.required:
                raise Wrong(item.name, _("empty"))
            found[item.name] = value
        return found

    return convert


class Wrong(ValueError):
    """A row that does not fit: which item, and why."""

    def __init__(self, item: str, why: str) -> None:
        super().__init__(f"{item}: {why}")
        self.item, self.why = item, why


def _step(item: Item) -> Convert:
    typed = _TYPED[item.type](item)
    if item.constant is not None:
        value = typed(item.constant)
        return lambda _cell: value
    if item.feel:
        expression = compile_expression(item.feel)

        def computed(items: dict[str, Value]) -> Value:
            try:
                return typed(from_feel(expression.evaluate(items)))
            except FeelError as error:
                raise Unfit(_("the expression fails: {why}").format(why=error)) from None

        return computed
    return typed


def _plain(item: Item) -> Callable[[Cell], str]:
    """A cell as a text without blanks around it, through the item's conversions and its code map."""
    steps = [CONVERSIONS[name] for name in item.convert if name != "trim"]
    codes = item.codes

    def plain(cell: Cell) -> str:
        text = cell.strip() if isinstance(cell, str) else written(cell)
        for step in steps:
            text = step(text)
        if codes and text:
            if text not in codes:
                raise Unfit(_("not among the codes of the mapping"))
            return codes[text]
        return text

    return plain


def written(cell: Any) -> str:
    """A cell that is not a text, as a person would write it. Databases have lists, sets, bytes and spans besides."""
    if cell is None:
        return ""
    if isinstance(cell, Unfit):  # a source that could not read it says why
        raise cell
    if isinstance(cell, bytes):
        try:
            return cell.decode()
        except UnicodeDecodeError:
            raise Unfit(_("bytes that are no text")) from None
    if isinstance(cell, set):
        return ",".join(sorted(map(str, cell)))
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False, sort_keys=True, default=str)
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        if abs(cell) >= _EXACT:
            raise Unfit(_("a number of more than fifteen digits whose last digits are lost; store it as text"))
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return format(cell, "f") if isinstance(cell, Decimal) else str(cell)


def _text(item: Item) -> Convert:
    plain, longest = _plain(item), item.length or 4_000

    def convert(cell: Cell) -> Value:
        text = plain(cell)
        if len(text) > longest:
            raise Unfit(_("longer than {longest} characters").format(longest=longest))
        if "\x00" in text:
            raise Unfit(_("holds a zero byte"))
        return text or None

    return convert


def _int(item: Item) -> Convert:
    plain = _plain(item)

    def convert(cell: Cell) -> Value:
        if type(cell) is int and not item.codes:
            number = cell
        elif not (text := plain(cell)):
            return None
        else:
            try:
                number = int(text.replace(",", "").removesuffix(".0"))
            except ValueError:
                raise Unfit(_("not a whole number")) from None
        if not -_LARGEST <= number < _LARGEST:
            raise Unfit(_("too large a number"))
        return number

    return convert


def _decimal(item: Item) -> Convert:
    plain = _plain(item)

    def convert(cell: Cell) -> Value:
        if not (text := plain(cell)):
            return None
        try:
            number = Decimal(text.replace(",", ""))
            if not number.is_finite() or abs(number) >= Decimal(10) ** 28:
                raise Unfit(_("too large a number"))
            if number != number.quantize(_PLACES, context=_DIGITS):
                raise Unfit(_("more than ten decimal places"))
        except InvalidOperation:
            raise Unfit(_("not a number")) from None
        return format(_DIGITS.add(number.normalize(_DIGITS), 0), "f")

    return convert


def _date(item: Item) -> Convert:
    plain, forms = _plain(item), [date_form(form) or "" for form in item.forms or _DATES]

    def convert(cell: Cell) -> Value:
        if isinstance(cell, datetime):
            return cell.date().isoformat()
        if isinstance(cell, date):
            return cell.isoformat()
        if not (text := plain(cell)) or text.startswith(NO_DATE):
            return None
        if not item.forms:
            with suppress(ValueError):
                return date.fromisoformat(text).isoformat()
        return _parsed(text, forms, gettext_noop("not a date")).date().isoformat()

    return convert


def _datetime(item: Item) -> Convert:
    plain, forms = _plain(item), [date_form(form) or "" for form in item.forms or (*_TIMES, *_DATES)]

    def convert(cell: Cell) -> Value:
        if isinstance(cell, datetime):
            moment = cell
        elif isinstance(cell, date):
            moment = datetime.combine(cell, time.min, SHANGHAI)
        elif not (text := plain(cell)) or text.startswith(NO_DATE):
            return None
        elif item.forms:
            moment = _parsed(text, forms, gettext_noop("not a moment"))
        else:
            try:
                moment = datetime.fromisoformat(text)
            except ValueError:
                moment = _parsed(text, forms, gettext_noop("not a moment"))
        # A moment without a zone is meant as the clock on the wall shows it.
        aware = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
        return aware.astimezone(UTC).isoformat()

    return convert


def _parsed(text: str, forms: list[str], otherwise: str) -> datetime:
    for form in forms:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
    raise Unfit(_(otherwise))


def _bool(item: Item) -> Convert:
    plain = _plain(item)

    def convert(cell: Cell) -> Value:
        text = plain(cell).lower()
        if text and text not in _YES | _NO:
            raise Unfit(_("neither yes nor no"))
        return text in _YES if text else None

    return convert


_TYPED: Map[ItemType, Callable[[Item], Convert]] = {
    ItemType.TEXT: _text,
    ItemType.INT: _int,
    ItemType.DECIMAL: _decimal,
    ItemType.DATE: _date,
    ItemType.DATETIME: _datetime,
    ItemType.BOOL: _bool,
}

"""One value of each field type: read from JSON, forms or Python; checked; masked; written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from tongban.base.kernel.api import SHANGHAI, Ref, Text, Verdict, credit_code, identity_number, local, mask

from .data import Field, FieldType, Mask, RegisterDefinition
from .definitions import codes

MAX_TEXT = 10_000
MAX_JSON = 200_000
_PHONE = re.compile(r"\+?[0-9][0-9 \-()]{4,22}[0-9]")
_GEOMETRIES = {
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
}
OK = Verdict("ok")


class _Wrong(Exception):
    """The value cannot be of its type; the argument is the message."""


def read(field: Field, value: Any) -> tuple[Any, Verdict]:
    """The value as its type, None for nothing, and what the check says. Never raises for bad input."""
    if isinstance(value, str):
        value = value.strip()
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            return None, Verdict("error", _("There is an unprintable character in this value."))
    if value is None or value == "" or value == {}:
        return None, OK
    try:
        made = _READERS[field.type](field, value)
    except _Wrong as wrong:
        return None, Verdict("error", str(wrong))
    return made, _verdict(field, made)


def checked(
    definition: RegisterDefinition, values: Mapping[str, Any], whole: bool
) -> tuple[dict[str, Any], dict[str, Text]]:
    """Every value as its type, and a message per field that does not hold.

    `whole`: required fields must be there.
    """
    made: dict[str, Any] = {}
    errors: dict[str, Text] = {}
    for name, value in values.items():
        field = definition.by_name.get(name)
        if field is None or field.retired:
            errors[name] = _("This register has no such item.")
            continue
        made[name], verdict = read(field, value)
        if not verdict:
            errors[name] = verdict.message
    for field in definition.live:
        missing = made.get(field.name) is None and (whole or field.name in made)
        if field.required and missing and field.name not in errors:
            errors[field.name] = _("Please fill in %(title)s.") % {"title": field.title}
    return made, errors


def _verdict(field: Field, value: Any) -> Verdict:
    if field.type is FieldType.PERSON_ID:
        return identity_number(value)
    if field.type is FieldType.CREDIT_CODE:
        return credit_code(value)
    if field.type is FieldType.PHONE and not _PHONE.fullmatch(value):
        return Verdict("error", _("A telephone number has digits, and at most a leading +, spaces and hyphens."))
    if field.type is FieldType.CODE:
        known = field.choices or codes(field.codes)
        if known and value not in known:
            return Verdict("error", _("%(value)s is not one of the codes.") % {"value": value})
    if field.max_length and isinstance(value, str) and len(value) > field.max_length:
        return Verdict("error", _("At most %(count)s characters fit here.") % {"count": field.max_length})
    return OK


# --- readers ------------------------------------------------------------------------------------------


def _text(field: Field, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal | Ref):
        raise _Wrong(_("This must be text."))
    if len(made := str(value)) > (field.max_length or MAX_TEXT) + MAX_TEXT:
        raise _Wrong(_("This text is too long."))
    return made


def _upper(field: Field, value: Any) -> str:
    return _text(field, value).replace(" ", "").upper()


def _int(field: Field, value: Any) -> int:
    try:
        made = int(str(value))
    except ValueError:
        raise _Wrong(_("This must be a whole number.")) from None
    if isinstance(value, bool) or abs(made) >= 2**63:
        raise _Wrong(_("This must be a whole number."))
    return made


def _decimal(field: Field, value: Any) -> Decimal:
    try:
        made = Decimal(str(value).replace(",", ""))
    except InvalidOperation:
        raise _Wrong(_("This must be a number.")) from None
    if not made.is_finite() or abs(made.adjusted()) > 30:
        raise _Wrong(_("This must be a number."))
    return made


def _money(field: Field, value: Any) -> Decimal:
    made = _decimal(field, value)
    if made != round(made, 2) or abs(made) >= Decimal(10) ** 16:
        raise _Wrong(_("An amount of money has at most two decimal places."))
    return round(made, 2)


def _bool(field: Field, value: Any) -> bool:
    known = {True: True, False: False, "true": True, "false": False, "1": True, "0": False, "on": True}
    if not isinstance(value, bool | str) or value not in known:
        raise _Wrong(_("This must be yes or no."))
    return known[value]


def _date(field: Field, value: Any) -> date:
    if isinstance(value, datetime):
        return local(value).date()
    if isinstance(value, date):
        return value
    text = str(value)
    if re.fullmatch(r"[0-9]{8}", text):  # GB/T 7408 basic form, which most departments deliver
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        made = parse_date(text)
    except ValueError:
        raise _Wrong(_("This day does not exist.")) from None
    if made is None:
        raise _Wrong(_("A date is written like 2026-11-21."))
    return made


def _datetime(field: Field, value: Any) -> datetime:
    try:
        made = value if isinstance(value, datetime) else parse_datetime(str(value))
    except ValueError:
        raise _Wrong(_("This moment does not exist.")) from None
    if made is None:
        raise _Wrong(_("A moment is written like 2026-11-21T09:30."))
    return made if made.tzinfo else made.replace(tzinfo=SHANGHAI)


def _place(field: Field, value: Any) -> dict[str, Any]:
    """`{"text", "division", "point": [longitude, latitude]}`, or only the text."""
    if isinstance(value, str):
        value = {"text": value}
    if not isinstance(value, Mapping) or not set(value) <= {"text", "division", "point"}:
        raise _Wrong(_("A place has a text, a division code and a point."))
    text, division, point = str(value.get("text") or ""), str(value.get("division") or ""), value.get("point")
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise _Wrong(_("There is an unprintable character in this value."))
    if len(text) > (field.max_length or 300) or not re.fullmatch(r"[0-9]{0,12}", division):
        raise _Wrong(_("A place has a text of at most 300 characters and a division code of digits."))
    if point:
        try:
            longitude, latitude = (float(part) for part in point)
        except (TypeError, ValueError):
            raise _Wrong(_("A point is a longitude and a latitude.")) from None
        if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
            raise _Wrong(_("A point is a longitude and a latitude."))
        point = (longitude, latitude)
    return {"text": text, "division": division, "point": point or None}


def _json(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise _Wrong(_("This is not JSON.")) from None
    try:
        size = len(json.dumps(value, ensure_ascii=False).encode())
    except (TypeError, ValueError, RecursionError):
        raise _Wrong(_("This is not JSON.")) from None
    if size > MAX_JSON or _depth(value) > 32:
        raise _Wrong(_("This is too large or nested too deeply."))
    if "\\u0000" in json.dumps(value):
        raise _Wrong(_("There is an unprintable character in this value."))
    return value


def _geometry(field: Field, value: Any) -> Any:
    made = _json(field, value)
    if not isinstance(made, dict) or made.get("type") not in _GEOMETRIES:
        raise _Wrong(_("A geometry is a GeoJSON object."))
    return made


def _depth(value: Any, at: int = 0) -> int:
    if at > 32 or not isinstance(value, dict | list):
        return at
    parts = value.values() if isinstance(value, dict) else value
    return max((_depth(part, at + 1) for part in parts), default=at)


_READERS: dict[FieldType, Callable[[Field, Any], Any]] = {
    FieldType.TEXT: _text,
    FieldType.INT: _int,
    FieldType.DECIMAL: _decimal,
    FieldType.MONEY: _money,
    FieldType.BOOL: _bool,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.CODE: _text,
    FieldType.REF: _text,
    FieldType.PERSON_ID: _upper,
    FieldType.CREDIT_CODE: _upper,
    FieldType.PHONE: _text,
    FieldType.PLACE: _place,
    FieldType.GEOMETRY: _geometry,
    FieldType.FILE: _text,
    FieldType.JSON: _json,
}


# --- columns ------------------------------------------------------------------------------------------


def to_columns(definition: RegisterDefinition, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field as values by column."""
    columns: dict[str, Any] = {}
    for name, value in values.items():
        field = definition.field(name)
        if field.type is FieldType.PLACE:
            text, division, point = field.columns
            place = value or {}
            columns |= {
                text: place.get("text"),
                division: place.get("division") or None,
                point: place.get("point"),
            }
        else:
            columns[name] = value
    return columns


def from_columns(definition: RegisterDefinition, columns: Mapping[str, Any]) -> dict[str, Any]:
    """Values by column as values by field; columns that are missing give None."""
    values: dict[str, Any] = {}
    for field in definition.live:
        value = columns.get(field.name)
        if field.type is FieldType.PLACE:
            text, division, point = (columns.get(column) for column in field.columns)
            value = (
                {"text": text or "", "division": division or "", "point": point} if text or division or point else None
            )
        values[field.name] = value
    return values


# --- showing ------------------------------------------------------------------------------------------


def masked(field: Field, value: Any) -> Any:
    """The value as those see it who need not know it (R4): 姓*, 4401**********1234, 138****1234."""
    if value is None or field.mask is Mask.NONE:
        return value
    if field.mask is Mask.ALL or field.type in (FieldType.PLACE, FieldType.JSON, FieldType.GEOMETRY):
        return mask(value, "all")
    return mask(value, field.mask)


def shown(field: Field, value: Any) -> str:
    """The value as text for people: a code's title, a place's text, dates in ISO form."""
    if value is None or value == "":
        return ""
    if field.type is FieldType.CODE:
        known = field.choices or codes(field.codes)
        return str(known.get(value, value))
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    if isinstance(value, datetime):
        return local(value).strftime("%Y-%m-%d %H:%M")
    if field.type is FieldType.PLACE and isinstance(value, Mapping):
        return str(value.get("text") or value.get("division") or "")
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)

"""One answer: from what was typed to a clean value, or what is wrong with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tongban.base.kernel import api as kernel
from tongban.base.kernel.api import Text

from .data import Field, FieldType

_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)?(\d{1,2})(?:-|/|\.|月)?(\d{1,2})日?")
_TIME = re.compile(r"[ T]{1,2}(\d{1,2}):(\d{2})(?::(\d{2}))?")
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?|[48]00-?\d{3}-?\d{4}|\+\d{6,15}")
_EMAIL = re.compile(r"[^\s@<>\"',;:()\[\]\\]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){1,8}")
_DIVISION = re.compile(r"\d{6}(\d{3}|\d{6})?")
_MAX_DIGITS = 16


class Wrong(Exception):
    """An answer that does not hold; ``message`` tells the person what to do."""

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


def clean(field: Field, raw: Any) -> Any:
    """The clean, JSON-able value of one answer; None when nothing was answered. Raises Wrong."""
    if field.multiple and field.type is FieldType.CODE:
        return [_code(field, plain(one)) for one in raw or [] if one] if isinstance(raw, list) else _none(raw)
    if field.type is FieldType.PLACE:
        return _place(field, raw)
    if raw is None or isinstance(raw, list | dict):
        return _none(raw)
    text = plain("true" if raw is True else "false" if raw is False else str(raw), field.lines > 1)
    return _READERS[field.type](field, text) if text else None


def _none(raw: Any) -> None:
    if raw:
        raise Wrong(_("Give one answer here."))


def plain(raw: Any, lines: bool = False) -> str:
    """The text in normal form C, trimmed; characters that cannot be seen are refused, not swallowed."""
    text = unicodedata.normalize("NFC", str(raw)).replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        hidden = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
        if hidden and not (character in "\n\t" and lines) and character not in "\u200c\u200d":
            raise Wrong(_("There is a character here that cannot be seen. Please type the text again."))
    return text.strip()


def narrow(text: str) -> str:
    """Full-width digits and letters as the narrow ones, without spaces: how people paste numbers."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _text(field: Field, text: str) -> str:
    if len(text) > field.max_length:
        raise Wrong(_too_long(field.max_length, len(text)))
    return text


def _too_long(most: int, length: int) -> Text:
    message = ngettext_lazy(
        "Please shorten this to %(most)d character; now there are %(length)d.",
        "Please shorten this to %(most)d characters; now there are %(length)d.",
        "most",
    )
    return message % {"most": most, "length": length}


def _int(field: Field, text: str) -> int:
    text = narrow(text).replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,15}", text, re.ASCII):
        raise Wrong(_("Please give a whole number, such as 12."))
    return int(_bounded(field, Decimal(text)))


def _decimal(field: Field, text: str) -> str:
    places = 2 if field.type is FieldType.MONEY else field.decimals
    try:
        number = Decimal(narrow(text).replace(",", "").removeprefix("¥"))
    except InvalidOperation:
        raise Wrong(_("Please give a number, such as 12.5.")) from None
    if not number.is_finite() or number.adjusted() >= _MAX_DIGITS:
        raise Wrong(_("This number is too large."))
    if number != number.quantize(Decimal(1).scaleb(-places)):
        raise Wrong(
            ngettext_lazy(
                "At most %(n)d digit after the point, please.",
                "At most %(n)d digits after the point, please.",
                "n",
            )
            % {"n": places}
        )
    return str(_bounded(field, number).quantize(Decimal(1).scaleb(-places)))


def _bounded(field: Field, number: Decimal) -> Decimal:
    if field.minimum is not None and number < Decimal(field.minimum):
        raise Wrong(_("This must be at least %(least)s.") % {"least": field.minimum})
    if field.maximum is not None and number > Decimal(field.maximum):
        raise Wrong(_("This must be at most %(most)s.") % {"most": field.maximum})
    return number


def _bool(field: Field, text: str) -> bool:
    if text not in ("true", "false", "on", "1", "0"):
        raise Wrong(_("Please answer yes or no."))
    return text in ("true", "on", "1")


def _day(text: str) -> date:
    match = _DATE.fullmatch(text)
    if not match:
        raise Wrong(_("Please give a date as year, month and day, such as 2026-11-21."))
    try:
        day = date(*map(int, match.groups()))
    except ValueError:
        raise Wrong(_("This date does not exist. Please check month and day.")) from None
    if not 1850 <= day.year <= 2200:
        raise Wrong(_("Please check the year of this date."))
    return day


def _date(field: Field, text: str) -> str:
    day = _day(narrow(text))
    if field.minimum and day < (least := _limit(field.minimum)):
        raise Wrong(_("The date must not be before %(date)s.") % {"date": least.isoformat()})
    if field.maximum and day > (most := _limit(field.maximum)):
        raise Wrong(_("The date must not be after %(date)s.") % {"date": most.isoformat()})
    return day.isoformat()


def _limit(text: str) -> date:
    return kernel.today() if text == "today" else date.fromisoformat(text)


def _datetime(field: Field, text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    match = _TIME.search(text)
    if not match:
        raise Wrong(_("Please give the date and the time, such as 2026-11-21 09:30."))
    day = _day(text[: match.start()].strip())
    try:
        at = time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError:
        raise Wrong(_("This time does not exist.")) from None
    return f"{day.isoformat()}T{at.isoformat('seconds')}"


def _code(field: Field, text: str) -> str:
    if all(option.code != text for option in field.options):
        raise Wrong(_("Please choose one of the answers offered."))
    return text


def _person_id(field: Field, text: str) -> str:
    return _identifier(narrow(text).upper(), kernel.identity_number)


def _credit_code(field: Field, text: str) -> str:
    return _identifier(narrow(text).upper(), kernel.credit_code)


def _identifier(text: str, check: Callable[[str], kernel.Verdict]) -> str:
    verdict = check(text)
    if not verdict:
        raise Wrong(verdict.message)
    return text


def _phone(field: Field, text: str) -> str:
    text = narrow(text).replace("(", "").replace(")", "-")
    if not _PHONE.fullmatch(text):
        raise Wrong(_("Please give a mobile number of 11 digits, or a telephone with its area code."))
    return text


def _email(field: Field, text: str) -> str:
    text = narrow(text)
    if len(text) > 200 or not _EMAIL.fullmatch(text):
        raise Wrong(_("Please give an e-mail address such as name@example.com."))
    return text


def _place(field: Field, raw: Any) -> dict[str, str] | None:
    """A place is a division code and the rest of the address; a bare text is an address without a code."""
    if not isinstance(raw, Mapping):
        raw = {"text": raw or ""}
    division = narrow(plain(raw.get("division") or ""))
    text = _text(field, plain(raw.get("text") or ""))
    if division and not _DIVISION.fullmatch(division):
        raise Wrong(_("A division code has 6, 9 or 12 digits."))
    if division and field.options:
        # A register knows the village; the form may ask for the county it lies in.
        division = next((option.code for option in field.options if division.startswith(option.code)), division)
        _code(field, division)
    return {"division": division, "text": text} if division or text else None


def suspicion(field: Field, value: Any) -> Text:
    """What looks wrong in a clean value but is known from legal documents (standards 2.1); empty when
    nothing."""
    if field.type is FieldType.CREDIT_CODE and value:
        verdict = kernel.credit_code(value)
        return verdict.message if verdict.level == "warning" else ""
    return ""


_READERS: Mapping[FieldType, Callable[[Field, str], Any]] = {
    FieldType.TEXT: _text,
    FieldType.INT: _int,
    FieldType.DECIMAL: _decimal,
    FieldType.MONEY: _decimal,
    FieldType.BOOL: _bool,
    FieldType.DATE: _date,
    FieldType.DATETIME: _datetime,
    FieldType.CODE: _code,
    FieldType.PERSON_ID: _person_id,
    FieldType.CREDIT_CODE: _credit_code,
    FieldType.PHONE: _phone,
    FieldType.EMAIL: _email,
}

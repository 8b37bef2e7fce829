"""Single values of a catalogue: addresses, dates, numbers, texts in languages."""

from __future__ import annotations

import re
from datetime import date, datetime

from .report import shown
from .terms import Blank, Iri, Node, Text

BASE = "http://relative.invalid/"  # what relative IRIs of a file without a base are resolved against

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|\\^`]+")
_WEB = re.compile(r"(?i)(https?|ftps?|sftp)://[^/?#\s]*[^/?#\s@:]")
_XSD = "http://www.w3.org/2001/XMLSchema#"
_DATE_TYPES = {f"{_XSD}{one}" for one in ("date", "dateTime", "gYear", "gYearMonth")}
_ZONE = r"(Z|[+-]\d\d:\d\d)?"
_LEXICAL = {
    f"{_XSD}decimal": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)"),
    f"{_XSD}nonNegativeInteger": re.compile(r"\+?\d+"),
    f"{_XSD}hexBinary": re.compile(r"([0-9a-fA-F]{2})+"),
    f"{_XSD}duration": re.compile(r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"),
}


def address_fault(value: str) -> str:
    """What is wrong with an IRI, "" if nothing."""
    if value.startswith(BASE):
        return "it is relative, and the file does not say to what"
    if not _IRI.fullmatch(value):
        return "it is no valid address"
    scheme = value.split(":", 1)[0].lower()
    if scheme in ("http", "https", "ftp", "ftps", "sftp") and not _WEB.match(value):
        return "it names no server"
    if scheme in ("file", "javascript", "data"):
        return f"nobody else can open {scheme}: addresses"
    return ""


def number_fault(value: Text, datatype: str) -> str:
    """What is wrong with a value that has to be of `datatype`."""
    name = datatype.removeprefix(_XSD)
    if not _LEXICAL[datatype].fullmatch(str(value).strip()):
        return f"“{shown(value)}” is no {name}"
    if value.datatype != datatype:
        return f"it is not given as xsd:{name}"
    return ""


def is_date(text: str) -> bool:
    """A year, month, day or instant of ISO 8601, one that exists."""
    text = text.strip()
    if re.fullmatch(rf"-?\d{{4,9}}{_ZONE}", text):
        return True
    if re.fullmatch(rf"\d{{4}}-(0[1-9]|1[0-2]){_ZONE}", text):
        return True
    try:
        day = re.fullmatch(rf"(\d{{4}}-\d\d-\d\d){_ZONE}", text)
        if day:
            date.fromisoformat(day.group(1))
            return True
        if re.fullmatch(rf"\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d{{1,9}})?)?({_ZONE}|[+-]\d{{4}})", text):
            datetime.fromisoformat(re.sub(r"[.,]\d+", "", text))
            return True
    except ValueError:
        return False
    return False


def is_typed_date(value: Text) -> bool:
    """Whether it says that it is a date, as DCAT-AP asks."""
    return value.datatype in _DATE_TYPES


def texts(values: list[Node]) -> dict[str, str]:
    """Texts by language tag, the first of each language."""
    found: dict[str, str] = {}
    for value in values:
        if isinstance(value, Text) and str(value).strip():
            found.setdefault(value.language.lower(), shown(value))
    return found


def reference(value: Node) -> str:
    """An address as it stood in the file; "" for what has none."""
    if isinstance(value, Blank):
        return ""
    return str(value).removeprefix(BASE) if isinstance(value, Iri) else str(value)

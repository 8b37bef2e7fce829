"""Identifiers of electronic licences (GB/T 36904): root, type, issuer, serial, edition, check character."""

from __future__ import annotations

import re

from django.db import connection

from tongban.base.kernel.api import licence_check, today

from .data import ROOT

_PART = re.compile(r"[0-9A-Z]+")


def new_serial() -> str:
    """A serial number: the year and eight digits, never given twice; gaps are possible."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('licences_serial')")
        return f"{today().year}{cursor.fetchone()[0]:08d}"


def identifier(type_code: str, issuer_code: str, serial: str, edition: int = 1) -> str:
    """The identifier with its check character. Raises ValueError when a part has other characters than 0-9,
    A-Z."""
    middle = [type_code, issuer_code, serial, f"{edition:03d}"]
    if not all(_PART.fullmatch(part) for part in middle):
        raise ValueError(f"a licence identifier has parts of 0-9 and A-Z: {'.'.join(middle)}")
    return ".".join([ROOT, *middle, licence_check("".join(middle))])


def identifier_holds(text: str) -> bool:
    """Whether this is a licence identifier whose check character fits."""
    if not text.startswith(ROOT + "."):
        return False
    *middle, check = text[len(ROOT) + 1 :].split(".")
    return len(middle) == 4 and all(map(_PART.fullmatch, middle)) and licence_check("".join(middle)) == check

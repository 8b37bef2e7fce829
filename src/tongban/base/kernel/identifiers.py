"""Check digits of national identifiers (GB 11643, GB 32100-2015, GB 11714, GB/T 36904).

Real data breaks the rules: early pilots issued credit codes whose check character is wrong and which are legal all
the same. Hence a verdict with a level, and the caller decides what a warning means.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext_lazy as _

from .data import Text

_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True)
class Verdict:
    """What a check found: `ok`, a `warning` (suspicious but seen in legal documents) or an `error`."""

    level: Literal["ok", "warning", "error"]
    message: Text = ""

    def __bool__(self) -> bool:
        return self.level != "error"


OK = Verdict("ok")


def identity_check(first17: str) -> str:
    """Check character of a citizen identity number (GB 11643)."""
    return "10X98765432"[sum(int(c) * w for c, w in zip(first17, _ID_WEIGHTS, strict=True)) % 11]


def credit_check(first17: str) -> str:
    """Check character of a unified social credit code (GB 32100)."""
    return _USCC[(31 - sum(_USCC.index(c) * pow(3, i, 31) for i, c in enumerate(first17)) % 31) % 31]


def org_check(first8: str) -> str:
    """Check character of an organisation code (GB 11714)."""
    rest = 11 - sum(_ALNUM.index(c) * w for c, w in zip(first8, _ORG_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def licence_check(middle: str) -> str:
    """ISO 7064 MOD 37,36 over the four middle parts of a licence identifier, without dots (GB/T 36904)."""
    carry = 36
    for character in middle:
        carry = (carry + _ALNUM.index(character)) % 36 or 36
        carry = carry * 2 % 37
    return _ALNUM[(37 - carry) % 36]


def identity_number(text: str) -> Verdict:
    """A citizen identity number of 18 characters: digits, a possible birth date, a right check character."""
    if len(text) != 18 or not text[:17].isascii() or not text[:17].isdigit() or text[17] not in "0123456789X":
        return Verdict("error", _("An identity number has 17 digits and a last digit or X."))
    try:
        birth = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return Verdict("error", _("The birth date inside this identity number does not exist."))
    if birth.year < 1850:
        return Verdict("error", _("The birth date inside this identity number is too long ago."))
    if identity_check(text[:17]) != text[17]:
        return Verdict("error", _("The last character of this identity number does not fit. Please check each digit."))
    return OK


def org_code(text: str) -> Verdict:
    """An organisation code of 9 characters, with or without the hyphen before the last."""
    code = text.replace("-", "")
    if len(code) != 9 or any(c not in _ALNUM for c in code):
        return Verdict("error", _("An organisation code has nine digits or capital letters."))
    if org_check(code[:8]) != code[8]:
        return Verdict("error", _("The last character of this organisation code does not fit."))
    return OK


def credit_code(text: str) -> Verdict:
    """A unified social credit code of 18 characters. A wrong check character is a warning: some are legal."""
    if len(text) != 18 or any(c not in _USCC for c in text):
        return Verdict(
            "error", _("A unified social credit code has 18 digits or capital letters, without I, O, S, V, Z.")
        )
    if credit_check(text[:17]) != text[17]:
        return Verdict("warning", _("The last character of this unified social credit code does not fit."))
    return OK

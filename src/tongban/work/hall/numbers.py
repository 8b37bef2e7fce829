"""Case numbers and query codes (standards.md 1.2)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import date

from django.conf import settings
from django.db import connection

_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # no 0 O 1 I L: read aloud and typed from paper


def new_case_no(division: str, day: date) -> str:
    """Division 6 + day 8 + serial 6 + check digit. The serial comes from a sequence, so nobody waits for anybody."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('hall_case_serial')")
        serial = cursor.fetchone()[0] % 1_000_000
    body = f"{division[:6]:0<6}{day:%Y%m%d}{serial:06d}"
    return body + mod11_10(body)


def mod11_10(digits: str) -> str:
    """ISO 7064 MOD 11,10 check digit."""
    carry = 10
    for digit in digits:
        carry = (carry + int(digit)) % 10 or 10
        carry = carry * 2 % 11
    return str((11 - carry) % 10)


def new_query_code() -> str:
    """Eight characters, about 40 bits: with the case number and a rate limit it opens one timeline (T15)."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(8))


def query_hash(case_no: str, code: str) -> str:
    """What is stored of a query code."""
    text = f"{case_no}:{code.strip().upper()}"
    return hmac.new(settings.TONGBAN_INDEX_KEY.encode(), text.encode(), hashlib.sha256).hexdigest()

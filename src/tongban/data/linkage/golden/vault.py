"""Identity numbers and telephones under their look-up hashes (T39): rows, golden records, lists and the change feed
hold the token `#…`, equal for equal numbers, so that all of linking works on tokens; the number itself lies sealed in
one table, bound to its token. Opened for whoever is shown it, for the register, and for comparing by likeness.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection

from tongban.base.kernel.api import system
from tongban.trust.identity.api import indexes_of
from tongban.trust.identity.data import KeyClass
from tongban.trust.keys.api import open_field, seal_fields

from ..models import Number

TOKEN = 33  # characters of a token
_TOKENS = re.compile("#[0-9a-f]{32}").findall
# A person's number under any item, with a date of birth inside: of sole traders it is in places a number of business.
_PERSON = r"^[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$"
_TABLE, _COLUMN = "linkage_number", "value"
_KNOWN = "SELECT token FROM linkage_number WHERE token = ANY (%s)"
_KEEP = """
INSERT INTO linkage_number (token, value) SELECT * FROM unnest(%s::text[], %s::bytea[]) ORDER BY 1
ON CONFLICT (token) DO NOTHING
"""


def sealed(column: pa.Array, key_class: str, form: Callable[[str], str | None] = str) -> pa.Array:
    """The column with a token for each value; what is not known yet is sealed and kept. `form`: how values are written
    alike, so that one number has one token however it was delivered."""
    encoded = pc.dictionary_encode(column)
    texts = encoded.dictionary.to_pylist()
    hashes = indexes_of(key_class, (form(text) or text for text in texts))
    tokens = [f"#{index.hex()}" for index in hashes]
    _keep(dict(zip(tokens, texts, strict=True)))
    return pa.array(tokens, pa.string()).take(encoded.indices)


def without_people(column: pa.Array) -> pa.Array:
    """The column of any item, with tokens where a person's number stands."""
    found = pc.fill_null(pc.match_substring_regex(column, _PERSON), False)
    if not pc.any(found).as_py():
        return column
    none = pa.scalar(None, pa.string())
    return pc.if_else(found, sealed(pc.if_else(found, column, none), KeyClass.IDENTITY_NUMBER), column)


def _keep(plain: dict[str, str]) -> None:
    with system(), connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(plain)])
        for (token,) in cursor.fetchall():
            del plain[token]
        cells = seal_fields(
            _TABLE, _COLUMN, [(t, text.encode()) for t, text in plain.items()], KeyClass.IDENTITY_NUMBER
        )
        cursor.execute(_KEEP, [list(plain), cells])


def token_of(text: str) -> str:
    """The token of an identity number."""
    return f"#{indexes_of(KeyClass.IDENTITY_NUMBER, [text])[0].hex()}"


def opened(texts: Iterable[object]) -> dict[str, str]:
    """Token -> number, for all tokens in these texts."""
    tokens = {found for text in texts for found in _TOKENS(str(text))}
    if not tokens:
        return {}
    with system():
        return {number.token: number.value for number in Number.objects.filter(token__in=tokens)}


def open_cell(token: str, cell: bytes) -> str:
    """A number as the database holds it."""
    return open_field(_TABLE, _COLUMN, token, cell).decode()

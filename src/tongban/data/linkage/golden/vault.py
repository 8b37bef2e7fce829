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
from tongban.trust.keys.api import Sealer, open_fields

from ..models import Number

TOKEN = 33  # characters of a token
_TOKENS = re.compile("#[0-9a-f]{32}").findall
# A person's number under any item, with a date of birth inside: of sole traders it is in places a number of business.
_PERSON = r"^[1-9]\d{5}(18|19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\d{3}[\dXx]$"
_TABLE, _COLUMN = "linkage_number", "value"
_KNOWN = "SELECT token FROM linkage_number WHERE token = ANY (%s::text[])"
_KEEP = """
INSERT INTO linkage_number (token, value)
SELECT token, decode(cell, 'hex') FROM unnest(%s::text[], %s::text[]) AS n (token, cell) ORDER BY 1
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
        cursor.execute(_KNOWN, [_list(plain)])
        for (token,) in cursor.fetchall():
            del plain[token]
        tokens, texts = (list(map(str.encode, some)) for some in (plain, plain.values()))
        cells = Sealer(KeyClass.IDENTITY_NUMBER).seal(_TABLE, _COLUMN, tokens, texts)
        cursor.execute(_KEEP, [_list(plain), _list(map(bytes.hex, cells))])


def _list(plain: Iterable[str]) -> str:
    """An array as PostgreSQL writes it, of letters and digits; quicker than one value after the other."""
    return f"{{{','.join(plain)}}}"


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


def cell(table: str) -> str:
    """SQL: a number of the joined table as `open_cells` takes it."""
    return f"{table}.token || encode({table}.value, 'hex')"


def open_cells(column: pa.Array) -> pa.Array:
    """The column of `cell`s with the numbers themselves."""
    there = column.is_valid()
    texts = column.filter(there).to_pylist()
    plain = open_fields(_TABLE, _COLUMN, ((t[:TOKEN].encode(), bytes.fromhex(t[TOKEN:])) for t in texts))
    return pc.replace_with_mask(column, there, pa.array(plain, pa.binary()).cast(pa.string()))

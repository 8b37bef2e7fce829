"""What a delivery's sealed fields become before the database sees them: ciphertext, look-up hash, and what is wrong
with the value, for rules can no longer read it (T39). One pass, a few microseconds a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from operator import mul
from typing import Any

from tongban.base.kernel.api import credit_check
from tongban.trust.identity.api import indexes_of
from tongban.trust.keys.api import seal_fields

from .data import Field, FieldType, RegisterDefinition
from .sealing import part_of_name, text_of

FORM, DIGIT, LENGTH = 1, 2, 4  # bits of a value's faults
_CHUNK = 5_000
_NULL, _BYTES = "\\N", "\\\\x"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_special = re.compile(r"[\\\t\n\r]").search
_DATE = "(18[5-9]|19[0-9]|20[0-9])[0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
_PERSON = re.compile(f"[1-9][0-9]{{5}}{_DATE}[0-9]{{3}}[0-9X]").fullmatch
_CREDIT = re.compile("[0-9ABCDEFGHJKLMNPQRTUWXY]{18}").fullmatch
_DIGITS, _WEIGHTS = "10X98765432", (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZERO = ord("0") * sum(_WEIGHTS)
_PHONE = re.compile("[+]?[0-9][0-9 ()-]{4,22}[0-9]").fullmatch


class Ragged(ValueError):
    """A row has more or fewer values than there are columns; the argument is its number."""


def place(error: Exception) -> str:
    """Where a delivery cannot be read, without a value of it."""
    return f"row {error}" if isinstance(error, Ragged) else "UTF-8" if isinstance(error, UnicodeError) else "CSV"


def columns(register: RegisterDefinition, delivered: Iterable[str]) -> dict[str, str]:
    """The columns that staging has besides those delivered."""
    made: dict[str, str] = {}
    for field in _sealed(register, delivered):
        made |= {field.lookup: "bytea", fault(field): "smallint"}
    return made


def fault(field: Field) -> str:
    """The staging column that says what is wrong with a sealed value."""
    return f"_fault_{field.name}"


def sealed_rows(register: RegisterDefinition, names: list[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The rows for staging, in the text format of COPY. Empty texts are nothing."""
    source, done = iter(rows), 0
    while chunk := list(islice(source, _CHUNK)):
        if set(map(len, chunk)) != {len(names)}:
            raise Ragged(next(number for number, row in enumerate(chunk, done + 1) if len(row) != len(names)))
        staged = _staged(register, dict(zip(names, zip(*chunk, strict=True), strict=True)))
        yield "\n".join(map("\t".join, zip(*map(_copied, staged.values()), strict=True))).encode() + b"\n"
        done += len(chunk)


def _sealed(register: RegisterDefinition, delivered: Iterable[str]) -> list[Field]:
    wanted = set(delivered)
    return [field for field in register.sealed if field.name in wanted]


def _staged(register: RegisterDefinition, delivered: dict[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The delivered columns, those of sealed fields as ciphertext, and what staging has besides, in its order."""
    made, plain = dict(delivered), dict[str, list[str | None]]()
    for field in _sealed(register, delivered):
        texts = [None if value is None or value == "" else _text(field, value) for value in made[field.name]]
        plain[field.name] = texts
        faults, hashes = _FAULTS.get(field.type, _none), iter(indexes_of(field.sealed, filter(None, texts)))
        made[field.lookup] = [None if text is None else next(hashes) for text in texts]
        made[fault(field)] = [None if text is None else faults(text) | _length(field, text) for text in texts]
    rows = list(map("|".join, zip(*(map(part_of_name, made[name]) for name in register.keys), strict=True)))
    for name, texts in plain.items():
        present = [(row, text.encode()) for row, text in zip(rows, texts, strict=True) if text is not None]
        cells = iter(seal_fields(f"registers.{register.key}", name, present, register.field(name).sealed))
        made[name] = [None if text is None else next(cells) for text in texts]
    return made


def _text(field: Field, value: Any) -> str:
    return value if type(value) is str else text_of(field, value)


def _length(field: Field, text: str) -> int:
    return LENGTH if field.max_length and len(text) > field.max_length else 0


def _copied(column: Sequence[Any]) -> list[str]:
    """A column as COPY reads it."""
    if bytes in set(map(type, column)):
        return [_NULL if value is None else _BYTES + value.hex() for value in column]
    texts = [value if value is None or type(value) is str else _plain(value) for value in column]
    if _special("".join(filter(None, texts))):
        texts = [text and text.translate(_ESCAPES) for text in texts]
    return [text or _NULL for text in texts]


def _plain(value: Any) -> str:
    return f"({value[0]!r},{value[1]!r})" if isinstance(value, tuple) else str(value)


def _person(text: str) -> int:
    """As `identity_check` of the kernel, a third of its time."""
    if not _PERSON(text):
        return FORM
    return 0 if _DIGITS[(sum(map(mul, _WEIGHTS, text.encode())) - _ZERO) % 11] == text[17] else DIGIT


def _credit(text: str) -> int:
    return FORM if not _CREDIT(text) else 0 if credit_check(text[:17]) == text[17] else DIGIT


def _phone(text: str) -> int:
    return 0 if _PHONE(text) else FORM


def _none(text: str) -> int:
    return 0


_FAULTS: Mapping[FieldType, Callable[[str], int]] = {
    FieldType.PERSON_ID: _person,
    FieldType.CREDIT_CODE: _credit,
    FieldType.PHONE: _phone,
}

"""Quality rules over whole columns: the same declarations that single rows are checked by, a million rows a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .data import Field, FieldType, RegisterDefinition
from .definitions import codes

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
SAMPLES = 10  # rows that a finding names
_DAY, _SAFE_DAY = "0[1-9]|[12][0-9]|3[01]", "0[1-9]|1[0-9]|2[0-8]"  # of a month, and of every month
_DATE = f"(18[5-9]|19[0-9]|20[0-9])[0-9](0[1-9]|1[0-2])({_DAY})"
_CREDIT = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORMS = {
    FieldType.PERSON_ID: f"^[1-9][0-9]{{5}}{_DATE}[0-9]{{3}}[0-9X]$",
    FieldType.CREDIT_CODE: f"^[{_CREDIT}]{{18}}$",
    FieldType.PHONE: "^[+]?[0-9][0-9 ()-]{4,22}[0-9]$",
}
_WARNINGS = {(FieldType.PHONE, "form"), (FieldType.CREDIT_CODE, "check_digit")}
_TEXTS = {
    FieldType.TEXT, FieldType.CODE, FieldType.REF, FieldType.PERSON_ID, FieldType.CREDIT_CODE,
    FieldType.PHONE, FieldType.FILE, FieldType.PLACE,
}  # fmt: skip
_ID_WEIGHTS = np.array((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), np.uint16)
_ID_DIGITS = np.frombuffer(b"10X98765432", np.uint8)
_CREDIT_WEIGHTS = np.array([pow(3, i, 31) for i in range(17)], np.uint16)
_CREDIT_DIGITS = np.frombuffer(_CREDIT.encode(), np.uint8)
_CREDIT_VALUES = np.zeros(256, np.uint16)
_CREDIT_VALUES[_CREDIT_DIGITS] = range(31)


class Rules:
    """The rules that delivered columns of a register must keep."""

    def __init__(self, register: RegisterDefinition, columns: Mapping[str, Any]) -> None:
        self.fields = [field for field in register.live if field.name in columns]
        self.codes = {f.name: list(f.choices or codes(f.codes)) for f in self.fields if f.type is FieldType.CODE}

    def broken(self, table: pa.Table) -> Iterator[tuple[Field, str, str, Mask]]:
        """Field, rule, level and which rows break it, for every rule that some row breaks. Level `error` keeps a row
        out, `warning` only counts it."""
        for field in self.fields:
            for rule, found in self._broken(field, table[field.name].combine_chunks()):
                mask = found.fill_null(False).to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found
                if mask.any():
                    yield field, rule, "warning" if (field.type, rule) in _WARNINGS else "error", mask

    def _broken(self, field: Field, values: pa.Array) -> Iterator[tuple[str, Any]]:
        if field.required:
            yield "required", values.is_null()
        if field.max_length and field.type in _TEXTS:
            yield "length", pc.greater(pc.utf8_length(values), field.max_length)
        if field.type in _FORMS:
            formed = pc.match_substring_regex(values, _FORMS[field.type])
            yield "form", pc.invert(formed)
            if fits := _FITS.get(field.type):
                yield "check_digit", _misfits(values, formed.fill_null(False), fits)
        if known := self.codes.get(field.name):
            yield "code", pc.and_(pc.invert(pc.is_in(values, pa.array(known, pa.string()))), values.is_valid())


def plainly_right(kind: FieldType, values: pa.Array) -> Mask:
    """Which identity numbers or credit codes are right beyond doubt. The others are to be looked at one by one: by the
    form alone a birth date on the 29th to 31st may not exist."""
    formed = pc.match_substring_regex(values, _FORMS[kind].replace(_DAY, _SAFE_DAY)).fill_null(False)
    right: Mask = formed.to_numpy(zero_copy_only=False) & ~_misfits(values, formed, _FITS[kind])
    return right


def _misfits(values: pa.Array, formed: pa.Array, fits: Callable[[Bytes], Mask]) -> Mask:
    """Which values of the right form, 18 characters of ASCII, have a last character that does not fit."""
    wrong: Mask = formed.to_numpy(zero_copy_only=False)
    buffer = values.filter(formed).buffers()[2]
    if buffer is not None:
        wrong[wrong] = ~fits(np.frombuffer(buffer, np.uint8).reshape(-1, 18))
    return wrong


def _identity_fits(numbers: Bytes) -> Mask:
    """GB 11643, as `identity_check` of the kernel."""
    made: Mask = _ID_DIGITS[(numbers[:, :17] - ord("0")) @ _ID_WEIGHTS % 11] == numbers[:, 17]
    return made


def _credit_fits(numbers: Bytes) -> Mask:
    """GB 32100, as `credit_check` of the kernel."""
    made: Mask = _CREDIT_DIGITS[(31 - _CREDIT_VALUES[numbers[:, :17]] @ _CREDIT_WEIGHTS % 31) % 31] == numbers[:, 17]
    return made


_FITS: Mapping[FieldType, Callable[[Bytes], Mask]] = {
    FieldType.PERSON_ID: _identity_fits,
    FieldType.CREDIT_CODE: _credit_fits,
}

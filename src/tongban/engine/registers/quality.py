"""Quality rules as SQL, so that a million rows are judged in one pass over the staging table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import staging
from .data import Field, FieldType, RegisterDefinition
from .definitions import codes

_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


_TEXTS = (
    FieldType.TEXT, FieldType.CODE, FieldType.REF, FieldType.PERSON_ID, FieldType.CREDIT_CODE,
    FieldType.PHONE, FieldType.FILE, FieldType.PLACE,
)  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A condition that is true of a bad row. Level `error` keeps the row out, `warning` only counts it."""

    field: str
    name: str
    level: str
    broken: str


@dataclass(frozen=True)
class Rules:
    """The rules of a delivery and the place they are read from: costly parts are computed there, once."""

    rules: tuple[Rule, ...]
    origin: str


def rules(register: RegisterDefinition, columns: Sequence[str]) -> Rules:
    """The rules that the delivered columns must keep, from the same declarations that single rows are
    checked by.
    """
    fields = [field for field in register.live if field.name in columns]
    derived = "".join(f", {expression} AS {alias}" for field in fields for alias, expression in _derived(field))
    return Rules(
        tuple(Rule(field.name, *rule) for field in fields for rule in _of(field)),
        f"(SELECT *, ctid AS _place{derived} FROM pg_temp.delivery OFFSET 0) d",  # noqa: S608
    )


def _derived(field: Field) -> Iterator[tuple[str, str]]:
    if field.sealed:
        return
    column = f'"{field.name}"'
    if field.type is FieldType.PERSON_ID:
        date_ = "(18[5-9]|19[0-9]|20[0-9])[0-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])"
        yield f'"{field.name}_shape"', f"{column} ~ '^[1-9][0-9]{{5}}{date_}[0-9]{{3}}[0-9X]$'"
        yield f'"{field.name}_bytes"', f"convert_to({column}, 'UTF8')"
    elif field.type is FieldType.CREDIT_CODE:
        yield f'"{field.name}_shape"', f"{column} ~ '^[{_USCC}]{{18}}$'"


def _of(field: Field) -> Iterator[tuple[str, str, str]]:
    """Name, level and condition of each rule of a field."""
    if field.sealed:
        yield from _of_sealed(field)
        return
    column, shape = f'"{field.name}"', f'"{field.name}_shape"'
    if field.required:
        empty = f" OR {column} = ''" if field.type in _TEXTS else ""
        yield "required", "error", f"{column} IS NULL{empty}"
    if field.max_length and field.type in _TEXTS:
        yield "length", "error", f"char_length({column}) > {field.max_length}"
    if field.type is FieldType.PERSON_ID:
        yield "form", "error", f"NOT {shape}"
        yield (
            "check_digit",
            "error",
            f"CASE WHEN {shape} THEN NOT ({_identity_fits(field.name)}) ELSE false END",
        )
    elif field.type is FieldType.CREDIT_CODE:
        yield "form", "error", f"NOT {shape}"
        yield "check_digit", "warning", f"CASE WHEN {shape} THEN NOT ({_credit_fits(column)}) ELSE false END"
    elif field.type is FieldType.PHONE:
        yield "form", "warning", f"{column} !~ '^[+]?[0-9][0-9 ()-]{{4,22}}[0-9]$'"
    elif field.type is FieldType.CODE and (known := field.choices or codes(field.codes)):
        listed = ", ".join("'" + code.replace("'", "''") + "'" for code in known)
        yield "code", "error", f"{column} NOT IN ({listed})"


def _of_sealed(field: Field) -> Iterator[tuple[str, str, str]]:
    """The same rules for what only the program could read: it noted what is wrong."""
    wrong = f'"{staging.fault(field)}"'
    if field.required:
        yield "required", "error", f'"{field.name}" IS NULL'
    yield "length", "error", f"({wrong} & {staging.LENGTH}) <> 0"
    yield "form", "warning" if field.type is FieldType.PHONE else "error", f"({wrong} & {staging.FORM}) <> 0"
    level = "error" if field.type is FieldType.PERSON_ID else "warning"
    yield "check_digit", level, f"({wrong} & {staging.DIGIT}) <> 0"


def _identity_fits(name: str) -> str:
    total = " + ".join(f'get_byte("{name}_bytes", {i}) * {w}' for i, w in enumerate(_ID_WEIGHTS))
    zero = 48 * sum(_ID_WEIGHTS)
    return f"substr('10X98765432', ({total} - {zero}) % 11 + 1, 1) = right(\"{name}\", 1)"


def _credit_fits(column: str) -> str:
    total = " + ".join(f"(strpos('{_USCC}', substr({column}, {i + 1}, 1)) - 1) * {pow(3, i, 31)}" for i in range(17))
    return f"substr('{_USCC}', (31 - ({total}) % 31) % 31 + 1, 1) = right({column}, 1)"

"""A delivery made ready: columns by the register's items, values as the register writes them, forms as they compare."""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, credit_code, identity_number, org_check, org_code
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Field, FieldType

from ..meanings import MEANINGS, is_chinese, sound, words
from ..records import by_value
from .registries import Registry
from .vault import sealed, without_people

Change = Callable[[str], str | None]
OPERATION = "cd_operation"  # control column of GB/T 21062: I, U, or D for a row that the source withdraws
_BATCH = 100_000  # rows in memory at a time
# Patterns (RE2) of values that are as they should be, as nearly all are: what is read one by one is what is left.
_NEVER, _DIVISION, _TEXT = "^$^", "^[0-9]{1,12}$", "^[!-~\u4e00-\u9fff]+$"
_DAY = "^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"
_AMOUNT = r"^-?[0-9]{1,14}([.][0-9]{1,2})?$"
_RIGHT = dict.fromkeys((FieldType.MONEY, FieldType.DECIMAL, FieldType.INT), _AMOUNT) | {FieldType.DATE: _DAY}


def prepared(registry: Registry, items: Mapping[str, str], key: str, table: pa.Table, out: Path) -> dict[str, int]:
    """Writes `out` (CSV: key, gone, values, forms, unread, keys, face, digest; of numbers only their tokens) and says
    how many rows were read, had no key, or had values that could not be read. `Invalid` when a column is missing: a
    source that changed its shape says so before anything is touched."""
    if missing := [name for name in (key, *items) if name not in table.column_names]:
        raise Invalid({name: _("The delivery has no such column.") for name in missing})
    counts = {"received": table.num_rows, "without_key": 0, "unreadable": 0}
    connection = duckdb.connect(config={"memory_limit": "500MB", "threads": 2})
    with out.open("wb") as stream:
        for start in range(0, max(table.num_rows, 1), _BATCH):
            part = table.slice(start, _BATCH)
            part = part.filter(pc.is_valid(part[key]))
            counts["without_key"] += min(_BATCH, table.num_rows - start) - part.num_rows
            plain, unreadable = _standardised(registry, items, key, part)
            counts["unreadable"] += unreadable
            stream.write(_csv(connection, plain))
    connection.close()
    return counts


def _standardised(registry: Registry, items: Mapping[str, str], key: str, part: pa.Table) -> tuple[pa.Table, int]:
    fields = {column: field for field in registry.definition.live for column in field.columns}
    values: dict[str, pa.Array] = {}
    forms: dict[str, pa.Array] = {}
    unread: dict[str, pa.Array] = {}
    for column, item in items.items():
        raw = part[column].combine_chunks()
        field = fields.get(item)
        value = _where(raw, pc.invert(_right(registry, field, item, raw)), reader(registry, field, item))
        lost = pc.and_(pc.is_valid(raw), pc.is_null(value))
        if pc.any(lost).as_py():
            unread[item] = _numberless(registry, item, pc.if_else(lost, raw, pa.scalar(None, pa.string())))
        values[item] = _numberless(registry, item, value)
        if item in registry.sealed:  # a token is the same for every way of writing
            continue
        odd = pc.invert(pc.match_substring_regex(values[item], _former_plain(registry, item)))
        form = _where(values[item], odd, former(registry, item))
        forms[item] = pc.if_else(pc.equal(form, value), pa.scalar(None, pa.string()), form)
    for item, value in list(values.items()):
        division = f"{item}_division"
        if item in fields and fields[item].type is FieldType.PLACE:  # a place and its division are one value
            given = values.get(division, pa.nulls(len(part), pa.string()))
            values[division] = pc.if_else(pc.is_valid(value), pc.fill_null(given, ""), pa.scalar(None, pa.string()))
    name = pc.coalesce(forms["name"], values["name"]) if "name" in values else pa.nulls(len(part), pa.string())
    forms["name~"] = by_value(name, sound)
    columns = {
        "key": _numberless(registry, items.get(key, ""), part[key].combine_chunks()),
        "gone": _gone(part),
        "values": pa.StructArray.from_arrays(list(values.values()), list(values)),
        "forms": pa.StructArray.from_arrays(list(forms.values()), list(forms)),
        "unread": pa.StructArray.from_arrays(list(unread.values()), list(unread)) if unread else _nothing(len(part)),
        "keys": _identifiers(registry, values, len(part)),
        "face": _face(values, name, len(part)),
    }
    return pa.table(columns), sum(len(a) - a.null_count for a in unread.values())


def _where(column: pa.Array, odd: pa.Array, change: Change) -> pa.Array:
    """The change applied to the odd values, once to each distinct one; the others are as they should be."""
    some = pc.fill_null(odd, False)
    return pc.replace_with_mask(column, some, by_value(column.filter(some), change)) if pc.any(some).as_py() else column


def _numberless(registry: Registry, item: str, column: pa.Array) -> pa.Array:
    """The column with tokens for people's numbers."""
    if item in registry.sealed:
        return sealed(column, registry.sealed[item], former(registry, item))
    return without_people(column)


def _gone(part: pa.Table) -> pa.Array:
    if OPERATION not in part.column_names:
        return pa.repeat(False, len(part))
    return pc.fill_null(pc.equal(part[OPERATION].cast(pa.string()), "D"), False).combine_chunks()


def _nothing(rows: int) -> pa.Array:
    return pa.StructArray.from_arrays([pa.nulls(rows, pa.string())], ["none"])


def _csv(connection: duckdb.DuckDBPyConnection, plain: pa.Table) -> bytes:
    connection.register("arriving", plain)
    made = connection.sql(
        'SELECT key, gone, to_json("values")::VARCHAR AS v, to_json(forms)::VARCHAR AS f, '
        'to_json(unread)::VARCHAR AS u, keys, face, md5(to_json("values")::VARCHAR) AS digest FROM arriving'
    ).to_arrow_table()
    connection.unregister("arriving")
    text = io.BytesIO()
    pyarrow.csv.write_csv(made, text, pyarrow.csv.WriteOptions(include_header=False))
    return text.getvalue()


def reader(registry: Registry, field: Field | None, item: str) -> Change:
    """How an item's delivered text becomes the register's value; None: it cannot be read."""
    if field is None:
        means = registry.meanings.get(item)
        return MEANINGS[means].standard if means in _COMPACT else _plain
    if field.type is FieldType.CODE:
        return _coded(registry, field)
    if field.name != item:  # the division of a place
        return lambda text: re.sub(r"\D", "", text)[:12] or None
    if field.type is FieldType.TEXT and field.max_length:
        return lambda text: made if (made := _plain(text)) and len(made) <= field.max_length else None
    return _READERS.get(field.type, _plain)


def _right(registry: Registry, field: Field | None, item: str, column: pa.Array) -> pa.Array:
    """Which values are as the register writes them, so that `reader` would leave them alone."""
    if field is None:
        return pc.match_substring_regex(column, _NEVER if registry.meanings.get(item) in _COMPACT else _TEXT)
    if field.type in (FieldType.PERSON_ID, FieldType.CREDIT_CODE):
        return pa.array(registers.plainly_right(field.type, column))
    if field.type is FieldType.CODE:
        return pc.is_in(column, pa.array(list(registers.choices(registry.key, field.name)), pa.string()))
    right = pc.match_substring_regex(column, _DIVISION if field.name != item else _RIGHT.get(field.type, _TEXT))
    if field.type is FieldType.TEXT and field.max_length:
        return pc.and_(right, pc.less_equal(pc.utf8_length(column), field.max_length))
    return right


def former(registry: Registry, item: str) -> Change:
    """How an item's value is compared."""
    means = registry.meanings.get(item)
    return MEANINGS[means].standard if means else words


def _former_plain(registry: Registry, item: str) -> str:
    """Of values that `former` would leave alone."""
    means = registry.meanings.get(item)
    if means is None:
        return MEANINGS["address"].plain
    return MEANINGS[means].plain or (_DAY if means in ("date", "birth_date") else _NEVER)


def _plain(text: str) -> str | None:
    """Width and blanks as the register writes them; Chinese text has no blanks inside."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    return (plain.replace(" ", "") if is_chinese(plain) else plain) or None


def _date(text: str) -> str | None:
    made = MEANINGS["date"].standard(text)
    return made if made and re.fullmatch(r"\d{4}-\d{2}-\d{2}", made) else None


def _number(text: str) -> str | None:
    plain = unicodedata.normalize("NFKC", text).replace(",", "").strip()
    return plain if re.fullmatch(r"-?\d{1,14}(\.\d{1,2})?", plain) else None


def _identity(text: str) -> str | None:
    made = MEANINGS["identity_number"].standard(text)
    return made if made and identity_number(made) else None


def _credit(text: str) -> str | None:
    made = MEANINGS["registration_number"].standard(text)
    return made if made and credit_code(made) else None


def _coded(registry: Registry, field: Field) -> Change:
    """A code, or the code of a title: sources write 男 where the standard says 1."""
    known = registers.choices(registry.key, field.name)
    titles = {title.zh: code for code, title in known.items()}
    if field.name == "sex":
        titles |= {title.zh[:1]: code for code, title in known.items()}

    def read(text: str) -> str | None:
        plain = unicodedata.normalize("NFKC", text).strip()
        return plain if plain in known else titles.get(plain)

    return read


_COMPACT = ("registration_number", "identity_number")
_READERS: dict[FieldType, Change] = {
    FieldType.PERSON_ID: _identity,
    FieldType.CREDIT_CODE: _credit,
    FieldType.DATE: _date,
    FieldType.MONEY: _number,
    FieldType.DECIMAL: _number,
    FieldType.INT: _number,
}


def _identifiers(registry: Registry, values: Mapping[str, pa.Array], rows: int) -> pa.Array:
    """`n:4601…|o:…`: the official numbers of each row, the surest first. A credit code holds the organisation code."""
    parts = []
    for kind, item in registry.identifiers.items():
        value = values.get(item)
        if kind == "o":
            own = by_value(value, _organisation_code) if value is not None else pa.nulls(rows, pa.string())
            inside = by_value(values["uscc"], lambda code: _organisation_code(code[8:17])) if "uscc" in values else own
            value = pc.coalesce(own, inside)
        if value is not None:
            parts.append(pc.binary_join_element_wise(pa.scalar(kind), value, ":"))
    if not parts:
        return pa.array([""] * rows, pa.string())
    joined = pc.binary_join_element_wise(*parts, "|", null_handling="replace", null_replacement="")
    return pc.utf8_trim(pc.replace_substring_regex(joined, r"\|+", "|"), "|")


def _organisation_code(text: str) -> str | None:
    plain = text.replace("-", "").upper()
    fits = bool(org_code(plain)) and org_check(plain[:8]) == plain[8]
    return plain if fits else None


def _face(values: Mapping[str, pa.Array], name: pa.Array, rows: int) -> pa.Array:
    """By what a person would be taken for the same at first sight: name and birth date, or an organisation's name."""
    if "birth_date" in values:
        return pc.fill_null(pc.binary_join_element_wise(name, values["birth_date"], "|"), "")
    return pc.fill_null(pc.utf8_slice_codeunits(name, 0, 300), "")

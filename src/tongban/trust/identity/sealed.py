"""Columns that hold nothing readable (security R5, T39): each value sealed for its table, column and row.

    phone = SealedText(KeyClass.PHONE, row="public_id")

reads and writes as text and lies in the database as bytes; it is opened when it is first asked for, so a list that
does not show it costs nothing. It cannot be searched: what is looked up by equality has a keyed hash beside it
(`index_of`). The cipher and its keys are the key room's, which stands above and registers itself here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import lookups
from django.db.models.expressions import Col
from django.db.models.query_utils import DeferredAttribute

from tongban.base.kernel.api import Registry

from .data import KeyClass
from .personal import normal, normal_phone


@dataclass(frozen=True)
class FieldCipher:
    """What the key room gives. `seal(table, column, row, plaintext, key_class)`, `open(table, column, row, sealed)`,
    `index(key_class, texts)`: keyed hashes, equal for equal texts of a class."""

    seal: Callable[[str, str, str, bytes, str], bytes]
    open: Callable[[str, str, str, bytes], bytes]
    index: Callable[[str, Iterable[str]], list[bytes]]


field_ciphers: Registry[FieldCipher] = Registry("field_ciphers")
# Filled from above: models that are not Django's own to list, such as those of declared registers.
sealed_models: Registry[Callable[[], Iterable[type[models.Model]]]] = Registry("sealed_models")

if TYPE_CHECKING:
    _Binary = models.BinaryField[Any, Any]
else:
    _Binary = models.BinaryField


def index_of(key_class: KeyClass | str, text: str) -> bytes:
    """The look-up hash of a sealed value, the same for every way of writing it; b"" for nothing. Never log what goes
    in."""
    plain = _NORMAL.get(str(key_class), str)(text)
    return field_ciphers.get("fields").index(str(key_class), [plain])[0] if plain else b""


def indexes_of(key_class: KeyClass | str, texts: Iterable[str]) -> list[bytes]:
    """The look-up hashes of many values, none of them empty."""
    return field_ciphers.get("fields").index(str(key_class), map(_NORMAL.get(str(key_class), str), texts))


def id_index(id_number: str) -> str:
    """The look-up hash of an identity number."""
    return index_of(KeyClass.IDENTITY_NUMBER, id_number).hex()


def phone_index(phone: str) -> str:
    """The look-up hash of a phone."""
    return index_of(KeyClass.PHONE, phone).hex()


_NORMAL: dict[str, Callable[[str], str]] = {KeyClass.IDENTITY_NUMBER: normal, KeyClass.PHONE: normal_phone}


def sealed_text(table: str, column: str, row: str, text: str, key_class: KeyClass | str) -> bytes:
    """A text sealed for its place, where no model does it."""
    return field_ciphers.get("fields").seal(table, column, row, text.encode(), str(key_class)) if text else b""


def opened_text(table: str, column: str, row: str, sealed: bytes) -> str:
    """What `sealed_text` sealed for this place; `Refused` for anything else."""
    return field_ciphers.get("fields").open(table, column, row, sealed).decode() if sealed else ""


class Plain(bytes):
    """Bytes that are not sealed: the value of a `SealedBytes`."""


def _is_sealed(value: Any) -> bool:
    return isinstance(value, bytes | memoryview) and not isinstance(value, Plain)


class _Attribute(DeferredAttribute):
    """Bytes are sealed, everything else is plain; opened at first sight."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if _is_sealed(value):
            value = instance.__dict__[self.field.attname] = self.field.opened(instance, bytes(value))  # type: ignore[attr-defined]
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedText(_Binary):
    """A text. `row` names the attributes that name the row for good and are known before it is written; `table` is
    where it is said to lie, where rows are copied between tables as they are; `index` a binary field with the look-up
    hash, by which filters for equality go."""

    descriptor_class = _Attribute

    def __init__(
        self,
        key_class: KeyClass | str = "",
        row: str | Callable[[Any], str] = "",
        table: str = "",
        index: str = "",
        **others: Any,
    ) -> None:
        self.key_class, self.row, self.table, self.index = str(key_class), row, table, index
        super().__init__(**{"default": b"", "blank": True, "editable": True, **others})

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality is asked of the look-up hash."""
        return _BY_INDEX.get(lookup_name) if self.index else super().get_lookup(lookup_name)

    def deconstruct(self) -> Any:
        """In migrations it is the column it is."""
        name, _path, arguments, keywords = super().deconstruct()
        return name, "django.db.models.BinaryField", arguments, keywords

    def place(self, instance: Any) -> tuple[str, str, str]:
        """Table, column and row: what a sealed value is bound to."""
        if callable(self.row):
            row = self.row(instance)
        else:
            row = "|".join(str(getattr(instance, name)) for name in self.row.split())
        return self.table or self.model._meta.db_table, self.attname, row

    def opened(self, instance: Any, sealed: bytes) -> Any:
        """The value; `Refused` when it was changed or lies in another's place."""
        if not sealed:
            return self.loads(b"")
        table, column, row = self.place(instance)
        return self.loads(field_ciphers.get("fields").open(table, column, row, sealed))

    def sealed(self, instance: Any, value: Any) -> bytes | None:
        """What the database gets; b"" for nothing."""
        if value is None or _is_sealed(value):
            return None if value is None else bytes(value)
        plain = self.dumps(value)
        if not plain:
            return b""
        table, column, row = self.place(instance)
        return field_ciphers.get("fields").seal(table, column, row, plain, self.key_class)

    def resealed(self, instance: Any, sealed: bytes) -> bytes:
        """The same value under the class's current key."""
        cipher, (table, column, row) = field_ciphers.get("fields"), self.place(instance)
        return cipher.seal(table, column, row, cipher.open(table, column, row, sealed), self.key_class)

    def dumps(self, value: Any) -> bytes:
        """The value as bytes."""
        return str(value).encode()

    def loads(self, plain: bytes) -> Any:
        """The bytes as value."""
        return plain.decode()

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        return self.sealed(model_instance, model_instance.__dict__[self.attname])

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is not None and not value:
            value = b""
        if value is not None and not _is_sealed(value):
            # Neither `update()` nor a filter knows the row; and nothing plain may ever reach a statement.
            raise TypeError(f"{self.name} is sealed: write it with its row, look it up by its index")
        return super().get_db_prep_value(value, connection, prepared)

    def to_python(self, value: Any) -> Any:
        return value


class SealedJSON(SealedText):
    """A JSON document, sealed as a whole; nothing is an empty object."""

    def __init__(self, *arguments: Any, encoder: type[json.JSONEncoder] | None = None, **others: Any) -> None:
        self.encoder = encoder
        super().__init__(*arguments, **others)

    def dumps(self, value: Any) -> bytes:
        if value == {}:
            return b""
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), cls=self.encoder).encode()

    def loads(self, plain: bytes) -> Any:
        return json.loads(plain) if plain else {}


class SealedBytes(SealedText):
    """A file that the database keeps; written and read as `Plain`."""

    def dumps(self, value: Any) -> bytes:
        return bytes(value)

    def loads(self, plain: bytes) -> Any:
        return Plain(plain)


def _hashed(lhs: Any, value: Any) -> bytes:
    field = lhs.target
    return index_of(field.key_class, field.dumps(value).decode())


def _of_index(lhs: Any) -> Col:
    return Col(lhs.alias, lhs.target.model._meta.get_field(lhs.target.index))


class _Equal(lookups.Exact):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(_of_index(lhs), _hashed(lhs, rhs))


class _OneOf(lookups.In):
    def __init__(self, lhs: Any, rhs: Any) -> None:
        super().__init__(_of_index(lhs), [_hashed(lhs, value) for value in rhs])


_BY_INDEX = {"exact": _Equal, "in": _OneOf, "isnull": lookups.IsNull}

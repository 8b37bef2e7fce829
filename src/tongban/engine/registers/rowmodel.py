"""Ordinary unmanaged Django models, built from definitions while the program runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps.registry import Apps
from django.db import models

from tongban.trust.identity.api import SealedJSON, SealedText, site

from .data import Field, FieldType, RegisterDefinition
from .ddl import TEXT, column_types, history_columns, public_columns
from .definitions import definition, definitions
from .sealing import row_name

_built: dict[tuple[str, bool, str], tuple[RegisterDefinition, type[models.Model]]] = {}


if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
else:
    _Field = models.Field


class PointField(_Field):
    """PostgreSQL's own `point` as (longitude, latitude); no extension needed."""

    def db_type(self, connection: Any) -> str:
        return "point"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> tuple[float, float] | None:
        if value is None:
            return None
        longitude, latitude = value.strip("()").split(",")
        return float(longitude), float(latitude)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else f"({value[0]!r},{value[1]!r})"


_SYSTEM: dict[str, type[models.Field[Any, Any]]] = {
    "id": models.TextField,
    "version": models.IntegerField,
    "level": models.TextField,
    "zone": models.TextField,
    "source": models.TextField,
    "valid_from": models.DateTimeField,
    "valid_to": models.DateTimeField,
    "created_at": models.DateTimeField,
    "updated_at": models.DateTimeField,
    "written_by": models.TextField,
    "reason": models.TextField,
}
_OWN: dict[str, type[models.Field[Any, Any]]] = {
    TEXT: models.TextField,
    "bigint": models.BigIntegerField,
    "boolean": models.BooleanField,
    "date": models.DateField,
    "timestamp with time zone": models.DateTimeField,
    "jsonb": models.JSONField,
    "point": PointField,
    "bytea": models.BinaryField,
}


def model(key: str) -> Any:
    """The Django model of a register's table. Row security applies to it as to everything else."""
    return _model(definition(key), history=False)


def history_model(key: str) -> Any:
    """The Django model of the superseded versions; `superseded_at` says until when each was in force."""
    return _model(definition(key), history=True)


def sealed() -> Iterator[type[models.Model]]:
    """The models of every register with sealed fields, and of their histories."""
    for item in definitions():
        if item.sealed:
            yield from (model(item.key), history_model(item.key))


def _model(wanted: RegisterDefinition, history: bool) -> Any:
    place = wanted.key, history, site()
    kept = _built.get(place)
    if kept and kept[0] is wanted:
        return kept[1]
    made = _build(wanted, history)
    _built[place] = (wanted, made)
    return made


def _build(wanted: RegisterDefinition, history: bool) -> type[models.Model]:
    # A query names all columns of its model: on the public site those that may be read there, and no other.
    kept = set(history_columns(wanted) if history else public_columns(wanted))
    some = history or (wanted.portal and site() == "public")
    attributes: dict[str, Any] = {
        name: kind(primary_key=name == "id", null=name == "valid_to") for name, kind in _SYSTEM.items()
    }
    for field in wanted.fields:
        for column, kind in column_types(field).items():
            if some and column not in kept:
                continue
            if field.type in (FieldType.DECIMAL, FieldType.MONEY):
                places = 2 if field.type is FieldType.MONEY else 10
                attributes[column] = models.DecimalField(max_digits=30, decimal_places=places, null=True)
            elif column == field.name and field.sealed:
                attributes[column] = _sealed(wanted, field)
            else:
                attributes[column] = _OWN[kind](null=True)
    if history:
        attributes["superseded_at"] = models.DateTimeField()

    class Meta:
        # A registry of its own: the model may be built anew when the definition changes, and no migration
        # sees it.
        apps = Apps()
        app_label = "registers"
        managed = False
        db_table = wanted.history_table if history else wanted.table

    name = wanted.key.title().replace("_", "") + ("History" if history else "")
    return type(name, (models.Model,), {"__module__": __name__, "Meta": Meta, **attributes})


def _sealed(wanted: RegisterDefinition, field: Field) -> SealedText:
    """Bound to the register and the natural key, in the table as in its history."""
    kind = SealedJSON if field.type is FieldType.JSON else SealedText
    place = f"registers.{wanted.key}"
    return kind(
        field.sealed, row=lambda found: row_name(wanted, found.__dict__), table=place, index=field.lookup, null=True
    )

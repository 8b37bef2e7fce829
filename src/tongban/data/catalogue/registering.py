"""A register that is declared already becomes an entry by one click: its definition says all that it can say."""

from __future__ import annotations

from contextlib import suppress

from tongban.base.kernel.api import NotFound
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Disclosure, Field, FieldType, Mask, RegisterDefinition
from tongban.trust.identity.api import office_by_role
from tongban.trust.identity.data import Office

from .data import Category, Cycle, DataType, Description, Format, Item, Level, Mode, Openness, Sharing, State, Zone
from .models import Resource

_TYPES = {
    FieldType.INT: DataType.INTEGER,
    FieldType.DECIMAL: DataType.NUMBER,
    FieldType.MONEY: DataType.MONEY,
    FieldType.BOOL: DataType.LOGICAL,
    FieldType.DATE: DataType.DATE,
    FieldType.DATETIME: DataType.DATETIME,
    FieldType.GEOMETRY: DataType.GENERAL,
    FieldType.FILE: DataType.GENERAL,
    FieldType.JSON: DataType.MEMO,
}
_LENGTHS = {FieldType.PERSON_ID: 18, FieldType.CREDIT_CODE: 18, FieldType.PHONE: 24}


def unregistered() -> list[RegisterDefinition]:
    """Declared registers that are not in the catalogue, by key."""
    known = set(Resource.objects.exclude(register="").exclude(state=State.RETIRED).values_list("register", flat=True))
    return [one for one in registers.definitions() if one.key not in known]


def describe_register(key: str, provider: Office) -> Description:
    """What the register's definition says of it as a resource of `provider`: items with types, lengths, code sets and
    sources, level and zone. What only people know (summary, owner, condition) they add before it is submitted."""
    one = registers.definition(key)
    closed = not one.personal and all(field.disclosure is Disclosure.ACTIVE for field in one.live)
    return Description(
        title=one.title.zh,
        summary="",
        provider=provider.code,
        category=Category.BASE if one.key in _BASES else Category.DEPARTMENT,
        project=_BASES.get(one.key, "00"),
        subject="001",
        format=Format.DATABASE,
        items=tuple(_item(one, field, provider) for field in one.live),
        register=one.key,
        cycle=Cycle.REALTIME,
        sharing=Sharing.CONDITIONAL if one.personal else Sharing.UNCONDITIONAL,
        modes=(Mode.BATCH, Mode.QUERY, Mode.COMPARE),
        openness=Openness.OPEN if closed and one.level == Level.PUBLIC.value else Openness.CLOSED,
        level=Level(one.level.value),
        zone=Zone(one.zone.value),
    )


# 项 of the base registries (standards.md 3.2): population, legal entities, nature and space, credit, licences.
_BASES = {"population": "01", "legal_entity": "02", "geography": "03", "credit": "04", "licence": "05"}


def _item(register: RegisterDefinition, field: Field, provider: Office) -> Item:
    return Item(
        name=field.name,
        title=field.title.zh,
        type=_TYPES.get(field.type, DataType.TEXT),
        length=field.max_length or _LENGTHS.get(field.type, 0),
        codes=field.codes or " ".join(field.choices)[:100],
        source=_source(field.source, provider),
        required=field.required,
        personal=field.mask is not Mask.NONE or field.type is FieldType.PERSON_ID,
        element=f"{register.key}.{field.name}",
    )


def _source(part: str, provider: Office) -> str:
    """The office that plays the declared source's part where the provider is; "" when that is the provider."""
    with suppress(NotFound):
        code = office_by_role(part, provider.division).code if part else ""
        return "" if code == provider.code else code
    return ""

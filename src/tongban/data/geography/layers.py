"""Which layers there are, and which of them the one who asks may see."""

from __future__ import annotations

from tongban.base.kernel.api import NotFound
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Disclosure, FieldType, RegisterDefinition
from tongban.trust.identity.api import Actor, Target, may

from .data import Layer


def layers(actor: Actor | None) -> tuple[Layer, ...]:
    """The layers that may be seen: for None (the public) those whose register says `portal: true`, with the fields that
    are actively disclosed; for staff those their right to registers reaches.

    A layer is a register with a geometry; personal registers are never layers. The database says the same: the public
    site's role cannot read a register that is not `portal`.
    """
    found = (_layer(each, actor) for each in registers.definitions())
    return tuple(layer for layer in found if layer is not None)


def layer(key: str, actor: Actor | None) -> Layer:
    """One layer; `NotFound` also when it exists and may not be seen (T13)."""
    found = _layer(registers.definition(key), actor)
    if found is None:
        raise NotFound()
    return found


def geometry_of(register: RegisterDefinition) -> str:
    """The name of the register's geometry, empty when it has none or is about people."""
    if register.personal:
        return ""
    return next((field.name for field in register.live if field.type is FieldType.GEOMETRY), "")


def _layer(register: RegisterDefinition, actor: Actor | None) -> Layer | None:
    geometry = geometry_of(register)
    if not geometry:
        return None
    if actor is None and not register.portal:
        return None
    if actor is not None and not may(
        actor, "register.read", target=Target(register.key, "", register.level.value, register.zone.value)
    ):
        return None
    fields = [field for field in register.live if field.name != geometry and field.type is not FieldType.JSON]
    if actor is None:
        fields = [field for field in fields if field.disclosure is Disclosure.ACTIVE]
    names = tuple(field.name for field in fields)
    texts = (FieldType.TEXT, FieldType.CODE)
    allowed = {field.name for field in registers.filters(register.key) if field.type in texts}
    return Layer(
        register.key,
        str(register.title),
        register.owner,
        geometry,
        register.label or register.natural_key[0],
        names,
        tuple(name for name in names if name in allowed),
        register.portal,
    )

"""What linking has to know of a base registry beyond its definition: which items say who somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import RegisterDefinition
from tongban.trust.identity.data import KeyClass


@dataclass(frozen=True)
class Registry:
    """`number`: the item that names a record. `meanings`: item -> meaning, for comparing. `identifiers`: kind of
    official number -> item, the surest first; `proof`: items that, alike together, say "the same" of two numbers."""

    key: str
    number: str
    meanings: Mapping[str, str]
    identifiers: Mapping[str, str]
    proof: tuple[str, ...]

    @property
    def definition(self) -> RegisterDefinition:
        """The register that holds the golden records."""
        return registers.definition(self.key)

    @property
    def columns(self) -> tuple[str, ...]:
        """The register's columns that sources may fill; a point on the map is nobody's to deliver here."""
        kept = ((f.name,) if f.sealed else f.columns for f in self.definition.live)
        return tuple(column for columns in kept for column in columns if not column.endswith("_point"))

    @property
    def sealed(self) -> Mapping[str, str]:
        """Items of which linking holds tokens only, with the class of their look-up hashes."""
        means = {"identity_number": KeyClass.IDENTITY_NUMBER.value, "phone": KeyClass.PHONE.value}
        known = {item: means[meaning] for item, meaning in self.meanings.items() if meaning in means}
        return known | {field.name: field.sealed for field in self.definition.live if field.sealed}

    @property
    def required(self) -> tuple[str, ...]:
        """Items without which a record cannot stand in the register."""
        return tuple(field.name for field in self.definition.live if field.required)


REGISTRIES = {
    r.key: r
    for r in (
        Registry(
            key="population",
            number="id_number",
            meanings={
                "id_number": "identity_number",
                "name": "name",
                "former_name": "former_name",
                "sex": "sex",
                "birth_date": "birth_date",
                "phone": "phone",
                "address": "address",
                "residence": "address",
            },
            identifiers={"n": "id_number"},
            proof=("address", "residence", "phone"),
        ),
        Registry(
            key="legal_entity",
            number="uscc",
            meanings={
                "uscc": "registration_number",
                "org_code": "registration_number",
                "registration_number": "registration_number",
                "tax_number": "registration_number",
                "name": "organisation_name",
                "former_name": "organisation_name",
                "representative": "legal_person",
                "phone": "phone",
                "address": "address",
                "founded": "date",
            },
            identifiers={"n": "uscc", "o": "org_code", "r": "registration_number"},
            proof=("representative", "phone", "address"),
        ),
    )
}
COMPARED: dict[str, dict[str, tuple[str, ...]]] = {
    "population": {
        "name": ("name",),
        "sex": ("sex",),
        "birth_date": ("birth_date",),
        "phone": ("phone",),
        "address": ("residence", "address"),  # where somebody lives, or else is registered
    },
    "legal_entity": {item: (item,) for item in ("name", "representative", "phone", "address", "founded")},
}
"""What is compared where no official number helps, and the registry's items it is taken from."""


def registry(key: str) -> Registry:
    """The base registry; `NotFound` when records of this register are not linked."""
    if key not in REGISTRIES:
        raise NotFound(_("Records of this register are not linked."))
    return REGISTRIES[key]

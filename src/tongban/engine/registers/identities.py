"""What the base registers tell identity: is this person who they say, does this person represent that
entity?
"""

from __future__ import annotations

from django.db import connection

from tongban.base.kernel.api import NotFound, Ref
from tongban.trust.identity.api import KeyClass, index_of, name_checks, person, principal_lists, principal_owners

from .definitions import definition
from .queries import find_by_id, visible

RESIDENT_ID = "111"
LEGAL_ENTITY = "registers.legal_entity"


def named_so(name: str, id_type: str, id_number: str) -> bool:
    """Whether the population register has this name under this number; yes or no, nothing else leaves it."""
    if id_type != RESIDENT_ID:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT registers.person_known(%s, %s)", [index_of(KeyClass.IDENTITY_NUMBER, id_number), name])
        return bool(cursor.fetchone()[0])


def represents(person_ref: Ref, principal: Ref) -> bool:
    """Whether the legal-entity register names this person as the entity's legal representative."""
    row = find_by_id("legal_entity", principal.id)
    number = person(person_ref).id_number
    return bool(row and number and not row.retired and row["representative_id"] == number)


def represented(person_ref: Ref) -> list[tuple[Ref, str]]:
    """The entities whose legal representative this person is; none where the register is not installed."""
    try:
        register, number = definition("legal_entity"), person(person_ref).id_number
    except NotFound:
        return []
    if not number:
        return []
    rows = visible(register).filter(representative_id=number, valid_to=None).order_by("name").values_list("id", "name")
    return [(Ref(LEGAL_ENTITY, id), name) for id, name in rows[:100]]


name_checks.register("population", named_so)
principal_owners.register(LEGAL_ENTITY, represents)
principal_lists.register(LEGAL_ENTITY, represented)

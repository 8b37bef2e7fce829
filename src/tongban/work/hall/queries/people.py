"""Who applies, and what the registers already know about them (DATA-40, DATA-46)."""

from __future__ import annotations

import re
from typing import Any

from tongban.base.kernel.api import Ref
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import PERSON, Actor

from ..data import Applicant
from ..models import Case, Draft


def applicant_of(actor: Actor) -> Applicant:
    """The applicant an actor stands for: themselves, or the person or enterprise they act for."""
    principal = actor.acting_for
    if principal is None:
        return Applicant(actor.person, actor.name)
    if principal.kind == PERSON:
        return Applicant(principal, identity.person(principal).name, agent=actor.person)
    entity = registers.find("legal_entity", id=principal.id)
    return Applicant(principal, str(entity.values["name"]) if entity else actor.name, "enterprise", actor.person)


def party_of(case: Ref) -> tuple[str, str, str]:
    """Whom a case was about, for a program under its own authority: person or legal_entity, name, and the identity
    number or credit code."""
    found = Case.objects.get(public_id=case.id)
    ref = Ref.parse(found.applicant)
    if ref.kind == PERSON:
        return "person", found.applicant_name, identity.person(ref).id_number
    entity = registers.find("legal_entity", id=ref.id)
    return "legal_entity", found.applicant_name, str(entity["uscc"]) if entity else ""


def visitor(draft: Draft) -> Applicant:
    """The person at the window for whom a clerk filled the draft in."""
    person = identity.person(Ref.parse(draft.applicant))
    return Applicant(person.ref, person.name)


def known_about(draft: Draft) -> dict[str, dict[str, Any]]:
    """Sources for prefilling: the account, the applicant's own row of the population register, the enterprise."""
    applicant = Ref.parse(draft.applicant)
    if applicant.kind != PERSON:
        entity = registers.find("legal_entity", id=applicant.id)
        return {"legal_entity": dict(entity.values)} if entity else {}
    person = identity.person(applicant)
    sources: dict[str, dict[str, Any]] = {
        "applicant": {"name": person.name, "id_number": person.id_number, "phone": person.phone},
    }
    row = registers.find("population", id_number=person.id_number) if person.id_number else None
    if row:
        values = dict(row.values)
        place = values.get("address") or {}
        division = str(place.get("division", "")) if isinstance(place, dict) else ""
        sources["population"] = {**values, "county": county(division)}
    return sources


def number_shown(number: str) -> str:
    """A licence's number as pages show it: an identity number with its middle hidden."""
    if re.fullmatch(r"\d{17}[\dX]", number):
        return f"{number[:4]}{'*' * 10}{number[-4:]}"
    return number


def county(division: str) -> str:
    """The county or city of a division that takes applications: districts belong to their city."""
    return division[:6] if division[:4] in ("4690",) else division[:4] + "00" if division else ""

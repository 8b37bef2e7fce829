"""Groups: the living offices of the subtree; members are the people who hold a post there."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from tongban.base.kernel.api import Ref, new_id, today
from tongban.base.ledger.api import write

from .. import data, models, offices, posts
from ..offices import _at, _living
from ..reorganisation.holdings import in_order
from . import users
from .data import GROUP, Resource, ScimError
from .filters import Column, exact

WRITABLE = {"displayName": False, "externalId": False, "members": True}
POST = "工作人员"  # the title of a post where the personnel system names none


def visible(system: models.PersonnelSystem) -> QuerySet[models.Office]:
    """The subtree's offices of today."""
    return _living().filter(path__startswith=system.office.path)


def columns(system: models.PersonnelSystem) -> dict[str, Column]:
    """What groups can be filtered by."""

    def member(value: str) -> Q:
        live = models.Post.objects.filter(_at("valid_from", "until", today()), person__public_id=value)
        return Q(pk__in=live.values("office"))

    return {
        "id": exact(lambda value: Q(public_id=value)),
        "displayname": "title",
        "externalid": "code",
        "members": exact(member),
        "members.value": exact(member),
    }


def shown(system: models.PersonnelSystem, rows: list[models.Office], members: bool = True) -> list[Resource]:
    """Many groups, in two questions to the database."""
    held: dict[int, dict[str, str]] = {}
    live = models.Post.objects.filter(_at("valid_from", "until", today()), office__in=rows)
    for office, id_, name in (
        live.order_by("pk").values_list("office", "person__public_id", "person__name") if members else ()
    ):
        held.setdefault(office, {})[id_] = name
    return [
        {
            "schemas": [GROUP],
            "id": row.public_id,
            "externalId": row.code,
            "displayName": row.title,
            "members": [{"value": id_, "display": name, "type": "User"} for id_, name in held.get(row.pk, {}).items()],
            "meta": {"resourceType": "Group"},
        }
        for row in rows
    ]


def find(system: models.PersonnelSystem, id_: str, lock: bool = False) -> models.Office:
    """The office, or 404."""
    row = visible(system).filter(public_id=id_).first()
    if row is None:
        raise ScimError(404, f"there is no group {id_}")
    return models.Office.objects.select_for_update().get(pk=row.pk) if lock else row


def create(system: models.PersonnelSystem, body: Resource) -> models.Office:
    """A new office directly below the system's own."""
    title, code = _text(body, "displayName"), _text(body, "externalId", needed=False) or f"scim-{new_id()}"
    if models.Office.objects.filter(code=code).exists():
        raise ScimError(409, "externalId is taken", "uniqueness")
    above = system.office
    row = data.OfficeRow(code, title, data.OfficeKind.UNIT, above.division, parent=above.code)
    offices.load_offices([row], by=system.ref)
    made = models.Office.objects.get(code=code)
    _members(system, made, [], _wanted(body))
    return made


def update(system: models.PersonnelSystem, row: models.Office, body: Resource) -> None:
    """Another name, and other members: who comes gets a post without roles, who goes loses every post here."""
    before = shown(system, [row])[0]
    if (code := _text(body, "externalId", needed=False)) and code != row.code:
        raise ScimError(400, "externalId cannot change", "mutability")
    offices.rename_office(row.ref, _text(body, "displayName"), by=system.ref)
    _members(system, row, [each["value"] for each in before["members"]], _wanted(body))
    row.refresh_from_db()


def delete(system: models.PersonnelSystem, row: models.Office) -> None:
    """Close an office that holds nothing; else it takes a reorganisation."""
    held = {sort: n for sort, holding in in_order() if (n := holding.count(row.ref))}
    if held or row.pk == system.office.pk:
        raise ScimError(409, f"this office still holds {', '.join(held) or 'the personnel system'}")
    models.Office.objects.filter(pk=row.pk).update(until=today())
    models.OfficeName.objects.filter(office=row, until=None).update(until=today())
    write("identity.office.ended", row.ref, by=system.ref, title=row.title, into=[])


def _members(system: models.PersonnelSystem, row: models.Office, before: list[str], wanted: list[str]) -> None:
    for id_ in dict.fromkeys(wanted):
        if id_ not in before:
            person = users.find(system, id_, lock=True)
            record = models.PersonnelRecord.objects.filter(system=system, person=person).first()
            posts.assign_post(person.ref, row.ref, (record.title if record else "") or POST, by=system.ref)
    for id_ in before:
        if id_ not in wanted:
            person = users.find(system, id_, lock=True)
            users._may_touch(system, person)
            for post in posts.posts_of(Ref(data.PERSON, id_)):
                if post.office == row.ref:
                    posts.end_post(post.ref, by=system.ref)


def _wanted(body: Resource) -> list[str]:
    given: Any = next((value for key, value in body.items() if key.lower() == "members"), None) or []
    if not isinstance(given, list) or not all(isinstance(m, dict) and isinstance(m.get("value"), str) for m in given):
        raise ScimError(400, "members is a list of objects with a value", "invalidValue")
    return [each["value"] for each in given]


def _text(body: Resource, name: str, needed: bool = True) -> str:
    value = next((each for key, each in body.items() if key.lower() == name.lower()), "")
    if not isinstance(value, str) or len(value) > (60 if name == "externalId" else 200) or "\x00" in value:
        raise ScimError(400, f"{name} is too long or no text", "invalidValue")
    if needed and not value.strip():
        raise ScimError(400, f"{name} is required", "invalidValue")
    return value.strip()

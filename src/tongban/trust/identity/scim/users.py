"""Users: members of staff whom this personnel system made, or who hold a post in its subtree."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from tongban.base.kernel.api import now, today
from tongban.base.ledger.api import write

from .. import data, models, people, posts
from ..offices import _at
from ..personal import normal_phone
from ..sealed import phone_index
from .data import USER, Resource, ScimError
from .filters import Column, exact, truth

# Attribute -> whether it has many values. A password is never taken from outside.
WRITABLE = {
    "userName": False,
    "externalId": False,
    "name": False,
    "displayName": False,
    "title": False,
    "active": False,
    "phoneNumbers": True,
}


def visible(system: models.PersonnelSystem) -> QuerySet[models.Person]:
    """Those this system may know of."""
    records = models.PersonnelRecord.objects.filter(system=system, person=OuterRef("pk"))
    held = models.Post.objects.filter(
        _at("valid_from", "until", today()), person=OuterRef("pk"), office__path__startswith=system.office.path
    )
    rows = models.Person.objects.filter(kind=data.PersonKind.STAFF)
    return rows.filter(Exists(records.filter(deleted_at=None)) | Exists(held)).exclude(
        Exists(records.exclude(deleted_at=None))
    )


def columns(system: models.PersonnelSystem) -> dict[str, Column]:
    """What users can be filtered by."""

    def recorded(field: str) -> Column:
        def ask(op: str, value: Any) -> Q:
            from .filters import _test

            own = models.PersonnelRecord.objects.filter(_test(field, op, value), system=system, deleted_at=None)
            return Q(pk__in=own.values("person"))

        return ask

    phone = exact(lambda value: Q(phone_index=phone_index(normal_phone(value))))
    return {
        "id": exact(lambda value: Q(public_id=value)),
        "username": "username",
        "name.formatted": "name",
        "displayname": "name",
        "active": truth("is_active"),
        "externalid": recorded("external_id"),
        "title": recorded("title"),
        "phonenumbers": phone,
        "phonenumbers.value": phone,
        "groups": exact(lambda value: Q(posts__office__public_id=value, posts__until=None)),
        "groups.value": exact(lambda value: Q(posts__office__public_id=value, posts__until=None)),
    }


def shown(system: models.PersonnelSystem, rows: list[models.Person]) -> list[Resource]:
    """Many users, in three questions to the database."""
    known = {each.person_id: each for each in models.PersonnelRecord.objects.filter(system=system, person__in=rows)}
    held: dict[int, list[models.Post]] = {}
    live = models.Post.objects.filter(
        _at("valid_from", "until", today()), person__in=rows, office__path__startswith=system.office.path
    )
    for post in live.select_related("office").order_by("pk"):
        held.setdefault(post.person_id, []).append(post)
    return [_resource(row, known.get(row.pk), held.get(row.pk, [])) for row in rows]


def _resource(row: models.Person, record: models.PersonnelRecord | None, held: list[models.Post]) -> Resource:
    changed = record.changed_at if record else row.created_at
    resource: Resource = {
        "schemas": [USER],
        "id": row.public_id,
        "userName": row.username,
        "name": {"formatted": row.name},
        "displayName": row.name,
        "active": row.is_active,
        "groups": [
            {"value": post.office.public_id, "display": post.office.title, "type": "direct"}
            for post in {post.office_id: post for post in held}.values()
        ],
        "meta": {"resourceType": "User", "created": row.created_at.isoformat(), "lastModified": changed.isoformat()},
    }
    if record and record.external_id:
        resource["externalId"] = record.external_id
    if title := (record.title if record else "") or next((post.title for post in held), ""):
        resource["title"] = title
    if row.phone:
        resource["phoneNumbers"] = [{"value": row.phone, "type": "mobile", "primary": True}]
    return resource


def find(system: models.PersonnelSystem, id_: str, lock: bool = False) -> models.Person:
    """The user, or 404: also where somebody else's personnel system knows one."""
    row = visible(system).filter(public_id=id_).first()
    if row is None:
        raise ScimError(404, f"there is no user {id_}")
    return models.Person.objects.select_for_update().get(pk=row.pk) if lock else row


def create(system: models.PersonnelSystem, body: Resource) -> models.Person:
    """A joiner: an account without a post, a password or any right."""
    values = _values(body)
    _free(system, values, None)
    made = people.create_staff(values["username"], values["name"], phone=values["phone"], by=system.ref)
    row = models.Person.objects.get(public_id=made.ref.id)
    record = models.PersonnelRecord(system=system, person=row)
    record.external_id, record.title = values["external_id"], values["title"]
    record.save()
    if not values["active"]:
        people.disable(made.ref, by=system.ref)
    row.refresh_from_db()
    return row


def update(system: models.PersonnelSystem, row: models.Person, body: Resource) -> None:
    """A mover's or leaver's account becomes what the resource says; `active: false` closes it at once (T17)."""
    _may_touch(system, row)
    values = _values(body)
    _free(system, values, row)
    people.change_staff(row.ref, values["username"], values["name"], values["phone"], by=system.ref)
    record, _new = models.PersonnelRecord.objects.get_or_create(system=system, person=row)
    record.external_id, record.title, record.changed_at = values["external_id"], values["title"], now()
    record.save()
    if row.is_active and not values["active"]:
        people.disable(row.ref, by=system.ref, reason="scim")
    elif values["active"] and not row.is_active:
        people.enable(row.ref, by=system.ref)
    row.refresh_from_db()


def delete(system: models.PersonnelSystem, row: models.Person) -> None:
    """A leaver: the account is closed with its sessions, the posts end; the record stays, as does what they did."""
    _may_touch(system, row)
    people.disable(row.ref, by=system.ref, reason="scim")
    for post in posts.posts_of(row.ref):
        posts.end_post(post.ref, by=system.ref)
    record, _new = models.PersonnelRecord.objects.get_or_create(system=system, person=row)
    record.deleted_at = now()
    record.save()
    write("identity.person.left", row.ref, by=system.ref)


def _may_touch(system: models.PersonnelSystem, row: models.Person) -> None:
    """Only people who work nowhere else, and none of the three administrators: their accounts are keys to the house."""
    live = models.Post.objects.filter(_at("valid_from", "until", today()), person=row)
    if live.exclude(office__path__startswith=system.office.path).exists():
        raise ScimError(403, "this person holds a post outside the subtree of this personnel system")
    keys = list(models.Role.objects.exclude(administers="").values_list("key", flat=True))
    if live.filter(roles__overlap=keys).exists():
        raise ScimError(403, "the accounts of administrators are not changed from outside")


def _free(system: models.PersonnelSystem, values: dict[str, Any], row: models.Person | None) -> None:
    taken = models.Person.objects.filter(username__iexact=values["username"])
    other = models.PersonnelRecord.objects.filter(
        ~Q(external_id=""), system=system, external_id=values["external_id"], deleted_at=None
    )
    if row:
        taken, other = taken.exclude(pk=row.pk), other.exclude(person=row)
    if taken.exists() or other.exists():
        raise ScimError(409, "userName or externalId is taken", "uniqueness")


def _values(body: Resource) -> dict[str, Any]:
    given = {name.lower(): value for name, value in body.items()}
    name = given.get("name") or {}
    if not isinstance(name, dict):
        raise ScimError(400, "name is an object", "invalidValue")
    whole = name.get("formatted") or f"{name.get('familyName', '')}{name.get('givenName', '')}"
    values = {
        "username": given.get("username"),
        "name": whole or given.get("displayname"),
        "external_id": given.get("externalid", ""),
        "title": given.get("title", ""),
        "phone": _phone(given.get("phonenumbers") or []),
    }
    for key, most in (("username", 60), ("name", 100), ("external_id", 120), ("title", 100), ("phone", 20)):
        value = values[key]
        if not isinstance(value, str) or len(value) > most or "\x00" in value:
            raise ScimError(400, f"{key} is missing, too long or no text", "invalidValue")
        values[key] = value.strip()
    if not values["username"] or not values["name"]:
        raise ScimError(400, "userName and name are required", "invalidValue")
    return {**values, "active": _truth(given.get("active", True))}


def _truth(value: Any) -> bool:
    """Some programs send true as a text."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ScimError(400, "active is true or false", "invalidValue")
    return value


def _phone(values: Any) -> Any:
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise ScimError(400, "phoneNumbers is a list of objects", "invalidValue")
    mobile = [each for each in values if str(each.get("type", "mobile")).lower() in ("mobile", "work")]
    first = next((each for each in mobile if each.get("primary")), mobile[0] if mobile else {})
    return first.get("value", "")

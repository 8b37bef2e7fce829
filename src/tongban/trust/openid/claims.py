"""What a system is told: about the sign-in in the ID token, about the person at the userinfo address."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tongban.trust.identity import api as identity

from .data import ACR
from .models import Connection

# RFC 8176: how somebody proved who they are.
_AMR = {
    "password": "pwd",
    "code": "sms",
    "totp": "otp",
    "recovery_codes": "otp",
    "webauthn": "pop",
    "certificate": "pop",
}


def of_sign_in(connection: Connection) -> dict[str, Any]:
    """`sub` is the person's number for this system alone; `sid` names the connection for back-channel sign-out."""
    return {
        "sub": connection.consent.sub,
        "sid": connection.public_id,
        "acr": ACR.format(connection.level),
        "amr": sorted({_AMR.get(method, method) for method in connection.methods}),
        "auth_time": int(connection.signed_in_at.timestamp()),
    }


def of_person(connection: Connection, scopes: Collection[str]) -> dict[str, Any]:
    """The claims of these scopes, as far as the person still agrees to them and the system may still ask."""
    granted = set(scopes) & set(connection.consent.scopes) & set(connection.client.scopes)
    told: dict[str, Any] = {"sub": connection.consent.sub, "acr": ACR.format(connection.level)}
    person = identity.person(connection.who)
    if "profile" in granted:
        told["name"] = person.name
    if "phone" in granted and person.phone:
        told |= {"phone_number": f"+86{person.phone}", "phone_number_verified": True}
    if "id_number" in granted and person.id_number:
        told |= {"id_number": person.id_number, "id_type": person.id_type}
    if "office" in granted:
        told["posts"] = _posts(connection)
    return told


def _posts(connection: Connection) -> list[dict[str, Any]]:
    held = identity.posts_of(connection.who)
    offices = identity.offices_by_ref([post.office for post in held])
    return [
        {"title": post.title, "office": offices[post.office].code, "office_title": offices[post.office].title}
        for post in held
    ]

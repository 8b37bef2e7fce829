"""Who is asking, and may they? The only place that answers (TRUST-05)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import SHARED, NotFound, Ref, Refused, now, system, today

from . import models
from .agents import live_agency, represented
from .authority.data import Target, scope_of
from .data import ANONYMOUS, OFFICE, PERSON, POST, Actor, Office, PersonKind, PostRef, Right

AGENCY_KEY = "acting_for"

# Posts and grants in one question to the database. Time is the kernel's clock, passed in.
_RIGHTS = """
SELECT p.public_id, o.public_id, o.path, p.title, p.roles,
       (SELECT jsonb_agg(jsonb_build_array(permission, r.reach))
        FROM identity_role r, unnest(r.permissions) permission WHERE r.key = ANY(p.roles))
FROM identity_post p JOIN identity_office o ON o.id = p.office_id
WHERE p.person_id = %(person)s AND p.valid_from <= %(day)s AND (p.until IS NULL OR p.until > %(day)s)
UNION ALL
SELECT NULL, NULL, coalesce(o.path, ''), NULL, NULL,
       jsonb_build_array(jsonb_build_array(g.permission, 'subtree', g.scope))
FROM identity_grant g LEFT JOIN identity_office o ON o.id = g.office_id
WHERE g.person_id = %(person)s AND g.valid_from <= %(now)s AND g.until > %(now)s
ORDER BY 1 NULLS LAST
"""


def actor_of(request: HttpRequest) -> Actor:
    """The actor of this request, made once per request. `Refused` when an authorisation has ended (T37)."""
    made: Actor | None = getattr(request, "_tongban_actor", None)
    if made is None:
        made = _actor_of_session(request)
        request._tongban_actor = made  # type: ignore[attr-defined]
    return made


def _actor_of_session(request: HttpRequest) -> Actor:
    account = getattr(request, "user", None)
    if not isinstance(account, models.Person) and not getattr(account, "is_authenticated", False):
        return ANONYMOUS
    actor = _actor(account)  # type: ignore[arg-type]
    chosen = request.session.get(AGENCY_KEY)
    if not chosen:
        return actor
    principal = _principal(chosen, actor.person)
    if principal is None:
        # Falling back to the person's own name in silence would file a form in the wrong name.
        del request.session[AGENCY_KEY]
        raise Refused(_("Your authorisation to act for this party has ended."), code="agency_ended")
    return Actor(**{**_fields(actor), **principal})


def _principal(chosen: str, person: Ref) -> dict[str, Any] | None:
    """The party somebody chose to act for, if they may at this moment: by an authorisation, or, where a reference is
    chosen, as the one who represents it."""
    if ":" in chosen:
        with system():  # asked before the actor is made
            name = represented(person).get(Ref.parse(chosen))
        return None if name is None else {"acting_for": Ref.parse(chosen), "principal_name": name}
    agency = live_agency(chosen, person)
    if agency is None:
        return None
    return {
        "acting_for": agency.principal, "agency": agency.ref, "principal_name": agency.principal_name,
    }  # fmt: skip


def actor_for(person: Ref) -> Actor:
    """The actor as whom a job or a command works for a person; `NotFound` when the account is closed."""
    with system():
        row = models.Person.objects.filter(public_id=person.id, is_active=True).first()
    if row is None:
        raise NotFound(_("There is no such person."))
    return _actor(row)


def _fields(actor: Actor) -> dict[str, Any]:
    return {name: getattr(actor, name) for name in Actor.__dataclass_fields__}


def _actor(row: models.Person) -> Actor:
    posts: list[PostRef] = []
    rights: dict[Right, None] = {}
    if row.kind == PersonKind.STAFF:
        with connection.cursor() as cursor:
            cursor.execute(_RIGHTS, {"person": row.pk, "day": today(), "now": now()})
            for post, office, path, title, roles, pairs in cursor.fetchall():
                if post:
                    posts.append(PostRef(Ref(OFFICE, office), title, tuple(roles), Ref(POST, post), path))
                for permission, reach, *scope in json.loads(pairs or "[]"):
                    rights[Right(permission, path, reach == "subtree", scope_of(*scope))] = None
    return Actor(
        person=Ref(PERSON, row.public_id),
        kind=PersonKind(row.kind),
        name=row.name,
        level=row.level,
        posts=tuple(posts),
        rights=tuple(rights),
    )


def may(actor: Actor, permission: str, office: Ref | Office | None = None, target: Target | None = None) -> bool:
    """Whether the actor has the permission: over this office, or over any where none is named; on this target (a
    register, a field of it, a level, a zone), or on any where none is named."""
    mine = [right for right in actor.rights if right.permission == permission and right.scope.admits(target)]
    if not mine or office is None:
        return bool(mine)
    path = _path(office)
    return path is not None and any(right.covers(path) for right in mine)


def require(actor: Actor, permission: str, office: Ref | Office | None = None, target: Target | None = None) -> None:
    """`Refused` unless the actor has the permission."""
    if not may(actor, permission, office, target):
        raise Refused(_("Your posts do not include this task."), code="permission")


def _path(office: Ref | Office) -> str | None:
    if isinstance(office, Office):
        return office.path
    return models.Office.objects.filter(public_id=office.id).values_list("path", flat=True).first()


def conflicts(actor: Actor, participants: Sequence[Ref]) -> Ref | None:
    """The participant who is this very person (T4), or for whom they act: then somebody else must decide.

    Compares people, not roles or accounts: a clerk who applied with a citizen's account is the same human
    being.
    """
    if actor.public:
        return None
    own = {actor.person}
    if actor.acting_for:
        own.add(actor.acting_for)
    for participant in participants:
        if participant in own:
            return participant
    return _same_human(actor, [ref for ref in participants if ref.kind == PERSON])


def _same_human(actor: Actor, participants: Sequence[Ref]) -> Ref | None:
    if not participants:
        return None
    with system():
        return _found_again(actor, participants)


def _found_again(actor: Actor, participants: Sequence[Ref]) -> Ref | None:
    index = models.Person.objects.filter(public_id=actor.person.id).exclude(id_index="").values("id_index")
    other = models.Person.objects.filter(public_id__in=[ref.id for ref in participants], id_index__in=index).first()
    return other.ref if other else None


_NAMES = ("person_id", "offices", "acting_for", "purpose", "rooms", "reach", "subject", "system")
_SET = f"SELECT {SHARED}, " + ", ".join(f"set_config('tongban.{name}', %s, true)" for name in _NAMES)
_GET = "SELECT " + ", ".join(f"coalesce(current_setting('tongban.{name}', true), '')" for name in _NAMES)


@contextmanager
def acting(actor: Actor, purpose: Ref | None = None) -> Iterator[None]:
    """A transaction in which row security sees this actor (R2). Unset, or nobody: no personal row is visible.

    The settings end with the transaction, so nothing of one person can reach the next on a pooled
    connection. Inside another transaction the former settings come back at the end.
    """
    nested = connection.in_atomic_block
    if actor.public and not nested:
        yield  # nothing to set, and public pages need no transaction around them
        return
    with transaction.atomic(), connection.cursor() as cursor:
        former: Sequence[str] | None = None
        if nested:
            cursor.execute(_GET)
            former = cursor.fetchone()
        cursor.execute(_SET, _settings(actor, purpose))
        yield
        if former is not None:
            cursor.execute(_SET, list(former))


def _settings(actor: Actor, purpose: Ref | None) -> list[str]:
    rooms = {right.permission.partition(".")[0]: None for right in actor.rights}
    reach = {f"{right.permission.partition('.')[0]}:{right.path}": None for right in actor.rights if right.subtree}
    return [
        "" if actor.public else actor.person.id,
        ",".join(ref.id for ref in actor.offices),
        str(actor.acting_for or ""),
        str(purpose or ""),
        ",".join(rooms),
        ",".join(reach),
        "",
        "",
    ]


def admit(subject: Ref) -> None:
    """Until the end of the transaction let row security show this one subject, to somebody who proved to know of it.

    The caller has checked a code; without a transaction nothing is shown.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('tongban.subject', %s, true)", [str(subject)])

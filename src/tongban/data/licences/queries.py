"""Finding licences and verifying them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language

from tongban.base.kernel.api import NotFound, Ref, mask, system, today
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Page, Row
from tongban.trust.identity.api import Actor, index_of, may, offices_by_ref, person
from tongban.trust.identity.data import OFFICE, PERSON, KeyClass

from .data import REGISTER, Licence, LicenceType, Line, Status, Verdict
from .models import Reuse, Token, Type

READ = "licences.read"
SIZE = 30  # licences on a page
_PERSONAL = re.compile(r"(?<![0-9A-Za-z])(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?![0-9A-Za-z])")


def licence_types() -> list[LicenceType]:
    """Every declared type, by key."""
    return [_type(row) for row in Type.objects.order_by("key")]


def licence_type(key: str) -> LicenceType:
    """The type ``key``. Raises NotFound."""
    row = Type.objects.filter(key=key).first()
    if row is None:
        raise NotFound
    return _type(row)


def licence(identifier: str) -> Licence:
    """The licence with this identifier. Raises NotFound."""
    row = registers.find(REGISTER, identifier=identifier)
    if row is None:
        raise NotFound
    return as_data(row, Token.objects.filter(identifier=identifier).first())


def access_licence(actor: Actor, identifier: str) -> Licence:
    """The licence, for somebody who may look up those of its issuer; NotFound otherwise, whether or not it exists. One
    that was collected from elsewhere has no issuer here: it is for those whose right reaches every office."""
    known = licence(identifier)
    if not (may(actor, READ, known.issuer) if known.issuer else _everywhere(actor)):
        raise NotFound
    return known


def look_up(actor: Actor, wanted: str = "", after: str | None = None) -> Page:
    """A page of the licences that the actor may look up: by number, identifier, the holder's number or the beginning of
    the holder's name, or all."""
    if _everywhere(actor):
        return registers.page(REGISTER, search=wanted, after=after, size=SIZE)
    tokens = Token.objects.filter(issuer_id__in=_reached(actor), identifier__gt=after or "")
    if wanted:
        rows = registers.model(REGISTER).objects.filter(Q(holder_code=wanted) | Q(holder_name__startswith=wanted))
        named = Q(identifier=wanted.upper()) | Q(number_index=number_index(wanted))
        tokens = tokens.filter(named | Q(identifier__in=rows.values("identifier")))
    found = list(tokens.order_by("identifier").values_list("identifier", flat=True)[: SIZE + 1])
    known = registers.find_many(REGISTER, "identifier", found[:SIZE])
    return Page(tuple(known[one] for one in found if one in known), found[SIZE - 1] if len(found) > SIZE else None)


def _everywhere(actor: Actor) -> bool:
    """Whether the right reaches down from the top of the tree of offices."""
    return any(right.permission == READ and right.subtree and right.path.count("/") <= 1 for right in actor.rights)


def _reached(actor: Actor) -> list[str]:
    """The offices whose licences the actor may look up: their own; where a right reaches further, issuers below."""
    issuers = set(actor.offices)
    if any(right.permission == READ and right.subtree for right in actor.rights):
        issuers |= {Ref(OFFICE, id_) for id_ in Token.objects.values_list("issuer_id", flat=True).distinct()}
    return [ref.id for ref, office in offices_by_ref(issuers).items() if may(actor, READ, office)]


def of_holder(holder: Ref | None = None, number: str = "", type: str = "") -> list[Licence]:
    """The valid licences of a holder, newest first: by reference, and by identity number or credit code for
    those that came into the library without passing through this hall. ``type`` narrows to one type's key."""
    number = number or _number_of(holder)
    tokens: dict[str, Token] = {}
    if holder:
        known = Token.objects.filter(holder_id=holder.id, holder_kind=holder.kind)
        tokens = {token.identifier: token for token in known}
    rows = registers.find_many(REGISTER, "identifier", list(tokens))
    if number:
        rows |= {row["identifier"]: row for row in registers.page(REGISTER, {"holder_code": number})}
        more = Token.objects.filter(identifier__in=set(rows) - set(tokens))
        tokens |= {token.identifier: token for token in more}
    found = [as_data(row, tokens.get(identifier)) for identifier, row in rows.items()]
    wanted = [one for one in found if one.status is Status.VALID and (not type or one.type == type)]
    return sorted(wanted, key=lambda one: (one.issued, one.identifier), reverse=True)


def _number_of(holder: Ref | None) -> str:
    """A person's identity number, for licences of theirs that were not issued through this hall."""
    if holder is None or holder.kind != PERSON:
        return ""
    try:
        return person(holder).id_number
    except NotFound:
        return ""


def of_subject(subject: Ref) -> list[Licence]:
    """The licences that came of one case."""
    tokens = Token.objects.filter(subject_id=subject.id, subject_kind=subject.kind)
    return [licence(token.identifier) for token in tokens.order_by("identifier")]


def verify(key: str) -> Verdict:
    """What anyone may know of the licence with this token, number or identifier. For a number that was given
    more than once, the newest licence answers. An unknown one costs the same questions to the database as a
    known one."""
    key = re.sub(r"[\s\x00-\x1f\x7f]+", "", key)[:100]
    with system():  # whose licences they are is nobody's to see; that one exists is
        token = Token.objects.filter(token=key.lower()).first() if len(key) == 26 else None
        same = [] if token else list(Token.objects.filter(number_index=number_index(key))[:20])
    if token is None:
        rows = registers.find_many(REGISTER, "identifier", [one.identifier for one in same] or [key.upper()])
        row = max(rows.values(), key=lambda one: (_state(one) is Status.VALID, one["issued"]), default=None)
        if row is None:
            row = registers.find(REGISTER, number=key.upper())
    else:
        row = registers.find(REGISTER, identifier=token.identifier)
    return _verdict(row) if row else Verdict(Status.UNKNOWN)


def number_index(number: str) -> bytes:
    """The look-up hash of a licence's number."""
    return index_of(KeyClass.LICENCE, number.upper())


def verify_url(token: str) -> str:
    """The address of a licence's verification page, for its QR code."""
    return f"{getattr(settings, 'PUBLIC_URL', '')}/verify/{token}/"


def avoided_uploads(since: datetime | None = None, until: datetime | None = None) -> int:
    """How often a licence of the library stood in for an upload (DATA-40)."""
    rows = Reuse.objects.all()
    if since:
        rows = rows.filter(at__gte=since)
    return (rows.filter(at__lt=until) if until else rows).count()


def as_data(row: Row, token: Token | None) -> Licence:
    """The register's row with what this room knows besides."""
    return Licence(
        identifier=row["identifier"],
        number=row["number"],
        type=token.type if token else _type_keys().get(row["type"], ""),
        title=row["type_name"],
        holder=Ref(token.holder_kind, token.holder_id) if token else None,
        holder_kind=row["holder_kind"],
        holder_name=row["holder_name"],
        holder_number=row["holder_code"],
        issuer=Ref(OFFICE, token.issuer_id) if token and token.issuer_id else None,
        issuer_name=row["issuer_name"],
        issued=row["issued"],
        effective=row["effective"],
        expires=row["expires"],
        status=_state(row),
        face=tuple(_lines(row["face"])),
        token=token.token if token else "",
        document=token.document if token else "",
        subject=Ref(token.subject_kind, token.subject_id) if token and token.subject_id else None,
        file_digest=row["file_digest"] or "",
    )


def _type_keys() -> dict[str, str]:
    return {code: key for key, code in Type.objects.values_list("key", "code")}


def _lines(face: object) -> Iterable[Line]:
    """The register keeps a list, for the order of the lines; libraries filled elsewhere may hold a
    mapping."""
    if isinstance(face, dict):
        return [Line(str(label), str(value)) for label, value in face.items()]
    if isinstance(face, list):
        return [Line(str(one.get("label", "")), str(one.get("value", ""))) for one in face if isinstance(one, dict)]
    return []


def _state(row: Row) -> Status:
    if row["status"] == "revoked" or row.retired:
        return Status.REVOKED
    expires: date | None = row["expires"]
    if row["status"] == "expired" or (expires is not None and expires < today()):
        return Status.EXPIRED
    return Status.VALID


def _verdict(row: Row) -> Verdict:
    person = row["holder_kind"] == "person"
    kind = Type.objects.filter(code=row["type"]).first()
    shown = kind.public_face if kind else None
    own = "" if person else row["holder_code"]  # a credit code is public
    face = [
        Line(line.label, line.value if line.value == own else _covered(line.value, row["holder_name"], person))
        for line in _lines(row["face"])
        if (line.label in shown if shown is not None else not person)
    ]
    title = kind.title_en if kind and kind.title_en and (get_language() or "").startswith("en") else row["type_name"]
    return Verdict(
        status=_state(row),
        title=title,
        number=_PERSONAL.sub(_masked, row["number"])
        if person and row["number"] == row["holder_code"]
        else row["number"],
        identifier=row["identifier"],
        holder_name=mask(row["holder_name"], "name") if person else row["holder_name"],
        issuer_name=row["issuer_name"],
        issued=row["issued"],
        expires=row["expires"],
        face=tuple(face),
        file_digest=row["file_digest"] or "",
    )


def _masked(found: re.Match[str]) -> str:
    return mask(found[0])


def _covered(value: str, name: str, person: bool) -> str:
    """A face line as a stranger may read it: identity numbers and telephones covered, and a person's name."""
    if person and name:
        value = value.replace(name, mask(name, "name"))
    return _PERSONAL.sub(_masked, value)


def _type(row: Type) -> LicenceType:
    public = tuple(row.public_face) if row.public_face is not None else None
    return LicenceType(row.key, row.title_zh, row.title_en, row.code, row.years, row.number_label, public, row.copy)

"""What the pages read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, Ref, now, system
from tongban.trust.identity.api import offices_by_ref, people_by_ref
from tongban.trust.identity.data import OFFICE, PERSON

from . import chains, desk
from .data import Certificate, CertificateRequest, CertificateState, RequestState
from .models import Authority, Request
from .models import Certificate as Row

PAGE = 100
SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class AuthorityInfo:
    """An authority on the public page: ours, with a list, or an imported root."""

    id: str
    title: str
    ours: bool
    root: bool
    fingerprint: str


def authorities() -> list[AuthorityInfo]:
    """Those that are trusted, in the order they came."""
    rows = Authority.objects.filter(trusted=True).order_by("created")
    return [
        AuthorityInfo(
            id=row.id,
            title=row.title,
            ours=row.key_id is not None,
            root=row.parent_id is None,
            fingerprint=":".join(_pairs(hashlib.sha256(bytes(row.certificate)).hexdigest())),
        )
        for row in rows
    ]


def _pairs(text: str) -> Iterable[str]:
    return (text[i : i + 2].upper() for i in range(0, len(text), 2))


def waiting() -> list[CertificateRequest]:
    """Applications that wait for somebody, oldest first."""
    rows = Request.objects.filter(state__in=[RequestState.RECEIVED, RequestState.CHECKED]).select_related("certificate")
    return [desk.as_data(row) for row in rows.order_by("at")[:PAGE]]


def request(request_id: str) -> CertificateRequest:
    """One application; `NotFound`."""
    row = Request.objects.select_related("certificate").filter(id=request_id).first()
    if row is None:
        raise NotFound
    return desk.as_data(row)


def certificates(words: str = "", *, ending: bool = False) -> list[tuple[str, Certificate]]:
    """The newest hundred, by title, serial or holder; `ending`: in force and over within a month, soonest first."""
    rows: QuerySet[Row] = Row.objects.order_by("-valid_from", "-id")
    if words:
        serial = words.lower().replace(":", "").replace(" ", "").lstrip("0")
        rows = rows.filter(Q(title__icontains=words) | Q(serial=serial) | Q(holder__endswith=f":{words}"))
    if ending:
        moment = now()
        rows = rows.filter(state=CertificateState.GOOD, valid_until__gt=moment, valid_until__lte=moment + SOON)
        rows = rows.order_by("valid_until")
    return [(row.id, chains.as_data(row)) for row in rows[:PAGE]]


def ending_certificates() -> list[tuple[str, Certificate]]:
    """In force and over within a month, soonest first."""
    return certificates(ending=True)


def certificate(certificate_id: str) -> Certificate:
    """One certificate by the id in its address; `NotFound`."""
    row = Row.objects.filter(id=certificate_id).first()
    if row is None:
        raise NotFound
    return chains.as_data(row)


def names(refs: Iterable[Ref | None]) -> dict[Ref, str]:
    """What people and offices are called; the installation's own things are its own; a node goes by its key."""
    known = [ref for ref in refs if ref is not None]
    with system():  # names only
        people = people_by_ref(ref for ref in known if ref.kind == PERSON)
    offices = offices_by_ref(ref for ref in known if ref.kind == OFFICE)
    found = {ref: one.name for ref, one in people.items()} | {ref: one.title for ref, one in offices.items()}
    own = _("This installation")
    return {ref: found.get(ref) or (own if ref.kind.startswith(("keys.", "seals.")) else ref.id) for ref in known}

"""Connections: opened by consent and a code, alive as long as the person is, ended for all their tokens at once."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from oauth2_provider.models import get_refresh_token_model
from procrastinate.contrib.django import app

from tongban.base.kernel.api import NotFound, Ref, new_id, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Visit
from tongban.trust.identity.data import PERSON

from . import data
from .models import Client, Connection, Consent
from .rows import digest, show_client, show_person

# No connection outlives a working day of staff, or half a day of a citizen: then the person signs in again.
LASTS = {"public": timedelta(hours=12), "staff": timedelta(hours=8)}


def agree(client: Client, person: Any, scopes: Collection[str]) -> Consent:
    """The person lets the system know these things of them, in addition to what it may know already."""
    with transaction.atomic():
        consent, made = Consent.objects.get_or_create(
            client=client, person=person, defaults={"scopes": sorted(scopes), "sub": new_id()}
        )
        known = set() if consent.revoked_at else set(consent.scopes)
        wider = sorted(known | set(scopes))
        if made or consent.revoked_at or wider != consent.scopes:
            consent.scopes, consent.revoked_at, consent.given_at = wider, None, now()
            consent.save(update_fields=["scopes", "revoked_at", "given_at"])
            write("openid.consent.given", client.ref, by=person.ref, scopes=wider)
    return consent


def agreed(client: Client, person: Any, scopes: Collection[str]) -> Consent | None:
    """The consent if it covers all these scopes."""
    consent = Consent.objects.filter(client=client, person=person, revoked_at=None).first()
    return consent if consent and set(scopes) <= set(consent.scopes) else None


def opened(consent: Consent, code: str, visit: Visit, level: int) -> Connection:
    """A connection that whoever brings the code may take up."""
    client = consent.client
    connection = Connection.objects.create(
        client=client,
        person_id=consent.person_id,
        consent=consent,
        visit=visit.id,
        level=level,
        methods=list(visit.methods),
        signed_in_at=visit.since,
        code_hash=digest(code),
        until=visit.began + LASTS[client.site],
    )
    write("openid.connected", connection.ref, by=Ref(PERSON, consent.person_id), client=str(client.ref))
    return connection


def live(connection: Connection) -> bool:
    """Whether tokens of this connection count now: asked at every use (T17)."""
    return (
        connection.ended_at is None
        and connection.until > now()
        and connection.consent.revoked_at is None
        and connection.client.works
        and connection.person.is_active
    )


def end(connection: Connection, reason: str) -> None:
    """End it and all its tokens. A system that asked for it is told by a job."""
    with transaction.atomic():
        if not Connection.objects.filter(pk=connection.pk, ended_at=None).update(ended_at=now(), ended_for=reason):
            return
        get_refresh_token_model().revoke_family(connection.family)
        write("openid.ended", connection.ref, client=str(connection.client.ref), reason=reason)
        if connection.client.sign_out_url and connection.code_used:
            app.configure_task("openid:tell").defer(connection=connection.public_id)


def end_all(person: Ref, reason: str, visit: str = "") -> int:
    """End every connection of a person, or those of one visit; gives their number."""
    rows = _open().filter(person_id=person.id)
    found = list(rows.filter(visit=visit) if visit else rows)
    for connection in found:
        end(connection, reason)
    return len(found)


def end_of_client(client: Client, reason: str) -> None:
    """A disabled system loses everything it holds."""
    show_client(client.pk)
    for connection in _open().filter(client=client):
        end(connection, reason)


def _open() -> QuerySet[Connection]:
    return Connection.objects.filter(ended_at=None, until__gt=now()).select_related("client", "consent")


def of_family(family: Any) -> Connection | None:
    """The connection of a family of refresh tokens; from here on its person is shown."""
    return _shown(Connection.objects.select_related("client", "consent").filter(family=family).first())


def of_code(code: str, client: Client) -> Connection | None:
    """The connection a code opens, locked: of two that bring the same code, the second waits and sees it used."""
    rows = Connection.objects.select_for_update(of=("self",)).select_related("client", "consent")
    return _shown(rows.filter(code_hash=digest(code), client=client).first())


def _shown(connection: Connection | None) -> Connection | None:
    if connection is not None:
        show_person(connection.person_id)
    return connection


def connected(person: Ref) -> list[data.Connected]:
    """The systems a person let know them, newest first."""
    rows = Consent.objects.filter(person_id=person.id, revoked_at=None).select_related("client__office")
    return [
        data.Connected(
            client=row.client.ref,
            title=row.client.name,
            office_title=row.client.office.title,
            scopes=tuple(row.scopes),
            given_at=row.given_at,
            last_used=row.last_used,
        )
        for row in rows.annotate(last_used=Max("connections__created_at")).order_by("-given_at")
    ]


def disconnect(person: Ref, client: Ref) -> None:
    """The person takes the consent back; the system's tokens for them are dead at once. `NotFound` if there is none."""
    with transaction.atomic():
        row = (
            Consent.objects.select_for_update(of=("self",))
            .filter(person_id=person.id, client__public_id=client.id, revoked_at=None)
            .first()
        )
        if row is None:
            raise NotFound()
        row.revoked_at = now()
        row.save(update_fields=["revoked_at"])
        write("openid.consent.revoked", client, by=person)
        for connection in _open().filter(consent=row):
            end(connection, "consent")


def forget_old() -> int:
    """Delete connections a month after they ended; the ledger keeps that they were. Gives their number."""
    month_ago = now() - timedelta(days=30)
    gone, _kinds = Connection.objects.filter(Q(ended_at__lt=month_ago) | Q(until__lt=month_ago)).delete()
    return gone

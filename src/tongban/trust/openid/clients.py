"""Systems: asked for by one administrator, approved by another; secrets shown once; disabled at once."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, now
from tongban.base.ledger.api import write
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from . import connections, data
from .models import Client
from .rows import digest
from .scopes import OF_SITE

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# What an address is made of: no user, no fragment, no escape that two programs may read differently.
_ADDRESS = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&'()*+,;=:@/-]*)?(\?[A-Za-z0-9._~&=-]*)?|"
                      r"http://\[::1\](:[0-9]{1,5})?/[A-Za-z0-9._~/-]*")  # fmt: skip


def request_client(actor: Actor, asked: data.ClientRequest) -> data.Client:
    """Register a system. It works once somebody else has approved it. `Invalid` per field."""
    office = identity.office(asked.office)
    identity.require(actor, "openid.register", office)
    _check(asked)
    with transaction.atomic():
        row = Client(
            name=asked.title.strip(),
            site=asked.site,
            office_id=_office_row(asked.office),
            purpose=asked.purpose.strip(),
            scopes=[scope for scope in OF_SITE[asked.site] if scope in {"openid", *asked.scopes}],
            level=asked.level,
            redirect_uris=" ".join(asked.redirect_uris),
            post_logout_redirect_uris=" ".join(asked.sign_out_uris),
            sign_out_url=asked.sign_out_url,
            client_type=Client.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
            algorithm=Client.RS256_ALGORITHM,
            hash_client_secret=False,  # ours is hashed already
            client_secret="",
            requested_by=str(actor.person),
        )
        row.save()
        write("openid.client.requested", row.ref, by=actor.person, scopes=row.scopes, uris=row.redirect_uris.split())
    return _client(row)


def approve(actor: Actor, client: Ref) -> data.Client:
    """The second person agrees. `Refused` for whoever asked."""
    with transaction.atomic():
        row = access_client(actor, client, "openid.approve")
        if row.approved_at is not None:
            raise Refused(_("This system is approved already."))
        if row.requested_by == str(actor.person):
            raise Refused(_("Somebody else must approve what you asked for."), code="two_people")
        row.approved_at, row.approved_by = now(), str(actor.person)
        row.save(update_fields=["approved_at", "approved_by", "updated"])
        write("openid.client.approved", row.ref, by=actor.person)
    return _client(row)


def new_secret(actor: Actor, client: Ref) -> str:
    """A new secret, to be shown this once; the former one stops working with the same commit."""
    with transaction.atomic():
        row = access_client(actor, client, "openid.register")
        if row.approved_at is None:
            raise Refused(_("A secret is made once the system is approved."))
        secret = secrets.token_urlsafe(48)
        row.client_secret = digest(secret)
        row.save(update_fields=["client_secret", "updated"])
        write("openid.client.secret", row.ref, by=actor.person)
    return secret


def disable(actor: Actor, client: Ref) -> None:
    """Stop the system at once, with everything it holds."""
    with transaction.atomic():
        row = access_client(actor, client, "openid.register", "openid.approve")
        if row.disabled_at is None:
            row.disabled_at = now()
            row.save(update_fields=["disabled_at", "updated"])
            connections.end_of_client(row, "client")
            write("openid.client.disabled", row.ref, by=actor.person)


def enable(actor: Actor, client: Ref) -> None:
    """Let the system work again; people sign in to it anew."""
    with transaction.atomic():
        row = access_client(actor, client, "openid.approve")
        row.disabled_at = None
        row.save(update_fields=["disabled_at", "updated"])
        write("openid.client.enabled", row.ref, by=actor.person)


def access_client(actor: Actor, client: Ref, *permissions: str) -> Client:
    """The row, locked, if the actor may act on it over the office it belongs to; `NotFound` or `Refused`."""
    row: Client | None = (
        Client.objects.select_for_update(of=("self",)).select_related("office").filter(public_id=client.id).first()
    )
    if row is None:
        raise NotFound()
    if not any(identity.may(actor, permission, row.office.ref) for permission in permissions):
        identity.require(actor, permissions[0], row.office.ref)
    return row


def clients(actor: Actor) -> list[data.Client]:
    """The systems of the offices the actor looks after, newest first."""
    rows = Client.objects.select_related("office").order_by("-pk")
    return [_client(row) for row in rows if _sees(actor, row)]


def client(actor: Actor, ref: Ref) -> data.Client:
    """One system; `NotFound` where the actor has nothing to do with it."""
    row = Client.objects.select_related("office").filter(public_id=ref.id).first()
    if row is None or not _sees(actor, row):
        raise NotFound()
    return _client(row)


def _sees(actor: Actor, row: Client) -> bool:
    return any(identity.may(actor, one, row.office.ref) for one in ("openid.register", "openid.approve"))


def _check(asked: data.ClientRequest) -> None:
    errors: dict[str, Text] = {}
    if not asked.title.strip():
        errors["title"] = _("Please name the system.")
    if not asked.purpose.strip():
        errors["purpose"] = _("Please say what the system is for: people read it before they agree.")
    if asked.site not in OF_SITE:
        errors["site"] = _("Please choose who signs in.")
    elif not set(asked.scopes) <= set(OF_SITE[asked.site]):
        errors["scopes"] = _("This cannot be told about these people.")
    if not asked.redirect_uris or not _sound(asked.redirect_uris):
        errors["redirect_uris"] = ADDRESS
    if not _sound(asked.sign_out_uris):
        errors["sign_out_uris"] = ADDRESS
    if asked.sign_out_url and not _sound([asked.sign_out_url]):
        errors["sign_out_url"] = ADDRESS
    if errors:
        raise Invalid(errors)


ADDRESS = _(
    "Please give whole addresses, beginning with https:// and without user, fragment, dots-only part or escape."
)


def _sound(addresses: Iterable[str]) -> bool:
    return all(_is_sound(address) for address in addresses)


def _is_sound(address: str) -> bool:
    """An address nothing can be hidden in. Plain http is for the same machine, outside production."""
    if len(address) > 300 or not _ADDRESS.fullmatch(address):
        return False
    parts = urlsplit(address)
    if {".", ".."} & set(parts.path.split("/")):
        return False
    return parts.scheme == "https" or (parts.hostname in LOOPBACK and not settings.PRODUCTION)


def _office_row(office: Ref) -> int:
    return int(
        Client._meta.get_field("office")
        .related_model._default_manager.values_list("pk", flat=True)
        .get(public_id=office.id)
    )


def _client(row: Client) -> data.Client:
    return data.Client(
        ref=row.ref,
        client_id=row.client_id,
        title=row.name,
        site=row.site,
        office=row.office.ref,
        office_title=row.office.title,
        purpose=row.purpose,
        scopes=tuple(row.scopes),
        level=row.level,
        redirect_uris=tuple(row.redirect_uris.split()),
        sign_out_uris=tuple(row.post_logout_redirect_uris.split()),
        sign_out_url=row.sign_out_url,
        requested_by=Ref.parse(row.requested_by),
        approved_by=Ref.parse(row.approved_by) if row.approved_by else None,
        approved_at=row.approved_at,
        disabled_at=row.disabled_at,
    )

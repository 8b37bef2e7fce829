"""The nouns of the OpenID provider: systems (clients), connections, consent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tongban.base.kernel.data import Ref

CLIENT = "openid.client"
CONNECTION = "openid.connection"

# OpenID Connect Core 1.0, `acr`: the real-name level (standards.md 6.4) of whoever signed in.
ACR = "urn:tongban:level:{}"


@dataclass(frozen=True, slots=True)
class Client:
    """A department's system that signs people in through us.

    `site` says whose accounts it may ask for: `public` (citizens) or `staff`. It works only once a second person has
    approved it, and not while it is disabled. `level` is the least real-name level it accepts.
    """

    ref: Ref
    client_id: str
    title: str
    site: str
    office: Ref
    office_title: str
    purpose: str
    scopes: tuple[str, ...]
    level: int
    redirect_uris: tuple[str, ...]
    sign_out_uris: tuple[str, ...]
    sign_out_url: str
    requested_by: Ref
    approved_by: Ref | None
    approved_at: datetime | None
    disabled_at: datetime | None

    @property
    def works(self) -> bool:
        """Whether anybody can sign in to it now."""
        return self.approved_at is not None and self.disabled_at is None


@dataclass(frozen=True, slots=True)
class ClientRequest:
    """What an administrator asks for when registering a system."""

    title: str
    site: str
    office: Ref
    purpose: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...] = ("openid", "profile")
    level: int = 0
    sign_out_uris: tuple[str, ...] = ()
    sign_out_url: str = ""


@dataclass(frozen=True, slots=True)
class Connected:
    """A system a person let know them: what it may learn, since when, and when it last signed them in."""

    client: Ref
    title: str
    office_title: str
    scopes: tuple[str, ...]
    given_at: datetime
    last_used: datetime | None

"""Two issuers: the public site speaks for citizens, the staff site for staff."""

from __future__ import annotations

from django.conf import settings


def here() -> str:
    """The site this process serves."""
    return "public" if settings.SITE == "public" else "staff"


def issuer(site: str) -> str:
    """The issuer's name (OpenID Connect Discovery 1.0): the address of its site, without a slash at the end."""
    return str(settings.TONGBAN_ISSUERS[site]).rstrip("/")

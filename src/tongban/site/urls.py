"""How the rooms' addresses come together: a room's `urls_public.py` or `urls_staff.py` is mounted at the root."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from .home import exists


def of_rooms(kind: str) -> list[URLPattern | URLResolver]:
    """The addresses of every room that has some for this site (`public` or `staff`)."""
    rooms = [room for room in settings.ROOMS if room != "tongban.site" and exists(f"{room}.urls_{kind}")]
    return [path("", include(f"{room}.urls_{kind}")) for room in rooms]

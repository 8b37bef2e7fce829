"""What every template may use besides its own values."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from .navigation import public_navigation, staff_navigation


def site(request: HttpRequest) -> dict[str, Any]:
    """Demo mark, zone, site kind, elder mode and the staff navigation of this person."""
    return {
        "demo": settings.TONGBAN_DEMO,
        "zone": settings.TONGBAN_ZONE,
        "site_kind": settings.SITE,
        "elder": request.COOKIES.get("tongban_elder") == "1",
        "actor": getattr(request, "actor", None),
        "staff_nav": staff_navigation(request) if settings.SITE != "public" else [],
        "public_nav": public_navigation(request) if settings.SITE == "public" else [],
    }

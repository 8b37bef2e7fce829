"""Running numbers: resource codes, request and grant numbers."""

from __future__ import annotations

from django.db import connection

from tongban.base.kernel.api import today

from .data import Description


def resource_code(description: Description) -> str:
    """类1 + 项2 + 目3 + 细目 / 顺序码, as the guide writes it (standards.md 3.2)."""
    prefix = f"{description.category}{description.project}{description.subject}{description.detail}"
    return f"{prefix}/{_next(prefix):06d}"


def of_year(letters: str) -> str:
    """`SQ-2026-000001`."""
    prefix = f"{letters}-{today().year}"
    return f"{prefix}-{_next(prefix):06d}"


def _next(prefix: str) -> int:
    """Rows of one prefix wait for each other here until commit, so that no number is given twice or left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalogue_series AS s (prefix, last) VALUES (%s, 1) "
            "ON CONFLICT (prefix) DO UPDATE SET last = s.last + 1 RETURNING last",
            [prefix],
        )
        number: int = cursor.fetchone()[0]
    return number

"""The numbers of `data.Assigned`: each is made afresh when a case is granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.db import connection

from tongban.base.kernel.api import credit_check, org_check

from .data import Assigned
from .models import Case


def assign(wanted: Mapping[str, str], case: Case) -> dict[str, str]:
    """A fresh number for each wanted name."""
    return {name: _MAKERS[Assigned(kind)](case) for name, kind in wanted.items()}


def _credit_code(case: Case) -> str:
    """A new credit code of an enterprise (GB 32100): authority 9, class 1, division, organisation code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('hall_org_serial')")
        serial = f"MA{cursor.fetchone()[0] % 1_000_000:06d}"
    body = f"91{case.division[:6]:0<6}{serial}{org_check(serial)}"
    return body + credit_check(body)


_MAKERS: dict[Assigned, Callable[[Case], str]] = {Assigned.CREDIT_CODE: _credit_code}

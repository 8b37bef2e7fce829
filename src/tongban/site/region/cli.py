"""`tongban region load`: what a real installation begins with: calendar, offices, roles, packs, items, first people."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from typing import Any

from tongban.site.boot import ready
from tongban.site.home import checkout


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `region load`."""
    region = commands.add_parser("region", help="the region this installation serves")
    verbs = region.add_subparsers(dest="verb", metavar="VERB", required=True)
    load = verbs.add_parser("load", help="load calendar, offices, roles, packs and items; repeating changes nothing")
    load.add_argument("--administrator", metavar="USERNAME", help="also make the first system administrator")
    load.add_argument("--security-administrator", metavar="USERNAME", help="and the first security administrator")
    load.add_argument("--audit-administrator", metavar="USERNAME", help="and the first audit administrator")
    load.add_argument("--json", action="store_true", help="print one JSON object")
    load.set_defaults(run=_load)


def _load(arguments: argparse.Namespace) -> int:
    with ready("tongban_owner"):
        from django.conf import settings

        from .loading import settings_of, steps

        folder = checkout() / "regions" / settings.TONGBAN_REGION
        report: dict[str, Any] = {name: step() for name, step in steps(folder, settings_of(folder))}
        for username, role in (
            (arguments.administrator, "system_admin"),
            (arguments.security_administrator, "security_admin"),
            (arguments.audit_administrator, "audit_admin"),
        ):
            if username:
                report[role] = {"username": username, "password": appoint(username, role)}
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        for name, value in report.items():
            sys.stdout.write(f"{name}: {value}\n")
    return 0


def appoint(username: str, role: str) -> str:
    """The first holder of an administrator's post at the top office, with a second factor to set up; the password,
    which is told once. The three administrators are three people (R7)."""
    from tongban.trust.identity import api as identity

    password = "-".join(secrets.token_hex(3) for _group in range(4))
    title = next(title for key, title, _permissions in identity.roles() if key == role)
    person = identity.create_staff(username, title, password=password)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, title, [role])
    return password

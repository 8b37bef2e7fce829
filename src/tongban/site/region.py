"""`tongban region load`: what a real installation begins with: calendar, offices, roles, packs, items, first people."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from .boot import ready
from .home import checkout

Step = tuple[str, Callable[[], Any]]


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `region load`."""
    region = commands.add_parser("region", help="the region this installation serves")
    verbs = region.add_subparsers(dest="verb", metavar="VERB", required=True)
    load = verbs.add_parser("load", help="load calendar, offices, roles, packs and items; repeating changes nothing")
    load.add_argument("--administrator", metavar="USERNAME", help="also make the first system administrator")
    load.add_argument("--security-administrator", metavar="USERNAME", help="and the first security administrator")
    load.add_argument("--json", action="store_true", help="print one JSON object")
    load.set_defaults(run=_load)


def _load(arguments: argparse.Namespace) -> int:
    with ready("tongban_owner"):
        from django.conf import settings

        folder = checkout() / "regions" / settings.TONGBAN_REGION
        report: dict[str, Any] = {name: step() for name, step in steps(folder, settings_of(folder))}
        for username, role in (
            (arguments.administrator, "system_admin"),
            (arguments.security_administrator, "security_admin"),
        ):
            if username:
                report[role] = {"username": username, "password": appoint(username, role)}
    if arguments.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")
    else:
        for name, value in report.items():
            sys.stdout.write(f"{name}: {value}\n")
    return 0


def settings_of(folder: Path) -> dict[str, Any]:
    """The region's own choices (`region.yaml`); `RuntimeError` for a folder that is no region."""
    path = folder / "region.yaml"
    if not path.exists():
        raise RuntimeError(f"{folder} is no region: it has no region.yaml")
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def steps(folder: Path, settings: dict[str, Any]) -> list[Step]:
    """Name and work of each part, in the order they need each other. Run as the owner of the database."""
    from tongban.base.calendars import api as calendars
    from tongban.packs import api as packs
    from tongban.trust.identity import api as identity

    from .demo.accounts import define_roles
    from .demo.organisation import office_rows

    def offices() -> int:
        rows = office_rows(folder, settings)
        identity.load_offices(rows)
        return len(rows)

    def install() -> int:
        names = [str(name) for name in settings.get("packs") or ()]
        packs.apply(names)
        return len(names)

    return [
        ("calendar", lambda: calendars.seed(str(settings.get("jurisdiction", "")))),
        ("offices", offices),
        ("roles", lambda: define_roles(folder)),
        ("packs", install),
        ("items", lambda: _items(folder, settings)),
    ]


def _items(folder: Path, settings: dict[str, Any]) -> int:
    from tongban.work.hall import api as hall

    listed = settings.get("items") or {}
    if listed:
        mapping = (folder / listed["map"]).read_text(encoding="utf-8") if listed.get("map") else ""
        content = (folder / listed["file"]).read_bytes()
        report = hall.import_list(content, mapping, attribution=str(listed.get("attribution", "")))
        if not report.accepted:
            raise RuntimeError(f"{listed['file']}: {report.findings[0].message}")
    return hall.item_count()


def appoint(username: str, role: str) -> str:
    """The first holder of an administrator's post at the top office, with a second factor to set up; the password,
    which is told once. The two administrators are two people (R7)."""
    from tongban.trust.identity import api as identity

    password = "-".join(secrets.token_hex(3) for _group in range(4))
    title = next(title for key, title, _permissions in identity.roles() if key == role)
    person = identity.create_staff(username, title, password=password)
    identity.assign_post(person.ref, identity.office_by_code("province").ref, title, [role])
    return password

"""The demonstration province: offices, calendar, packs, people, enterprises, items."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ImproperlyConfigured

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import system
from tongban.packs import api as packs
from tongban.trust.identity import api as identity
from tongban.work.hall import api as hall

from .accounts import citizens, create_accounts, define_roles, issue_identity_card
from .deliver import Progress, deliver, quiet
from .enterprises import generate_enterprises
from .organisation import office_rows
from .persons import default_region, generate_persons

Counts = dict[str, Any]


def load(
    region: Path | None = None,
    *,
    residents: int | None = None,
    enterprises: int | None = None,
    progress: Progress = quiet,
) -> Counts:
    """Load the region as the owner of the database; loading it again changes nothing.

    The counts say what is there, `seconds` how long each step took. `residents` and `enterprises` are the region's
    own numbers unless given. `ImproperlyConfigured` for a folder that is no region.
    """
    folder = region or default_region()
    if not (folder / "region.yaml").exists():
        raise ImproperlyConfigured(f"{folder} is no region: it has no region.yaml")
    settings = yaml.safe_load((folder / "region.yaml").read_text(encoding="utf-8"))
    counts: Counts = {"seconds": {}}
    steps: list[tuple[str, Callable[[], Any]]] = [
        ("calendar", lambda: calendars.seed(str(settings.get("jurisdiction", "")))),
        ("offices", lambda: _offices(folder, settings)),
        ("roles", lambda: define_roles(folder)),
        ("packs", lambda: _packs(settings)),
        ("people", lambda: _people(folder, settings, residents, enterprises, counts, progress)),
        ("licences", lambda: _licences(folder)),
        ("items", lambda: _items(folder, settings)),
    ]
    for done, (name, step) in enumerate(steps):
        progress(name, done, len(steps))
        start = time.perf_counter()
        counts[name] = step()
        counts["seconds"][name] = round(time.perf_counter() - start, 2)
    progress("done", len(steps), len(steps))
    return counts


def _offices(folder: Path, settings: dict[str, Any]) -> int:
    rows = office_rows(folder, settings)
    identity.load_offices(rows)
    return len(rows)


def _packs(settings: dict[str, Any]) -> int:
    names = [str(name) for name in settings.get("packs") or ()]
    packs.apply(names)
    return len(names)


def _people(
    folder: Path,
    settings: dict[str, Any],
    residents: int | None,
    enterprises: int | None,
    counts: Counts,
    progress: Progress,
) -> int:
    """Residents and enterprises into the registers, and accounts for those who play a part."""
    n = residents if residents is not None else int(settings.get("residents", 20_000))
    m = enterprises if enterprises is not None else int(settings.get("enterprises", 3_000))
    persons = generate_persons(n, region=folder)
    firms = generate_enterprises(m, persons, region=folder)
    counts["residents"] = deliver("population", persons, progress).received
    counts["enterprises"] = deliver("legal_entity", firms, progress).received
    with system():
        return len(create_accounts(folder, persons))


def _licences(folder: Path) -> int:
    """Identity cards of those who apply: what the library has need not be handed in (DATA-40)."""
    with system():
        return len([issue_identity_card(account) for account in citizens(folder)])


def _items(folder: Path, settings: dict[str, Any]) -> int:
    listed = settings.get("items") or {}
    if listed:
        mapping = (folder / listed["map"]).read_text(encoding="utf-8") if listed.get("map") else ""
        content = (folder / listed["file"]).read_bytes()
        report = hall.import_list(content, mapping, attribution=str(listed.get("attribution", "")))
        if not report.accepted:
            raise ImproperlyConfigured(f"{listed['file']}: {report.findings[0].message}")
    return hall.item_count()

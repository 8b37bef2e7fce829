"""What a region brings: calendar, offices, roles, packs and items, each loaded once however often it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tongban.base.calendars import api as calendars
from tongban.base.kernel.api import Lines
from tongban.packs import api as packs
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Reach
from tongban.work.hall import api as hall

from .organisation import office_rows

Step = tuple[str, Callable[[], Any]]


def settings_of(folder: Path) -> dict[str, Any]:
    """The region's own choices (`region.yaml`), as texts; `RuntimeError` for a folder that is no region."""
    path = folder / "region.yaml"
    if not path.exists():
        raise RuntimeError(f"{folder} is no region: it has no region.yaml")
    return _read(path)


def steps(folder: Path, settings: dict[str, Any]) -> list[Step]:
    """Name and work of each part, in the order they need each other. Run as the owner of the database."""
    return [
        ("calendar", calendars.seed),
        ("offices", lambda: _offices(folder, settings)),
        ("roles", lambda: _roles(folder)),
        ("packs", lambda: _install(settings)),
        ("items", lambda: _items(folder, settings)),
    ]


def _read(path: Path) -> dict[str, Any]:
    return dict(Lines(path.read_text(encoding="utf-8"), f"{path.parent.name}/{path.name}").data)


def _offices(folder: Path, settings: dict[str, Any]) -> int:
    rows = office_rows(folder, settings)
    identity.load_offices(rows)
    return len(rows)


def _roles(folder: Path) -> int:
    """The region's roles. Permissions of rooms that are not installed are left out."""
    lines = _read(folder / "roles.yaml")
    for key, role in lines.items():
        known = [name for name in role["permissions"] if name in identity.permissions]
        title = role["title"]
        identity.define_role(key, title["zh"], known, reach=Reach(role["reach"]), title_en=title["en"])
    return len(lines)


def _install(settings: dict[str, Any]) -> int:
    names = list(settings.get("packs") or ())
    packs.apply(names)
    return len(names)


def _items(folder: Path, settings: dict[str, Any]) -> int:
    listed = settings.get("items") or {}
    if listed:
        mapping = (folder / listed["map"]).read_text(encoding="utf-8") if listed.get("map") else ""
        content = (folder / listed["file"]).read_bytes()
        report = hall.import_list(content, mapping, attribution=listed.get("attribution", ""))
        if not report.accepted:
            raise RuntimeError(f"{listed['file']}: {report.findings[0].message}")
    return hall.item_count()

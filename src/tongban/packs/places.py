"""Where packs and regions lie, and in which order packs depend on each other."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, Lines, Refused

from .data import Pack
from .loading import load
from .shapes import NAME


def pack_folder(name: str) -> Path:
    """A pack by its folder, its archive, or its key under `packs/`."""
    given = Path(name)
    if given.is_dir() or given.suffix == ".zip":
        return given.absolute()
    if not re.fullmatch(NAME, name) or not (packs_folder() / name).is_dir():
        raise Refused(_("There is no pack “%s”: give its folder, its archive, or its key under packs/.") % name)
    return packs_folder() / name


def packs_folder() -> Path:
    """Where the packs of this installation lie."""
    return Path(settings.TONGBAN_CHECKOUT) / "packs"


def region() -> Mapping[str, Any]:
    """The region's own choices (`region.yaml`): packs, roles, local limits."""
    path = region_folder() / "region.yaml"
    return dict(Lines(path.read_text(), f"{path.parent.name}/region.yaml").data) if path.exists() else {}


def region_folder() -> Path:
    """Folder of the region this installation serves."""
    return Path(settings.TONGBAN_CHECKOUT) / "regions" / str(settings.TONGBAN_REGION)


def region_codes() -> dict[str, list[dict[str, str]]]:
    """Code tables of the region, such as its counties."""
    return {path.stem: rows_of(path.read_text()) for path in sorted((region_folder() / "seed").glob("*.csv"))}


def region_parts() -> frozenset[str] | None:
    """The parts (roles) that offices of the region play; None where it has no list of departments."""
    path = region_folder() / "departments.csv"
    if not path.exists():
        return None
    return frozenset(part for row in rows_of(path.read_text()) for part in row["roles"].split())


def rows_of(text: str) -> list[dict[str, str]]:
    """The rows of a CSV with a heading line."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def with_needs(packs: Iterable[Pack]) -> list[Pack]:
    """The packs and all they need, each once, needed ones first. `DefinitionError` for one that is not there."""
    ordered: dict[str, Pack] = {}
    on_the_way: list[str] = []

    def add(pack: Pack) -> None:
        if pack.key in ordered:
            return
        where = f"{pack.key}/pack.yaml:1"
        if pack.key in on_the_way:
            raise DefinitionError(
                [f"{where}: packs need each other in a circle: {' > '.join([*on_the_way, pack.key])}"]
            )
        on_the_way.append(pack.key)
        for need in pack.needs:
            beside = pack.folder.parent / need
            home = beside if beside.is_dir() else packs_folder() / need
            if not home.is_dir():
                raise DefinitionError([f"{where}: needs the pack {need!r}, which is not there"])
            add(load(home))
        on_the_way.pop()
        ordered[pack.key] = pack

    for pack in packs:
        add(pack)
    return list(ordered.values())

"""Where packs and regions lie, and in which order packs depend on each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings

from tongban.base.kernel.api import DefinitionError, Lines, Refused

from .data import Pack
from .loading import load


def pack_folder(name: str) -> Path:
    """A pack by its folder, or by its key under `packs/`."""
    given = Path(name)
    folder = given if given.is_dir() else Path(settings.TONGBAN_CHECKOUT) / "packs" / name
    if not folder.is_dir():
        raise Refused(f"There is no pack {name!r}: give its folder, or its key under packs/.")
    return folder.resolve()


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
            raise DefinitionError([f"{where}: packs need each other in a circle: {' > '.join([*on_the_way, pack.key])}"])
        on_the_way.append(pack.key)
        for need in pack.needs:
            beside = pack.folder.parent / need
            home = beside if beside.is_dir() else Path(settings.TONGBAN_CHECKOUT) / "packs" / need
            if not home.is_dir():
                raise DefinitionError([f"{where}: needs the pack {need!r}, which is not there"])
            add(load(home))
        on_the_way.pop()
        ordered[pack.key] = pack

    for pack in packs:
        add(pack)
    return list(ordered.values())

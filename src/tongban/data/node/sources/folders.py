"""A folder of files that a department keeps itself, drawings or scans: a row is a file, its name says its key.

`/srv/drawings/{project}/{sheet}.pdf` gives the columns `project` and `sheet`; each file has besides `path` (below the
part without words), `size`, `sha256` and `changed`. What stands in a file is not read for anything but its digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from ..conversions import Unfit
from ..data import Change, Counts, Place, SourceUnreachable
from . import Numbered, Source, sources
from .files import PART, glob_of, paths_of, state_of

COLUMNS = {"path": "text", "size": "whole number", "sha256": "text", "changed": "moment"}
LARGEST = 200  # MiB of a file, unless the mapping says otherwise


class Folder(Source):
    """The files whose names follow the pattern."""

    def __init__(self, place: Place) -> None:
        parts = PART.split(place.get("path"))
        self.words = [part[1:-1] for part in parts[1::2] if part != "*"]
        fixed = map(re.escape, parts[::2])
        loose = ["[^/]*" if part == "*" else "([^/]+?)" for part in parts[1::2]] + [""]
        self.name = re.compile("".join(text + gap for text, gap in zip(fixed, loose, strict=True)))
        self.root, self.largest = root_of(place), largest_of(place)
        self.paths = paths_of(glob_of(place.get("path")))
        if not self.paths:
            raise SourceUnreachable(_("There is no file {path}.").format(path=place.get("path")))

    def shape(self) -> dict[str, str]:
        return {**dict.fromkeys(self.words, "text"), **COLUMNS}

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        for number, path in enumerate(self.paths, 1):
            if found := self.name.fullmatch(str(path)):
                yield number, {**dict(zip(self.words, found.groups(), strict=True)), **self._file(path)}

    def _file(self, path: Path) -> dict[str, Any]:
        size, changed = state_of(path)
        about: dict[str, Any] = {"path": str(path.relative_to(self.root)), "size": size}
        about["changed"] = datetime.fromtimestamp(changed // 1_000_000_000, UTC)
        try:
            about["sha256"] = digest_of(self.root, path, self.largest)
        except Unfit as unfit:
            about["sha256"] = unfit
        return about


def root_of(place: Place) -> Path:
    """The folder that a pattern's files are below."""
    return Path(PART.split(place.get("path"))[0] + "x").parent


def largest_of(place: Place) -> int:
    """Bytes that a file may have."""
    return int(place.get("largest", f"{LARGEST}M").rstrip("M")) << 20


def digest_of(root: Path, path: Path, largest: int) -> str:
    """SHA-256 of a file; `Unfit` for one that may not go or is being written to. Unchanged files are not read again."""
    if not path.resolve().is_relative_to(root.resolve()):
        raise Unfit(_("a link to what is outside the folder"))
    state = state_of(path)
    if state[0] > largest:
        raise Unfit(_("larger than {largest} MiB").format(largest=largest >> 20))
    try:
        found = _digest(path, state)
    except OSError as error:
        raise Unfit(_("cannot be read: {why}").format(why=error.strerror or type(error).__name__)) from None
    if state_of(path) != state:
        raise Unfit(_("is being written to"))
    return found


@lru_cache(maxsize=200_000)
def _digest(path: Path, _state: tuple[int, int]) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@sources("files")
@contextmanager
def open_folder(place: Place, columns: Collection[str]) -> Iterator[Folder]:
    """A folder by a pattern of names."""
    yield Folder(place)

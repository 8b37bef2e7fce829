"""Files of a source: one path or a pattern; taken only when nobody is writing to them meanwhile."""

from __future__ import annotations

import glob
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from ..data import Place, SourceChanged, SourceUnreachable

PART = re.compile(r"(\{[^{}/*]{1,40}\}|\*)")


@contextmanager
def steady(pattern: str) -> Iterator[list[Path]]:
    """The files of a pattern in order of their names; `SourceChanged` at the end when one was written to meanwhile."""
    paths = paths_of(pattern)
    if not paths:
        raise SourceUnreachable(_("There is no file {path}.").format(path=pattern))
    before = [state_of(path) for path in paths]
    yield paths
    if [state_of(path) for path in paths] != before:
        raise SourceChanged(_("The source changed: {path} was written to while it was read.").format(path=pattern))


def stamp_of(place: Place) -> str | None:
    """What tells whether a source's files were written to; None for a source that is no file."""
    if not (pattern := place.get("path")):
        return None
    if place.kind == "files":
        pattern = glob_of(pattern)
    return hashlib.sha256(repr([(str(path), state_of(path)) for path in paths_of(pattern)]).encode()).hexdigest()


def glob_of(path: str) -> str:
    """The pattern of a path whose `{words}` stand for parts of names."""
    return "*".join(glob.escape(part) for part in PART.split(path)[::2])


def paths_of(pattern: str) -> list[Path]:
    return [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_file()]


def state_of(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)

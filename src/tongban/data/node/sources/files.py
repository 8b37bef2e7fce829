"""Files of a source: one path or a pattern; taken only when nobody is writing to them meanwhile."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.utils.translation import gettext as _

from ..data import Place, SourceChanged, SourceUnreachable


@contextmanager
def steady(pattern: str) -> Iterator[list[Path]]:
    """The files of a pattern in order of their names; `SourceChanged` at the end when one was written to meanwhile."""
    paths = _paths(pattern)
    if not paths:
        raise SourceUnreachable(_("There is no file {path}.").format(path=pattern))
    before = [_state(path) for path in paths]
    yield paths
    if [_state(path) for path in paths] != before:
        raise SourceChanged(_("The source changed: {path} was written to while it was read.").format(path=pattern))


def stamp_of(place: Place) -> list[list[str | int]] | None:
    """What tells whether a source's files were written to; None for a source that is no file."""
    pattern = place.get("path")
    return [[str(path), *_state(path)] for path in _paths(pattern)] if pattern else None


def _paths(pattern: str) -> list[Path]:
    return [Path(name) for name in sorted(glob.glob(pattern)) if Path(name).is_file()]


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)

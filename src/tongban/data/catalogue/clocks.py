"""All running deadlines of one kind, page by page: what is told already must not hide what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tongban.base.calendars.api import Deadline


def every(pages: Callable[..., tuple[Deadline, ...]], kind: str) -> Iterator[Deadline]:
    """Of `calendars.overdue` or `calendars.due_soon`, for subjects of this kind."""
    after = None
    while rows := pages(kind, limit=500, after=after):
        yield from rows
        after = (rows[-1].due, rows[-1].id)

"""How far a long reading is: told every second by a thread of its own, so that no row pays for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Thread

Say = Callable[[str, int, int], None]
"""Told the step, how much of it is done, and of how much; 0 where that is not known."""

_EVERY = 1.0  # seconds


class _Watch:
    def __init__(self, say: Say) -> None:
        self.say, self.ended = say, Event()
        self.step, self.total = "", 0
        self.done: Callable[[], int] = lambda: 0

    def run(self) -> None:
        while not self.ended.wait(_EVERY):
            if self.step:
                self.say(self.step, self.done(), self.total)


_watch: ContextVar[_Watch | None] = ContextVar("harvest", default=None)


def at(step: str, done: Callable[[], int] = lambda: 0, total: int = 0) -> None:
    """Says where the work is. `done` is asked from the other thread whenever somebody is to be told."""
    if (watch := _watch.get()) is not None:
        watch.done, watch.total, watch.step = done, total, step


@contextmanager
def told(say: Say) -> Iterator[None]:
    """While this lasts, `say` hears how far the work is."""
    watch = _Watch(say)
    thread = Thread(target=watch.run, daemon=True)
    before = _watch.set(watch)
    thread.start()
    try:
        yield
    finally:
        watch.ended.set()
        thread.join()
        _watch.reset(before)

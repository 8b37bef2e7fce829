"""Events: one job per handler, deferred in the transaction that made the event (rules 1 and 5 of the house)."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, TypeVar, cast

from django.db import connection, transaction
from procrastinate import App, Blueprint, JobContext, RetryStrategy
from procrastinate.contrib.django import app as django_app
from pydantic import TypeAdapter

from .data import Event
from .quiet import SHARED

E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

jobs = Blueprint()
_handlers: dict[type[Event], dict[str, Handler]] = defaultdict(dict)
_by_name: dict[str, tuple[type[Event], Handler]] = {}

# Eight tries over about an hour; then the job stays failed and visible with its owner until somebody retries it.
_retry = RetryStrategy(max_attempts=8, exponential_wait=3)


@cache
def _adapter(event: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast(Any, event))


def on(event: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register a handler: called once per event (at least), later, inside a transaction of its own. Idempotent."""

    def add(handler: Callable[[E], None]) -> Callable[[E], None]:
        name = f"{handler.__module__}.{handler.__qualname__}"
        _handlers[event][name] = handler
        _by_name[name] = (event, handler)
        return handler

    return add


def emit(event: Event) -> None:
    """Tell the rooms above. Must be called inside a transaction; nothing is told if it rolls back."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was emitted outside a transaction")
    handlers = _handlers.get(type(event))
    if not handlers:
        return
    body = _adapter(cast(Hashable, type(event))).dump_python(event, mode="json")
    for name in handlers:
        django_app.configure_task("kernel:handle", queue="events").defer(handler=name, event=body)


@jobs.task(name="handle", queue="events", retry=_retry, pass_context=True)
def handle(context: JobContext, handler: str, event: dict[str, Any]) -> None:
    """Run one handler on one event."""
    run_handler(handler, event)


def run_handler(name: str, body: dict[str, Any]) -> None:
    """Run the handler as the system: personal rows are visible to jobs, which no person steers."""
    event_type, function = _by_name[name]
    with system():
        function(_adapter(cast(Hashable, event_type)).validate_python(body))


class system(transaction.Atomic):  # noqa: N801 - reads as a word: `with system():`
    """A transaction of the product itself, for jobs: row security lets it see what its own work needs.

    Inside another transaction it is for a few narrow questions whose asker is not to see the rows; the scope that was
    there before comes back at its end.
    """

    def __init__(self) -> None:
        super().__init__(using=None, savepoint=True, durable=False)
        self._former: list[str] = []

    def __enter__(self) -> None:
        super().__enter__()
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT coalesce(current_setting('tongban.system', true), ''), "
                    f"set_config('tongban.system', 'on', true), {SHARED}"
                )
                self._former.append(cursor.fetchone()[0])
        except BaseException:  # a lost database: nobody calls `__exit__` for us, and the transaction must not stay open
            super().__exit__(*sys.exc_info())
            raise

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        former = self._former.pop()
        # A rollback takes the setting back by itself, and so does the end of the outermost transaction.
        if kind is None and former != "on" and len(connection.savepoint_ids) > 0:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('tongban.system', %s, true)", [former])
        super().__exit__(kind, error, traceback)


def install(app: App) -> None:
    """Hand the tasks to the job runner; its Django integration calls this once."""
    app.add_tasks_from(jobs, namespace="kernel")

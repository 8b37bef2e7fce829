"""The worker: runs deferred jobs and scheduled ones. Several may run side by side."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
from collections.abc import Callable
from typing import Any, cast

from procrastinate import JobContext

from . import production
from .postgres import OWNER

log = logging.getLogger("tongban.worker")


def _watched(function: Callable[..., Any], wants_context: bool) -> Callable[..., Any]:
    """Look at the database connection before each job: a restarted server must not fail every job of this thread.

    A refusal is written down for the administrators' page; whether to try again is the job runner's business.
    """

    @functools.wraps(function)
    def run(context: JobContext, *args: Any, **kwargs: Any) -> Any:
        from django.db import Error, close_old_connections

        from .jobs_pages import record_failure

        close_old_connections()
        try:
            return function(context, *args, **kwargs) if wants_context else function(*args, **kwargs)
        except Exception as error:
            close_old_connections()
            with contextlib.suppress(Error):  # the database itself may be what is missing
                record_failure(context.job.id, context.job.task_name, error)
            raise
        finally:
            close_old_connections()

    return run


def main() -> None:
    """Work until told to stop; after a lost database, start again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")
    import django

    django.setup()
    production.check(defines=os.environ.get("TONGBAN_DATABASE_ROLE") == OWNER)
    from procrastinate.contrib.django import app
    from procrastinate.contrib.django.django_connector import DjangoConnector

    queues = os.environ.get("TONGBAN_WORKER_QUEUES")
    connector = cast(DjangoConnector, app.connector)
    worker_app = app.with_connector(connector.get_worker_connector())
    for task in worker_app.tasks.values():
        if not asyncio.iscoroutinefunction(task.func):
            task.func, task.pass_context = _watched(task.func, task.pass_context), True
    options: dict[str, Any] = {"concurrency": int(os.environ.get("TONGBAN_WORKER_CONCURRENCY", "2"))}
    options |= {
        "queues": queues.split(",") if queues else None,
        "fetch_job_polling_interval": 2,
        "delete_jobs": "successful",
    }
    worker_app.run_worker(**options)

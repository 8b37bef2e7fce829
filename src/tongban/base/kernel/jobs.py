"""The kernel's own scheduled entry: jobs whose worker died are given to another."""

from __future__ import annotations

from procrastinate.contrib.django import app

STALLED_AFTER = 20  # seconds without a sign of life from the worker that holds the job


@app.periodic(cron="* * * * * */15")
@app.task(name="kernel:rescue", queue="nightly", queueing_lock="kernel:rescue")
async def rescue(timestamp: int) -> None:
    """Put jobs of dead workers back in line. Handlers are idempotent, so running one twice does no harm (R10)."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
        await manager.retry_job(job)

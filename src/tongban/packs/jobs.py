"""The job that plans and installs, on the queue of the worker that owns the database."""

from __future__ import annotations

from procrastinate.contrib.django import app

from .asking import carry_out


@app.task(name="packs:carry_out", queue="definitions")
def carry_out_run(run: str) -> None:
    """Plan or install; the page reads the result from the row."""
    carry_out(run)

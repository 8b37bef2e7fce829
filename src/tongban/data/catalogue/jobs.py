"""Scheduled entries of the catalogue."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .granting import expire
from .intake import carry_out
from .objecting import watch_objections
from .quality import assess_all
from .requesting import watch
from .supplying import watch_supply


@app.periodic(cron="10 16 * * *")  # UTC: ten past midnight in China
@app.task(name="catalogue:day", queue="nightly", queueing_lock="catalogue:day")
def nightly_day(timestamp: int) -> None:
    """Grants whose time is over end; what is due is reminded of, what is overdue goes to supervision."""
    with system():
        while expire() == 5000:
            pass
        watch()
        watch_supply()
        watch_objections()


@app.periodic(cron="30 19 * * *")  # UTC: half past three at night in China
@app.task(name="catalogue:quality", queue="nightly", queueing_lock="catalogue:quality")
def nightly_quality(timestamp: int) -> None:
    """Measure every register in the catalogue."""
    assess_all()


@app.task(name="catalogue:import", queue="default")
def take_in(id: str) -> None:
    """Not one transaction: each part is, so that its page shows how far it has come."""
    carry_out(id)

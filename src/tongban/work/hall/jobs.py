"""Scheduled entries of the hall."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from .actions.window import give_up_unanswered
from .items.editing import publish_due


@app.periodic(cron="20 18 * * *")  # UTC: twenty past two at night in China
@app.task(name="hall:give_up", queue="nightly", queueing_lock="hall:give_up")
def nightly_give_up(timestamp: int) -> None:
    """Applications whose correction was not answered in time count as given up, as their notice said."""
    with system():
        give_up_unanswered()


@app.periodic(cron="5 16 * * *")  # UTC: five past midnight in China
@app.task(name="hall:publish_items", queue="nightly", queueing_lock="hall:publish_items")
def nightly_publish_items(timestamp: int) -> None:
    """Changes of items that were to come into force today."""
    with system():
        publish_due()

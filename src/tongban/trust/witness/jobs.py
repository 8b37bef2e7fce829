"""Scheduled entries: sealing every five seconds, showing heads to witnesses, a timestamp an hour, a check at night."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from . import checking, heads, watching


@app.periodic(cron="* * * * * */5")
@app.task(name="witness:seal", queue="ledger", queueing_lock="witness:seal")
def seal(timestamp: int) -> None:
    """Committed leaves under a signed head (T5: at the latest every ten seconds)."""
    with system():
        heads.seal_leaves()


@app.periodic(cron="* * * * * 2/5")
@app.task(name="witness:show", queue="ledger", queueing_lock="witness:show", lock="witness:show")
def show(timestamp: int) -> None:
    """New heads to the witnesses: network, so never inside a transaction."""
    watching.hand_over()


@app.periodic(cron="7 * * * *")
@app.task(name="witness:stamp", queue="ledger", queueing_lock="witness:stamp")
def stamp(timestamp: int) -> None:
    """The newest head, stamped."""
    with system():
        heads.stamp_head()


@app.periodic(cron="40 17 * * *")  # UTC: twenty to two at night in China
@app.task(name="witness:check", queue="nightly", queueing_lock="witness:check")
def nightly_check(timestamp: int) -> None:
    """The whole ledger against its tiles, its heads and the witnesses."""
    checking.check()

"""What happens by itself: questions, silence."""

from __future__ import annotations

from procrastinate.contrib.django import app

from tongban.base.kernel.api import system

from . import nodes, questions


@app.task(name="exchange:put", queue="default")
def put(ask: str) -> None:
    """A question to a node: network, so never inside a transaction."""
    questions.put(ask)


@app.task(name="exchange:test", queue="default")
def test(node: str) -> None:
    """Ask a node whether it is there: network, so never inside a transaction."""
    nodes.put_to_test(node)


@app.periodic(cron="* * * * *")
@app.task(name="exchange:watch", queue="nightly", queueing_lock="exchange:watch")
def watch(timestamp: int) -> None:
    """Nodes that fell silent; answers whose time is over."""
    with system():
        nodes.watch()
        questions.empty()

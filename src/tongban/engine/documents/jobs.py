"""The job that draws documents."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from .actions import produce


@app.task(name="documents:render", queue="documents", retry=RetryStrategy(max_attempts=6, exponential_wait=4))
def render_document(document: str) -> None:
    """Draw one document; tried six times over about an hour, then it stays failed and visible."""
    produce(document)

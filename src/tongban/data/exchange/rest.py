"""Questions by a department's system; the staff site mounts `router` under `/api/exchange`. The same verbs as on the
pages: a question is put, its answer is fetched when it is there (`state` answered or refused). Errors: 403 no grant,
or too many; 404 not yours; 422 malformed."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router, Schema
from pydantic import Field

from tongban.trust.identity.api import actor_of

from . import questions
from .models import Ask

router = Router(tags=["exchange"])

Value = Annotated[str, Field(max_length=500)]


class AskIn(Schema):
    """A question under a grant: `where` for a query, `rows` for a comparison; `purpose`: the case or task."""

    grant: str
    purpose: Annotated[str, Field(max_length=300)]
    where: dict[str, Value] = {}
    rows: Annotated[list[dict[str, Value]], Field(max_length=questions.MOST_ROWS)] = []


class AskOut(Schema):
    """A question as it stands; `answer` is rows, or one yes or no for each row compared."""

    id: str
    state: str
    code: str
    text: str
    answer: list[Any] | None


@router.post("/questions", response={202: AskOut})
def put_question(request: HttpRequest, told: AskIn) -> tuple[int, Ask]:
    """Put a question; the answer comes later."""
    return 202, questions.ask(actor_of(request), told.grant, told.purpose, where=told.where, rows=told.rows)


@router.get("/questions/{ask_id}", response=AskOut)
def get_question(request: HttpRequest, ask_id: str) -> Ask:
    """One's own question. A program takes the answer as it is: handing it out is recorded."""
    return questions.show(actor_of(request), ask_id)

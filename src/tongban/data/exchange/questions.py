"""Asking another office's data: one question and its answer, or yes and no for many (DATA-06, T1, T2).

Nothing travels inside a transaction: the question is recorded, a job puts it to the provider's node, and the page shows
the answer when it is there. Question and answer are visible to who asked, for a quarter of an hour.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Text, TongbanError, now, system
from tongban.base.ledger.api import write
from tongban.data.catalogue import api as catalogue
from tongban.data.catalogue.data import Grant, Mode
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, language
from tongban.trust.identity.api import Actor, limited, may

from .models import Ask, Subscription
from .subscriptions import grant_at_centre

ASK = "exchange.ask"
KEPT = timedelta(minutes=15)
SECONDS = 20  # that a node has for its answer
MOST_ROWS = 1_000  # of one comparison
HOURLY = 120  # questions of one officer in an hour


def ask(
    actor: Actor,
    grant_id: str,
    purpose: str,
    *,
    where: Mapping[str, str] | None = None,
    rows: Sequence[Mapping[str, str]] = (),
) -> Ask:
    """Ask under a grant: `where` for a query, `rows` for a comparison. Purpose: the case, in a few words. The question
    counts, whatever comes back; `Refused` beyond the hourly number."""
    if limited(f"exchange-ask:{actor.person}", HOURLY, 3600):
        raise Refused(_("Too many questions in this hour."), "too_many")
    grant = access_grant(actor, grant_id)
    errors: dict[str, Text] = {}
    if len(purpose.strip()) < 4:
        errors["purpose"] = _("Please write for which case or task you need this.")
    told: dict[str, Any] = {"where": {name: value.strip() for name, value in (where or {}).items() if value.strip()}}
    if grant.mode == Mode.COMPARE:
        told = {"rows": [dict(row) for row in rows]}
    if not any(told.values()):
        errors["where"] = _("Please say whom or what you ask about.")
    if len(rows) > MOST_ROWS:
        errors["rows"] = _("At most a thousand rows at once.")
    if errors:
        raise Invalid(errors)
    with transaction.atomic():
        made = Ask.objects.create(
            grant=grant.id,
            resource=grant.resource_code,
            mode=grant.mode,
            purpose=purpose.strip()[:300],
            by=str(actor.person),
            items=list(grant.items),
            asked=told,
            at=now(),
        )
        write(
            "exchange.asked",
            Ref(ASK, made.id),
            by=actor.by,
            grant=grant.id,
            resource=made.resource,
            purpose=made.purpose,
        )
        app.configure_task("exchange:put", queue="default").defer(ask=made.id)
    return made


def access_grant(actor: Actor, grant_id: str) -> Grant:
    """A live grant for questions of an office the actor may ask for; `NotFound` otherwise (T13)."""
    grant = catalogue.grant(grant_id)
    if not may(actor, ASK, grant.office):
        raise NotFound
    return catalogue.live_grant(grant.id, grant.office, grant.mode, grant.items)


def put(ask_id: str) -> None:
    """Put the question to the provider's node and keep the answer. A job, outside any transaction but its own two."""
    with system():
        row = Ask.objects.get(id=ask_id)
        flow = Subscription.objects.filter(grant=row.grant, live=True).exclude(provider="").first()
    if row.state != "waiting":
        return
    try:
        if flow is None:
            raise Refused(_("The office that provides this has no node at present."), "no_node")
        answer = _answer(row, flow)
        row.answer, row.state, row.rows = answer, "answered", len(answer)
    except TongbanError as problem:
        row.state, row.code, row.text = "refused", problem.code or "refused", str(problem)[:300]
    with system():
        row.save()
        if row.state == "answered":
            catalogue.count_use(row.grant, row.rows)
        write("exchange.answered", Ref(ASK, row.id), grant=row.grant, rows=row.rows, code=row.code)


def _answer(row: Ask, flow: Subscription) -> list[Any]:
    grant = grant_at_centre(flow)
    body = {"grant": grant, "purpose": row.purpose, "items": row.items, **row.asked}
    raw = json.dumps(body, ensure_ascii=False).encode()
    reply = transport.ask(flow.provider, Business(row.mode), raw, grant=grant, resource=row.resource, timeout=SECONDS)
    if row.mode == Mode.COMPARE:
        compared: language.Compared = json.loads(reply.body)
        return [bool(one) for one in compared["same"]]
    found: language.Found = json.loads(reply.body)
    return [{name: value for name, value in one.items() if name in row.items} for one in found["rows"]]


def answered(actor: Actor, ask_id: str) -> Ask:
    """One's own question; `NotFound` for everybody else's."""
    row = Ask.objects.filter(id=ask_id, by=str(actor.person)).first()
    if row is None:
        raise NotFound
    return row


def show(actor: Actor, ask_id: str) -> Ask:
    """The answer without masks, once more recorded (R4)."""
    row = answered(actor, ask_id)
    with transaction.atomic():
        write("exchange.answer.shown", Ref(ASK, row.id), by=actor.by, grant=row.grant)
    return row


def empty() -> int:
    """Forget questions' values and answers after a quarter of an hour."""
    old = Ask.objects.filter(at__lt=now() - KEPT).exclude(asked={})
    return old.update(asked={}, answer=None)

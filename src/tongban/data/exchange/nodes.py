"""The registry of nodes: heard of, fallen silent, blocked, closed (NET-06, T10)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from tongban.base.kernel.api import Invalid, Ref, Refused, TongbanError, emit, now, system, today
from tongban.base.ledger.api import write
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, language
from tongban.engine.notify.api import tell
from tongban.trust.identity.api import Actor
from tongban.trust.identity.data import OFFICE
from tongban.trust.keys.data import Reason

from . import certifying, peers
from .data import LIVE, NodeMoved, NodeState
from .enrolling import access_node
from .models import Node

SILENT_AFTER = timedelta(minutes=15)


def heard(node: str, told: Mapping[str, Any]) -> None:
    """A node's sign of life. What it tells of itself is kept; its clock is compared with ours."""
    moment = now()
    row = Node.objects.select_for_update().get(key=node)
    at, oldest = _moment(told.get("at")), _moment(told.get("oldest"))
    row.seen = moment
    row.skew = _ahead(at)
    row.waiting = min(_count(told.get("waiting")), 2**31 - 1)
    row.lag = max(0, int((moment - oldest).total_seconds())) if oldest and row.waiting else 0
    row.free_bytes = _count(told.get("free_bytes"))
    row.version = str(told.get("version", ""))[:40]
    _troubled(row, told.get("troubles"))
    if row.state in (NodeState.ENROLLED, NodeState.SILENT):
        _move(row, NodeState.ACTIVE, "")
    row.save()


def _troubled(row: Node, told: object) -> None:
    """Sources that the node refuses to read on, as one that lost most of its rows: its office is told once a day."""
    listed = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    row.troubles = [{word: str(one.get(word, ""))[:500] for word in ("resource", "text")} for one in listed[:20]]
    for one in row.troubles:
        facts = {"node": row.title, **one}
        tell(Ref(OFFICE, row.office_id), "exchange.source", facts, once=f"{row.key}:{one['resource']}:{today()}")


def ask_it(actor: Actor, key: str) -> None:
    """Ask a node now whether it is there; a job does it, the node's page tells."""
    with transaction.atomic():
        row = access_node(actor, key)
        row.asked, row.answered = now(), _("asked just now")
        row.save(update_fields=["asked", "answered"])
        app.configure_task("exchange:test", queue="default").defer(node=key)


def put_to_test(key: str) -> None:
    """The question itself, outside any transaction. What it tells of itself is kept as from a heartbeat."""
    words, told = "", {}
    try:
        body = json.dumps(language.Moment(at=now().isoformat())).encode()
        told = json.loads(transport.ask(key, Business.SELF_TEST, body).body)
    except (TongbanError, ValueError) as problem:
        words = str(problem)[:300]
    with system():
        row = Node.objects.select_for_update().get(key=key)
        row.asked, row.answered = now(), words
        if not words:
            row.seen, row.version = now(), str(told.get("version", ""))[:40]
            row.skew = _ahead(_moment(told.get("at")))
            row.free_bytes = _count(told.get("free_bytes"))
        row.save()


def _ahead(at: datetime | None) -> float:
    return (at - now()).total_seconds() if at else 0


def watch() -> int:
    """Nodes that have not been heard of for a quarter of an hour are silent; answers how many fell silent."""
    late = Node.objects.select_for_update().filter(state=NodeState.ACTIVE, seen__lt=now() - SILENT_AFTER)
    with transaction.atomic():
        found = list(late.order_by("key"))
        for row in found:
            _move(row, NodeState.SILENT, _("Nothing heard for a quarter of an hour."))
            row.save()
            tell(Ref(OFFICE, row.office_id), "exchange.silent", {"node": row.title}, once=f"{row.key}:{row.seen}")
    return len(found)


def block(actor: Actor, key: str, why: str, *, compromised: bool = False) -> None:
    """Stop a node at once: nothing of it is taken any more, anywhere. If its key may be in wrong hands, its
    certificates are revoked too, and it can only come back by a new enrolment."""
    with transaction.atomic():
        row = access_node(actor, key)
        _reason(why)
        if row.state not in LIVE:
            raise Refused(_("This node is not connected."), "state")
        _move(row, NodeState.BLOCKED, why, actor.by)
        row.save()
        if compromised:
            certifying.withdrawn(row, Reason.KEY_COMPROMISE, why, actor.by)
        peers.tell_all()


def unblock(actor: Actor, key: str, why: str) -> None:
    """Let a blocked node in again. `Refused` when its certificate no longer holds."""
    with transaction.atomic():
        row = access_node(actor, key)
        _reason(why)
        if row.state != NodeState.BLOCKED:
            raise Refused(_("This node is not blocked."), "state")
        if not certifying.judged(row.certificate)[0]:
            raise Refused(_("Its certificate no longer holds: make a new enrolment file instead."), "certificate")
        _move(row, NodeState.ENROLLED, "", actor.by)
        row.save()
        transport.unblock(key)
        peers.tell_all()


def close(actor: Actor, key: str, why: str) -> None:
    """A node ends for good: its certificates are revoked; its messages stay in the record."""
    with transaction.atomic():
        row = access_node(actor, key)
        _reason(why)
        if row.state == NodeState.CLOSED:
            raise Refused(_("This node is closed."), "state")
        _move(row, NodeState.CLOSED, why, actor.by)
        row.token_hash, row.token_until = b"", None
        row.save()
        certifying.withdrawn(row, Reason.CESSATION, why, actor.by)
        peers.tell_all()


def _reason(why: str) -> None:
    if len(why.strip()) < 2:
        raise Invalid({"why": _("Please write why.")})


def _move(row: Node, to: NodeState, why: str, by: Ref | None = None) -> None:
    row.state, row.why = to, why.strip()[:300]
    write(f"exchange.node.{to}", row.ref, by=by, why=row.why)
    emit(NodeMoved(row.key, to))


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _count(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0

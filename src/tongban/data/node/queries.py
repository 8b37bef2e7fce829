"""How this node stands, for `tongban node status` and the heartbeat."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.db.models import Sum

from tongban.base.kernel.api import local, now
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business, language

from . import models
from .data import Counts, Fault, Run, RunState
from .grants import live
from .taking import free


def status() -> dict[str, Any]:
    """Everything worth knowing at a glance, JSON-able."""
    own, line = transport.own(), transport.line()
    return {
        "node": own.node,
        "office": own.office,
        "line": {"up": line.up, "text": line.text, "since": _iso(line.at)},
        "free_mib": free() >> 20,
        "sources": [_source(row) for row in models.Source.objects.order_by("name")],
        "sinks": [_sink(row) for row in models.Sink.objects.order_by("name")],
        "unclaimed": unclaimed(),
        "grants": [_grant(row) for row in live().order_by("resource", "node")],
        "peers": [
            {
                "node": lag.peer.node,
                "blocked": lag.peer.blocked,
                "waiting": lag.waiting,
                "sent": lag.sent,
                "stored": lag.stored,
                "quarantined": lag.quarantined,
                "oldest": _iso(lag.oldest),
                "heard": _iso(lag.heard),
            }
            for lag in transport.lags()
        ],
        "corrections": models.Correction.objects.count(),
        "today": today(),
    }


def today() -> dict[str, int]:
    """Volumes since midnight: rows read and changed at the sources, rows received, questions answered."""
    start = local(now()).replace(hour=0, minute=0, second=0, microsecond=0)
    runs = [counts for (counts,) in models.Run.objects.filter(started__gte=start).values_list("counts")]
    came = models.Delivery.objects.filter(came__gte=start).aggregate(rows=Sum("rows"))
    return {
        "read": sum(counts.get("read", 0) for counts in runs),
        "changed": sum(counts.get(kind, 0) for counts in runs for kind in ("inserted", "updated", "deleted")),
        "received": came["rows"] or 0,
        "answered": models.Asked.objects.filter(at__gte=start, code="").count(),
        "files_sent": models.Filed.objects.filter(at__gte=start).count(),
        "files_received": models.Piece.objects.filter(at__gte=start, number=1, done=True).count(),
    }


def troubles() -> list[language.Trouble]:
    """Sources that were refused when they were last read, and why: what the centre's people are told."""
    last = models.Run.objects.exclude(state=RunState.RUNNING).order_by("source", "-id").distinct("source")
    refused = (row for row in last.select_related("source") if row.state == RunState.REFUSED)
    return [language.Trouble(resource=row.source.resource, text=row.text[:500]) for row in refused]


def unclaimed() -> dict[str, int]:
    """Batches and files of resources for which there is no sink here, by resource."""
    known = models.Sink.objects.values("resource")
    found: Counter[str] = Counter()
    for waiting in (models.Delivery.objects.filter(done=False), models.Piece.objects.filter(done=False, number=1)):
        found.update(waiting.exclude(resource__in=known).values_list("resource", flat=True))
    return dict(found)


def runs(source: str, most: int = 20) -> list[Run]:
    """A source's last runs, latest first."""
    rows = models.Run.objects.filter(source_id=source).order_by("-id")[:most]
    return [_run(row) for row in rows]


def faults(source: str) -> list[Fault]:
    """Rows of the last run that could not be taken."""
    rows = models.Fault.objects.filter(source_id=source).order_by("number")
    return [Fault(row.number, row.item, row.why) for row in rows]


def corrections(most: int = 100) -> list[dict[str, Any]]:
    """Values found wrong after an objection, latest first: which row, and what is right."""
    rows = models.Correction.objects.order_by("-at")[:most]
    return [{"resource": row.resource, "objection": row.objection, "at": _iso(row.at), **row.body} for row in rows]


def _run(row: models.Run) -> Run:
    return Run(row.source_id, RunState(row.state), row.text, Counts(**row.counts), row.started, row.ended)


def _source(row: models.Source) -> dict[str, Any]:
    last = next(iter(runs(row.name, 1)), None)
    return {
        "name": row.name,
        "resource": row.resource,
        "schema": row.schema,
        "rows": row.rows,
        "faults": row.faults.count(),
        "state": last.state.value if last else "",
        "text": last.text if last else "",
        "last": _iso(last.ended if last else None),
        "due": _iso(row.due),
    }


def _sink(row: models.Sink) -> dict[str, Any]:
    rows = models.Delivery.objects.filter(resource=row.resource)
    return {
        "name": row.name,
        "resource": row.resource,
        "waiting": rows.filter(done=False).count(),
        "rows": rows.filter(done=True).aggregate(rows=Sum("rows"))["rows"] or 0,
        "trouble": row.trouble,
    }


def _grant(row: models.Grant) -> dict[str, Any]:
    return {
        "grant": row.id,
        "resource": row.resource,
        "node": row.node,
        "mode": row.mode,
        "items": row.items,
        "until": _iso(row.until),
        "loaded": row.loaded is None or row.mode != Business.BATCH,
        "files": row.files.count(),
    }


def _iso(moment: datetime | None) -> str | None:
    return local(moment).isoformat(timespec="seconds") if moment else None

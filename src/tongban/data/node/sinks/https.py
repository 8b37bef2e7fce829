"""A program of the department that takes rows as JSON. The message's id goes along, so that it can tell repetitions."""

from __future__ import annotations

import json

from ..calling import exchange
from ..data import Fault, Place
from . import Parcel, sinks


@sinks("http")
def put(place: Place, parcel: Parcel) -> list[Fault]:
    """POST `{resource, sender, message, batch, rows}`; the answer may name bad rows: `{bad: [{row, item, why}]}`."""
    body = {
        "resource": parcel.resource,
        "sender": parcel.sender,
        "message": parcel.message,
        "batch": parcel.number,
        "rows": parcel.batch.rows,
    }
    answer = exchange(place, body=json.dumps(body, ensure_ascii=False, default=str).encode(), message=parcel.message)
    try:
        bad = json.loads(answer).get("bad", [])
        return [Fault(int(row["row"]), str(row.get("item", ""))[:40], str(row.get("why", ""))[:200]) for row in bad]
    except (ValueError, AttributeError, KeyError, TypeError):
        return []

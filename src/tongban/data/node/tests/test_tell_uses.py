"""The centre is told of every answered question once."""

from __future__ import annotations

import json

from tongban.base.kernel.api import new_id
from tongban.data.node.models import Asked
from tongban.data.node.using import tell_uses
from tongban.data.transport.models import Out, OutBody
from tongban.data.transport.sealing import unpacked


def _asked(grant: str, rows: int, code: str = "", node: str = "tax") -> None:
    Asked.objects.create(message=new_id(), grant=grant, node=node, business="query", rows=rows, code=code)


def test_each_answer_is_told_once_and_refusals_are_no_use(node: object) -> None:
    for rows in (1, 0, 4):
        _asked("g1", rows)
    _asked("g1", 0, "grant")
    _asked("g2@centre", 3, node="centre")
    assert tell_uses() == 3
    assert tell_uses() == 0
    (row,) = Out.objects.filter(business="used")
    told = json.loads(unpacked(row.packing, bytes(OutBody.objects.get(message=row.id).content)))
    assert told == {"uses": [{"grant": "g1", "uses": 3, "rows": 5}]}
    _asked("g1", 2)
    assert tell_uses() == 1

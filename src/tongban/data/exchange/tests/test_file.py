"""Files of a department's own at the centre, and what its people are told of a source that waits for somebody."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from PIL import Image

from tongban.base.files import api as files
from tongban.base.kernel.api import new_id, now
from tongban.data.catalogue.data import Resource
from tongban.data.exchange import checks, filing, nodes, queries
from tongban.data.exchange.models import Subscription
from tongban.data.transport.data import CENTRE, Envelope, Kind, Message, Stage


def drawing() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (3, 3)).save(out, "PNG")
    return out.getvalue()


PNG = drawing()


def message(resource: Resource, grant: str, content: bytes = PNG, **head: object) -> Message:
    told = {"name": "海口-12_A2.png", "size": len(content), "sha256": hashlib.sha256(PNG).hexdigest(), "number": 1,
            "total": 1, **head}  # fmt: skip
    envelope = Envelope(
        id=new_id(), kind=Kind.FILE, business="file", sender="market", office="46.ic", to=CENTRE, created=now(),
        resource=resource.code, grant=grant,
    )  # fmt: skip
    return Message(envelope, json.dumps(told).encode() + b"\n" + content)


@pytest.fixture
def grant(enrolled: Callable[[str, str], str], firms: Resource, monkeypatch: pytest.MonkeyPatch) -> str:
    """The market office's node may send the centre the files of a resource."""
    enrolled("market", "46.ic")
    monkeypatch.setattr("tongban.data.catalogue.api.count_use", lambda _grant, _rows: None)
    flow = {"resource": firms.code, "title": firms.title, "provider_office": firms.provider_office.id, "items": []}
    Subscription.objects.create(grant="g-file", mode="file", subscriber=CENTRE, provider="market", **flow)
    return "g-file"


def test_a_file_is_kept_counted_and_shown(grant: str, firms: Resource) -> None:
    came = message(firms, grant)
    assert filing.accept(came).stage is Stage.PROCESSED and filing.accept(came).stage is Stage.PROCESSED
    (volume,) = queries.volumes(node="market")
    assert (volume.deliveries, volume.rows, volume.size) == (1, 1, len(PNG))
    (delivery,), _next = queries.deliveries(node="market")
    assert files.released(delivery.file).format == "png"


def test_what_is_no_file_for_the_centre_is_refused(grant: str, firms: Resource) -> None:
    cases = {
        "fixity": message(firms, grant, PNG[:-1]),
        "too_large": message(firms, grant, total=2),
        "grant": message(firms, f"centre:{firms.id}"),
        "file": message(firms, grant, name="a.exe"),
        "unreadable": replace(message(firms, grant), body=b"no head"),
    }
    for code, bad in cases.items():
        assert filing.accept(bad).code == code


def test_a_source_that_waits_for_somebody_is_told(grant: str) -> None:
    trouble = {"resource": "1/1", "text": "300 行中有 290 行消失"}
    nodes.heard("market", {"at": now().isoformat(), "troubles": [trouble, "x"]})
    (told,) = [one for one in checks.looked_at("market") if one.of == "sources"]
    assert not told.well and told.text == "1/1: 300 行中有 290 行消失"
    nodes.heard("market", {"at": now().isoformat(), "troubles": []})
    assert all(one.well for one in checks.looked_at("market") if one.of == "sources")

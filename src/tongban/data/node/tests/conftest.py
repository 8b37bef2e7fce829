"""A department's node with a grant given to the tax office's node; sources are real files and databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from tongban.base.kernel.api import now
from tongban.data.node import grants
from tongban.data.node.batches import decode
from tongban.data.transport import api as transport
from tongban.data.transport.data import Peer
from tongban.data.transport.models import Out, OutBody
from tongban.data.transport.sealing import unpacked

RESOURCE = "3070100001/1"
Rows = list[dict[str, Any]]


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def node(db: None, tmp_path: Path, settings: Any) -> Path:
    """This node is `police`; it knows `tax` and the centre. Gives a folder for files."""
    settings.TONGBAN_HOME, settings.TONGBAN_NODE_RESERVE = tmp_path / "home", 0
    (tmp_path / "home").mkdir()
    transport.set_up(transport.fresh_own("police", "police-office", "公安厅"))
    for name in ("tax", "centre"):
        peer = transport.fresh_own(name, f"{name}-office", name)
        transport.trust(Peer(name, peer.office, peer.title, peer.certificate))
    return tmp_path


@pytest.fixture
def granted(node: Path) -> Callable[..., None]:
    """Hold a grant for the tax office, as the centre's message gives it."""

    def hold(items: list[str], mode: str = "batch", id_: str = "g1", **terms: Any) -> None:
        until = (now() + timedelta(days=30)).date().isoformat()
        body = {"grant": id_, "resource": RESOURCE, "mode": mode, "office": "tax-office", "node": "tax"}
        grants.hold({**body, "items": items, "purpose": "综合治税", "until": until, **terms}, now())

    return hold


@pytest.fixture
def sent() -> Callable[[], list[Rows]]:
    """Rows of every batch in the outbox, in the order of their numbers."""

    def read() -> list[Rows]:
        rows = Out.objects.filter(business="batch").order_by("number")
        return [decode(unpacked(row.packing, bytes(OutBody.objects.get(message=row.id).content))).rows for row in rows]

    return read


def replayed(batches: list[Rows], key: str) -> dict[str, Any]:
    """What a receiver has in the end, by key; a row that is inserted twice or changed too early is an error."""
    have: dict[str, Any] = {}
    for row in (row for batch in batches for row in batch):
        name, operation = row["cd_key"], row["cd_operation"]
        assert (name in have) is (operation != "I"), f"{operation} of {row[key]}"
        if operation == "D":
            del have[name]
        else:
            have[name] = row
    return {row[key]: row for row in have.values()}

"""Files: granted rows as one file, in pieces, whole and unchanged at the other end or not there at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tongban.base.kernel.api import now, travelled
from tongban.data.node import files, models, pieces
from tongban.data.node.api import add_sink, add_source, run_source
from tongban.data.transport import api as transport
from tongban.data.transport import taking
from tongban.data.transport.data import Envelope, Kind, Own, Peer, Stage
from tongban.data.transport.models import Out, OutBody
from tongban.data.transport.sealing import packed, seal, unpacked

from .conftest import RESOURCE

SOURCE = """
name: residents
resource: "{resource}"
source: {{kind: csv, path: {path}}}
key: id
items: {{id: 编号, name: 姓名, phone: 电话}}
"""
SINK = """
name: residents
resource: "{resource}"
sink: {{kind: csv, folder: {path}}}
"""
Granted = Callable[..., None]


@pytest.fixture
def source(node: Path, granted: Granted, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source of 50 rows, granted as a file without telephone numbers; pieces are small."""
    monkeypatch.setattr(pieces, "PIECE", 100)
    path = node / "a.csv"
    path.write_text("编号,姓名,电话\n" + "".join(f"{n},人{n},139{n:08}\n" for n in range(50)), encoding="utf-8")
    add_source(SOURCE.format(resource=RESOURCE, path=path), "a.yaml")
    run_source("residents")
    granted(["id", "name"], mode="file")
    return path


def _sent() -> list[bytes]:
    rows = Out.objects.filter(kind=Kind.FILE).order_by("number")
    return [unpacked(row.packing, bytes(OutBody.objects.get(message=row.id).content)) for row in rows]


def test_a_file_goes_once_a_day_and_only_when_it_says_something_else(source: Path, granted: Granted) -> None:
    assert files.send_files() == 1
    pieces = _sent()
    assert len(pieces) > 2
    content = b"".join(piece.partition(b"\n")[2] for piece in pieces).decode("utf-8-sig")
    assert sorted(csv.reader(content.splitlines())) == sorted(
        [["id", "name"], *([str(n), f"人{n}"] for n in range(50))]
    )
    assert {row.grant for row in Out.objects.filter(kind=Kind.FILE)} == {"g1"}
    assert files.send_files() == 0
    with travelled(timedelta(days=2)):
        assert files.send_files() == 0, "nothing new"
    source.write_text(source.read_text(encoding="utf-8") + "50,=1+1,139\n", encoding="utf-8")
    run_source("residents")
    assert files.send_files() == 0, "it went a moment ago"
    with travelled(timedelta(days=4)):
        assert files.send_files() == 1
    assert b"'=1+1" in b"".join(_sent()), "T28: no formulas"
    transport.block("tax")
    granted(["id"], mode="file")
    assert files.send_files() == 0


def taken(pieces: list[tuple[dict[str, Any], bytes]]) -> list[str]:
    """Heads and contents of pieces as messages of the tax office; their ids."""
    tax = transport.fresh_own("tax", "tax-office", "tax")
    transport.trust(Peer("tax", "tax-office", "tax", tax.certificate))
    return _take(transport.own(), tax, [json.dumps(head).encode() + b"\n" + piece for head, piece in pieces])


def _take(police: Own, tax: Own, bodies: list[bytes]) -> list[str]:
    """The pieces as another office's messages; their ids."""
    ids = []
    for number, body in enumerate(bodies):
        id_ = f"message-{models.Piece.objects.count()}-{number}"
        packing, content = packed(body)
        envelope = Envelope(
            id=id_, kind=Kind.FILE, business="file", sender="tax", office="tax-office", to="police", created=now(),
            resource=RESOURCE, grant="g1", packing=packing,
        )  # fmt: skip
        frames = seal(tax, envelope, police.certificate, content)
        assert taking.take([(frame, "tax") for frame in frames], police) == [taking.Taken.STORED]
        files.take_piece(transport.message(id_))
        ids.append(id_)
    return ids


def stages(ids: list[str]) -> set[tuple[Stage, str]]:
    return {(found.stage, found.code) for found in map(transport.passage, ids)}


def test_a_file_is_put_together_whole_or_refused(source: Path) -> None:
    files.send_files()
    police, tax, pieces = transport.own(), transport.fresh_own("tax", "tax-office", "tax"), _sent()
    transport.trust(Peer("tax", "tax-office", "tax", tax.certificate))
    folder = source.parent / "in"
    add_sink(SINK.format(resource=RESOURCE, path=folder), "s.yaml")
    ids = _take(police, tax, pieces[::-1][:-1])
    assert files.deliver_files() == 0
    assert not folder.exists(), "one piece is missing"
    ids += _take(police, tax, pieces[:1])
    assert files.deliver_files() == 1
    (path,) = folder.iterdir()
    assert path.read_bytes() == b"".join(piece.partition(b"\n")[2] for piece in pieces)
    assert stages(ids) == {(Stage.PROCESSED, "")}
    path.unlink()
    changed = [pieces[0].replace("人1,".encode(), "人x,".encode()).replace(b"\r\n", b"\n\r"), *pieces[1:]]
    assert changed[0] != pieces[0]
    ids = _take(police, tax, changed)
    assert files.deliver_files() == 1
    assert list(folder.iterdir()) == []
    assert stages(ids) == {(Stage.REFUSED, "fixity")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM node_piece WHERE NOT done")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("name", ["../out.csv", ".hidden", "a/b.csv", ""])
def test_a_file_s_name_is_no_way_out_of_the_folder(source: Path, name: str) -> None:
    from tongban.base.kernel.api import Refused
    from tongban.data.transport.data import Message

    head = b'{"name": "%s", "size": 1, "sha256": "%s", "number": 1, "total": 1}\nx' % (name.encode(), b"0" * 64)
    envelope = Envelope("id-00000", Kind.FILE, "file", "tax", "tax-office", "police", now(), resource=RESOURCE)
    with pytest.raises(Refused):
        files.take_piece(Message(envelope, head))
    assert models.Piece.objects.count() == 0

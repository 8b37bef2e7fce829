"""The cell: what is parsed there reaches nothing, what comes out holds nothing hidden (T21, T22)."""

from __future__ import annotations

import io
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from tongban.base.files import api as files
from tongban.base.files import cell, models
from tongban.base.files.clamd import Clamd
from tongban.base.files.data import FORMATS, Slot, State
from tongban.base.kernel.api import Invalid, Ref
from tongban.base.ledger.api import history

from . import corpus

pytestmark = pytest.mark.django_db
CITIZEN = Ref("identity.person", "citizen")
ANY = Slot(tuple(FORMATS), files.MB)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, settings: Any) -> None:
    settings.TONGBAN_HOME = tmp_path


def kept(name: str, content: bytes) -> bytes:
    with files.open_released(files.receive(io.BytesIO(content), name, ANY, CITIZEN).id) as stream:
        return stream.read()


@pytest.mark.skipif(not cell.walled(), reason="bubblewrap does not run on this machine")
def test_t21_r17_inside_the_cell_there_is_no_network_and_nothing_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    listener = socket.create_server(("127.0.0.1", 0))
    probe = f"""
import os, socket
seen = [p for p in ({str(tmp_path / "secret")!r}, "/etc/passwd", "/proc/1/environ") if os.path.exists(p)]
try:
    socket.create_connection(("127.0.0.1", {listener.getsockname()[1]}), timeout=2)
    seen.append("network")
except OSError:
    pass
print(seen)
"""
    done = subprocess.run([*cell._walls(), sys.executable, "-c", probe], capture_output=True, check=True, timeout=20)
    assert done.stdout.strip() == b"[]"
    listener.close()


def test_a_photograph_comes_in_without_where_it_was_taken_and_upright() -> None:
    taken = Image.new("RGB", (40, 20), (20, 90, 160))
    notes = Image.Exif()
    notes[0x0112] = 6  # taken on the side
    notes[0x010E] = "at home, 20.03 N 110.32 E"
    out = io.BytesIO()
    taken.save(out, "JPEG", exif=notes, comment=b"a note of the camera")
    picture = kept("a.jpg", out.getvalue() + b"a preview behind the end")
    assert all(word not in picture for word in (b"20.03", b"a note", b"a preview", b"Exif"))
    assert Image.open(io.BytesIO(picture)).size == (20, 40)


def test_a_pdf_keeps_its_pages_and_nothing_between_its_objects() -> None:
    content = corpus.pdf()
    at = content.index(b"\nxref") if b"\nxref" in content else content.index(b"endobj") + 6
    hidden = content[:at] + b"\n%hidden words between\n" + content[at:]
    document = kept("a.pdf", hidden)
    assert b"hidden words" not in document
    assert len(pikepdf.open(io.BytesIO(document)).pages) == 1


def test_a_signed_pdf_stays_to_the_byte() -> None:
    def sign(document: pikepdf.Pdf) -> None:
        document.Root.Seal = document.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=pikepdf.String("x"))
        )

    signed = corpus.pdf(sign, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert kept("a.pdf", signed) == signed


def test_t22_the_cell_ends_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "SECONDS", 0)
    with pytest.raises(Invalid):
        kept("a.pdf", corpus.pdf())
    assert models.Blob.objects.count() == 0


@pytest.fixture
def daemon() -> Iterator[tuple[str, list[bytes]]]:
    """Speaks clamd's INSTREAM: finds the word `evil`; received streams are in the list."""
    listener, streams = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        while True:
            try:
                line, _peer = listener.accept()
            except OSError:
                return
            with line, line.makefile("rb") as reader:
                assert reader.read(10) == b"zINSTREAM\0"
                content = b""
                while length := struct.unpack(">L", reader.read(4))[0]:
                    content += reader.read(length)
                streams.append(content)
                line.sendall(b"stream: Test.Evil FOUND\0" if b"evil" in content else b"stream: OK\0")

    threading.Thread(target=serve, daemon=True).start()
    yield f"127.0.0.1:{listener.getsockname()[1]}", streams
    listener.close()


def test_t21_clamd_is_asked_and_heard(daemon: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, streams = daemon
    monkeypatch.setitem(files.scanners._items, "clamd", Clamd(address))
    long = b"harmless text\r\n" * 10_000
    assert kept("a.txt", long) == long
    assert streams == [long]
    with pytest.raises(Invalid):
        kept("b.txt", b"evil text")
    refused = models.File.objects.get(state=State.REFUSED)
    assert history(Ref("files.file", refused.public_id))[0].facts["code"] == "malware"
    assert models.Blob.objects.count() == 1


def test_t21_nothing_comes_in_while_the_scanner_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setitem(files.scanners._items, "clamd", Clamd(f"127.0.0.1:{port}"))
    with pytest.raises(Invalid):
        kept("a.txt", b"text")
    refused = models.File.objects.get()
    assert history(Ref("files.file", refused.public_id))[0].facts["code"] == "scanner"
    assert models.Blob.objects.count() == 0

"""The cell: what is parsed there reaches nothing, what comes out holds nothing hidden (T21, T22)."""

from __future__ import annotations

import io
import socket
import struct
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image

from tongban.base.files import api as files
from tongban.base.files import archives, cell, documents, inside, models, store
from tongban.base.files.clamd import Clamd
from tongban.base.files.data import FORMATS, Slot, State
from tongban.base.kernel.api import Invalid, Ref
from tongban.base.ledger.api import history

from . import corpus

pytestmark = pytest.mark.django_db
CITIZEN = Ref("identity.person", "citizen")
ANY = Slot(tuple(FORMATS), files.MB)
PARSED = {
    "a.pdf": corpus.pdf(),
    "a.png": corpus.image(),
    "a.docx": corpus.office(),
    "a.ofd": corpus.ofd(),
    "a.doc": corpus.ole(),
    "a.zip": corpus.zipped([("a.txt", b"x")]),
    "a.txt": b"text",
}


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "root", lambda: tmp_path / "files")


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


def test_r17_inside_the_cell_nothing_but_parsers_is_loaded() -> None:
    probe = "import sys; sys.path = sys.argv[1].split(':'); import tongban.base.files.inside; print(*sys.modules)"
    command = [*cell._PYTHON, probe, ":".join(filter(None, sys.path))]
    loaded = subprocess.run(command, capture_output=True, check=True, timeout=20, text=True).stdout.split()
    assert "zipfile" in loaded
    assert not {"django", "dataclasses", "pikepdf", "PIL", "tongban.base.kernel"} & set(loaded)


def test_r17_t24_no_format_is_parsed_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def parsed(*_arguments: Any, **_others: Any) -> None:
        raise AssertionError("parsed in this process")

    for module, name in ((archives, "check"), (inside, "detect"), (documents, "check_ole"), (documents, "check_text")):
        monkeypatch.setattr(module, name, parsed)
    monkeypatch.setattr(zipfile, "ZipFile", parsed)
    monkeypatch.setattr(Image, "open", parsed)
    monkeypatch.setattr(pikepdf, "open", parsed)
    for name, content in PARSED.items():
        assert kept(name, content)


@pytest.mark.parametrize(
    "answer", ["''", "'is docx and more'", "'refused'", "'refused nothing known'", "'\xff'", "'is docx' * 10**7"]
)
def test_r17_what_a_cell_says_is_not_believed_blindly(answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell, "_START", f"import sys; sys.stdout.write({answer})")
    with pytest.raises(Invalid):
        kept("a.docx", corpus.office())
    assert models.Blob.objects.count() == 0


def test_r17_without_walls_the_limits_hold_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("PATH", "")
    assert cell._walls.__wrapped__() == () and "without walls" in caplog.text
    monkeypatch.setattr(cell, "_walls", lambda: ())
    assert kept("a.docx", corpus.office()) == corpus.office()
    small = cell._START.replace("import main; main()", "import inside; inside.MEMORY = 1 << 24; inside.main()")
    monkeypatch.setattr(cell, "_START", small.replace("files.inside", "files"))
    with pytest.raises(Invalid):
        kept("a.pdf", corpus.pdf())
    assert models.Blob.objects.count() == 1


def test_r17_a_cell_cannot_change_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    write = "import os, sys\ntry: os.pwrite(0, b'evil', 0)\nexcept OSError: sys.stdout.write('is txt')"
    monkeypatch.setattr(cell, "_START", write)
    assert kept("a.txt", b"text") == b"text"


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

"""Receiving files: good ones come in, every evil one is refused with a reason and leaves no content
behind."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from django.db import transaction
from PIL import Image

from tongban.base.files import api as files
from tongban.base.files import models, store
from tongban.base.files.data import FORMATS, Family, Slot, State
from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused
from tongban.base.ledger.api import history

from . import corpus

pytestmark = pytest.mark.django_db
CITIZEN, STRANGER = Ref("identity.person", "citizen"), Ref("identity.person", "stranger")
CASE = Ref("hall.case", "one")
ANY = Slot(tuple(FORMATS), 300 * files.MB)


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "root", lambda: tmp_path / "files")


def receive(name: str, content: bytes, slot: Slot = ANY, subject: Ref | None = None) -> files.File:
    return files.receive(io.BytesIO(content), name, slot, CITIZEN, subject)


def place(file: files.File) -> Path:
    """Where its content lies."""
    blob = models.Blob.objects.get(files__public_id=file.id)
    return store.path_of(blob.sha256)


def refused(name: str, content: bytes, slot: Slot = ANY) -> str:
    """The code under which it is refused; nothing of it may be left."""
    with pytest.raises(Invalid) as refusal:
        receive(name, content, slot)
    assert str(refusal.value.errors["file"])
    row = models.File.objects.latest("id")
    assert (row.state, row.blob) == (State.REFUSED, None)
    assert row.reason
    assert models.Blob.objects.count() == 0
    assert [p for p in store.root().rglob("*") if p.is_file()] == []
    entry = history(Ref("files.file", row.public_id))[0]
    assert entry.kind == "files.refused"
    return str(entry.facts["code"])


GOOD = {
    "执照.pdf": corpus.pdf(),
    "照片.JPG": corpus.image("jpeg"),
    "照片.jpeg": corpus.image("jpeg"),
    "a.png": corpus.image(),
    "a.gif": corpus.image("gif"),
    "a.bmp": corpus.image("bmp"),
    "a.tif": corpus.image("tiff"),
    "a.webp": corpus.image("webp"),
    "申请表（v1.2）.docx": corpus.office("word"),
    "a.xlsx": corpus.office("xl"),
    "a.pptx": corpus.office("ppt"),
    "chart.docx": corpus.office("word", ("word/embeddings/t.xlsx", corpus.office("xl"))),
    "a.ofd": corpus.ofd(),
    "a.doc": corpus.ole(),
    "a.wps": corpus.ole(),
    "a.xls": corpus.ole("Workbook"),
    "a.ppt": corpus.ole("PowerPoint Document"),
    "a.zip": corpus.zipped([("材料/说明.txt", "你好".encode()), ("材料/表.docx", corpus.office()), ("材料/", b"")]),
    "gbk.zip": corpus.raw_name(b"aaaa.txt", "说明.txt".encode("gb18030")),
    "utf8.txt": "申请说明\r\n".encode(),
    "gbk.txt": "申请说明\r\n".encode("gb18030"),
    "表.csv": "姓名,年龄\n张三,30\n".encode(),
    "2<3.txt": b"2 < 3, and <b> is no page",
}


@pytest.mark.parametrize("name", GOOD)
def test_good_files_come_in(name: str) -> None:
    file = receive(name, GOOD[name], subject=CASE)
    assert (file.name, file.state, file.by, file.subject) == (name, State.RELEASED, CITIZEN, CASE)
    assert name.rpartition(".")[2].lower() in FORMATS[file.format].endings
    with files.open_released(file.id) as stream:
        kept = stream.read()
    assert (len(kept), hashlib.sha256(kept).hexdigest()) == (file.size, file.sha256)
    family = FORMATS[file.format].family
    if family is Family.PDF:
        assert len(pikepdf.open(io.BytesIO(kept)).pages) == 1
    elif family is Family.IMAGE:
        assert Image.open(io.BytesIO(kept)).size == (40, 30)
    else:
        assert kept == GOOD[name]
    came_as = hashlib.sha256(GOOD[name]).hexdigest()
    assert history(Ref("files.file", file.id))[0].facts["came_as"] == came_as
    assert list((store.root() / "incoming").iterdir()) == []


@pytest.mark.parametrize("kind", corpus.evil_zips())
def test_evil_archives_are_refused(kind: str) -> None:
    assert refused("a.zip", corpus.evil_zips()[kind])


@pytest.mark.parametrize("kind", corpus.polyglots())
def test_polyglots_are_refused(kind: str) -> None:
    name, content = corpus.polyglots()[kind]
    assert refused(name, content)


@pytest.mark.parametrize("kind", corpus.disguised())
def test_disguised_files_are_refused(kind: str) -> None:
    name, content = corpus.disguised()[kind]
    assert refused(name, content) in ("disguised", "unknown")


@pytest.mark.parametrize("kind", corpus.harmful())
def test_harmful_files_are_refused(kind: str) -> None:
    name, content = corpus.harmful()[kind]
    code = refused(name, content)
    assert code not in ("disguised", "unknown", "format"), code
    if "eicar" in kind:
        assert code == "malware"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  ",
        "x" * 200 + ".pdf",
        "../a.pdf",
        "a/b.pdf",
        "C:\\fakepath\\a.pdf",
        "a\x00.pdf",
        "a\n.pdf",
        "invoice\u202efdp.exe.pdf",
        "a\u200b.pdf",
        "a\u2066.pdf",
        ".pdf",
        "a.pdf ",
        "a.pdf.",
        "a.exe.pdf",
        "a.PHP.pdf",
        "a.pdf.exe",
        "a.svg",
        "a",
        "pdf",
    ],
)
def test_bad_names_are_refused(name: str) -> None:
    assert refused(name, corpus.pdf())


def test_only_what_the_slot_takes() -> None:
    slot = Slot(("pdf", "jpeg"), 1 * files.MB)
    with pytest.raises(Invalid) as refusal:
        receive("a.docx", corpus.office(), slot)
    assert "PDF、JPG" in str(refusal.value)
    assert "1 MB" in str(refusal.value)
    assert slot.accept == ".pdf,.jpg,.jpeg"


def test_too_large_stops_early() -> None:
    class Endless(io.RawIOBase):
        sent = 0

        def read(self, size: int = -1) -> bytes:
            self.sent += size
            return b"%PDF-" + bytes(size - 5)

    source = Endless()
    with pytest.raises(Invalid) as refusal:
        files.receive(source, "a.pdf", Slot(("pdf",), 2 * files.MB), CITIZEN)  # type: ignore[arg-type]
    assert "2 MB" in str(refusal.value)
    assert source.sent < 2.2 * files.MB
    assert refused("a.pdf", b"") == "empty"


def test_a_bomb_is_refused_in_flat_memory_and_written_nowhere() -> None:
    content = corpus.bomb(200)
    assert len(content) < files.MB
    before = _memory()
    assert refused("a.zip", content) == "bomb"
    assert refused("a.zip", corpus.lying_size())
    assert _memory() - before < 50_000


def _memory() -> int:
    """The most that this process or a cell ever took, in kB."""
    return max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def test_same_content_is_kept_once() -> None:
    one, two = receive("a.pdf", GOOD["执照.pdf"]), receive("b.pdf", GOOD["执照.pdf"])
    assert one.id != two.id
    assert one.sha256 == two.sha256
    assert models.Blob.objects.count() == 1
    assert place(one).stat().st_mode & 0o077 == 0
    place(one).unlink()
    again = receive("c.pdf", GOOD["执照.pdf"])  # what was lost comes back with whoever hands it in again
    assert files.open_released(again.id).read() and models.Blob.objects.count() == 2


def test_a_scanner_may_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    class Strict:
        def scan(self, stream: Any) -> str | None:
            return "found" if b"%PDF" in stream.read() else None

    monkeypatch.setitem(files.scanners._items, "strict", Strict())
    assert refused("a.pdf", corpus.pdf()) == "malware"


@pytest.fixture
def file() -> Iterator[files.File]:
    yield receive("执照 副本.pdf", GOOD["执照.pdf"])


def test_attach(file: files.File) -> None:
    assert files.files_of(CASE) == ()
    assert files.attach(file.id, CASE, CITIZEN).subject == CASE
    assert [f.id for f in files.files_of(CASE)] == [file.id]
    with pytest.raises(Refused):
        files.attach(file.id, Ref("hall.case", "two"), CITIZEN)
    with pytest.raises(NotFound):
        files.attach(file.id, CASE, STRANGER)
    assert files.released(file.id).subject == CASE


def test_remove(file: files.File) -> None:
    with pytest.raises(NotFound):
        files.remove(file.id, STRANGER)
    assert files.files_by_id([file.id])
    files.remove(file.id, CITIZEN)
    for ask in (files.released, files.open_released, files.download):
        with pytest.raises(NotFound):
            ask(file.id)


def test_r18_refused_and_unknown_files_have_no_address() -> None:
    refused("a.pdf", b"%PDF-1.7 broken %%EOF")
    for id_ in (models.File.objects.get().public_id, "0" * 26, "", "1", "' OR 1=1"):
        with pytest.raises(NotFound):
            files.download(id_)


def test_download_is_an_attachment(file: files.File) -> None:
    answer = files.download(file.id)
    assert hashlib.sha256(b"".join(answer)).hexdigest() == file.sha256  # type: ignore[arg-type]
    assert answer["Content-Disposition"] == (
        "attachment; filename=\"__ __.pdf\"; filename*=UTF-8''%E6%89%A7%E7%85%A7%20%E5%89%AF%E6%9C%AC.pdf"
    )
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Type"] == "application/pdf"
    answer.close()


def test_names_cannot_break_the_header() -> None:
    assert files.disposition('a"; filename="b.html').count('"') == 2
    assert "\r" not in files.disposition("a\r\nSet-Cookie: x")


def test_r18_what_changed_on_the_disk_is_found(file: files.File) -> None:
    assert files.check_fixity() == ()
    path = place(file)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert files.check_fixity() == (path.name,)
    path.unlink()
    assert files.check_fixity() == (path.name,)
    assert [e.kind for e in history(Ref("files.blob", path.name))] == ["files.damaged"]
    with pytest.raises(NotFound):
        files.open_released(file.id)


def test_leftovers_are_swept_and_nothing_else(file: files.File) -> None:
    old = 86_400 * 3
    orphan, half = store.path_of("ab" * 32), store.root() / "incoming" / "half"
    fresh = store.root() / "incoming" / "fresh"
    orphan.parent.mkdir(parents=True)
    for path in (orphan, half, fresh):
        path.write_bytes(b"x")
    for path in (orphan, half, place(file)):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - old))
    assert files.sweep() == 2
    assert not orphan.exists() and not half.exists() and fresh.exists()
    assert files.open_released(file.id).read()


def test_content_of_a_rolled_back_upload_has_no_address() -> None:
    with contextlib.suppress(RuntimeError), transaction.atomic():
        receive("a.pdf", GOOD["执照.pdf"])
        raise RuntimeError
    assert models.File.objects.count() == 0
    again = receive("a.pdf", GOOD["执照.pdf"])
    assert hashlib.sha256(files.open_released(again.id).read()).hexdigest() == again.sha256

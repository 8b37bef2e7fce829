"""What lies on the disk says nothing and cannot be changed unnoticed (security T39)."""

from __future__ import annotations

import io
import os
import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from tongban.base.files import api as files
from tongban.base.files import models, store
from tongban.base.files.data import Slot
from tongban.base.files.limits import CHUNK
from tongban.base.files.sealing import Damaged
from tongban.base.kernel.api import Ref

pytestmark = pytest.mark.django_db
CITIZEN = Ref("identity.person", "citizen")
TEXTS = Slot(("txt",), files.MB)
NUMBER = b"11010519491231002X "
PIECE = CHUNK + 16


@pytest.fixture(autouse=True)
def _store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "root", lambda: tmp_path / "files")


def text(size: int) -> bytes:
    return (NUMBER * (size // len(NUMBER) + 1))[:size]


def received(content: bytes) -> tuple[files.File, Path]:
    file = files.receive(io.BytesIO(content), "a.txt", TEXTS, CITIZEN)
    return file, store.path_of(models.Blob.objects.get(files__public_id=file.id).sha256)


def read(file: files.File) -> bytes:
    with files.open_released(file.id) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_t39_what_lies_on_the_disk_is_sealed_and_opens_anywhere(size: int) -> None:
    content = text(size)
    file, path = received(content)
    sealed = path.read_bytes()
    assert NUMBER[:9] not in sealed and file.sha256 not in str(path)
    assert read(file) == content
    answer = files.download(file.id)
    assert b"".join(answer) == content and answer["Content-Length"] == str(size)  # type: ignore[arg-type]
    with files.open_released(file.id) as stream:
        assert stream.seek(0, os.SEEK_END) == size
        for _one in range(20):
            at, many = random.randrange(size), random.randrange(2 * CHUNK)
            stream.seek(at)
            assert stream.read(many) == content[at : at + many]


def test_t39_the_same_content_seals_differently_and_its_name_tells_nothing() -> None:
    _one, path = received(text(100))
    models.Blob.objects.update(damaged=True)  # or it would be kept once
    _two, other = received(text(100))
    assert path.name != other.name and path.read_bytes() != other.read_bytes()


def test_t39_on_its_way_content_has_no_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[list[Path]] = []

    class Looking:
        def scan(self, stream: Any) -> str | None:
            assert stream.read() == text(100)
            seen.append([path for path in tmp_path.rglob("*") if path.is_file()])
            return None

    monkeypatch.setitem(files.scanners._items, "looking", Looking())
    received(text(100))
    assert seen == [[]]


def test_t39_between_form_and_store_it_has_no_name_either(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_HANDLERS = ["tongban.base.files.uploads.UnnamedUploadHandler"]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = text(3 * CHUNK + 5)
    form = {"file": SimpleUploadedFile("a.txt", content, "text/plain"), "word": "value"}
    request = RequestFactory().post("/", form)
    came = request.FILES["file"]
    assert (came.name, came.size, came.content_type, request.POST["word"]) == (
        "a.txt",
        len(content),
        "text/plain",
        "value",
    )
    assert list(tmp_path.iterdir()) == []
    assert came.read() == content
    request.close()
    assert came.closed


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "one bit": lambda sealed: sealed[:CHUNK] + bytes([sealed[CHUNK] ^ 1]) + sealed[CHUNK + 1 :],
    "the last byte": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "cut off between pieces": lambda sealed: sealed[: 2 * PIECE],
    "cut off within one": lambda sealed: sealed[: 2 * PIECE - 5],
    "cut off within a tag": lambda sealed: sealed[: 2 * PIECE + 7],
    "nothing left": lambda sealed: b"",
    "one piece twice": lambda sealed: sealed[:PIECE] + sealed,
    "another order": lambda sealed: sealed[PIECE : 2 * PIECE] + sealed[:PIECE] + sealed[2 * PIECE :],
    "a piece left out": lambda sealed: sealed[:PIECE] + sealed[2 * PIECE :],
    "more behind the end": lambda sealed: sealed + b"x" * 40,
}


@pytest.mark.parametrize("change", CHANGES)
def test_t39_what_was_changed_is_noticed(change: str) -> None:
    file, path = received(text(2 * CHUNK + 100))
    path.write_bytes(CHANGES[change](path.read_bytes()))
    with pytest.raises(Damaged):
        read(file)
    assert files.check_fixity() == (path.name,)


def test_t39_files_cannot_be_exchanged() -> None:
    one, path = received(text(200))
    two, other = received(text(199) + b"y")
    mine, its = path.read_bytes(), other.read_bytes()
    path.write_bytes(its)
    other.write_bytes(mine)
    for file in (one, two):
        with pytest.raises(Damaged):
            read(file)
    first, second = models.Blob.objects.order_by("sha256")
    first.key, second.key = second.key, first.key
    models.Blob.objects.bulk_update([first, second], ["key"])
    assert set(files.check_fixity()) == {path.name, other.name}  # nor can their keys

"""Making a bundle: rows and files into a payload closed to the receiver, and the signed label beside it."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from tongban.base.files import api as files
from tongban.engine.registers import api as registers
from tongban.trust.keys import api as keys
from tongban.trust.keys.data import Purpose

from . import closing, manifest
from .data import Content
from .manifest import Manifest

RECEIPT = "receipt.key"  # a secret inside the payload: who knows it has opened the bundle


@dataclass(frozen=True)
class Packed:
    """A bundle in its file, and what is kept of it."""

    path: Path
    digest: str
    contents: tuple[Content, ...]
    secret: bytes


def folder(channel: str) -> Path:
    """Where bundles of a channel lie."""
    path = Path(settings.TONGBAN_HOME) / "ferry" / channel
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def pack(label: Manifest, certificate: bytes, until: datetime) -> Packed:
    """Write the bundle for the holder of the certificate. Rows changed after `until` wait for the next one."""
    secret = os.urandom(32)
    with tempfile.TemporaryDirectory(dir=folder(label.channel)) as place:
        inner, closed, whole = (Path(place) / name for name in ("payload.zip", manifest.PAYLOAD, "bundle.zip"))
        with zipfile.ZipFile(inner, "w", zipfile.ZIP_STORED) as payload:
            payload.writestr(RECEIPT, secret)
            contents = tuple(_written(payload, content, until) for content in label.contents)
        with inner.open("rb") as plain, closed.open("wb") as out:
            closing.close(plain, out, certificate)
        label = replace(label, contents=contents, payload=_sha256(closed))
        text = label.write()
        key = keys.ensure_key(Purpose.PUBLISHER)
        with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as bundle:
            bundle.writestr(manifest.MANIFEST, text)
            bundle.writestr(manifest.SIGNATURE, keys.detached(key, keys.signing_certificate(key.id), text))
            bundle.write(closed, manifest.PAYLOAD)
        with whole.open("rb+") as done:
            os.fsync(done.fileno())
        path = folder(label.channel) / label.name
        whole.rename(path)
    return Packed(path, manifest.digest(text), contents, secret)


def _written(payload: zipfile.ZipFile, content: Content, until: datetime) -> Content:
    """One part in its place, measured."""
    with tempfile.TemporaryFile() as plain:
        rows = 0
        if content.kind == "file":
            with files.open_released(content.key) as source:
                shutil.copyfileobj(source, plain)
        else:
            with gzip.GzipFile(fileobj=plain, mode="wb", mtime=0) as packed:
                rows = _lines(packed, content, until)  # type: ignore[arg-type]
        size = plain.tell()
        plain.seek(0)
        total = hashlib.file_digest(plain, "sha256").hexdigest()
        plain.seek(0)
        with payload.open(content.path, "w", force_zip64=True) as out:
            shutil.copyfileobj(plain, out)
    return replace(content, rows=rows, size=size, sha256=total)


def _lines(out: IO[bytes], content: Content, until: datetime) -> int:
    """Rows as CSV without a heading, as the bulk path of registers reads them; the last column says out of force."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer, count = csv.writer(text), 0
    for count, row in enumerate(_rows(content, until), 1):  # noqa: B007 - the count is the result
        writer.writerow(row)
    text.detach()
    return count


def _rows(content: Content, until: datetime) -> Iterator[list[Any]]:
    found = registers.model(content.key).objects.filter(updated_at__lte=until)
    if content.since:
        found = found.filter(updated_at__gt=datetime.fromisoformat(content.since))
    else:
        found = found.filter(valid_to__isnull=True)
    for row in found.order_by("id").iterator(chunk_size=2000):
        values = [_cell(getattr(row, column)) for column in content.columns]
        yield [*values, "" if row.valid_to is None else "retired"]


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return f"({value[0]!r},{value[1]!r})"
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else value


def register_content(key: str, since: str) -> Content:
    """What a register would send: its live columns, from a moment on or all that is in force."""
    found = registers.definition(key)
    columns = [column for field in found.live for column in field.columns]
    return Content("register", key, found.title.zh, columns=tuple(columns), since=since, level=found.level.value)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

"""Reading a bundle that somebody brings: every check before the first row is touched."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from tongban.base.files import api as files
from tongban.base.kernel.api import Refused
from tongban.trust.seals import api as seals
from tongban.trust.seals.data import Verdict

from . import closing, manifest
from .data import Content
from .manifest import Manifest
from .packing import RECEIPT

_LABEL = 4 << 20  # bytes of a manifest or a signature at most
_PART = 64 << 30
_OUTER = {manifest.MANIFEST, manifest.SIGNATURE, manifest.PAYLOAD}


@dataclass(frozen=True)
class Read:
    """An open bundle whose label is read and not yet believed."""

    label: Manifest
    digest: str
    text: bytes
    signature: bytes
    bundle: zipfile.ZipFile


@contextmanager
def opened(path: Path) -> Iterator[Read]:
    """The label of a bundle. `Refused` for anything that is not exactly three parts of one."""
    try:
        with zipfile.ZipFile(path) as bundle:
            parts = {part.filename: part for part in bundle.infolist()}
            if set(parts) != _OUTER or len(bundle.infolist()) != len(_OUTER):
                raise _not_one()
            if any(parts[name].file_size > _LABEL for name in (manifest.MANIFEST, manifest.SIGNATURE)):
                raise _not_one()
            text, signature = bundle.read(manifest.MANIFEST), bundle.read(manifest.SIGNATURE)
            yield Read(manifest.read(text), manifest.digest(text), text, signature, bundle)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, Refused):
            raise
        raise _not_one() from None


def believe(read: Read, root: bytes) -> str:
    """Who signed the label; `Refused` with the reason unless it leads to the channel's authority."""
    report = seals.verify_file(read.signature, beside=read.text, purpose="publish", root=root)
    if report.verdict is not Verdict.VALID:
        reason = seals.said(report.reason)
        raise Refused(_("The bundle's signature does not hold: %(reason)s") % {"reason": reason}, "signature")
    return report.signatures[0].signer


@contextmanager
def payload(read: Read, key_id: str) -> Iterator[tuple[zipfile.ZipFile, bytes]]:
    """What is inside, opened with our key and compared with the label part by part; and the receipt's secret."""
    with tempfile.TemporaryFile() as plain:
        with read.bundle.open(manifest.PAYLOAD) as closed:
            if hashlib.file_digest(closed, "sha256").hexdigest() != read.label.payload:  # type: ignore[arg-type]
                raise _damaged()
        with read.bundle.open(manifest.PAYLOAD) as closed:
            closing.open_closed(closed, plain, key_id)
        plain.seek(0)
        with zipfile.ZipFile(plain) as inner:
            wanted = {content.path: content for content in read.label.contents}
            if {part.filename for part in inner.infolist()} != {RECEIPT, *wanted}:
                raise _damaged()
            for path, content in wanted.items():
                _check(inner, path, content)
            yield inner, inner.read(RECEIPT)


def _check(inner: zipfile.ZipFile, path: str, content: Content) -> None:
    if inner.getinfo(path).file_size != content.size or content.size > _PART:
        raise _damaged()
    with inner.open(path) as part:
        if hashlib.file_digest(part, "sha256").hexdigest() != content.sha256:  # type: ignore[arg-type]
            raise _damaged()
    for _name, scanner in files.scanners.items():
        with _plain(inner, content) as part:
            if found := scanner.scan(part):  # type: ignore[arg-type]
                raise Refused(_("A scanner found harmful content in the bundle: %s") % found, "malware")


@contextmanager
def _plain(inner: zipfile.ZipFile, content: Content) -> Iterator[IO[bytes]]:
    with inner.open(content.path) as part:
        if content.kind == "file":
            yield part
        else:
            with gzip.GzipFile(fileobj=part) as plain:
                yield plain  # type: ignore[misc]


def lines(inner: zipfile.ZipFile, content: Content) -> tuple[IO[bytes], IO[bytes]]:
    """Rows in force and rows out of force, as two CSV files at their beginning; the mark behind each row is gone."""
    both = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes them
    texts = [io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True) for file in both]
    live, retired = (csv.writer(text) for text in texts)
    with _plain(inner, content) as part:
        for row in csv.reader(io.TextIOWrapper(part, encoding="utf-8", newline="")):
            (retired if row[-1] else live).writerow(row[:-1])
    for text in texts:
        text.detach()
    for file in both:
        file.seek(0)
    return both


def kept(inner: zipfile.ZipFile, content: Content) -> IO[bytes]:
    """A file of the bundle at its beginning."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    with inner.open(content.path) as part:
        shutil.copyfileobj(part, copy)
    copy.seek(0)
    return copy


def _not_one() -> Refused:
    return Refused(_("This file is not a bundle of the ferry."), "format")


def _damaged() -> Refused:
    return Refused(_("The content of the bundle is not what its label says."), "damaged")

"""One file, one verdict."""

from __future__ import annotations

import io
import zipfile

from .chains import Trust
from .messages import examine_cms, unwrapped
from .pdf import examine_pdf
from .signers import Bad
from .verdicts import Reason, Report, Verdict

HEAD = 1024
MOST_UNPACKED = 100 * 1024 * 1024
"""Bytes of a container's files together; no more than that is read, whatever their headers say."""


def examine(content: bytes, trust: Trust, beside: bytes | None = None) -> Report:
    """The verdict on a file's content, by what it is and not by its name; `beside` is the content a detached
    signature stands for. Runs on hostile input: call it in a child with limits (`guarded`)."""
    if not content:
        return Report(Verdict.UNREADABLE, Reason("empty"))
    if content[:2] == b"PK":
        return _container(content, trust)
    if b"%PDF-" in content[:HEAD] and content[:1] != b"\x30":
        return examine_pdf(content, trust)
    try:
        envelope = unwrapped(content)
    except Bad as bad:
        return Report(bad.verdict, bad.reason)
    if envelope is None:
        return Report(Verdict.UNREADABLE, Reason("not_known"))
    return examine_cms(envelope, beside, trust)


def _container(content: bytes, trust: Trust) -> Report:
    """A zip: an ASiC-S with one CMS signature over one document (ETSI EN 319 162-1), or something not supported."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(one.file_size for one in archive.infolist()) > MOST_UNPACKED:
                return Report(Verdict.UNREADABLE, Reason("too_large", {"limit": MOST_UNPACKED // 1024 // 1024}))
            names = archive.namelist()
            if "OFD.xml" in names:
                return Report(Verdict.UNREADABLE, Reason("ofd"))
            inside = [name for name in names if name.startswith("META-INF/") and not name.endswith("/")]
            plain = [name for name in names if name not in inside and name != "mimetype" and not name.endswith("/")]
            if [one.lower() for one in inside] == ["meta-inf/signature.p7s"] and len(plain) == 1:
                envelope = unwrapped(archive.read(inside[0]))
                if envelope is not None:
                    return examine_cms(envelope, archive.read(plain[0]), trust)
            if inside and "mimetype" in names:
                return Report(Verdict.UNREADABLE, Reason("container"))
    except (zipfile.BadZipFile, ValueError, KeyError, RuntimeError, NotImplementedError, OSError, EOFError):
        return Report(Verdict.UNREADABLE, Reason("not_known"))
    return Report(Verdict.UNREADABLE, Reason("not_known"))

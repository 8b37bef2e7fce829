"""The seals of a PDF (ISO 32000-2, 12.8; ETSI EN 319 142). Reading, revisions and the analysis of later changes are
pyHanko's; what a seal has to cover is decided here, byte by byte, because the known forgeries live in that gap: USF,
ISA, SWA, shadow attacks and evil annotations (pdf-insecurity.org)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import Any

from asn1crypto import algos, cms, core, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler
from pyhanko.pdf_utils.misc import PdfReadError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from .chains import Trust, distrust
from .evidence import UNDECODABLE, Evidence, certificates_of, content_of, lists_of, readable
from .later import changes_of, last_loose_revision, verdict_on_later
from .messages import summed, token_over
from .primitives import holds
from .ranges import Range, entry, range_of, scanned
from .signers import Bad, Message, broken, described, judge
from .verdicts import Reason, Report, Signature, Verdict

MOST_REVISIONS = 100
TAIL = 1100  # bytes in which a PDF must end
DETACHED = frozenset({"/adbe.pkcs7.detached", "/ETSI.CAdES.detached", "/PBAD.PAdES", ""})


@dataclass(frozen=True)
class _Document:
    content: bytes
    reader: PdfFileReader
    trust: Trust
    evidence: Evidence
    notes: tuple[Reason, ...]

    @cached_property
    def loose(self) -> int:
        """Computed once: a file may bear many seals."""
        return last_loose_revision(self.reader)


def examine_pdf(content: bytes, trust: Trust) -> Report:
    """The verdict on a PDF: read by the letter of the standard first, then the way viewers read it. A hostile file
    makes its reader raise anything at all, so everything is caught here."""
    trouble = ""
    for strict in (True, False):
        try:
            return _second_look(_examined(content, trust, strict), content, trust)
        except Bad as bad:
            return Report(bad.verdict, bad.reason, "pdf")
        except Exception as error:
            trouble = re.sub(r"[^\x20-\x7e]", "?", f"{type(error).__name__}: {error}"[:160])
    return _by_bytes(content, trust) or Report(Verdict.UNREADABLE, Reason("damaged", {"detail": trouble}), "pdf")


def _second_look(report: Report, content: bytes, trust: Trust) -> Report:
    """No seal found, or one whose structure is damaged: do the bytes know of a seal, and were they changed?"""
    if report.verdict is Verdict.UNSIGNED or report.reason.code == "structure":
        seen = _by_bytes(content, trust)
        if seen is not None and seen.verdict is Verdict.ALTERED:
            return seen
    return report


def _examined(content: bytes, trust: Trust, strict: bool) -> Report:
    if b"%%EOF" not in content[-TAIL:]:
        raise PdfReadError("EOF marker not found")  # the library looks for it byte by byte, however long the line
    reader = PdfFileReader(BytesIO(content), strict=strict)
    if reader.encrypted and not _opened(reader):
        raise Bad(Verdict.UNREADABLE, "password")
    if strict and reader.xrefs.hybrid_xrefs_present:
        raise PdfReadError("hybrid")
    notes: list[Reason] = []
    if not strict:
        notes.append(Reason("hybrid" if reader.xrefs.hybrid_xrefs_present else "lenient"))
    pages = _page_count(reader)
    document = _Document(content, reader, trust, _stored(reader), tuple(notes))
    fields = _fields(reader)
    found = [one for field in fields for one in _of_field(document, *field, strict=strict)]
    found += [
        Signature("seal", Verdict.ALTERED, Reason("removed"), field=name, notes=document.notes)
        for name in _removed(reader, {_identity(value) for _name, value, _field in fields})
    ]
    if not found:
        prepared = any(True for _ in enumerate_sig_fields(reader, filled_status=False))
        return Report(Verdict.UNSIGNED, Reason("empty_field" if prepared else "no_seal"), "pdf", pages=pages)
    return summed(sorted(found, key=lambda one: one.coverage == "whole"), "pdf", pages)


def _opened(reader: PdfFileReader) -> bool:
    """Whether an encrypted file opens without a password; one that is encrypted to somebody's key never does."""
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        return False
    return reader.decrypt(b"").status is not AuthStatus.FAILED


def _fields(handler: Any) -> list[tuple[str, Any, Any]]:
    """Signature fields with a value. Null is no value."""
    found = []
    for name, value, field in enumerate_sig_fields(handler, filled_status=True):
        if not isinstance(value.get_object(), generic.NullObject):
            found.append((str(name)[:100], value, field))
    return found


def _page_count(reader: PdfFileReader) -> int:
    count = reader.root["/Pages"]["/Count"]
    return int(count) if isinstance(count, int) else 0


def _identity(value: Any) -> int:
    return int(value.idnum) if isinstance(value, generic.IndirectObject) else -1


def _removed(reader: PdfFileReader, present: set[int]) -> list[str]:
    """Seals that an earlier revision had and the present one does not show any more, by their fields."""
    gone: dict[int, str] = {}
    for revision in range(reader.xrefs.total_revisions - 1)[-MOST_REVISIONS:]:
        with suppress(Exception):
            for name, value, _field in _fields(reader.get_historical_resolver(revision)):
                if _identity(value) not in present:
                    gone[_identity(value)] = name
    return list(gone.values())


# One seal


def _of_field(document: _Document, name: str, value: Any, field: Any, *, strict: bool) -> Iterator[Signature]:
    try:
        yield from _judged(document, name, value, field.get_object())
    except Bad as bad:
        yield Signature("seal", bad.verdict, bad.reason, field=name, notes=document.notes)
    except Exception as error:
        if strict:  # perhaps only because the reader was too strict
            raise PdfReadError(str(error)) from error
        yield Signature("seal", Verdict.BROKEN, Reason("structure"), field=name, notes=document.notes)


def _judged(document: _Document, name: str, value: Any, field: Any) -> Iterator[Signature]:
    seal = value.get_object()
    if not isinstance(seal, generic.DictionaryObject):
        raise broken("structure")
    covered = range_of(document.content, seal)
    found = list(_value_verdicts(document, seal, covered))
    stamped = entry(seal, "/Type") == "/DocTimeStamp"
    coverage = "whole" if covered.end >= len(document.content.rstrip(b"\r\n\t \0")) else "revision"
    known: dict[str, Any] = {"field": name, "coverage": coverage}
    wrong = covered.wrong
    changes: tuple[Any, ...] = ()
    if wrong is None and coverage == "revision":
        wrong = verdict_on_later(document.reader, document.loose, document.content, value, field, seal, covered.end)
        changes = changes_of(document.reader, covered.end, allowed=wrong is None)
    elif wrong is not None:
        known["coverage"] = "part"
    for one in found:
        told = replace(one, **known, changes=changes, notes=(*document.notes, *one.notes))
        if wrong is not None and one.verdict in (Verdict.VALID, Verdict.UNTRUSTED):
            told = replace(told, verdict=wrong.verdict, reason=wrong.reason)
        elif changes and told.reason.code in ("ok", "ok_timestamp"):
            told = replace(told, reason=Reason(f"{told.reason.code}_changes", told.reason.facts))
        yield replace(told, kind="timestamp") if stamped and told.kind == "seal" else told


def _value_verdicts(document: _Document, seal: Any, covered: Range) -> list[Signature]:
    value = covered.value
    if not value.strip(b"\0"):
        raise broken("no_value")
    form = str(entry(seal, "/SubFilter", ""))
    claimed = _claimed(seal)
    if form == "/adbe.x509.rsa_sha1":
        return [_plain_rsa(document, seal, covered, claimed)]
    return judged_value(value, covered.signed, form, document.trust, document.evidence, claimed)


def judged_value(
    value: bytes, signed: bytes, form: str, trust: Trust, around: Evidence, claimed: datetime | None
) -> list[Signature]:
    """The verdicts on a signature value of a PDF over the bytes `signed`."""
    try:
        info = cms.ContentInfo.load(value)
        if info["content_type"].native != "signed_data":
            raise broken("not_cms")
        message: cms.SignedData = info["content"]
        inner = message["encap_content_info"]
        content_type, signers = inner["content_type"].native, list(message["signer_infos"])
        own = content_of(message)
        evidence = Evidence(
            [*certificates_of(message), *around.certificates], [*lists_of(message), *around.crls], around.ocsps
        )
    except UNDECODABLE as error:
        raise broken("not_cms") from error
    if not signers:
        raise broken("no_value")
    if form == "/ETSI.RFC3161":
        return [token_over(info, signed, trust, evidence)]
    parts = Message(tuple(evidence.certificates), lambda: signed, content_type, evidence, trust, claimed)
    if form == "/adbe.pkcs7.sha1":
        return _over_digest(signers, parts, own, signed)
    if form not in DETACHED:
        raise broken("format", name=form[:40])
    if own is not None:
        raise broken("encapsulated")
    return [one for signer in signers for one in judge(signer, parts)]


def _over_digest(signers: list[cms.SignerInfo], parts: Message, own: bytes | None, signed: bytes) -> list[Signature]:
    """adbe.pkcs7.sha1: the message carries the SHA-1 of the sealed bytes as its content."""
    import hashlib

    if own is None:
        raise broken("structure")
    found = [one for signer in signers for one in judge(signer, replace(parts, content=lambda: own))]
    note = Reason("weak", {"name": "SHA-1"})
    found = [one if note in one.notes else replace(one, notes=(*one.notes, note)) for one in found]
    if hashlib.sha1(signed, usedforsecurity=False).digest() == own:
        return found
    sound = (Verdict.VALID, Verdict.UNTRUSTED)
    return [
        replace(one, verdict=Verdict.ALTERED, reason=Reason("digest")) if one.verdict in sound else one for one in found
    ]


def _plain_rsa(document: _Document, seal: Any, covered: Range, claimed: datetime | None) -> Signature:
    """adbe.x509.rsa_sha1: a bare PKCS #1 value, the certificates beside it in /Cert."""
    given = entry(seal, "/Cert")
    listed = [given] if given is not None and not isinstance(given, generic.ArrayObject) else list(given or ())
    certificates = [x509.Certificate.load(one.get_object().original_bytes) for one in listed]
    if not certificates or not all(map(readable, certificates)):
        raise broken("no_certificate")
    algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha1_rsa"})
    value = bytes(core.OctetString.load(covered.value))
    known = {**described(certificates[0]), "time": claimed, "time_source": "claimed" if claimed else "none",
             "algorithm": "RSA with SHA1"}  # fmt: skip
    if not holds(value, covered.signed, certificates[0].public_key, algorithm):
        return Signature("seal", Verdict.ALTERED, Reason("digest"), **known)
    evidence = Evidence([*certificates, *document.evidence.certificates], document.evidence.crls,
                        document.evidence.ocsps)  # fmt: skip
    reason, notes = distrust(certificates[0], evidence, document.trust, document.trust.moment, proven=False)
    weak = Reason("weak", {"name": "SHA-1"})
    verdict = Verdict.VALID if reason is None else Verdict.UNTRUSTED
    return Signature(
        "seal", verdict, reason or Reason("ok", {"signer": known["signer"]}), notes=(weak, *notes), **known
    )


def _claimed(seal: Any) -> datetime | None:
    try:
        said = generic.parse_pdf_date(str(seal["/M"]), strict=False)
        return said if isinstance(said, datetime) and said.tzinfo else None
    except Exception:
        return None


def _stored(reader: PdfFileReader) -> Evidence:
    """The document security store: long-term data that later hands added."""
    found = Evidence()
    try:
        store = reader.root["/DSS"]
    except Exception:
        return found
    for key, into in (("/CRLs", found.crls), ("/OCSPs", found.ocsps)):
        into.extend(_streams(store, key))
    for encoded in _streams(store, "/Certs"):
        try:
            certificate = x509.Certificate.load(encoded)
            if readable(certificate):
                found.certificates.append(certificate)
        except ValueError:
            continue
    return found


def _streams(store: Any, key: str) -> list[bytes]:
    try:
        return [one.get_object().data for one in list(entry(store, key, ()))[:200]]
    except Exception:
        return []


# A file whose structure hides its seals


def _by_bytes(content: bytes, trust: Trust) -> Report | None:
    """What the seals that can be seen in the bytes say; None when that is nothing certain. One seal over every byte is
    certain: whatever a viewer makes of the file, it is what was sealed."""
    found: list[Signature] = []
    last = 0
    for covered, form in scanned(content):
        last = max(last, covered.end)
        try:
            if covered.wrong is not None:
                raise covered.wrong
            found += judged_value(covered.value, covered.signed, form, trust, Evidence(), None)
        except Bad as bad:
            found.append(Signature("seal", bad.verdict, bad.reason))
        except Exception:  # noqa: S112
            continue
    if last > len(content) and not content.rstrip(b" \t\r\n\0").endswith(b"%%EOF"):
        return None  # the end was cut off: there is nothing to say of a change
    changed = [one for one in found if one.verdict in (Verdict.ALTERED, Verdict.BROKEN)]
    whole = last >= len(content.rstrip())
    if not changed and whole and len(found) == 1:
        return summed([replace(found[0], coverage="whole", notes=(Reason("lenient"), *found[0].notes))], "pdf")
    if not changed and found and not whole:
        changed = [replace(one, verdict=Verdict.ALTERED, reason=Reason("appended")) for one in found]
    return summed([replace(one, coverage="part") for one in changed], "pdf") if changed else None

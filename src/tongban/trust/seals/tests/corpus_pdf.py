"""PDF files with a known truth: sound ones, and every way of breaking one that has been published."""

from __future__ import annotations

import asyncio
import hashlib
import re
from io import BytesIO
from typing import Any

import pikepdf
from asn1crypto import core
from pyhanko.pdf_utils.crypt.pubkey import RecipientEncryptionPolicy
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign import fields, signers

from .corpus_later import later_changes, stream_replaced
from .makers import DAY, MOMENT, Case, Cases, World, document, long_term, seal, written
from .writing import (
    above,
    hand_sealed,
    increment,
    message,
    names_certificate,
    object_of,
    raw_signature,
    signed,
    size_of,
)
from .writing import signer_info as info

DETACHED = fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED


def all_pdf(world: World) -> Cases:
    plain, form = document(), document(form=True)
    sealed = seal(plain, world.office.signer())
    filled_form = seal(form, world.office.signer())
    yield from _unsigned(world, plain, form)
    yield from _sound(world, plain, form, sealed)
    yield from _untrusted(world, plain)
    yield from later_changes(world, plain, form, sealed, filled_form)
    yield from _attacks(world, plain, sealed)
    yield from _broken(world, plain)
    yield from _unreadable(world, plain, sealed)


def _unsigned(world: World, plain: bytes, form: bytes) -> Cases:
    yield Case("plain", plain, "unsigned", "no_seal")
    yield Case("plain-streams", document(streams=True), "unsigned", "no_seal")
    yield Case("form", form, "unsigned", "no_seal")
    yield Case("empty-field", _with_field(plain), "unsigned", "empty_field")


def _with_field(pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec("Empty", box=(10, 10, 60, 60)))
    return written(writer)


def _sound(world: World, plain: bytes, form: bytes, sealed: bytes) -> Cases:
    office, second = world.office.signer(), world.second.signer()
    yield Case("pades", sealed, "valid", "ok")
    yield Case("detached", seal(plain, office, subfilter=DETACHED), "valid", "ok")
    yield Case("rsa", seal(plain, world.rsa.signer(), subfilter=DETACHED), "valid", "ok")
    yield Case("rsa-pss", seal(plain, world.rsa.signer(prefer_pss=True)), "valid", "ok")
    yield Case("rsa-1024", seal(plain, world.short.signer()), "valid", "ok")
    yield Case("ed25519", seal(plain, world.edwards.signer(), md_algorithm="sha512"), "valid", "ok")
    yield Case("p384", seal(plain, world.p384.signer(), md_algorithm="sha384"), "valid", "ok")
    yield Case("unrestricted", seal(plain, world.unrestricted.signer()), "valid", "ok")
    yield Case("visible", seal(plain, office, box=(100, 100, 200, 200)), "valid", "ok")
    yield Case("cross-reference-stream", seal(document(streams=True), office), "valid", "ok")
    yield Case("existing-field", seal(_with_field(plain), office, "Empty"), "valid", "ok")
    yield Case("timestamp", seal(plain, office, stamper=world.stamper()), "valid", "ok")
    yield Case("timestamp-other", seal(plain, office, stamper=world.stamper(world.other_stamping)), "valid", "ok")
    yield Case("two-seals", seal(sealed, second, "Seal2", box=(300, 100, 400, 200)), "valid", "ok_changes")
    for level in fields.MDPPerm:
        certified = seal(form, office, certify=True, docmdp_permissions=level)
        yield Case(f"certified-{level.value}", certified, "valid", "ok")
    lasting = long_term(world, seal(plain, office, stamper=world.stamper()))
    yield Case("long-term", lasting, "valid", "ok_changes")
    yield Case("archival", _stamped(world, lasting), "valid", "ok_changes")
    yield Case("only-timestamp", _stamped(world, plain), "valid", "ok_timestamp")
    past = world.stamper(at=MOMENT - 20 * DAY)
    yield Case("expired-but-stamped", seal(plain, world.expired.signer(), stamper=past), "valid", "ok")
    later = long_term(world, seal(plain, world.revoked.signer(), stamper=world.stamper(at=MOMENT - 9 * DAY)), 5)
    yield Case("revoked-after-stamp", later, "valid", "ok_changes")
    yield Case("hand-made", hand_sealed(plain, lambda data: signed(world.office, data)), "valid", "ok")
    yield Case("no-attributes", hand_sealed(plain, lambda d: signed(world.rsa, d, attributes=False)), "valid", "ok")
    yield Case("sha1", hand_sealed(plain, lambda data: signed(world.rsa, data, digest="sha1")), "valid", "ok")
    yield Case("pkcs7-sha1", _pkcs7_sha1(world, plain), "valid", "ok")
    yield Case("x509-rsa-sha1", _x509_rsa(world, plain), "valid", "ok")
    yield Case("owner-password", _encrypted(world, plain, ""), "valid", "ok")
    yield Case("trailing-newlines", sealed + b"\r\n\n", "valid", "ok")


def _stamped(world: World, pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    return bytes(signers.PdfTimeStamper(world.stamper()).timestamp_pdf(writer, "sha256").getvalue())


def _pkcs7_sha1(world: World, pdf: bytes, spoil: bool = False) -> bytes:
    def value(data: bytes) -> bytes:
        digest = hashlib.sha1(data + (b"x" if spoil else b"")).digest()
        return message([info(world.rsa, digest, digest="sha1")], above(world.rsa), content=digest)

    return hand_sealed(pdf, value, form=b"/adbe.pkcs7.sha1")


def _x509_rsa(world: World, pdf: bytes, spoil: bool = False) -> bytes:
    def value(data: bytes) -> bytes:
        return bytes(core.OctetString(raw_signature(world.rsa, data + (b"x" if spoil else b""), "sha1")[1]).dump())

    listed = b" ".join(b"<%b>" % one.dump().hex().encode() for one in above(world.rsa))
    return hand_sealed(pdf, value, form=b"/adbe.x509.rsa_sha1", more=b"/Cert [%b]" % listed)


def _encrypted(world: World, pdf: bytes, user: str) -> bytes:
    out = BytesIO()
    with pikepdf.open(BytesIO(pdf)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="owner", user=user, R=6))
    if user:
        return out.getvalue()
    writer = IncrementalPdfFileWriter(BytesIO(out.getvalue()))
    writer.encrypt("")
    made = signers.PdfSignatureMetadata(
        field_name="Seal1", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm="sha256"
    )
    return bytes(signers.sign_pdf(writer, made, world.office.signer()).getvalue())


def _untrusted(world: World, plain: bytes) -> Cases:
    for name, holder, code in (
        ("stranger", world.stranger, "no_chain"),
        ("outsider", world.outsider, "no_chain"),
        ("expired", world.expired, "expired"),
        ("early", world.early, "not_yet"),
        ("server", world.server, "purpose"),
        ("encipher", world.encipher, "purpose"),
        ("false-authority", world.false_authority, "chain"),
    ):
        yield Case(name, seal(plain, holder.signer()), "untrusted", code)
    expired = seal(plain, world.expired.signer(), stamper=world.stamper(at=MOMENT - 5 * DAY))
    yield Case("expired-before-stamp", expired, "untrusted", "expired_then")
    unproven = seal(plain, world.expired.signer(), stamper=world.stamper(world.other_stamping, MOMENT - 20 * DAY))
    yield Case("expired-foreign-stamp", unproven, "untrusted", "expired")
    not_stamping = seal(plain, world.expired.signer(), stamper=world.stamper(world.no_stamping, MOMENT - 20 * DAY))
    yield Case("stamp-without-purpose", not_stamping, "untrusted", "expired")
    yield Case("revoked", long_term(world, seal(plain, world.revoked.signer()), 5), "untrusted", "revoked")
    before = seal(plain, world.revoked.signer(), stamper=world.stamper(at=MOMENT - 2 * DAY))
    yield Case("revoked-before-stamp", long_term(world, before, 5), "untrusted", "revoked")
    issuing = world.issuing.certificate.serial_number
    of_authority = long_term(world, seal(plain, world.office.signer()), 5, issuing)
    yield Case("authority-revoked", of_authority, "untrusted", "ca_revoked")
    yield Case("md5", hand_sealed(plain, lambda data: signed(world.rsa, data, digest="md5")), "untrusted", "forgeable")
    yield Case("no-intermediate", seal(plain, world.office.signer(chain=False)), "untrusted", "no_chain")
    yield Case("mixed", seal(seal(plain, world.office.signer()), world.stranger.signer(), "Seal2"), "untrusted")
    yield Case("foreign-timestamp-only", _foreign_stamp(world, plain), "untrusted", "no_chain")


def _foreign_stamp(world: World, pdf: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    stamper = signers.PdfTimeStamper(world.stamper(world.other_stamping))
    return bytes(stamper.timestamp_pdf(writer, "sha256").getvalue())


# Published attacks


def _attacks(world: World, plain: bytes, sealed: bytes) -> Cases:
    """USF, ISA and SWA (Mladenov 2019), shadow attacks (Mainka 2021)."""
    yield Case("isa-stream", stream_replaced(sealed), "altered", "changed_after")
    number, body = object_of(sealed, rb"Approved: page 1")
    evil = b"\n%d 0 obj\n%b\nendobj\n" % (number, body.replace(b"Approved", b"Rejected"))
    last = re.findall(rb"startxref\s+\d+\s+%%EOF", sealed)[-1]
    yield Case("isa-no-table", sealed + evil, "altered", "appended")
    yield Case("isa-old-table", sealed + evil + last + b"\n", "altered", "appended")
    yield Case("isa-trailer-only", sealed + evil + b"trailer\n<< /Root 1 0 R >>\n", "altered", "appended")
    yield Case("isa-comment", sealed + b"% nothing\n", "altered", "appended")
    yield Case("swa", hand_sealed(plain, _of(world), ranges=lambda a, b, c, d: (a, b - 40, c, d)), "altered")
    yield Case(
        "range-wide-gap", hand_sealed(plain, _of(world), ranges=lambda a, b, c, d: (a, b, c + 30, d - 30)), "altered"
    )
    yield Case("range-short", hand_sealed(plain, _of(world), ranges=lambda a, b, c, d: (a, b, c, d - 200)), "altered")
    yield Case(
        "range-beyond", hand_sealed(plain, _of(world), ranges=lambda a, b, c, d: (a, b, c, d + 900)), "altered", "cut"
    )
    shadow = document()
    number, body = object_of(shadow, rb"Approved: page 1")
    hidden = size_of(shadow)
    prepared = increment(shadow, {hidden: body.replace(b"Approved", b"Rejected")})
    shadowed = seal(prepared, world.office.signer())
    page_number, page = object_of(shadowed, rb"/Type /Page\b")
    swapped = re.sub(rb"/Contents \d+", b"/Contents %d" % hidden, page)
    yield Case("shadow-prepared", shadowed, "valid", "ok")
    yield Case("shadow-replace", increment(shadowed, {page_number: swapped}), "altered", "changed_after")
    yield Case("shadow-hide", increment(shadowed, {number: b"null"}), "altered", "changed_after")
    font, _body = object_of(shadowed, rb"/Type /Font")
    courier = b"<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>"
    yield Case("shadow-font", increment(shadowed, {font: courier}), "altered", "changed_after")
    root = size_of(shadowed)
    _number, catalog = object_of(shadowed, rb"/Type /Catalog")
    yield Case("shadow-root", increment(shadowed, {root: catalog}, root=root), "valid")
    acting = catalog[: catalog.rfind(b">>")] + b"/OpenAction [null /Fit] >>"
    yield Case("shadow-root-changed", increment(shadowed, {root: acting}, root=root), "altered", "changed_after")


def _of(world: World) -> Any:
    return lambda data: signed(world.office, data)


# Broken seals


def _broken(world: World, plain: bytes) -> Cases:
    value = _of(world)
    for name, ranges in (
        ("range-negative", lambda a, b, c, d: (a, b, -1, d)),
        ("range-start", lambda a, b, c, d: (9, b - 9, c, d)),
        ("range-overlap", lambda a, b, c, d: (a, b, b - 50, d)),
        ("range-three", lambda a, b, c, d: (a, b, c)),
        ("range-six", lambda a, b, c, d: (a, b, c, 5, c + 5, d - 5)),
        ("range-zero", lambda a, b, c, d: (0, 0, 0, 0)),
    ):
        yield Case(name, hand_sealed(plain, value, ranges=ranges), "broken", "range")
    base = hand_sealed(plain, value)
    for name, before, after, code in (
        ("usf-no-range", b"/ByteRange", b"/ByteRangX", "range"),
        ("usf-no-contents", b"/Contents <", b"/ContentX <", "no_value"),
    ):
        yield Case(name, base.replace(before, after), "broken", code)
    yield Case("usf-range-null", _range_text(base, b"null"), "broken", "range")
    yield Case("usf-range-text", _range_text(base, b"(0 1 2 3)"), "broken", "range")
    yield Case(
        "usf-contents-null", hand_sealed(plain, value, contents=lambda w: b"null".ljust(len(w))), "broken", "no_value"
    )
    yield Case(
        "usf-contents-empty", hand_sealed(plain, value, contents=lambda w: b"<>".ljust(len(w))), "broken", "no_value"
    )
    zeros = hand_sealed(plain, value, contents=lambda w: b"<" + b"0" * (len(w) - 2) + b">")
    yield Case("usf-contents-zeros", zeros, "broken", "no_value")
    junk = hand_sealed(plain, value, contents=lambda w: b"<" + b"AB" * ((len(w) - 2) // 2) + b">")
    yield Case("contents-junk", junk, "broken", "not_cms")
    cut = hand_sealed(plain, value, contents=lambda w: w[:300].ljust(len(w) - 1, b"0") + b">")
    yield Case("contents-cut", cut, "broken")
    made = {
        "value-spoilt": ("bad_value", {"spoil": True}),
        "wrong-content-type": ("bad_attributes", {"content_type": "signed_data"}),
        "no-content-type": ("bad_attributes", {"content_type": None}),
        "other-certificate-named": ("other_certificate", {"more": [names_certificate(world.second)]}),
        "other-sid": ("no_certificate", {"named": world.second}),
    }
    for name, (code, wrong) in made.items():
        yield Case(name, hand_sealed(plain, lambda d, w=wrong: signed(world.office, d, **w)), "broken", code)
    bare = hand_sealed(plain, lambda data: message([info(world.office, data)]))
    yield Case("no-certificate", bare, "broken", "no_certificate")
    none = hand_sealed(plain, lambda data: message([], above(world.office)))
    yield Case("no-signer", none, "broken", "no_value")
    inside = hand_sealed(plain, lambda data: signed(world.office, data[:50], attached=True))
    yield Case("encapsulated", inside, "broken", "encapsulated")
    yield Case("unknown-format", hand_sealed(plain, value, form=b"/Vendor.Secret"), "broken", "format")
    imposed = [info(world.office, b"other")]
    yield Case("wrong-digest", hand_sealed(plain, lambda d: message(imposed, above(world.office))), "altered", "digest")
    yield Case("pkcs7-sha1-changed", _pkcs7_sha1(world, plain, spoil=True), "altered", "digest")
    yield Case("x509-rsa-changed", _x509_rsa(world, plain, spoil=True), "altered", "digest")
    unfit = hand_sealed(plain, lambda d: _with_token(world, d, b"another signature"))
    yield Case("timestamp-of-another", unfit, "broken", "bad_timestamp")


def _range_text(pdf: bytes, text: bytes) -> bytes:
    found = re.search(rb"/ByteRange \[[^\]]*\]", pdf)
    assert found
    return pdf.replace(found.group(), b"/ByteRange " + text.ljust(len(found.group()) - 11))


def _with_token(world: World, data: bytes, stamped: bytes) -> bytes:
    from asn1crypto import cms

    token = asyncio.run(world.stamper().async_timestamp(hashlib.sha256(stamped).digest(), "sha256"))
    stamp = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [token]})
    return signed(world.office, data, unsigned=[stamp])


# Files nobody can read


def _unreadable(world: World, plain: bytes, sealed: bytes) -> Cases:
    yield Case("flipped-text", sealed.replace(b"Approved: page 1", b"Approved: page 7"), "altered", "digest")
    yield Case("flipped-table", sealed.replace(b"xref", b"xreg"), "altered")
    yield Case("header-only", b"%PDF-1.7\n", "unreadable")
    yield Case("cut-early", sealed[:400], "unreadable")
    yield Case("cut-half", plain[: len(plain) // 2], "unreadable")
    yield Case("password", _encrypted(world, plain, "secret"), "unreadable", "password")
    writer = copy_into_new_writer(PdfFileReader(BytesIO(plain)))
    writer.encrypt_pubkey([world.rsa.asn1], policy=RecipientEncryptionPolicy(ignore_key_usage=True))
    yield Case("for-somebody-else", written(writer), "unreadable", "password")
    # No reader of ours gets through this, but the seal covers every byte.
    loose = hand_sealed(
        plain.replace(b"/Type /Catalog", b"/Type /Catalog /\xae 1"), lambda data: signed(world.office, data)
    )
    yield Case("loose", loose, "valid", "ok")
    yield Case("loose-changed", loose.replace(b"Approved: page 1", b"Approved: page 7"), "altered", "digest")
    yield Case("loose-appended", loose + b"1 0 obj\n(more)\nendobj\n%%EOF\n", "altered", "appended")
    loop = plain.replace(b"/Prev", b"/Prex")
    start = int(re.findall(rb"startxref\s+(\d+)", loop)[-1])
    looped = loop.replace(b"trailer <<", b"trailer << /Prev %d" % start)
    yield Case("table-loop", looped, "unreadable")
    table = b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
    catalog = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"
    yield Case(
        "no-pages", catalog + table + b"trailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n49\n%%EOF\n", "unreadable"
    )
    deep = (
        b"%PDF-1.4\n1 0 obj\n"
        + b"[" * 50_000
        + b"]" * 50_000
        + b"\nendobj\ntrailer\n<< /Root 1 0 R /Size 2 >>\nstartxref\n9\n%%EOF\n"
    )
    yield Case("deep-arrays", deep, "unreadable")

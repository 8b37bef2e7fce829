"""Writing signatures by hand, right and wrong: CMS messages, incremental updates, ranges."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import Any

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from .makers import MOMENT, Holder

HASHES: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def raw_signature(holder: Holder, data: bytes, digest: str) -> tuple[str, bytes]:
    """The algorithm's name in CMS and the value."""
    key = holder.key
    if isinstance(key, rsa.RSAPrivateKey):
        return f"{digest}_rsa", key.sign(data, padding.PKCS1v15(), HASHES[digest])
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return "ed25519", key.sign(data)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return f"{digest}_ecdsa", key.sign(data, ec.ECDSA(HASHES[digest]))


def attribute(kind: str, value: Any) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def signer_info(
    holder: Holder,
    content: bytes,
    *,
    digest: str = "sha256",
    attributes: bool = True,
    message_digest: bytes | None = None,
    content_type: str | None = "data",
    more: Sequence[cms.CMSAttribute] = (),
    named: Holder | None = None,
    spoil: bool = False,
    key_identifier: bool = False,
    unsigned: Sequence[cms.CMSAttribute] = (),
) -> cms.SignerInfo:
    """One signer, with whatever is to be wrong with it."""
    signed = content
    info: dict[str, Any] = {"version": "v1", "digest_algorithm": {"algorithm": digest}}
    if attributes:
        listed = list(more)
        if content_type:
            listed.append(attribute("content_type", content_type))
        listed.append(attribute("signing_time", cms.Time({"utc_time": MOMENT})))
        value = message_digest if message_digest is not None else hashlib.new(digest, content).digest()
        listed.append(attribute("message_digest", value))
        encoded = cms.CMSAttributes(listed)
        info["signed_attrs"] = encoded
        signed = encoded.dump()
    algorithm, value = raw_signature(holder, signed, digest)
    if spoil:
        value = value[:-1] + bytes([value[-1] ^ 1])
    certificate = (named or holder).asn1
    if key_identifier:
        info["sid"] = cms.SignerIdentifier("subject_key_identifier", certificate.key_identifier)
    else:
        serial = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        info["sid"] = cms.SignerIdentifier("issuer_and_serial_number", serial)
    info |= {"signature_algorithm": {"algorithm": algorithm}, "signature": value}
    if unsigned:
        info["unsigned_attrs"] = cms.CMSAttributes(list(unsigned))
    return cms.SignerInfo(info)


def message(
    infos: Sequence[cms.SignerInfo],
    certificates: Sequence[x509.Certificate] = (),
    *,
    content: bytes | None = None,
    content_type: str = "data",
    crls: Sequence[bytes] = (),
) -> bytes:
    """A CMS message; detached without `content`."""
    inner: dict[str, Any] = {"content_type": content_type}
    if content is not None:
        inner["content"] = core.ParsableOctetString(content) if content_type != "data" else content
    names = {info["digest_algorithm"]["algorithm"].native for info in infos}
    signed: dict[str, Any] = {
        "version": "v1" if content_type == "data" else "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": one}) for one in sorted(names)],
        "encap_content_info": inner,
        "signer_infos": list(infos),
    }
    if certificates:
        signed["certificates"] = [cms.CertificateChoices("certificate", one) for one in certificates]
    if crls:
        from asn1crypto import crl

        lists = [cms.RevocationInfoChoice("crl", crl.CertificateList.load(one)) for one in crls]
        signed["crls"] = lists
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())


def above(holder: Holder) -> list[x509.Certificate]:
    """The holder's certificate and the ones above it, without the root."""
    from cryptography.hazmat.primitives.serialization import Encoding

    chain = [x509.Certificate.load(one.public_bytes(Encoding.DER)) for one in holder.chain[:-1]]
    return [holder.asn1, *chain]


def signed(holder: Holder, content: bytes, *, attached: bool = False, **wrong: Any) -> bytes:
    """A message of one signer."""
    infos = [signer_info(holder, content, **wrong)]
    return message(infos, above(holder), content=content if attached else None)


def names_certificate(holder: Holder) -> cms.CMSAttribute:
    """The signing certificate attribute of CAdES."""
    listed = {"certs": [{"cert_hash": hashlib.sha256(holder.der).digest()}]}
    return attribute("signing_certificate_v2", tsp.SigningCertificateV2(listed))


# PDF


def increment(pdf: bytes, objects: dict[int, bytes], *, root: int | None = None, freed: int = 0) -> bytes:
    """An incremental update written by hand: objects by number, and one that is given up, with table and trailer."""
    found = re.findall(rb"startxref\s+(\d+)\s+%%EOF", pdf)
    previous = int(found[-1])
    trailer = pdf[pdf.rfind(b"trailer") :] if b"trailer" in pdf else b""
    size = int(re.findall(rb"/Size (\d+)", trailer)[-1])
    top = re.findall(rb"/Root (\d+ \d+ R)", trailer)[-1]
    out, places = bytearray(pdf if pdf.endswith(b"\n") else pdf + b"\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n"
    for number, place in sorted(places.items()):
        out += b"%d 1\n%010d 00000 n \n" % (number, place)
    if freed:
        out += b"%d 1\n0000000000 00001 f \n" % freed
    biggest = max([size, *(number + 1 for number in objects)])
    identity = re.findall(rb"/ID ?\[.*?\]", trailer)
    top = b"%d 0 R" % root if root else top
    out += b"trailer\n<< /Size %d /Root %b /Prev %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (
        biggest, top, previous, identity[-1] if identity else b"", start,
    )  # fmt: skip
    return bytes(out)


def size_of(pdf: bytes) -> int:
    """The next free object number."""
    return int(re.findall(rb"/Size (\d+)", pdf)[-1])


def object_of(pdf: bytes, pattern: bytes) -> tuple[int, bytes]:
    """The newest object whose body matches."""
    bodies = re.findall(rb"(?:^|\n)(\d+) 0 obj\s*(.*?)\s*endobj", pdf, re.S)
    return [(int(number), body) for number, body in bodies if re.search(pattern, body)][-1]


def hand_sealed(
    pdf: bytes,
    value: Callable[[bytes], bytes],
    *,
    form: bytes = b"/ETSI.CAdES.detached",
    ranges: Callable[[int, int, int, int], Sequence[int]] | None = None,
    contents: Callable[[bytes], bytes] | None = None,
    more: bytes = b"",
    room: int = 6000,
) -> bytes:
    """Seal by hand. `value` signs the covered bytes; `ranges` and `contents` bend what is written."""
    number = size_of(pdf)
    catalog_number, catalog = object_of(pdf, rb"/Type ?/Catalog")
    named = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %b /M (D:20261122040000Z) %b "
    seal = named + b"/ByteRange [%b] /Contents <%b> >>"
    blank = b" " * 60
    body = seal % (form, more, blank, b"0" * room)
    field = b"<< /FT /Sig /T (Seal1) /V %d 0 R /Type /Annot /Subtype /Widget /Rect [0 0 0 0] /F 132 >>" % number
    fields = b"/AcroForm << /Fields [%d 0 R] /SigFlags 3 >>" % (number + 1)
    out = increment(
        pdf, {number: body, number + 1: field, catalog_number: catalog[: catalog.rfind(b">>")] + fields + b" >>"}
    )
    start = out.rfind(b"<" + b"0" * room)
    end = start + room + 2
    actual = (0, start, end, len(out) - end)
    told = ranges(*actual) if ranges else actual
    out = out.replace(b"/ByteRange [%b]" % blank, b"/ByteRange [%b]" % b" ".join(b"%d" % n for n in told).ljust(60))
    a, b, c, d = told if len(told) == 4 and min(told) >= 0 else actual
    made = value(out[a : a + b] + out[c : c + d]).hex().encode()
    assert len(made) <= room
    written = b"<" + made.ljust(room, b"0") + b">"
    if contents:
        written = contents(written)
        assert len(written) == room + 2
    return out[:start] + written + out[end:]

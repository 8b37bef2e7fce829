"""CMS messages with a known truth: by hand, and by OpenSSL where it is installed."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import shutil
import subprocess
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from .makers import DAY, MOMENT, Case, Cases, Holder, World, revocation_list
from .writing import above, attribute, message, names_certificate, signed, signer_info

SHA256 = algos.DigestAlgorithmId("sha256").dump()
TEXT = "关于同意设立企业的批复\n第二行\n".encode()


def all_cms(world: World) -> Cases:
    yield from _sound(world)
    yield from _untrusted(world)
    yield from _altered(world)
    yield from _broken(world)
    yield from _others(world)
    if shutil.which("openssl"):
        yield from _by_openssl(world)
        yield from _sm2(world)


def _pem(der: bytes, label: str = "CMS") -> bytes:
    lines = base64.encodebytes(der).decode()
    return f"-----BEGIN {label}-----\n{lines}-----END {label}-----\n".encode()


def _token(world: World, data: bytes, at: Any = None) -> cms.ContentInfo:
    stamper = world.stamper(at=at or MOMENT - DAY)
    return asyncio.run(stamper.async_timestamp(hashlib.sha256(data).digest(), "sha256"))


def _stamped(world: World, holder: Holder, at: Any = None, over: bytes | None = None) -> bytes:
    info = signer_info(holder, TEXT)
    token = _token(world, over if over is not None else info["signature"].native, at)
    info["unsigned_attrs"] = cms.CMSAttributes([attribute("signature_time_stamp_token", token)])
    return message([info], above(holder), content=TEXT)


def _countersigned(world: World, spoil: bool = False) -> bytes:
    info = signer_info(world.office, TEXT)
    counter = signer_info(world.second, info["signature"].native, content_type=None, spoil=spoil)
    info["unsigned_attrs"] = cms.CMSAttributes([cms.CMSAttribute({"type": "counter_signature", "values": [counter]})])
    return message([info], [*above(world.office), world.second.asn1], content=TEXT)


def _sound(world: World) -> Cases:
    office = world.office
    attached, detached = signed(office, TEXT, attached=True), signed(office, TEXT)
    yield Case("attached", attached, "valid", "ok")
    yield Case("detached", detached, "valid", "ok", TEXT)
    yield Case("pem", _pem(attached), "valid", "ok")
    yield Case("pem-pkcs7", b"text before\n" + _pem(attached, "PKCS7"), "valid", "ok")
    yield Case("base64", base64.encodebytes(attached), "valid", "ok")
    yield Case("attached-and-beside", attached, "valid", "ok", TEXT)
    yield Case("crlf-signed", signed(office, TEXT.replace(b"\n", b"\r\n")), "valid", "ok", TEXT)
    yield Case("no-attributes", signed(world.rsa, TEXT, attributes=False, attached=True), "valid", "ok")
    yield Case("key-identifier", signed(office, TEXT, attached=True, key_identifier=True), "valid", "ok")
    yield Case("ed25519", signed(world.edwards, TEXT, attached=True, digest="sha512"), "valid", "ok")
    yield Case("ed25519-bare", signed(world.edwards, TEXT, attached=True, digest="sha512", attributes=False), "valid")
    yield Case("sha384", signed(world.p384, TEXT, attached=True, digest="sha384"), "valid", "ok")
    yield Case("cades", signed(office, TEXT, attached=True, more=[names_certificate(office)]), "valid", "ok")
    yield Case("sha1", signed(world.rsa, TEXT, attached=True, digest="sha1"), "valid", "ok")
    two = [signer_info(office, TEXT), signer_info(world.second, TEXT)]
    both = [*above(office), world.second.asn1]
    yield Case("two-signers", message(two, both, content=TEXT), "valid", "ok")
    yield Case("timestamp", _stamped(world, office), "valid", "ok")
    yield Case("expired-but-stamped", _stamped(world, world.expired, MOMENT - 20 * DAY), "valid", "ok")
    yield Case("countersigned", _countersigned(world), "valid", "ok")
    fresh = message([signer_info(office, TEXT)], above(office), content=TEXT, crls=[revocation_list(world.issuing)])
    yield Case("with-list", fresh, "valid", "ok")
    yield Case("empty-content", signed(office, b"", attached=True), "valid", "ok")
    yield Case("trailing-bytes", attached + b"\0\0", "valid", "ok")
    yield Case("token-beside", _token(world, TEXT).dump(), "valid", "ok_timestamp", TEXT)
    answer = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": _token(world, TEXT)})
    yield Case("answer-beside", answer.dump(), "valid", "ok_timestamp", TEXT)
    yield Case("answer-for-another", answer.dump(), "altered", "digest", TEXT + b"!")
    inside = message(
        [signer_info(office, detached, content_type="signed_data")],
        above(office),
        content=detached,
        content_type="signed_data",
    )
    yield Case("message-inside", inside, "valid", "ok")
    yield Case("sha3-rsa", _sha3_rsa(world), "valid", "ok")
    yield Case("plain-ecdsa", _plain_ecdsa(world), "valid", "ok")
    text = b"Content-Type: text/plain\r\n\r\nhello"
    kind = b"Content-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    head = b'MIME-Version: 1.0\r\nContent-Type: multipart/signed; boundary=b1; protocol="x"\r\n\r\n'
    value = base64.encodebytes(signed(office, text))
    mail = head + b"--b1\r\n" + text + b"\r\n--b1\r\n" + kind + value + b"\r\n--b1--\r\n"
    yield Case("mail", mail, "valid", "ok")
    yield Case("mail-unix", mail.replace(b"\r\n", b"\n"), "valid", "ok")
    yield Case("mail-changed", mail.replace(b"hello", b"hallo"), "altered", "digest")
    opaque = b"Content-Type: application/pkcs7-mime; smime-type=signed-data\nContent-Transfer-Encoding: base64\n\n"
    yield Case("mail-opaque", opaque + base64.encodebytes(attached), "valid", "ok")
    yield Case("asic", _asic(detached, TEXT), "valid", "ok")
    yield Case("asic-changed", _asic(detached, TEXT + b"!"), "altered", "digest")


def _sha3_rsa(world: World) -> bytes:
    info = signer_info(world.rsa, TEXT, attributes=False)
    info["digest_algorithm"] = {"algorithm": "sha3_256"}
    info["signature_algorithm"] = {"algorithm": "2.16.840.1.101.3.4.3.14"}
    info["signature"] = world.rsa.key.sign(TEXT, padding.PKCS1v15(), hashes.SHA3_256())
    return message([info], above(world.rsa), content=TEXT)


def _plain_ecdsa(world: World) -> bytes:
    """r and s side by side (BSI TR-03111), as German cards write them."""
    info = signer_info(world.office, TEXT)
    info["signature_algorithm"] = {"algorithm": "0.4.0.127.0.7.1.1.4.1.3"}
    pair = decode_dss_signature(info["signature"].native)
    info["signature"] = b"".join(one.to_bytes(32, "big") for one in pair)
    return message([info], above(world.office), content=TEXT)


def _asic(signature: bytes, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.etsi.asic-s+zip")
        archive.writestr("content.txt", content)
        archive.writestr("META-INF/signature.p7s", signature)
    return out.getvalue()


def _untrusted(world: World) -> Cases:
    for name, holder, code in (
        ("stranger", world.stranger, "no_chain"),
        ("outsider", world.outsider, "no_chain"),
        ("expired", world.expired, "expired"),
        ("server", world.server, "purpose"),
    ):
        yield Case(name, signed(holder, TEXT, attached=True), "untrusted", code)
    yield Case("md5", signed(world.rsa, TEXT, attached=True, digest="md5"), "untrusted", "forgeable")
    revoked = revocation_list(world.issuing, {world.revoked.certificate.serial_number: MOMENT - 5 * DAY})
    infos = [signer_info(world.revoked, TEXT)]
    yield Case("revoked", message(infos, above(world.revoked), content=TEXT, crls=[revoked]), "untrusted", "revoked")
    forged = revocation_list(world.stranger, {world.office.certificate.serial_number: MOMENT - 5 * DAY})
    false = message([signer_info(world.office, TEXT)], above(world.office), content=TEXT, crls=[forged])
    yield Case("list-of-another", false, "valid", "ok")
    two = [signer_info(world.office, TEXT), signer_info(world.stranger, TEXT)]
    listed = [*above(world.office), world.stranger.asn1]
    yield Case("one-of-two", message(two, listed, content=TEXT), "untrusted", "no_chain")


def _altered(world: World) -> Cases:
    office = world.office
    attached = signed(office, TEXT, attached=True)
    yield Case("changed", attached.replace("批复".encode(), "拒绝".encode()), "altered", "digest")
    yield Case("changed-beside", signed(office, TEXT), "altered", "digest", TEXT + b"!")
    yield Case("other-beside", attached, "altered", "other_content", b"something else")
    bare = signed(world.rsa, TEXT, attributes=False, attached=True)
    yield Case("bare-changed", bare.replace("批复".encode(), "拒绝".encode()), "altered", "digest")
    wrong = message([signer_info(office, TEXT, message_digest=b"\1" * 32)], above(office), content=TEXT)
    yield Case("wrong-digest", wrong, "altered", "digest")
    two = [signer_info(office, TEXT), signer_info(world.second, b"other")]
    yield Case("one-of-two-changed", message(two, [*above(office), world.second.asn1], content=TEXT), "altered")
    yield Case("token-other", _token(world, TEXT).dump(), "altered", "digest", b"other")


def _broken(world: World) -> Cases:
    office = world.office

    def made(**wrong: Any) -> bytes:
        return signed(office, TEXT, attached=True, **wrong)

    yield Case("spoilt", made(spoil=True), "broken", "bad_value")
    yield Case("no-certificate", message([signer_info(office, TEXT)], content=TEXT), "broken", "no_certificate")
    yield Case("wrong-type", made(content_type="enveloped_data"), "broken", "bad_attributes")
    yield Case("no-type", made(content_type=None), "broken", "bad_attributes")
    yield Case("names-another", made(more=[names_certificate(world.second)]), "broken", "other_certificate")
    twice = made(more=[attribute("message_digest", hashlib.sha256(TEXT).digest())])
    yield Case("two-digests", twice, "broken", "bad_attributes")
    yield Case("sid-of-another", made(named=world.second), "broken", "no_certificate")
    switched = message([signer_info(office, TEXT, named=world.second)], [world.second.asn1], content=TEXT)
    yield Case("key-of-another", switched, "broken", "bad_value")
    yield Case("counter-spoilt", _countersigned(world, spoil=True), "broken", "bad_value")
    yield Case("timestamp-of-another", _stamped(world, office, over=b"other"), "broken", "bad_timestamp")
    whole = made()
    yield Case("cut", whole[: len(whole) // 2], "broken", "structure")
    yield Case("pem-cut", _pem(whole[: len(whole) // 2]), "broken", "structure")
    # Signed attributes passed off as content: strip them, and the signature holds over their DER.
    info = signer_info(office, TEXT)
    attributes = info["signed_attrs"].untag().dump()
    fields = {key: info[key] for key in ("version", "sid", "digest_algorithm", "signature_algorithm", "signature")}
    posing = message([cms.SignerInfo(fields)], above(office), content=attributes)
    yield Case("attributes-as-content", posing, "broken", "bad_attributes")


def _others(world: World) -> Cases:
    yield Case("certificates-only", message([], above(world.office)), "unsigned", "certificates_only")
    data = cms.ContentInfo({"content_type": "data", "content": core.OctetString(TEXT)})
    yield Case("data", data.dump(), "unsigned", "other_message")
    yield Case("detached-alone", signed(world.office, TEXT), "unreadable", "no_content")
    yield Case("detached-alone-spoilt", signed(world.office, TEXT, spoil=True), "broken", "bad_value")
    unknown = signed(world.office, TEXT, attached=True).replace(SHA256, SHA256[:-1] + b"\x7f")
    yield Case("unknown-digest", unknown, "unreadable", "algorithm")
    yield Case("nothing", b"", "unreadable", "empty")
    yield Case("text", TEXT, "unreadable", "not_known")
    yield Case("zeros", bytes(5000), "unreadable", "not_known")
    yield Case("certificate", world.office.der, "unreadable")
    yield Case("pem-certificate", _pem(world.office.der, "CERTIFICATE"), "unreadable", "not_known")
    yield Case("pem-junk", b"-----BEGIN PKCS7-----\nnot base64 !!\n-----END PKCS7-----\n", "unreadable")
    yield Case("deep", b"\x30\x80" * 20_000, "unreadable")
    yield Case("long-length", b"\x30\x84\xff\xff\xff\xff" + b"\x06\x09", "unreadable")
    yield Case("zip", _zip({"a.txt": b"x"}), "unreadable", "not_known")
    yield Case("ofd", _zip({"OFD.xml": b"<OFD/>"}), "unreadable", "ofd")
    yield Case(
        "asic-xades", _zip({"mimetype": b"", "a": b"", "META-INF/signatures.xml": b""}), "unreadable", "container"
    )
    yield Case("png", b"\x89PNG\r\n\x1a\n" + bytes(100), "unreadable", "not_known")


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


# OpenSSL


def _by_openssl(world: World) -> Cases:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "text").write_bytes(TEXT)
        _keep(place, "rsa", world.rsa)
        _keep(place, "office", world.office)

        def run(*arguments: str) -> bytes:
            command = ["openssl", *arguments]
            return subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=20).stdout

        one = ["-signer", "office.pem", "-inkey", "office.key", "-certfile", "office.chain"]
        two = ["-signer", "rsa.pem", "-inkey", "rsa.key"]
        sign = ["cms", "-sign", "-in", "text"]
        der = ["-outform", "DER"]
        yield Case("openssl-detached", run(*sign, *one, *der, "-binary"), "valid", "ok", TEXT)
        yield Case("openssl-text-mode", run(*sign, *one, *der), "valid", "ok", TEXT)
        yield Case("openssl-attached", run(*sign, *one, *der, "-binary", "-nodetach"), "valid", "ok")
        yield Case("openssl-stream", run(*sign, *one, *der, "-binary", "-nodetach", "-stream"), "valid", "ok")
        yield Case("openssl-pem", run(*sign, *one, "-outform", "PEM", "-nodetach"), "valid", "ok")
        yield Case("openssl-mail", run(*sign, *one), "valid", "ok")
        yield Case("openssl-mail-text", run(*sign, *one, "-text"), "valid", "ok")
        yield Case("openssl-mail-opaque", run(*sign, *one, "-nodetach"), "valid", "ok")
        yield Case("openssl-two", run(*sign, *one, *two, *der, "-binary", "-nodetach"), "valid", "ok")
        yield Case("openssl-pss", run(*sign, *two, "-certfile", "rsa.chain", *der, "-binary", "-nodetach",
                                      "-keyopt", "rsa_padding_mode:pss"), "valid", "ok")  # fmt: skip
        yield Case("openssl-key-identifier", run(*sign, *one, *der, "-nodetach", "-keyid"), "valid", "ok")
        yield Case("openssl-no-attributes", run(*sign, *one, *der, "-nodetach", "-noattr"), "valid", "ok")
        yield Case("openssl-cades", run(*sign, *one, *der, "-nodetach", "-cades"), "valid", "ok")
        yield Case("openssl-smime", run("smime", "-sign", "-in", "text", *two, "-certfile", "rsa.chain", *der), "valid",
                   "ok", TEXT)  # fmt: skip
        yield Case("openssl-no-certificates", run(*sign, *one[:4], *der, "-nodetach", "-nocerts"), "broken",
                   "no_certificate")  # fmt: skip
        (place / "list").write_bytes(run("crl2pkcs7", "-nocrl", "-certfile", "office.pem"))
        yield Case("openssl-degenerate", (place / "list").read_bytes(), "unsigned", "certificates_only")
        encrypted = run("cms", "-encrypt", "-in", "text", "-aes-256-cbc", *der, "rsa.pem")
        yield Case("openssl-encrypted", encrypted, "unsigned", "encrypted_message")
        digested = run("cms", "-digest_create", "-in", "text", *der)
        yield Case("openssl-digested", digested, "unsigned", "other_message")


def _keep(place: Path, name: str, holder: Holder) -> None:
    pem = serialization.Encoding.PEM
    kind, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (place / f"{name}.key").write_bytes(holder.key.private_bytes(pem, kind, plain))
    (place / f"{name}.pem").write_bytes(holder.certificate.public_bytes(pem))
    (place / f"{name}.chain").write_bytes(b"".join(one.public_bytes(pem) for one in holder.chain[:-1]))


def _sm2(world: World) -> Cases:
    """An SM2 authority and a message of its holder; OpenSSL 3.0 signs with SM2 but writes no such CMS: we do."""
    with TemporaryDirectory() as folder:
        place = Path(folder)

        def run(*arguments: str) -> bytes:
            return subprocess.run(
                ["openssl", *arguments], cwd=place, check=True, capture_output=True, timeout=20
            ).stdout

        identity = ["-sigopt", "distid:1234567812345678"]
        run("ecparam", "-genkey", "-name", "SM2", "-noout", "-out", "root.key")
        run("req", "-x509", "-new", "-key", "root.key", "-sm3", "-subj", "/O=Test/CN=SM2 root", "-days", "300",
            "-out", "root.pem", *identity)  # fmt: skip
        run("ecparam", "-genkey", "-name", "SM2", "-noout", "-out", "seal.key")
        run("req", "-new", "-key", "seal.key", "-sm3", "-subj", "/O=Test/CN=SM2 seal", "-out", "seal.csr", *identity)
        run("x509", "-req", "-in", "seal.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-sm3",
            "-days", "200", "-out", "seal.pem", *identity, "-vfyopt", "distid:1234567812345678")  # fmt: skip

        def sm2(content: bytes, key: str) -> bytes:
            (place / "signed").write_bytes(content)
            return run("pkeyutl", "-sign", "-inkey", key, "-rawin", "-digest", "sm3", "-in", "signed",
                       "-pkeyopt", "distid:1234567812345678")  # fmt: skip

        def issued(name: str) -> x509.Certificate:
            """As of the tests' moment: the command can only issue from the machine's present on."""
            made = x509.Certificate.load(run("x509", "-in", f"{name}.pem", "-outform", "DER"))
            facts = made["tbs_certificate"]
            facts["validity"] = {
                end: x509.Time("utc_time", MOMENT + days * DAY)
                for end, days in (("not_before", -100), ("not_after", 100))
            }
            made["signature_value"] = sm2(facts.dump(force=True), "root.key")
            return x509.Certificate.load(made.dump(force=True))

        root, seal = issued("root"), issued("seal")
        world.more_roots = (root,)
        digest = hashlib.new("sm3", TEXT).digest()
        listed = cms.CMSAttributes([attribute("content_type", "data"), attribute("message_digest", digest)])
        value = sm2(listed.dump(), "seal.key")
        info = cms.SignerInfo(
            {
                "version": "v1",
                "sid": cms.SignerIdentifier(
                    "issuer_and_serial_number", {"issuer": seal.issuer, "serial_number": seal.serial_number}
                ),
                "digest_algorithm": {"algorithm": "1.2.156.10197.1.401"},
                "signed_attrs": listed,
                "signature_algorithm": {"algorithm": "1.2.156.10197.1.501"},
                "signature": value,
            }
        )
        whole = message([info], [seal], content=TEXT)
        yield Case("sm2", whole, "valid", "ok")
        gm = whole.replace(bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010702"))
        yield Case("sm2-changed", gm.replace("批复".encode(), "拒绝".encode()), "altered", "digest")
        spoilt = cms.SignerInfo.load(info.dump())
        spoilt["signature"] = value[:-1] + bytes([value[-1] ^ 1])
        yield Case("sm2-spoilt", message([spoilt], [seal], content=TEXT), "broken", "bad_value")

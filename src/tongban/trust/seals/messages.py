"""CMS files: DER or BER, PEM, bare base64, S/MIME; attached, or detached with the content given beside them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from email.parser import BytesParser

from asn1crypto import cms, tsp
from asn1crypto.parser import peek

from .chains import Trust
from .evidence import UNDECODABLE, Evidence, certificates_of, content_of, lists_of
from .signers import Bad, Message, judge, judge_token
from .verdicts import WORST, Reason, Report, Signature, Verdict

GM_SIGNED_DATA = bytes.fromhex("060a2a811ccf550601040202")  # 1.2.156.10197.6.1.4.2.2, GM/T 0010
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 #]+)-----(.*?)-----END \1-----", re.S)
_HEADER = re.compile(rb"^(mime-version|content-[a-z-]+|from|to|subject|date|received|message-id)[ \t]*:", re.I)


@dataclass(frozen=True)
class Envelope:
    """A CMS message taken out of its wrapping; `content` if the wrapping carries what was signed (multipart/signed)."""

    der: bytes
    content: bytes | None = None


def unwrapped(data: bytes) -> Envelope | None:
    """The CMS message in a file, None when there is none."""
    if data[:1] == b"\x30":
        return Envelope(_token_in(data) or data)
    text = data[3:] if data.startswith(b"\xef\xbb\xbf") else data
    if found := _PEM.search(text):
        label, body = found.group(1), found.group(2)
        if label in (b"PKCS7", b"CMS", b"PKCS #7 SIGNED DATA"):
            der = _decoded(body)
            return Envelope(der) if der else Envelope(b"")
        return None
    if _HEADER.match(text.lstrip()):
        return _of_mail(text.lstrip())
    der = _decoded(text) if len(text) > 40 else None
    return Envelope(der) if der and der[:1] == b"\x30" else None


def _token_in(data: bytes) -> bytes | None:
    """The token in the whole answer of a timestamp authority (RFC 3161, 2.4.2)."""
    with suppress(*UNDECODABLE):
        if data[:64].find(SIGNED_DATA) > 0 and (token := tsp.TimeStampResp.load(data)["time_stamp_token"]).contents:
            return bytes(token.dump())
    return None


def _decoded(text: bytes) -> bytes | None:
    try:
        return base64.b64decode(b"".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _of_mail(data: bytes) -> Envelope | None:
    headers = BytesParser().parsebytes(data[:65536], headersonly=True)
    kind = headers.get_content_type()
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        der = _decoded(_body(data))
        return Envelope(der or b"")
    boundary = headers.get_boundary()
    if kind != "multipart/signed" or not boundary:
        return None
    mark = rb"(?:\r?\n)--" + re.escape(boundary.encode("latin-1", "replace")) + rb"(?:--)?[ \t]*(?=\r?\n|$)"
    parts = re.split(mark, b"\n" + _body(data))
    if len(parts) < 3:
        return Envelope(b"")
    signed, signature = (re.sub(rb"\A\r?\n", b"", part) for part in parts[1:3])
    return Envelope(_decoded(_body(signature)) or b"", signed)


def _body(data: bytes) -> bytes:
    found = re.search(rb"\r?\n\r?\n", data)
    return data[found.end() :] if found else b""


def examine_cms(envelope: Envelope, content: bytes | None, trust: Trust) -> Report:
    """The verdict on a CMS message; `content` is what stands beside it."""
    der = envelope.der.replace(GM_SIGNED_DATA, SIGNED_DATA, 1) if GM_SIGNED_DATA in envelope.der[:64] else envelope.der
    try:
        info = cms.ContentInfo.load(der)
        kind = info["content_type"].native
        if kind != "signed_data":
            return _other(kind, info)
        signed = info["content"]
        inner = signed["encap_content_info"]
        own = content_of(signed)
        signers = list(signed["signer_infos"])
        if not signers:
            return Report(Verdict.UNSIGNED, Reason("certificates_only"), "cms")
        content_type = inner["content_type"].native
    except (*UNDECODABLE, RecursionError) as error:
        return _damaged(der, error)
    given = envelope.content if envelope.content is not None else content
    evidence = Evidence(certificates_of(signed), lists_of(signed))
    if content_type == "tst_info" and given is not None:
        return summed([token_over(info, given, trust, evidence)], "cms")
    message = Message(tuple(evidence.certificates), lambda: b"", content_type, evidence, trust, notes=_behind(der))
    if own is not None:
        other = given is not None and own not in (given, _canonical(given))
        found = _signatures(signers, replace(message, content=_constant(own)))
        if other:
            return summed(
                [replace(one, verdict=Verdict.ALTERED, reason=Reason("other_content")) for one in found], "cms"
            )
        return summed(found, "cms")
    if given is None:  # the signatures are looked at all the same: one that is no good by itself is broken
        return summed(_signatures(signers, replace(message, content=_missing)), "cms")
    found = _signatures(signers, replace(message, content=_constant(given)))
    if any(one.reason.code == "digest" for one in found) and _canonical(given) != given:
        # Without -binary, S/MIME signers sign the text with CR LF at the line ends, and leave the file as it was.
        again = _signatures(signers, replace(message, content=_constant(_canonical(given))))
        found = [
            replace(new, notes=(*new.notes, Reason("line_ends"))) if new.reason.code != "digest" else old
            for old, new in zip(found, again, strict=True)
        ]
    return summed(found, "cms")


def _behind(der: bytes) -> tuple[Reason, ...]:
    return (Reason("behind"),) if der[peek(der) :].strip(b"\0\t\r\n ") else ()


def _missing() -> bytes:
    raise Bad(Verdict.UNREADABLE, "no_content")


def _constant(content: bytes) -> Callable[[], bytes]:
    return lambda: content


def _signatures(signers: list[cms.SignerInfo], message: Message) -> list[Signature]:
    # A timestamp token by itself proves a time for something that is not here.
    kind = "timestamp" if message.content_type == "tst_info" else "seal"
    found = [one for signer in signers for one in judge(signer, message, kind)]
    sound = (Verdict.VALID, Verdict.UNTRUSTED)
    return [replace(one, coverage="whole") if one.verdict in sound else one for one in found]


def token_over(token: cms.ContentInfo, content: bytes, trust: Trust, evidence: Evidence) -> Signature:
    """The verdict on a timestamp token over `content`."""
    return judge_token(token, lambda: content, Message((), lambda: b"", "tst_info", evidence, trust))


def _canonical(content: bytes) -> bytes:
    return re.sub(rb"\r?\n", b"\r\n", content)


def _other(kind: str, info: cms.ContentInfo) -> Report:
    if kind in ("enveloped_data", "encrypted_data", "auth_enveloped_data", "authenticated_enveloped_data"):
        return Report(Verdict.UNSIGNED, Reason("encrypted_message"), "cms")
    if kind in ("data", "digested_data", "authenticated_data", "compressed_data", "signed_and_enveloped_data"):
        return Report(Verdict.UNSIGNED, Reason("other_message"), "cms")
    return Report(Verdict.UNREADABLE, Reason("not_known"))


def _damaged(der: bytes, error: Exception) -> Report:
    """A message that says it is signed and cannot be decoded has a broken seal; anything else is no message."""
    if SIGNED_DATA in der[:64]:
        return Report(Verdict.BROKEN, Reason("structure"), "cms")
    if der[:1] == b"\x30" or not der:
        return Report(Verdict.UNREADABLE, Reason("damaged", {"detail": type(error).__name__}), "cms")
    return Report(Verdict.UNREADABLE, Reason("not_known"))


def summed(found: list[Signature], kind: str, pages: int = 0) -> Report:
    """The file's verdict is that of its worst seal. A timestamp's authority that is not trusted does not make a
    trusted seal less so; it counts only where nothing else is there."""
    seals = [one for one in found if one.kind != "timestamp"] or found
    deciding = [*seals, *(one for one in found if one.verdict in (Verdict.BROKEN, Verdict.ALTERED))]
    worst = max(deciding, key=lambda one: WORST.index(one.verdict))
    return Report(worst.verdict, worst.reason, kind, tuple(found), pages)

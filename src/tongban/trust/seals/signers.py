"""One signer of a CMS message (RFC 5652, CAdES): the signature value, what it says of itself, its time, its trust."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from asn1crypto import cms, core, tsp, x509
from asn1crypto.algos import SignedDigestAlgorithmId
from pyhanko.sign.general import check_ess_certid

from .chains import FORGEABLE, Trust, distrust
from .evidence import UNDECODABLE, Evidence, archived, certificates_of, content_of, lists_of
from .primitives import SM3, Unsupported, holds, name_of
from .verdicts import Facts, Reason, Signature, Verdict

CLAIM_TOLERANCE = timedelta(hours=1)
DEPTH = 3
"""A timestamp may bear a timestamp, a countersignature one of its own; deeper nesting is an attack on the reader."""

Content = Callable[[], bytes]


@dataclass(frozen=True)
class Message:
    """What the signers of one message share. `content_type` None: whatever the message says."""

    certificates: tuple[x509.Certificate, ...]
    content: Content
    content_type: str
    evidence: Evidence
    trust: Trust
    claimed: datetime | None = None
    notes: tuple[Reason, ...] = ()


class Bad(Exception):
    """The signature does not hold."""

    def __init__(self, verdict: Verdict, code: str, **facts: str | int) -> None:
        super().__init__(code)
        self.verdict, self.reason = verdict, Reason(code, dict(facts))


def broken(code: str, **facts: str | int) -> Bad:
    """The seal itself is no good."""
    return Bad(Verdict.BROKEN, code, **facts)


def judge(info: cms.SignerInfo, message: Message, kind: str = "seal", depth: int = 0) -> list[Signature]:
    """The signer's verdict, and those of its countersigners."""
    known: dict[str, Any] = {}
    try:
        known = _described(info, message)
        certificate = _certificate(info, message)
        _check(info, certificate, message)
        found = _judged(info, certificate, message, kind, known, depth)
    except Bad as bad:
        found = _told(kind, bad, known)
    except Unsupported as error:
        found = _told(kind, Bad(Verdict.UNREADABLE, "algorithm", name=str(error)), known)
    except UNDECODABLE:
        found = _told(kind, broken("structure"), known)
    return [found, *_countersigners(info, message, depth)]


def _told(kind: str, bad: Bad, known: dict[str, Any]) -> Signature:
    return Signature(kind=kind, verdict=bad.verdict, reason=bad.reason, **known)


def _judged(
    info: cms.SignerInfo, certificate: x509.Certificate, message: Message, kind: str, known: dict[str, Any], depth: int
) -> Signature:
    trust, notes = message.trust, _weaknesses(info, certificate)
    evidence = archived(info, message.evidence)
    proven, token_notes = _proven_time(info, message, depth)
    at = proven or trust.moment
    if proven is None and kind == "timestamp":
        # A timestamp proves its own time: its certificate had to be good then, and is not expected to last.
        at = known["time"] or at
    reason, more = distrust(
        certificate, evidence, trust, at, proven is not None or kind == "timestamp",
        "timestamp" if kind == "timestamp" else "",
    )  # fmt: skip
    if proven is not None:
        known |= {"time": proven, "time_source": "timestamp"}
    elif reason is None and kind != "timestamp" and known["time"] is not None:
        reason = _before_its_time(certificate, known["time"])
    digest = _digest_name(info)
    if reason is None and digest in FORGEABLE:
        reason = Reason("forgeable", {"name": digest.upper()})
    known["notes"] = (*message.notes, *notes, *token_notes, *more)
    good = Reason("ok_timestamp" if kind == "timestamp" else "ok", {"signer": known["signer"]})
    return Signature(
        kind=kind, verdict=Verdict.VALID if reason is None else Verdict.UNTRUSTED, reason=reason or good, **known
    )


def _before_its_time(certificate: x509.Certificate, claimed: datetime) -> Reason | None:
    begins = certificate["tbs_certificate"]["validity"]["not_before"].native
    return Reason("not_yet", {"date": f"{begins:%Y-%m-%d}"}) if claimed + CLAIM_TOLERANCE < begins else None


# The signature value


def _check(info: cms.SignerInfo, certificate: x509.Certificate, message: Message) -> None:
    """Raises Bad when the signature does not hold: first its value, so that a changed content can be told apart."""
    digest, value = _digest_name(info), bytes(info["signature"].native)
    algorithm, key = info["signature_algorithm"], certificate.public_key
    attributes = info["signed_attrs"]
    _hash(digest, b"")  # raises Unsupported for a digest that nobody here can compute
    if isinstance(attributes, core.Void) or not len(attributes):
        content = message.content()
        if _poses_as_attributes(content):
            raise broken("bad_attributes")
        if not holds(value, content, key, algorithm, digest):
            raise _misfit(value, key) from None
        return
    if not any(holds(value, signed, key, algorithm, digest) for signed in _encodings(attributes)):
        raise broken("bad_value")
    named = _one(attributes, "message_digest")
    if named is None:
        raise broken("bad_attributes")
    _agrees(info, certificate, attributes, message)
    if _hash(digest, message.content()) != named.native:
        raise Bad(Verdict.ALTERED, "digest")


def _encodings(attributes: cms.CMSAttributes) -> Iterator[bytes]:
    """The attributes as they stand, and in the order DER asks for, for signers that did not write them so."""
    plain = attributes.untag()
    yield plain.dump()
    yield cms.CMSAttributes(sorted(plain, key=lambda one: one.dump())).dump(force=True)


def _poses_as_attributes(content: bytes) -> bool:
    """Signed attributes passed off as content: their signature would hold, once the attributes are taken away."""
    if not content.startswith(b"\x31"):
        return False
    try:
        return _one(cms.CMSAttributes.load(content), "message_digest") is not None
    except (ValueError, TypeError, KeyError):
        return False


def _misfit(value: bytes, key: Any) -> Bad:
    """Without signed attributes an RSA value still tells whether it is a signature over something else."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        loaded = load_der_public_key(key.dump())
        if isinstance(loaded, rsa.RSAPublicKey):
            loaded.recover_data_from_signature(value, padding.PKCS1v15(), None)
    except (InvalidSignature, ValueError):
        return broken("bad_value")
    return Bad(Verdict.ALTERED, "digest")


def _agrees(info: cms.SignerInfo, certificate: x509.Certificate, attributes: Any, message: Message) -> None:
    """Content type, signing certificate (RFC 5035) and algorithm protection (RFC 6211) must not contradict."""
    told = _one(attributes, "content_type")
    if (told.native if told is not None else "") != message.content_type:
        raise broken("bad_attributes")
    for name in ("signing_certificate_v2", "signing_certificate"):
        named = _one(attributes, name)
        if named is not None and not check_ess_certid(certificate, named["certs"][0]):
            raise broken("other_certificate")
    protected = _one(attributes, "cms_algorithm_protection")
    if protected is not None:
        same = protected["digest_algorithm"]["algorithm"].dotted == info["digest_algorithm"]["algorithm"].dotted
        signed = protected["signature_algorithm"]
        if not same or (signed.native and signed.native != info["signature_algorithm"].native):
            raise broken("bad_attributes")


def _one(attributes: Any, name: str) -> Any:
    """The only value of an attribute, None when absent. Raises Bad when there are several."""
    values = [value for one in attributes if one["type"].native == name for value in one["values"]]
    if len(values) > 1:
        raise broken("bad_attributes")
    return values[0] if values else None


def _digest_name(info: cms.SignerInfo) -> str:
    algorithm = info["digest_algorithm"]["algorithm"]
    # Some signers name the signature's algorithm where that of the digest belongs: sha256_rsa.
    name = SignedDigestAlgorithmId(algorithm.dotted).native.partition("_")[0]
    return "sm3" if algorithm.dotted == SM3 else str(name if name.startswith("sha") else algorithm.native)


def _hash(name: str, content: bytes) -> bytes:
    try:
        if name.startswith("shake256"):  # with Ed448 (RFC 8702)
            return hashlib.shake_256(content).digest(64)
        return hashlib.new(name.replace("sha3_", "sha3-"), content, usedforsecurity=False).digest()
    except ValueError as error:
        raise Unsupported(name) from error


# Who


def _certificate(info: cms.SignerInfo, message: Message) -> x509.Certificate:
    sid = info["sid"]
    for one in (*message.certificates, *message.trust.others, *message.trust.roots):
        if sid.name == "issuer_and_serial_number":
            if one.serial_number == sid.chosen["serial_number"].native and _same(one.issuer, sid.chosen["issuer"]):
                return one
        elif one.key_identifier == sid.chosen.native:
            return one
    raise broken("no_certificate")


def _same(one: x509.Name, other: x509.Name) -> bool:
    """Equal names, also those with values of types that nobody expected there."""
    return bool(one.dump() == other.dump() or one == other)


def _described(info: cms.SignerInfo, message: Message) -> dict[str, Any]:
    claimed = message.claimed
    if not isinstance(info["signed_attrs"], core.Void):
        for one in info["signed_attrs"]:
            if one["type"].native == "signing_time" and len(one["values"]):
                claimed = one["values"][0].native
    if not isinstance(claimed, datetime):
        claimed = None
    known: dict[str, Any] = {"time": claimed, "time_source": "claimed" if claimed else "none"}
    try:
        certificate = _certificate(info, message)
    except Bad:
        return known
    return known | described(certificate) | {"algorithm": _algorithm(info, certificate)}


def described(certificate: x509.Certificate) -> dict[str, Any]:
    """Who the certificate speaks of."""
    subject, issuer = _parts(certificate.subject), _parts(certificate.issuer)
    organisation = subject.get("organization_name", "")
    return {
        "signer": _text(subject.get("common_name") or organisation or ", ".join(map(_text, subject.values()))),
        "organisation": _text(organisation),
        "issuer": _text(issuer.get("common_name") or ", ".join(map(_text, issuer.values()))),
        "serial": f"{certificate.serial_number:x}",
    }


def _parts(name: x509.Name) -> dict[str, Any]:
    """The last value of each type in a name, without those that cannot be decoded."""
    found: dict[str, Any] = {}
    for relative in name.chosen:
        for one in relative:
            with suppress(*UNDECODABLE):
                found[one["type"].native] = one["value"].native
    return found


def _text(value: object) -> str:
    """A name from a certificate; one may be a list, and none is longer than a line."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(c for c in text if c.isprintable())[:200]


def _algorithm(info: cms.SignerInfo, certificate: x509.Certificate) -> str:
    key = certificate.public_key
    digest = _digest_name(info)
    if name_of(info["signature_algorithm"]).startswith("SM2"):
        return "SM2 with SM3"
    kind = str(key.algorithm)
    size = f" {_bits(key)}" if _bits(key) else ""
    if kind == "ec":
        size = f" {key['algorithm']['parameters'].chosen.native}"
    scheme = "RSA-PSS" if "pss" in str(info["signature_algorithm"]["algorithm"].native) else kind.upper()
    return f"{scheme}{size} with {digest.upper()}"


def _weaknesses(info: cms.SignerInfo, certificate: x509.Certificate) -> list[Reason]:
    key, found = certificate.public_key, []
    if _digest_name(info) == "sha1":
        found.append(Reason("weak", {"name": "SHA-1"}))
    if 0 < _bits(key) < 2048:
        facts: Facts = {"name": f"{str(key.algorithm).upper()}-{_bits(key)}"}
        found.append(Reason("weak", facts))
    return found


def _bits(key: Any) -> int:
    """The length of an RSA or DSA key; 0 for others, and for DSA without parameters."""
    with suppress(*UNDECODABLE):
        return int(key.bit_size) if str(key.algorithm) in ("rsa", "rsassa_pss", "dsa") else 0
    return 0


# When


def _unsigned(info: cms.SignerInfo, name: str) -> list[Any]:
    attributes = info["unsigned_attrs"]
    if isinstance(attributes, core.Void):
        return []
    return [value for one in attributes if one["type"].native == name for value in one["values"]]


def _proven_time(info: cms.SignerInfo, message: Message, depth: int) -> tuple[datetime | None, list[Reason]]:
    """The time of a trusted timestamp over the signature value, and notes. Raises Bad when it does not fit."""
    if depth >= DEPTH:
        return None, []
    notes: list[Reason] = []
    try:
        tokens = _unsigned(info, "signature_time_stamp_token")
    except UNDECODABLE as error:
        raise broken("bad_timestamp") from error
    for token in tokens:
        found = judge_token(token, lambda: bytes(info["signature"].native), message, depth + 1)
        if found.verdict in (Verdict.BROKEN, Verdict.ALTERED):
            raise broken("bad_timestamp")
        if found.verdict is Verdict.VALID and found.time is not None:
            return found.time, []
        notes = [Reason("timestamp_untrusted")]
    return None, notes


def judge_token(token: cms.ContentInfo, stamped: Content, around: Message, depth: int = 0) -> Signature:
    """The verdict on a timestamp token (RFC 3161) over `stamped`."""
    unfit = Signature("timestamp", Verdict.BROKEN, Reason("bad_timestamp"))
    try:
        signed: cms.SignedData = token["content"]
        inner = signed["encap_content_info"]
        if token["content_type"].native != "signed_data" or inner["content_type"].native != "tst_info":
            return unfit
        encoded = content_of(signed) or b""
        told = tsp.TSTInfo.load(encoded)
        imprint = told["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"]
        name = "sm3" if algorithm.dotted == SM3 else str(algorithm.native)
        if len(signed["signer_infos"]) != 1:
            return unfit
        evidence = Evidence(
            [*certificates_of(signed), *around.evidence.certificates],
            [*lists_of(signed), *around.evidence.crls],
            around.evidence.ocsps,
        )
        message = Message(
            certificates=tuple(evidence.certificates),
            content=lambda: encoded,
            content_type="tst_info",
            evidence=evidence,
            trust=around.trust,
            claimed=told["gen_time"].native,
        )
        found = judge(signed["signer_infos"][0], message, "timestamp", depth)[0]
        found = replace(found, time=told["gen_time"].native, time_source="timestamp")
        if found.verdict in (Verdict.VALID, Verdict.UNTRUSTED) and _hash(name, stamped()) != (
            imprint["hashed_message"].native
        ):
            return replace(found, verdict=Verdict.ALTERED, reason=Reason("digest"))
        return found
    except (Bad, Unsupported, *UNDECODABLE):
        return unfit


def _countersigners(info: cms.SignerInfo, message: Message, depth: int) -> list[Signature]:
    """Signatures over this signature's value."""
    try:
        found = _unsigned(info, "counter_signature") if depth < DEPTH else []
        around = replace(message, content=lambda: bytes(info["signature"].native), claimed=None)
        return [one for set_ in found for inner in _each(set_) for one in _countersigned(inner, around, depth)]
    except (ValueError, TypeError, KeyError, AttributeError):
        return [Signature("countersignature", Verdict.BROKEN, Reason("structure"))]


def _countersigned(info: cms.SignerInfo, around: Message, depth: int) -> list[Signature]:
    named = None
    if not isinstance(info["signed_attrs"], core.Void):
        # Countersignatures bear no content type (RFC 5652, 11.4).
        named = _one(info["signed_attrs"], "content_type")
    return judge(info, replace(around, content_type=named.native if named else ""), "countersignature", depth + 1)


def _each(value: Any) -> list[cms.SignerInfo]:
    return list(value) if isinstance(value, cms.SignerInfos) else [value]

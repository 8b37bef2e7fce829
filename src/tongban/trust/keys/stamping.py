"""The timestamp authority (RFC 3161, GB/T 20520): what existed when, signed with the time of the one clock."""

from __future__ import annotations

import hashlib

from asn1crypto import algos, cms, core, tsp, x509
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, now

from . import building, rows, signing
from .ciphers import own_hash
from .data import Algorithm, PolicyLine, Purpose
from .life import ensure_key
from .profiles import policy_oid

SIZES = {"sha256": 32, "sha384": 48, "sha512": 64, "sm3": 32}


def timestamp(digest: bytes, hash_name: str = "sha256") -> bytes:
    """An RFC 3161 TimeStampToken (CMS ContentInfo, DER) over a digest. `Invalid` for a hash that is not accepted."""
    if SIZES.get(hash_name) != len(digest):
        raise Invalid({"digest": _("This is no digest of the hash %s.") % hash_name})
    imprint = tsp.MessageImprint({"hash_algorithm": {"algorithm": _hash_id(hash_name)}, "hashed_message": digest})
    return _token(imprint, None, certificates=True)


def timestamp_answer(request: bytes) -> bytes:
    """The TimeStampResp (DER) to a TimeStampReq (DER): a token, or the rejection that RFC 3161 has for it."""
    try:
        asked = tsp.TimeStampReq.load(request, strict=True)
        imprint = asked["message_imprint"]
        kind = imprint["hash_algorithm"]["algorithm"]
        size = SIZES.get("sm3" if kind.dotted == building.SM3 else kind.native)
        nonce, wants = asked["nonce"].native, bool(asked["cert_req"].native)
        policy = asked["req_policy"].native
        digest = imprint["hashed_message"].native
        extended = len(asked["extensions"]) if isinstance(asked["extensions"], core.SequenceOf) else 0
    except (ValueError, TypeError, KeyError):
        return _rejected("bad_data_format")
    if size is None:
        return _rejected("bad_alg")
    if len(digest) != size:
        return _rejected("bad_data_format")
    if policy is not None and policy != _policy():
        return _rejected("unaccepted_policy")
    if extended:
        return _rejected("unaccepted_extensions")
    token = cms.ContentInfo.load(_token(imprint, nonce, certificates=wants))
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _hash_id(hash_name: str) -> str:
    return building.SM3 if hash_name == "sm3" else hash_name


def _policy() -> str:
    return policy_oid(PolicyLine.COMMERCIAL, Purpose.TIMESTAMP)


def _rejected(why: str) -> bytes:
    return bytes(_Rejection({"status": {"status": "rejection", "fail_info": {why}}}).dump())


class _Rejection(core.Sequence):  # type: ignore[misc]  # the library has no types
    """A TimeStampResp without a token, which the library's own form demands."""

    _fields = [("status", tsp.PKIStatusInfo)]


def _token(imprint: tsp.MessageImprint, nonce: int | None, *, certificates: bool) -> bytes:
    key = rows.find(ensure_key(Purpose.TIMESTAMP).id)
    chain = signing.signing_certificate(key.id)
    leaf = x509.Certificate.load(chain[0])
    facts = {
        "version": "v1",
        "policy": _policy(),
        "message_imprint": imprint,
        "serial_number": building.new_serial(),
        "gen_time": core.GeneralizedTime(now().replace(microsecond=0)),
        "accuracy": {"seconds": 1},
    }
    content = tsp.TSTInfo(facts | ({"nonce": nonce} if nonce is not None else {})).dump()
    hash_name = own_hash(Algorithm(key.algorithm))
    attributes = cms.CMSAttributes(
        [
            _attribute("content_type", "tst_info"),
            _attribute("message_digest", hashlib.new(hash_name, content).digest()),
            _attribute(
                "signing_certificate_v2", {"certs": [{"cert_hash": leaf.sha256, "issuer_serial": _serial(leaf)}]}
            ),
        ]
    )
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}},
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": hash_name}),
        "signed_attrs": attributes,
        "signature_algorithm": building.signature_algorithm(Algorithm(key.algorithm)),
        "signature": rows.signed(key, attributes.dump(), hash_name),
    }
    signed = {
        "version": "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": hash_name})],
        "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
        "signer_infos": [signer],
    }
    if certificates:
        signed["certificates"] = [x509.Certificate.load(der) for der in chain]
    return bytes(cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())


def _attribute(kind: str, value: object) -> cms.CMSAttribute:
    return cms.CMSAttribute({"type": kind, "values": [value]})


def _serial(leaf: x509.Certificate) -> dict[str, object]:
    return {"issuer": [x509.GeneralName("directory_name", leaf.issuer)], "serial_number": leaf.serial_number}

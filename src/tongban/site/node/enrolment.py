"""Becoming a node: one signed file from the centre, one request with the token in it, and the keys made here (T9)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from asn1crypto import csr as asn1_csr
from asn1crypto import pem, x509
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Refused, canonical, now
from tongban.data.transport.data import CENTRE
from tongban.site.home import home
from tongban.site.nats import write
from tongban.trust.keys import ciphers, gm
from tongban.trust.keys.data import Algorithm

FORMAT = "tongban-enrolment-1"
_LARGEST = 1 << 20


@dataclass(frozen=True)
class Enrolment:
    """A file whose signature holds. `fingerprint`: of the authority that vouches for it, to be compared by a person."""

    body: dict[str, Any]
    fingerprint: str


def read(path: Path) -> Enrolment:
    """The enrolment file; `Refused` unless it is whole, signed, and not run out."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError
        whole = json.loads(path.read_text("utf-8"))
        if whole["format"] != FORMAT:
            raise ValueError
        body, signature = whole["body"], whole["signature"]
        roots, chain = _certificates("".join(body["authorities"])), _certificates("".join(signature["certificates"]))
        value = base64.b64decode(signature["value"], validate=True)
        expires = datetime.fromisoformat(body["expires"])
        public = bytes(chain[0].public_key.dump())
        of_centre = chain[0].subject.native.get("serial_number") == CENTRE  # nodes are of the same authority
    except OSError:
        raise Refused(_("The file {path} cannot be read.").format(path=path), "file") from None
    except (ValueError, KeyError, TypeError, IndexError, Invalid):
        raise Refused(_("{path} is not an enrolment file.").format(path=path), "file") from None
    root = _root(chain, roots)
    if root is None or not of_centre or not ciphers.verified(public, canonical(body), value, signature["hash"]):
        raise Refused(
            _("The signature of this file does not hold: it was changed, or is not of a centre."), "signature"
        )
    if not body["hub"]:
        raise Refused(_("The file names no hub. The centre sets TONGBAN_HUB_LEAF and makes a new one."), "hub")
    if expires <= now():
        raise Refused(_("This file ran out on {day}. Ask the centre for a new one.").format(day=expires.date()), "old")
    return Enrolment(body, fingerprint_of(root))


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 of a certificate, in groups as the centre's page shows it."""
    plain = certificate.sha256.hex().upper()
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _certificates(text: str) -> list[x509.Certificate]:
    return [x509.Certificate.load(der, strict=True) for _type, _head, der in pem.unarmor(text.encode(), multiple=True)]


def _root(chain: list[x509.Certificate], roots: list[x509.Certificate]) -> x509.Certificate | None:
    """The authority that the chain leads to, each certificate issued by the next and good today."""
    at = chain[0]
    for above in [*chain[1:], *roots]:
        if above.dump() != at.dump() and _issued(at, above):
            at = above
    moment = now()
    good = all(one.not_valid_before <= moment <= one.not_valid_after for one in [*chain, at])
    return at if good and at.dump() in [root.dump() for root in roots] else None


def _issued(one: x509.Certificate, by: x509.Certificate) -> bool:
    """Whether an authority signed a certificate. Only an authority may: a node's own certificate vouches for nobody."""
    if one.issuer != by.subject or not by.ca:
        return False
    about = one["signature_algorithm"]
    hash_name = "" if _kind(by) in (Algorithm.SM2, Algorithm.ED25519) else str(about.hash_algo)
    return ciphers.verified(bytes(by.public_key.dump()), one["tbs_certificate"].dump(), one.signature, hash_name)


def _kind(certificate: x509.Certificate) -> Algorithm:
    return ciphers.algorithm_of(bytes(certificate.public_key.dump()))


def enrol(found: Enrolment, algorithm: str = Algorithm.P256) -> str:
    """Make keys (P-256, or SM2 for messages by SM2, SM3 and SM4), have them certified with the token, and be this node
    from now on; gives its name. In `ready()`. `Refused` before the token is spent where SM2 cannot be."""
    from django.conf import settings
    from django.db import transaction

    from tongban.base.kernel.egress import call
    from tongban.data.node import api as node
    from tongban.data.transport import api as transport
    from tongban.data.transport.data import Own

    body = found.body
    if algorithm == Algorithm.SM2:
        _check_national(body)
    key, csr = node.request(body["node"], algorithm=algorithm)
    line_key, line_csr = node.request(body["node"], line=True)
    asked = json.dumps({"node": body["node"], "token": body["token"], "csr": csr, "line_csr": line_csr}).encode()
    # The person at the keyboard compared the fingerprint, so the address in the signed file may be called once.
    place = urlsplit(body["enrol"]).netloc
    settings.EGRESS = (*getattr(settings, "EGRESS", ()), place)
    answer = call(
        body["enrol"], method="POST", body=asked, headers={"Content-Type": "application/json"}, hosts=(place,)
    )
    told = _told(answer.body)
    if answer.status != 200:
        raise Refused(
            str(told.get("error") or _("The centre answers {status}.").format(status=answer.status)), "centre"
        )
    _check_ours(told, _public(csr), body)
    own = Own(
        node=body["node"],
        office=body["office"],
        title=body["title"],
        certificate=node.leaf_of(told["certificates"]),
        key=key,
        servers=(),
        line_certificate=told["line_certificates"],
        line_key=line_key,
        line_roots="".join(told["line_authorities"]),
        gates=tuple(body["hub"]),
    )
    with transaction.atomic():
        transport.set_up(own)
        node.adopt_peers([body["centre"]])  # the others come by its signed word
    write(_file(), json.dumps({key: value for key, value in body.items() if key != "token"}, ensure_ascii=False))
    return str(body["node"])


def _check_national(body: dict[str, Any]) -> None:
    """An SM2 certificate is issued by an authority with an SM2 key, which the file must vouch for."""
    if not gm.available():
        raise Refused(_("This machine's OpenSSL has no SM2: install OpenSSL 3, or enrol with P-256."), "no_sm2")
    if Algorithm.SM2 not in map(_kind, _certificates("".join(body["authorities"]))):
        words = _(
            "The centre had no SM2 authority when it made this file. Ask it for one (`tongban ca init --suite gm`) and "
            "for a new file."
        )
        raise Refused(words, "no_sm2")


def _check_ours(told: dict[str, Any], public: bytes, body: dict[str, Any]) -> None:
    """The answer came over a line that vouches for nothing: the certificate must be for our key, by the authority."""
    try:
        chain, roots = _certificates(told["certificates"]), _certificates("".join(body["authorities"]))
        good = chain[0].public_key.dump() == public and _root(chain, roots) is not None
        good = good and bool(told["line_certificates"] and told["line_authorities"])
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, Invalid):
        good = False
    if not good:
        raise Refused(_("The answer of the centre does not hold; nothing was set up. Ask for a new file."), "answer")


def _public(csr: str) -> bytes:
    read = asn1_csr.CertificationRequest.load(pem.unarmor(csr.encode())[2])
    return bytes(read["certification_request_info"]["subject_pk_info"].dump())


def _told(answer: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(answer))
    except (ValueError, TypeError):
        return {}


def _file() -> Path:
    return home() / "node" / "enrolment.json"

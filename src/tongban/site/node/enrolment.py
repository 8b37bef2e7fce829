"""Becoming a node: one signed file from the centre, one request with the token in it, and the keys made here (T9)."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, canonical, now
from tongban.site.home import home
from tongban.site.nats import write

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
        roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in body["authorities"]]
        chain = [x509.load_pem_x509_certificate(pem.encode()) for pem in signature["certificates"]]
        value = base64.b64decode(signature["value"], validate=True)
        expires = datetime.fromisoformat(body["expires"])
    except OSError:
        raise Refused(_("The file {path} cannot be read.").format(path=path), "file") from None
    except (ValueError, KeyError, TypeError):
        raise Refused(_("{path} is not an enrolment file.").format(path=path), "file") from None
    root = _root(chain, roots)
    if root is None or not _signed(chain[0], signature["hash"], value, canonical(body)):
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
    plain = certificate.fingerprint(hashes.SHA256()).hex().upper()
    return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4))


def _root(chain: list[x509.Certificate], roots: list[x509.Certificate]) -> x509.Certificate | None:
    """The authority that the chain leads to, each certificate issued by the next and good today."""
    at = chain[0]
    for above in [*chain[1:], *roots]:
        if above == at:
            continue
        try:
            at.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature):
            continue
        at = above
    moment = now()
    good = all(one.not_valid_before_utc <= moment <= one.not_valid_after_utc for one in [*chain, at])
    return at if good and at in roots else None


def _signed(certificate: x509.Certificate, hash_name: str, value: bytes, data: bytes) -> bool:
    key = certificate.public_key()
    kinds = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
    hash_ = kinds.get(hash_name, hashes.SHA256())
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(hash_))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PSS(padding.MGF1(hash_), padding.PSS.AUTO), hash_)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(value, data)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def enrol(found: Enrolment) -> str:
    """Make keys, have them certified with the token, and be this node from now on; gives its name. In `ready()`."""
    from django.conf import settings
    from django.db import transaction

    from tongban.base.kernel.egress import call
    from tongban.data.node import api as node
    from tongban.data.transport import api as transport
    from tongban.data.transport.data import Own

    body = found.body
    key, csr = node.request(body["node"])
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
    _check_ours(told, key, body)
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


def _check_ours(told: dict[str, Any], key: str, body: dict[str, Any]) -> None:
    """The answer came over a line that vouches for nothing: the certificate must be for our key, by the authority."""
    try:
        chain = x509.load_pem_x509_certificates(told["certificates"].encode())
        roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in body["authorities"]]
        held = serialization.load_pem_private_key(key.encode(), None)
        good = chain[0].public_key() == held.public_key() and _root(chain, roots) is not None
        good = good and bool(told["line_certificates"] and told["line_authorities"])
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Refused(_("The answer of the centre does not hold; nothing was set up. Ask for a new file."), "answer")


def _told(answer: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(answer))
    except (ValueError, TypeError):
        return {}


def _file() -> Path:
    return home() / "node" / "enrolment.json"

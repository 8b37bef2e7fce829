"""Signs of life to the centre, and new certificates in time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Any

from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tongban.base.kernel.api import now
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Kind

from .queries import today
from .taking import free

LIFE = timedelta(minutes=5)  # of a heartbeat: an old one says nothing
RENEWED = timedelta(days=30)  # before its end a certificate is renewed


def health() -> dict[str, Any]:
    """What a node says of itself."""
    return {
        "version": version("tongban"),
        "at": now().isoformat(),
        "certificate_until": certificate_until().isoformat(),
        "free_bytes": free(),
    }


def beat() -> None:
    """Tell the centre that we are there, how much waits and since when, and what the day has brought."""
    lags = transport.lags()
    oldest = min((lag.oldest for lag in lags if lag.oldest), default=None)
    told = {
        **health(),
        "waiting": sum(lag.waiting + lag.sent for lag in lags),
        "oldest": oldest.isoformat() if oldest else None,
        "day": today(),
    }
    transport.send(CENTRE, Kind.EVENT, "heartbeat", json.dumps(told).encode(), priority=3, expires=now() + LIFE)


def certificate_until() -> datetime:
    """When the certificate that signs our messages ends."""
    found = asn1.Certificate.load(pem.unarmor(transport.own().certificate.encode())[2])
    until: datetime = found.not_valid_after
    return until


def renew() -> None:
    """Ask for the next certificates when the present ones end within a month. The keys are fresh too."""
    if certificate_until() - now() > RENEWED:
        return
    own = transport.own()
    key, csr = request(own.node)
    line_key, line_csr = request(own.node, line=True)
    body = json.dumps({"csr": csr, "line_csr": line_csr}).encode()
    told = json.loads(transport.ask(CENTRE, "renew", body).body)
    transport.set_up(
        replace(
            own,
            certificate=leaf_of(told["certificates"]),
            key=key,
            line_certificate=told["line_certificates"] or own.line_certificate,
            line_key=line_key if told["line_certificates"] else own.line_key,
            line_roots="".join(told.get("line_authorities") or [own.line_roots]),
        )
    )


def request(node: str, *, line: bool = False) -> tuple[str, str]:
    """A fresh P-256 key and a certificate request for it, PEM. For the line the request names this machine too: the
    leaf beside us shows the same certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, node)])
    )
    if line:
        names = [x509.DNSName(node), x509.DNSName("localhost")]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    csr = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode(), csr


def leaf_of(chain: str) -> str:
    """The first certificate of a PEM chain."""
    end = "-----END CERTIFICATE-----"
    return chain.split(end)[0].strip() + f"\n{end}\n"

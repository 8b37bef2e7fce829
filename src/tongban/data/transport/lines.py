"""Certificates for lines: a small authority of this installation that vouches for nothing but who is at the other end
of a TLS line. What a message says is signed and encrypted by other keys, which may be SM2; TLS here knows P-256."""

from __future__ import annotations

import fcntl
import ipaddress
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, now

from .data import LineKey

LIFE = timedelta(days=3650)


def line_key(name: str, hosts: Sequence[str] = (), folder: Path | None = None) -> LineKey:
    """A fresh key and certificate for the line of a node or server, good on its own machine and under the named hosts.
    The authority is made at first use in `line/` of this home; a cluster's servers share that folder."""
    folder = folder or Path(settings.TONGBAN_HOME) / "line"
    key, certificate = _authority(folder)
    fresh = ec.generate_private_key(ec.SECP256R1())
    made = _end(name, fresh.public_key(), certificate, hosts).sign(key, hashes.SHA256())
    return LineKey(_pem(made), _key_pem(fresh), _pem(certificate))


def certify_line(name: str, csr: str) -> LineKey:
    """The certificate for a line whose key (P-256) was made at the node and stays there; `key` is empty. Of the request
    (PKCS #10, PEM) only the public key counts. `Invalid`."""
    try:
        request = x509.load_pem_x509_csr(csr.encode())
        public = request.public_key()
        if not request.is_signature_valid or not isinstance(public, ec.EllipticCurvePublicKey):
            raise ValueError
    except (ValueError, TypeError):
        raise Invalid({"line_csr": _("This is no certificate request for a line.")}) from None
    key, certificate = _authority(Path(settings.TONGBAN_HOME) / "line")
    made = _end(name, public, certificate, ()).sign(key, hashes.SHA256())
    return LineKey(_pem(made), "", _pem(certificate))


def _end(
    name: str, public: ec.EllipticCurvePublicKey, certificate: x509.Certificate, hosts: Sequence[str]
) -> x509.CertificateBuilder:
    names: list[x509.GeneralName] = [x509.DNSName(name), x509.DNSName("localhost")]
    names += [_host(host) for host in ("127.0.0.1", *hosts)]
    uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH])
    builder = _builder(name, public).issuer_name(certificate.subject)
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.add_extension(uses, critical=False)


def _authority(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "authority.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            name = f"tongban line {os.urandom(4).hex()}"
            builder = _builder(name, key.public_key())
            builder = builder.issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            path = folder / "authority.key"
            path.touch(mode=0o600)
            path.write_text(_key_pem(key))
            (folder / "authority.pem").write_text(_pem(builder.sign(key, hashes.SHA256())))
    held = serialization.load_pem_private_key((folder / "authority.key").read_bytes(), None)
    assert isinstance(held, ec.EllipticCurvePrivateKey)
    return held, x509.load_pem_x509_certificate((folder / "authority.pem").read_bytes())


def _builder(name: str, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).public_key(public)
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now() - timedelta(minutes=5)).not_valid_after(now() + LIFE)


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()

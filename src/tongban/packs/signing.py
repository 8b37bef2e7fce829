"""Who published a pack: a CMS signature over its digest by a certificate for publishers, in `pack.sig` (T27).

Packs under `packs/` of the checkout are part of the program, as its code is. What comes from elsewhere has to be signed
in production; a signature that is there has to hold everywhere.
"""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
from django.conf import settings
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused
from tongban.trust.seals import api as seals
from tongban.trust.seals.data import Verdict

from .data import Pack
from .loading import SIGNATURE
from .places import packs_folder


def publisher(pack: Pack) -> str:
    """Whose signature the pack bears; "" where it bears none and needs none. `Refused` with the reason otherwise."""
    if not pack.signature:
        if settings.PRODUCTION and not pack.folder.is_relative_to(packs_folder()):
            text = _("The pack “%s” is not signed. Only what a known publisher signed is installed from elsewhere.")
            raise Refused(text % pack.key, code="unsigned")
        return ""
    report = seals.verify_file(pack.signature, beside=_statement(pack), purpose="publish")
    if report.verdict is not Verdict.VALID:
        words = {"pack": pack.key, "reason": seals.said(report.reason)}
        raise Refused(_("The signature of the pack “%(pack)s” does not hold: %(reason)s") % words, code="signature")
    signer = report.signatures[0]
    return signer.organisation or signer.signer


def sign(pack: Pack, key: Path, certificates: Path) -> Path:
    """Write the signature beside the pack's other files: a private key and its certificate with its chain, as PEM.

    `Refused` for an archive, and for keys of another kind than RSA or elliptic curve.
    """
    if not pack.folder.is_dir():
        raise Refused(_("Only a folder can be signed; pack it afterwards."))
    private = load_pem_private_key(key.read_bytes(), None)
    if not isinstance(private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise Refused(_("Packs are signed with RSA or elliptic curve keys."))
    own, *chain = x509.load_pem_x509_certificates(certificates.read_bytes())
    builder = pkcs7.PKCS7SignatureBuilder().set_data(_statement(pack)).add_signer(own, private, hashes.SHA256())
    for certificate in chain:
        builder = builder.add_certificate(certificate)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, pkcs7.PKCS7Options.NoCapabilities]
    written = pack.folder / SIGNATURE
    written.write_bytes(builder.sign(Encoding.PEM, options))
    return written


def _statement(pack: Pack) -> bytes:
    """What is signed: also the version, so that nobody passes one off as another."""
    return f"tongban pack\n{pack.key} {pack.version}\nsha256:{pack.digest}\n".encode()

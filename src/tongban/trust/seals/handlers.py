"""What happens to certificates, and what it means for seals."""

from __future__ import annotations

from tongban.base.kernel.api import on
from tongban.trust.keys.data import CertificateRevoked

from .actions import follow_certificate
from .data import SEAL


@on(CertificateRevoked)
def certificate_revoked(event: CertificateRevoked) -> None:
    """A seal without a certificate that holds must not be used."""
    if event.holder.kind == SEAL:
        follow_certificate(event.holder.id, event.held)

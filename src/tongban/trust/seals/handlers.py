"""What happens to certificates and offices, and what it means for seals."""

from __future__ import annotations

from tongban.base.kernel.api import on
from tongban.trust.identity.data import OfficeRenamed
from tongban.trust.keys.data import CertificateRevoked

from .actions import follow_certificate
from .data import SEAL
from .moving import follow_name


@on(CertificateRevoked)
def certificate_revoked(event: CertificateRevoked) -> None:
    """A seal without a certificate that holds must not be used."""
    if event.holder.kind == SEAL:
        follow_certificate(event.holder.id, event.held)


@on(OfficeRenamed)
def office_renamed(event: OfficeRenamed) -> None:
    """A seal in a name that nobody has any more must not be used as if nothing were."""
    follow_name(event.office)

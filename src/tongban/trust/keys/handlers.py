"""What this room does when something happened."""

from __future__ import annotations

from tongban.base.kernel.api import on

from . import status
from .data import CertificateRevoked


@on(CertificateRevoked)
def sign_list(event: CertificateRevoked) -> None:
    """The next list goes out as soon as a certificate is revoked or held, not at its hour."""
    status.make_due_lists()

"""Front door of the documents."""

from .actions import new_number, produce, request, retry
from .kinds import Kind, kinds
from .pictures import qr_code, seal
from .queries import document, documents_of, failed, pdf, proof, response

__all__ = [
    "Kind",
    "document",
    "documents_of",
    "failed",
    "kinds",
    "new_number",
    "pdf",
    "produce",
    "proof",
    "qr_code",
    "request",
    "response",
    "retry",
    "seal",
]

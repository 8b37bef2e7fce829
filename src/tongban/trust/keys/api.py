"""Front door of the keys room: keys, signatures, certificates, timestamps, field encryption."""

from .authority import import_root, initialise, trust_roots
from .chains import bind_certificate, judge, person_of_certificate
from .cms import detached
from .desk import certify_request, held, hold_of, release_of, revoke_of
from .fields import Sealer, blind_index, field_is_current, open_field, open_fields, rotate_class, seal_field
from .holders import Holder, holders
from .kek import kek_problem
from .life import ensure_key, key, key_for, rotate
from .queries import ending_certificates
from .signing import certificate_of, sign, sign_digest, signing_certificate, verify, verify_digest
from .stamping import timestamp, timestamp_answer
from .status import crl_for, ocsp_answer, ocsp_for, revocation_lists
from .wrapping import unwrap_with, wrap_for

__all__ = [
    "Holder",
    "Sealer",
    "bind_certificate",
    "blind_index",
    "certificate_of",
    "certify_request",
    "kek_problem",
    "crl_for",
    "detached",
    "ending_certificates",
    "ensure_key",
    "field_is_current",
    "held",
    "hold_of",
    "holders",
    "import_root",
    "initialise",
    "judge",
    "key",
    "key_for",
    "ocsp_answer",
    "ocsp_for",
    "open_field",
    "open_fields",
    "person_of_certificate",
    "release_of",
    "revocation_lists",
    "revoke_of",
    "rotate",
    "rotate_class",
    "seal_field",
    "sign",
    "sign_digest",
    "signing_certificate",
    "timestamp",
    "timestamp_answer",
    "trust_roots",
    "unwrap_with",
    "verify",
    "verify_digest",
    "wrap_for",
]

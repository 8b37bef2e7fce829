"""What each kind of certificate may be used for, how long it lives, and under which policy (TRUST-03, TRUST-08)."""

from __future__ import annotations

import os
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tongban.base.kernel.api import Refused, Registry, Text

from .data import Algorithm, PolicyLine, Purpose

# An arc of our own by UUID (ITU-T X.667); an authority with a registered arc sets its own.
POLICY_OID = os.environ.get("TONGBAN_CERTIFICATE_POLICY_OID", "2.25.227138943612041523309867121354871234065")
SIGNS = ("digital_signature", "non_repudiation")
ALL = (Algorithm.P256, Algorithm.P384, Algorithm.RSA3072, Algorithm.ED25519, Algorithm.SM2)
WIDELY_READ = (Algorithm.P256, Algorithm.P384, Algorithm.RSA3072, Algorithm.SM2)


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of certificate. `automatic`: the installation makes such a key for itself on first need; all others are
    applied for at the desk. `number` is the last arc of its policy's identifier."""

    title: Text
    number: int
    days: int
    usage: tuple[str, ...]
    extended: tuple[str, ...] = ()
    automatic: bool = False
    algorithms: tuple[Algorithm, ...] = ALL

    @property
    def algorithm(self) -> Algorithm:
        """The usual one."""
        return self.algorithms[0]


PROFILES: dict[Purpose, Profile] = {
    Purpose.ROOT: Profile(
        gettext_lazy("Root authority"), 1, 7300, ("key_cert_sign", "crl_sign"), automatic=True,
        algorithms=(Algorithm.P384, Algorithm.RSA3072, Algorithm.SM2),
    ),
    Purpose.ISSUING: Profile(
        gettext_lazy("Issuing authority"), 2, 3650, ("key_cert_sign", "crl_sign"), automatic=True,
        algorithms=(Algorithm.P384, Algorithm.RSA3072, Algorithm.SM2),
    ),
    Purpose.OCSP: Profile(
        gettext_lazy("Status responder"), 3, 365, ("digital_signature",), ("ocsp_signing",), automatic=True,
        algorithms=(Algorithm.P256, Algorithm.RSA3072, Algorithm.SM2),
    ),
    Purpose.TIMESTAMP: Profile(
        gettext_lazy("Timestamp authority"), 4, 3650, SIGNS, ("time_stamping",), automatic=True,
        algorithms=(Algorithm.P256, Algorithm.P384, Algorithm.RSA3072),
    ),
    Purpose.LEDGER: Profile(gettext_lazy("Ledger"), 5, 1095, SIGNS, automatic=True),
    Purpose.SEAL: Profile(gettext_lazy("Electronic seal"), 6, 1095, SIGNS, algorithms=WIDELY_READ),
    Purpose.PERSON: Profile(gettext_lazy("Person"), 7, 1095, SIGNS, ("client_auth", "email_protection")),
    Purpose.OFFICE: Profile(gettext_lazy("Office"), 8, 1095, SIGNS, ("client_auth", "email_protection")),
    Purpose.SERVER: Profile(
        gettext_lazy("Server"), 9, 397, ("digital_signature",), ("server_auth",), algorithms=WIDELY_READ
    ),
    Purpose.PUBLISHER: Profile(
        gettext_lazy("Publisher of packs"), 10, 1095, SIGNS, ("code_signing",), automatic=True
    ),
    Purpose.NODE: Profile(
        gettext_lazy("Exchange node"), 11, 397, SIGNS, ("client_auth", "server_auth"), automatic=True
    ),
    Purpose.ENCRYPTION: Profile(
        gettext_lazy("Encryption"), 12, 1095, ("key_encipherment", "data_encipherment"), automatic=True,
        algorithms=(Algorithm.AES256, Algorithm.SM4, Algorithm.RSA3072, Algorithm.SM2),
    ),
}  # fmt: skip
AUTHORITIES = (Purpose.ROOT, Purpose.ISSUING)
OWN_VERBS = (*AUTHORITIES, Purpose.OCSP, Purpose.TIMESTAMP)  # nobody signs freely with these


@dataclass(frozen=True, slots=True)
class Line:
    """A line of certificates: who answers for it and which algorithms it has."""

    title: Text
    number: int
    algorithms: frozenset[Algorithm]


# A closed place to plug in: whoever is charged with ordinary classified certificates (普密) registers a line of
# that name with its own provider. No algorithm for it is, or will be, in this product.
policy_lines: Registry[Line] = Registry("policy lines")
policy_lines.register(PolicyLine.COMMERCIAL, Line(gettext_lazy("Commercial certificates"), 1, frozenset(Algorithm)))
policy_lines.register(PolicyLine.ORDINARY, Line(gettext_lazy("Ordinary classified certificates"), 2, frozenset()))


def policy_oid(line: PolicyLine, purpose: Purpose) -> str:
    """The identifier of the policy a certificate was issued under."""
    return f"{POLICY_OID}.{policy_lines.get(line).number}.{PROFILES[purpose].number}"


def check_algorithm(purpose: Purpose, algorithm: Algorithm, line: PolicyLine = PolicyLine.COMMERCIAL) -> None:
    """`Refused` when this line or this profile does not use the algorithm."""
    if not policy_lines.get(line).algorithms:
        raise Refused(_("No algorithm for this line of certificates is installed."), "no_algorithm")
    if algorithm not in policy_lines.get(line).algorithms or algorithm not in PROFILES[purpose].algorithms:
        raise Refused(_("Keys of this purpose do not use this algorithm."), "algorithm")

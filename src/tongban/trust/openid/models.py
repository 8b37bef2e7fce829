"""Tables of the OpenID provider beside the toolkit's own for codes and tokens."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from oauth2_provider.models import AbstractApplication, ApplicationManager

from tongban.base.kernel.api import Ref, new_id, now
from tongban.trust.identity.data import PERSON

from . import data


class Client(AbstractApplication):  # type: ignore[misc]
    """A department's system. Asked for by one administrator, approved by another; code flow only."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    site = models.CharField(max_length=10, choices=[("public", "public"), ("staff", "staff")])
    office = models.ForeignKey("identity.Office", models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=300)
    scopes = ArrayField(models.CharField(max_length=20))
    level = models.PositiveSmallIntegerField(default=0)
    sign_out_url = models.URLField(max_length=500, blank=True, default="")
    requested_by = models.CharField(max_length=140)
    approved_by = models.CharField(max_length=140, blank=True, default="")
    approved_at = models.DateTimeField(null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[Any] = ApplicationManager()

    class Meta:
        db_table = "openid_client"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(approved_by=F("requested_by")), name="openid_client_two_people"),
            models.CheckConstraint(
                condition=Q(
                    client_type="confidential", authorization_grant_type="authorization-code", algorithm="RS256"
                ),
                name="openid_client_code_flow",
            ),
        ]

    @property
    def ref(self) -> Ref:
        return Ref(data.CLIENT, self.public_id)

    @property
    def works(self) -> bool:
        """Approved and not disabled."""
        return self.approved_at is not None and self.disabled_at is None

    def is_usable(self, request: Any) -> bool:
        """The toolkit asks before every use: a system of the other site does not exist here."""
        from .issuers import here

        return self.works and self.site == here()

    def redirect_uri_allowed(self, uri: str) -> bool:
        """Exactly one of the registered addresses, character by character (T30)."""
        return uri in self.redirect_uris.split()

    def post_logout_redirect_uri_allowed(self, uri: str) -> bool:
        """Exactly one of the registered addresses, character by character (T30)."""
        return uri in self.post_logout_redirect_uris.split()

    @property
    def jwk_key(self) -> Any:
        """The key that signs for this client's site now."""
        from .signing import signing_key

        return signing_key(self.site)


class Consent(models.Model):
    """A person lets a system know them. `sub` is the person's number for this system alone, and stays when it is
    revoked and given again."""

    client = models.ForeignKey(Client, models.CASCADE, related_name="consents")
    person = models.ForeignKey("identity.Person", models.CASCADE, to_field="public_id", related_name="+")
    sub = models.CharField(max_length=26, unique=True, default=new_id)
    scopes = ArrayField(models.CharField(max_length=20))
    given_at = models.DateTimeField(default=now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "openid_consent"
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "person"], name="openid_consent_once")]

    def __str__(self) -> str:
        return f"consent {self.pk}"


class Connection(models.Model):
    """One sign-in of one person at one system: from the code that opened it to all tokens that came of it.

    `visit` is the session it grew from, `family` what the toolkit calls all refresh tokens of one code.
    """

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    client = models.ForeignKey(Client, models.CASCADE, related_name="connections")
    person = models.ForeignKey("identity.Person", models.CASCADE, to_field="public_id", related_name="+")
    consent = models.ForeignKey(Consent, models.CASCADE, related_name="connections")
    family = models.UUIDField(unique=True, default=uuid.uuid4)
    visit = models.CharField(max_length=26, db_index=True)
    level = models.PositiveSmallIntegerField()
    methods = ArrayField(models.CharField(max_length=20))
    signed_in_at = models.DateTimeField()
    code_hash = models.CharField(max_length=64, unique=True)
    code_used = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    until = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_for = models.CharField(max_length=20, blank=True, default="")

    class Meta:
        db_table = "openid_connection"

    def __str__(self) -> str:
        return f"connection {self.public_id}"

    @property
    def ref(self) -> Ref:
        return Ref(data.CONNECTION, self.public_id)

    @property
    def who(self) -> Ref:
        """The person; their row is shown to themselves only."""
        return Ref(PERSON, self.person_id)


class SigningKey(models.Model):
    """A key that signs ID tokens of one site. The private half is sealed with a secret kept outside the database."""

    kid = models.CharField(max_length=64, primary_key=True)
    site = models.CharField(max_length=10)
    sealed = models.BinaryField()
    signs_from = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "openid_signing_key"

    def __str__(self) -> str:
        return self.kid

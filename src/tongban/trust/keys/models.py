"""Tables of keys, certificates and what is done with them."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, new_id

from .data import (
    ActKind,
    ActState,
    Algorithm,
    CertificateState,
    KeyState,
    PolicyLine,
    Purpose,
    Reason,
    RequestState,
)


class Key(models.Model):
    """A key pair, or a symmetric key. `private` is wrapped by the key-encrypting key, or empty where the key lives in
    a device (`handle` finds it there) or was destroyed."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    purpose = models.CharField(max_length=20)
    owner = models.CharField(max_length=110, db_index=True)
    title = models.CharField(max_length=200)
    algorithm = models.CharField(max_length=20)
    provider = models.CharField(max_length=20)
    state = models.CharField(max_length=12, default=KeyState.PREPARED)
    public = models.BinaryField(default=b"")
    private = models.BinaryField(default=b"")
    handle = models.CharField(max_length=80, blank=True)
    created = models.DateTimeField()
    replaces = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "keys_key"
        constraints = [
            # Two processes that need the same key at once make it once.
            models.UniqueConstraint(
                fields=["purpose", "owner"], condition=models.Q(state="active"), name="keys_one_active_key"
            ),
            models.CheckConstraint(
                condition=models.Q(purpose__in=[p.value for p in Purpose])
                & models.Q(algorithm__in=[a.value for a in Algorithm])
                & models.Q(state__in=[s.value for s in KeyState]),
                name="keys_key_known_words",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="destroyed") | models.Q(private=b""), name="keys_destroyed_is_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.id}"

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref("keys.key", self.id)


class Custodian(models.Model):
    """An officer who can open one half of an escrowed key: an X25519 pair whose private half only opens with the
    officer's own passphrase (scrypt)."""

    person = models.CharField(max_length=110, primary_key=True)
    public = models.BinaryField()
    private = models.BinaryField()
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "keys_custodian"

    def __str__(self) -> str:
        return self.person


class Escrow(models.Model):
    """A key in escrow for one pair of custodians: `body` opens with the two halves together, each sealed to one."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(Key, on_delete=models.PROTECT, related_name="escrows")
    first = models.CharField(max_length=110)
    second = models.CharField(max_length=110)
    first_half = models.BinaryField()
    second_half = models.BinaryField()
    body = models.BinaryField()

    class Meta:
        db_table = "keys_escrow"
        constraints = [
            models.UniqueConstraint(fields=["key", "first", "second"], name="keys_escrow_once_per_pair"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="keys_escrow_two_people"),
        ]

    def __str__(self) -> str:
        return f"{self.key_id} for {self.first}, {self.second}"


class Act(models.Model):
    """Recovery or destruction: asked for by one officer, agreed to by another. `halves` holds what the first opened,
    wrapped, until the second comes."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    kind = models.CharField(max_length=10)
    key = models.ForeignKey(Key, on_delete=models.PROTECT, related_name="acts")
    state = models.CharField(max_length=10, default=ActState.OPEN)
    reason = models.CharField(max_length=500)
    asked_by = models.CharField(max_length=110)
    agreed_by = models.CharField(max_length=110, blank=True)
    at = models.DateTimeField()
    successor = models.CharField(max_length=110, blank=True)
    halves = models.BinaryField(default=b"")
    protocol = models.TextField(blank=True)

    class Meta:
        db_table = "keys_act"
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(state="open"), name="keys_one_open_act"),
            models.CheckConstraint(condition=~models.Q(agreed_by=models.F("asked_by")), name="keys_act_by_two_people"),
            models.CheckConstraint(
                condition=models.Q(kind__in=[k.value for k in ActKind])
                & models.Q(state__in=[s.value for s in ActState]),
                name="keys_act_known_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key_id}"


class DataKey(models.Model):
    """A data key of a key class, wrapped; the highest generation of a class is its current key."""

    number = models.AutoField(primary_key=True)
    key_class = models.CharField(max_length=40)
    generation = models.IntegerField()
    algorithm = models.CharField(max_length=20)
    wrapped = models.BinaryField()
    created = models.DateTimeField()

    class Meta:
        db_table = "keys_data_key"
        # Two processes that need the first key of a class at once make it once.
        constraints = [models.UniqueConstraint(fields=["key_class", "generation"], name="keys_one_key_a_generation")]

    def __str__(self) -> str:
        return f"{self.key_class} {self.number}"


class Authority(models.Model):
    """A certificate authority: our root, our issuing ones, or an imported root (no key)."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    title = models.CharField(max_length=200)
    line = models.CharField(max_length=12, default=PolicyLine.COMMERCIAL)
    key = models.ForeignKey(Key, null=True, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    certificate = models.BinaryField()
    name_hash = models.BinaryField(db_index=True)
    trusted = models.BooleanField(default=True)
    delegation = models.CharField(max_length=500, blank=True)
    crl_number = models.BigIntegerField(default=0)
    crl = models.BinaryField(default=b"")
    crl_until = models.DateTimeField(null=True)
    crl_stale = models.BooleanField(default=True)
    created = models.DateTimeField()

    class Meta:
        db_table = "keys_authority"
        verbose_name = _("certificate authority")

    def __str__(self) -> str:
        return self.title


class Certificate(models.Model):
    """A certificate: issued here, or of an outside authority and bound to its holder. `serial` is hexadecimal."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    serial = models.CharField(max_length=40)
    authority = models.ForeignKey(Authority, on_delete=models.PROTECT, related_name="certificates")
    profile = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    holder = models.CharField(max_length=110, db_index=True)
    key = models.ForeignKey(Key, null=True, on_delete=models.PROTECT, related_name="certificates")
    spki_hash = models.BinaryField(db_index=True)
    der = models.BinaryField()
    policy = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, default=CertificateState.GOOD)
    reason = models.CharField(max_length=24, blank=True)
    revoked = models.DateTimeField(null=True)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "keys_certificate"
        constraints = [
            models.UniqueConstraint(fields=["authority", "serial"], name="keys_serial_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=[s.value for s in CertificateState])
                & models.Q(reason__in=["", *(r.value for r in Reason)]),
                name="keys_certificate_known_words",
            ),
        ]

    def __str__(self) -> str:
        return self.serial


class Request(models.Model):
    """An application for a certificate. `csr` is a PKCS #10 request, or empty when the key is made here."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    profile = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    holder = models.CharField(max_length=110, db_index=True)
    names = models.CharField(max_length=500, blank=True)
    algorithm = models.CharField(max_length=20)
    csr = models.BinaryField(default=b"")
    state = models.CharField(max_length=10, default=RequestState.RECEIVED)
    asked_by = models.CharField(max_length=110, blank=True)
    checked_by = models.CharField(max_length=110, blank=True)
    evidence = models.CharField(max_length=500, blank=True)
    decided_by = models.CharField(max_length=110, blank=True)
    refusal = models.CharField(max_length=500, blank=True)
    renews = models.ForeignKey(Certificate, null=True, on_delete=models.PROTECT, related_name="+")
    certificate = models.ForeignKey(Certificate, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "keys_request"
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="issued") | ~models.Q(checked_by=models.F("decided_by")),
                name="keys_issued_by_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=[s.value for s in RequestState]), name="keys_request_known_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.profile} for {self.holder}"


class Policy(models.Model):
    """One version of a policy line's certificate policy text (TRUST-08). Never changed; a newer version follows."""

    id = models.BigAutoField(primary_key=True)
    line = models.CharField(max_length=12)
    version = models.CharField(max_length=20)
    oid = models.CharField(max_length=60)
    text = models.TextField()
    valid_from = models.DateTimeField()
    by = models.CharField(max_length=110, blank=True)

    class Meta:
        db_table = "keys_policy"
        constraints = [models.UniqueConstraint(fields=["line", "version"], name="keys_policy_version_once")]

    def __str__(self) -> str:
        return f"{self.line} {self.version}"


class Use(models.Model):
    """How often somebody had the online service verify with a key within an hour; one leaf per row, afterwards."""

    id = models.BigAutoField(primary_key=True)
    verb = models.CharField(max_length=20)
    key = models.CharField(max_length=26)
    caller = models.CharField(max_length=110)
    hour = models.DateTimeField()
    n = models.IntegerField()

    class Meta:
        db_table = "keys_use"
        constraints = [models.UniqueConstraint(fields=["hour", "verb", "key", "caller"], name="keys_use_counted_once")]

    def __str__(self) -> str:
        return f"{self.verb} {self.n}"

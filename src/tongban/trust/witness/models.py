"""What others signed about the ledger's heads, and what the checks found."""

from __future__ import annotations

from django.db import models

from .data import WatchState


class Signer(models.Model):
    """The certificate chain (base64 DER) of a key that signed heads, as it was when the key first signed."""

    key = models.CharField(primary_key=True, max_length=40)
    chain = models.JSONField()

    class Meta:
        db_table = "witness_signer"

    def __str__(self) -> str:
        return self.key


class Watch(models.Model):
    """One witness. `key` is pinned at the first meeting."""

    name = models.CharField(primary_key=True, max_length=40)
    url = models.CharField(max_length=200)
    key = models.CharField(max_length=60, blank=True)
    size = models.BigIntegerField(default=0)
    at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default=WatchState.NEW)
    detail = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "witness_watch"

    def __str__(self) -> str:
        return self.name


class Cosignature(models.Model):
    """A witness's signature over a head."""

    size = models.BigIntegerField()
    witness = models.CharField(max_length=40)
    body = models.TextField()
    signature = models.CharField(max_length=100)

    class Meta:
        db_table = "witness_cosignature"
        constraints = [models.UniqueConstraint(fields=["size", "witness"], name="witness_cosignature_once")]

    def __str__(self) -> str:
        return f"{self.size} {self.witness}"


class Stamp(models.Model):
    """An RFC 3161 token over the SHA-256 of a head's body."""

    size = models.BigIntegerField(primary_key=True)
    token = models.BinaryField()
    at = models.DateTimeField()

    class Meta:
        db_table = "witness_stamp"

    def __str__(self) -> str:
        return f"{self.size}"


class Check(models.Model):
    """The result of one check."""

    at = models.DateTimeField()
    leaves = models.BigIntegerField()
    valid = models.BooleanField()
    findings = models.JSONField()

    class Meta:
        db_table = "witness_check"

    def __str__(self) -> str:
        return f"{self.at} {self.valid}"

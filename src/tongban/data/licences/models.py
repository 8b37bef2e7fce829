"""What the library keeps besides the register: types, tokens, uses."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Type(models.Model):
    """A type of licence, declared by a pack."""

    key = models.CharField(max_length=60, primary_key=True)
    title_zh = models.CharField(max_length=100)
    title_en = models.CharField(max_length=150, blank=True)
    code = models.CharField(max_length=21)
    years = models.PositiveSmallIntegerField(default=0)
    number_label = models.CharField(max_length=50, blank=True)
    public_face = ArrayField(models.CharField(max_length=50), null=True)
    copy = models.CharField(max_length=20, blank=True)

    class Meta:
        db_table = "licences_type"

    def __str__(self) -> str:
        return self.key


class Token(models.Model):
    """What links a licence of the register to its verification page, holder, subject and PDF. The token is
    128 random bits: who has it has seen the licence. Some licences have their holder's number: it is asked for by its
    look-up hash."""

    token = models.CharField(max_length=26, primary_key=True)
    identifier = models.CharField(max_length=100, unique=True)
    number_index = models.BinaryField(db_index=True)
    type = models.CharField(max_length=60)
    holder_kind = models.CharField(max_length=60)
    holder_id = models.CharField(max_length=80, db_index=True)
    issuer_id = models.CharField(max_length=80, db_index=True)
    subject_kind = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=80, blank=True)
    document = models.CharField(max_length=26, blank=True)

    class Meta:
        db_table = "licences_token"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_id", "type"],
                condition=~models.Q(subject_id=""),
                name="licences_one_per_subject_and_type",
            )
        ]

    def __str__(self) -> str:
        return self.identifier


class Reuse(models.Model):
    """A licence of the library stood in for an upload (DATA-40)."""

    id = models.BigAutoField(primary_key=True)
    identifier = models.CharField(max_length=100)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    material = models.CharField(max_length=60)
    at = models.DateTimeField()

    class Meta:
        db_table = "licences_reuse"
        indexes = [models.Index(fields=["at"], name="licences_reuse_at")]
        constraints = [
            models.UniqueConstraint(fields=["subject_id", "material", "identifier"], name="licences_reuse_once")
        ]

    def __str__(self) -> str:
        return f"{self.identifier} for {self.subject_kind}:{self.subject_id}"

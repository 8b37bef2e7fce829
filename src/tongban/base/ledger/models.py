"""The ledger: leaves, and the tree that seals them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Leaf(models.Model):
    """Insert-only. The database gives number and moment; the hash over the whole is made when the leaf is sealed."""

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(db_default=models.Func(function="clock_timestamp"))
    kind = models.CharField(max_length=100)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    by = models.CharField(max_length=140, blank=True)
    facts = models.JSONField()

    class Meta:
        db_table = "ledger_leaf"
        indexes = [
            models.Index(fields=["subject_id", "seq"], name="ledger_leaf_subject"),
            # What is common is found from the end; this leads to the few places where something rare is, at hardly any
            # cost a leaf.
            BrinIndex(
                fields=["kind", "by"], opclasses=["text_bloom_ops"] * 2, autosummarize=True, name="ledger_leaf_rare"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.subject_kind}:{self.subject_id}"


class Log(models.Model):
    """One row: which ledger this is, and how far it is sealed.

    Every number up to `complete` is sealed or never will be used. `mark` is a number that had been given out when
    `writers` (transactions that were writing leaves then) were still open: when they are gone, it is complete.
    """

    name = models.CharField(primary_key=True, max_length=40)
    algorithm = models.CharField(max_length=10)
    size = models.BigIntegerField(default=0)
    complete = models.BigIntegerField(default=0)
    mark = models.BigIntegerField(default=0)
    writers = models.JSONField(default=list)

    class Meta:
        db_table = "ledger_log"

    def __str__(self) -> str:
        return self.name


class Tile(models.Model):
    """256 hashes of one level of the tree side by side (fewer at the right edge).

    Level 0 holds the leaves' hashes and the numbers of the leaves (`first` and `last` are the span they lie in);
    level n + 1 holds the roots of level n's full tiles.
    """

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    seqs = ArrayField(models.BigIntegerField(), null=True)
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)

    class Meta:
        db_table = "ledger_tile"
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="ledger_tile_place")]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class Head(models.Model):
    """A signed head. `body` is the exact text that was signed; the columns repeat what is asked for."""

    size = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    key = models.CharField(max_length=40)
    body = models.TextField()
    signature = models.BinaryField()
    hash_name = models.CharField(max_length=10, blank=True)

    class Meta:
        db_table = "ledger_head"
        indexes = [models.Index(fields=["at"], name="ledger_head_at")]

    def __str__(self) -> str:
        return f"{self.size}"

"""The ledger's one table."""

from __future__ import annotations

from django.db import models


class Leaf(models.Model):
    """Insert-only. `leaf` = SHA-256(0x00 || canonical event), ready for an RFC 6962 tree."""

    seq = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    kind = models.CharField(max_length=100)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    by = models.CharField(max_length=140, blank=True)
    facts = models.JSONField()
    leaf = models.BinaryField(max_length=32)

    class Meta:
        db_table = "ledger_leaf"
        indexes = [models.Index(fields=["subject_id", "seq"], name="ledger_leaf_subject")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind} {self.subject_kind}:{self.subject_id}"

"""The register of electronic seals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tongban.base.kernel.api import new_id

from .data import SealState


class Seal(models.Model):
    """One seal of one office. Its uses are leaves of the ledger."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    office = models.CharField(max_length=80, db_index=True)
    title = models.CharField(max_length=120)
    caption = models.CharField(max_length=60, blank=True)
    state = models.CharField(max_length=10, default=SealState.ACTIVE)
    custodian = models.CharField(max_length=80)
    reason = models.CharField(max_length=300, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        db_table = "seals_seal"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "title", "caption"], condition=~models.Q(state="revoked"), name="seals_one_of_a_kind"
            )
        ]

    def __str__(self) -> str:
        return self.title

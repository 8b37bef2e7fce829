"""Tables of reorganisations: the acts themselves, and which office followed which."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tongban.base.kernel.api import Ref, new_id, now

from .data import REORGANISATION, How, State


class Reorganisation(models.Model):
    """A reorganisation from its proposal on: the file as it was, its plan, who proposed, who approved, what it did."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    title = models.CharField(max_length=200)
    basis = models.CharField(max_length=300, blank=True)
    on = models.DateField()
    text = models.TextField()
    digest = models.CharField(max_length=64)
    plan = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State], default=State.PROPOSED)
    message = models.TextField(blank=True)
    proposed_by = models.CharField(max_length=140, blank=True)
    proposed_at = models.DateTimeField(default=now)
    approved_by = models.CharField(max_length=140, blank=True)
    approved_at = models.DateTimeField(null=True)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_reorganisation"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=F("proposed_by")), name="identity_reorganisation_two"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["on"], condition=Q(state="approved"), name="identity_reorg_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        return Ref(REORGANISATION, self.public_id)


class Succession(models.Model):
    """From a day on, `successor` answers for what was `former`'s, or for a part of it."""

    former = models.ForeignKey("identity.Office", models.PROTECT, related_name="successors")
    successor = models.ForeignKey("identity.Office", models.PROTECT, related_name="predecessors")
    how = models.CharField(max_length=10, choices=[(h.value, h.value) for h in How])
    on = models.DateField()
    reorganisation = models.ForeignKey(Reorganisation, models.PROTECT, related_name="successions")

    class Meta:
        db_table = "identity_succession"

    def __str__(self) -> str:
        return f"{self.former_id} -> {self.successor_id}"

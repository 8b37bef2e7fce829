"""Releases: figures that wait for their hour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from tongban.base.kernel.api import new_id, now


class Release(models.Model):
    """A set of figures with its hour. The database itself refuses a release before the hour, one nobody approved, and
    one approved by whoever prepared it (T20)."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=12, default="draft")
    release_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    prepared_by = models.CharField(max_length=120)
    approved_by = models.CharField(max_length=120, blank=True)
    figures = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    created_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "economy_release"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(released_at=None) | Q(released_at__gte=F("release_at")), name="economy_release_not_early"
            ),
            models.CheckConstraint(condition=~Q(approved_by=F("prepared_by")), name="economy_release_two_people"),
            models.CheckConstraint(
                condition=Q(state="released", released_at__isnull=False) & ~Q(approved_by="")
                | ~Q(state="released") & Q(released_at=None),
                name="economy_release_approved",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "release_at"], name="economy_release_due")]

    def __str__(self) -> str:
        return self.title

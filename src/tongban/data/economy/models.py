"""Releases: figures that wait for their hour. Reports: the library."""

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


class Report(models.Model):
    """One version of a report; `report` is the same for all its versions, `current` marks the one that holds. The
    database refuses to publish what nobody else has reviewed, and a second version being written beside the first."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    report = models.CharField(max_length=26)
    version = models.PositiveSmallIntegerField(default=1)
    stage = models.CharField(max_length=10, default="draft")
    current = models.BooleanField(default=False)
    audience = models.CharField(max_length=10)
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=20)
    period = models.CharField(max_length=7)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=2000)
    text = models.TextField(blank=True)
    file = models.CharField(max_length=26, blank=True)
    indicators = models.JSONField(default=list)
    policies = models.JSONField(default=list)
    issuer = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)
    remark = models.CharField(max_length=300, blank=True)
    written_by = models.CharField(max_length=120)
    reviewed_by = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(default=now)
    published_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "economy_report"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["report", "version"], name="economy_report_version"),
            models.UniqueConstraint(fields=["report"], condition=Q(current=True), name="economy_report_current"),
            models.UniqueConstraint(
                fields=["report"],
                condition=Q(stage__in=["draft", "review", "returned"]),
                name="economy_report_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(stage="published") | Q(published_at__isnull=False) & ~Q(reviewed_by=""),
                name="economy_report_reviewed",
            ),
            models.CheckConstraint(condition=~Q(reviewed_by=F("written_by")), name="economy_report_two_people"),
            models.CheckConstraint(condition=Q(current=False) | Q(stage="published"), name="economy_report_holds"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-published_at", "-id"], condition=Q(current=True), name="economy_report_library"),
            models.Index(fields=["file"], condition=~Q(file=""), name="economy_report_file"),
        ]

    def __str__(self) -> str:
        return self.title

"""Tables of the calendar."""

from __future__ import annotations

from datetime import time
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tongban.base.kernel.api import new_id, now

from .data import Cause, DayKind, Procedure, Status, Unit


class Jurisdiction(models.Model):
    """One calendar and its counting rules. `stamp` is new with every change, so that no process counts with
    old days even where a version number was rolled back."""

    code = models.CharField(max_length=12, primary_key=True)
    version = models.PositiveIntegerField(default=1)
    stamp = models.CharField(max_length=26, default=new_id)
    closes_at = models.TimeField(default=time(17, 30))
    suspension_day_counts = models.BooleanField(default=False)
    resume_day_counts = models.BooleanField(default=True)

    class Meta:
        db_table = "calendars_jurisdiction"

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class Day(models.Model):
    """What one day is in one jurisdiction."""

    jurisdiction = models.ForeignKey(Jurisdiction, on_delete=models.PROTECT, related_name="days")
    date = models.DateField()
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in DayKind])
    name = models.CharField(max_length=40, blank=True)
    provisional = models.BooleanField(default=False)
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        db_table = "calendars_day"
        constraints: ClassVar = [models.UniqueConstraint(fields=["jurisdiction", "date"], name="calendars_day_once")]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id} {self.date} {self.kind}"


class Limit(models.Model):
    """The time-limit table: how long the law gives for what."""

    code = models.CharField(max_length=40, primary_key=True)
    title = models.CharField(max_length=120)
    n = models.PositiveIntegerField(null=True)
    unit = models.CharField(max_length=8)
    extension = models.PositiveIntegerField(default=0)
    not_counted = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    basis = models.CharField(max_length=200, blank=True)
    confidence = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "calendars_limit"

    def __str__(self) -> str:
        return self.code


class Deadline(models.Model):
    """One time limit of a subject. `steps` hold why it is due when it is; `received_on` is the day of the
    moment from which it runs, which may lie before `start`."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    jurisdiction = models.CharField(max_length=12)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    code = models.CharField(max_length=40)
    basis = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField(null=True)
    received_on = models.DateField()
    start = models.DateField()
    n = models.PositiveIntegerField()
    unit = models.CharField(max_length=8, choices=[(u.value, u.value) for u in Unit])
    extension = models.PositiveIntegerField(default=0)
    due = models.DateField(null=True)
    remaining = models.PositiveIntegerField(default=0)
    provisional = models.BooleanField(default=False)
    steps = models.JSONField(default=list)
    calendar_version = models.PositiveIntegerField()
    status = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Status], default=Status.OPEN)
    opened_at = models.DateTimeField(default=now)
    met_at = models.DateTimeField(null=True)
    met_on = models.DateField(null=True)

    class Meta:
        db_table = "calendars_deadline"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subject_id", "subject_kind", "code"],
                condition=models.Q(status__in=["open", "suspended"]),
                name="calendars_deadline_once_running",
            ),
            models.CheckConstraint(
                condition=models.Q(due__isnull=False) | ~models.Q(status="open"),
                name="calendars_deadline_due_known",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["subject_id", "subject_kind"], name="calendars_deadline_subject"),
            models.Index(
                fields=["subject_kind", "due", "id"],
                condition=models.Q(status="open"),
                name="calendars_deadline_running",
            ),
            models.Index(
                fields=["jurisdiction", "due"],
                condition=models.Q(status="open"),
                name="calendars_deadline_recount",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind}:{self.subject_id} {self.code} {self.due}"


class Suspension(models.Model):
    """One legal procedure during which a deadline stood still."""

    deadline = models.ForeignKey(Deadline, on_delete=models.CASCADE, related_name="suspensions")
    reason = models.CharField(max_length=20, choices=[(p.value, p.value) for p in Procedure])
    start = models.DateField()
    end = models.DateField(null=True)

    class Meta:
        db_table = "calendars_suspension"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["deadline"],
                condition=models.Q(end__isnull=True),
                name="calendars_suspension_one_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} {self.start}..{self.end or ''}"


class Move(models.Model):
    """History of a deadline's date. Written once, never changed."""

    deadline = models.ForeignKey(Deadline, on_delete=models.CASCADE, related_name="moves")
    cause = models.CharField(max_length=10, choices=[(c.value, c.value) for c in Cause])
    old = models.DateField(null=True)
    new = models.DateField(null=True)
    steps = models.JSONField(default=list)
    calendar_version = models.PositiveIntegerField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "calendars_move"
        indexes: ClassVar = [models.Index(fields=["-at"], name="calendars_move_at")]

    def __str__(self) -> str:
        return f"{self.old} -> {self.new} ({self.cause})"

"""Alarms."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import new_id


class Alarm(models.Model):
    """One alarm. While it is open, more of the same is counted on it; afterwards only what is newer than `last`."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id)
    rule = models.CharField(max_length=40)
    subject = models.CharField(max_length=140, blank=True)
    count = models.IntegerField()
    first = models.DateTimeField()
    last = models.DateTimeField()
    note = models.CharField(max_length=500, blank=True)
    closed_by = models.CharField(max_length=140, blank=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "alarms_alarm"
        indexes = [models.Index(fields=["-last", "id"], name="alarms_alarm_list")]
        constraints = [
            models.UniqueConstraint(fields=["rule", "subject"], condition=Q(closed_at=None), name="alarms_one_open")
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.subject}"

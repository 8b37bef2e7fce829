"""The room's tables. Rows of instances, tasks and timers are written by `store.py`, in one statement a
step."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Definition(models.Model):
    """A published version of a process; a trigger keeps it from ever being changed (R15)."""

    id = models.BigAutoField(primary_key=True)
    key = models.CharField(max_length=100)
    hash = models.CharField(max_length=64)
    xml = models.BinaryField()
    calls = models.JSONField(default=dict)  # called process -> [key, hash], bound when published
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "process_definition"
        constraints = [models.UniqueConstraint(fields=["key", "hash"], name="process_definition_once")]


class Key(models.Model):
    """Which version of a process new instances get, and the messages that start one."""

    key = models.CharField(max_length=100, primary_key=True)
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+")
    messages = ArrayField(models.CharField(max_length=200), default=list)

    class Meta:
        db_table = "process_key"


class Instance(models.Model):
    """A running or ended process. `version` counts its steps."""

    id = models.CharField(max_length=26, primary_key=True)
    definition = models.ForeignKey(Definition, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    status = models.CharField(max_length=10)
    state = models.JSONField()
    variables = models.JSONField()
    version = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "process_instance"
        indexes = [models.Index(fields=["subject_id", "subject_kind"], name="process_instance_subject")]


class TaskRow(models.Model):
    """Work for a person. `token` is the token in the instance's state that waits for it."""

    id = models.CharField(max_length=26, primary_key=True)
    # Written in the statement that writes the instance: the database need not look for it again (G2).
    instance = models.ForeignKey(Instance, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    token = models.IntegerField()
    element = models.CharField(max_length=255)
    name = models.CharField(max_length=255, blank=True)
    kind = models.CharField(max_length=30)
    office = models.CharField(max_length=200, null=True)
    amount = models.IntegerField(null=True)
    unit = models.CharField(max_length=10)
    form = models.CharField(max_length=200, blank=True)
    attributes = models.JSONField(default=dict)
    data = models.JSONField(default=dict)
    loop_index = models.IntegerField(null=True)
    status = models.CharField(max_length=10)
    version = models.IntegerField(default=1)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "process_task"


class Timer(models.Model):
    """Something that will be due: of a token of an instance, or, without an instance, a timer start event."""

    id = models.BigAutoField(primary_key=True)
    instance = models.ForeignKey(Instance, models.CASCADE, null=True, related_name="+", db_constraint=False)
    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, null=True, related_name="+", db_index=False)
    token = models.IntegerField()
    element = models.CharField(max_length=255)
    due_at = models.DateTimeField()
    repeats = models.IntegerField(default=0)

    class Meta:
        db_table = "process_timer"
        indexes = [models.Index(fields=["due_at", "id"], name="process_timer_due")]

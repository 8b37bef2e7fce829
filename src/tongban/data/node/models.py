"""Tables of a node: its sources and its copy of them, grants, sinks, what came."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import Ref, now

from .data import RunState


class Source(models.Model):
    """A mapping at work. `shape`: columns and kinds as first seen; `mark`: how far a growing column was read."""

    name = models.CharField(max_length=40, primary_key=True)
    resource = models.CharField(max_length=100, unique=True)
    schema = models.IntegerField()
    text = models.TextField()  # the mapping file
    file = models.CharField(max_length=200)
    shape = models.JSONField(default=dict)
    mark = models.JSONField(null=True)
    stamp = models.JSONField(null=True)  # sizes and times of its files when they were last read whole
    rows = models.BigIntegerField(default=0)
    due = models.DateTimeField(default=now, db_index=True)
    added = models.DateTimeField(default=now)

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref("node.source", self.name)


class Row(models.Model):
    """The node's own copy of one row: what was last put into the outbox. `key` and `digest` are SHA-256."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE)
    key = models.BinaryField(max_length=32)
    digest = models.BinaryField(max_length=32)
    body = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint("source", "key", name="node_row_once"),)


class Run(models.Model):
    """One run of a source and how it ended."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="runs")
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in RunState])
    text = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    started = models.DateTimeField(default=now)
    ended = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=("source", "-id"), name="node_run_last"),)


class Fault(models.Model):
    """A row that could not be taken in the last run: where it stands and why, no values."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="faults")
    number = models.BigIntegerField()
    item = models.CharField(max_length=40, blank=True)
    why = models.CharField(max_length=200)


class Grant(models.Model):
    """A grant of the centre: which items of our resource a node may have. `loaded`: the key up to which the rows we
    already have were sent to it; null once all were."""

    id = models.CharField(max_length=64, primary_key=True)
    resource = models.CharField(max_length=100)
    node = models.CharField(max_length=64)
    items = models.JSONField()
    mode = models.CharField(max_length=10)
    purpose = models.TextField(blank=True)
    until = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    why = models.CharField(max_length=300, blank=True)
    loaded = models.BinaryField(null=True, default=b"")
    filed = models.DateTimeField(null=True)  # the last file under it, and the SHA-256 of its content
    digest = models.CharField(max_length=64, blank=True)
    told = models.DateTimeField()  # when the centre said so; what it said before that comes too late

    class Meta:
        indexes = (models.Index("resource", "mode", condition=Q(ended__isnull=True), name="node_grant_live"),)

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref("catalogue.grant", self.id)


class Sink(models.Model):
    """Where a resource of others goes."""

    name = models.CharField(max_length=40, primary_key=True)
    resource = models.CharField(max_length=100, unique=True)
    text = models.TextField()
    file = models.CharField(max_length=200)
    trouble = models.CharField(max_length=500, blank=True)

    @property
    def ref(self) -> Ref:
        """How the ledger names it."""
        return Ref("node.sink", self.name)


class Delivery(models.Model):
    """A batch of others. Its id, which only grows, is `cd_batch` of its rows; `done` once a sink has them."""

    id = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=64)
    sender = models.CharField(max_length=64)
    resource = models.CharField(max_length=100)
    rows = models.IntegerField(default=0)
    bad = models.IntegerField(default=0)
    done = models.BooleanField(default=False)
    came = models.DateTimeField(default=now)
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint("sender", "message", name="node_delivery_once"),)
        indexes = (models.Index("id", condition=Q(done=False), name="node_delivery_open"),)


class Correction(models.Model):
    """A value somebody objected to was found wrong and is corrected: for the department to take over."""

    message = models.CharField(max_length=64, primary_key=True)
    resource = models.CharField(max_length=100)
    objection = models.CharField(max_length=64)
    body = models.JSONField()
    at = models.DateTimeField(default=now)


class Asked(models.Model):
    """One question answered or refused under a grant: who, what for, which items, how many rows. Never the values."""

    message = models.CharField(max_length=64, primary_key=True)
    grant = models.CharField(max_length=64)
    node = models.CharField(max_length=64)
    business = models.CharField(max_length=20)
    purpose = models.CharField(max_length=300, blank=True)
    items = models.JSONField(default=list)
    rows = models.IntegerField(default=0)
    code = models.CharField(max_length=40, blank=True)
    counted = models.BooleanField(default=False)  # the centre has been told
    at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        indexes = (models.Index("grant", condition=Q(counted=False), name="node_asked_uncounted"),)


class Filed(models.Model):
    """A file of the department's own that went to the holder of a grant, as it was then."""

    id = models.BigAutoField(primary_key=True)
    grant = models.ForeignKey(Grant, on_delete=models.CASCADE, related_name="files")
    key = models.BinaryField(max_length=32)
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(default=now, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint("grant", "key", name="node_filed_once"),)


class Piece(models.Model):
    """A part of a file of others that came; its body stays in the inbox until the file is whole and in its sink.
    `version` grows from one state of a file to the next; `row`: the granted items that belong to it."""

    message = models.CharField(max_length=64, primary_key=True)
    sender = models.CharField(max_length=64)
    resource = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    number = models.IntegerField()
    total = models.IntegerField()
    version = models.BigIntegerField(default=0)
    row = models.JSONField(default=dict)
    done = models.BooleanField(default=False)
    at = models.DateTimeField(default=now)

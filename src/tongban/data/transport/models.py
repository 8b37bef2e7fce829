"""Tables of transport; the same at the centre and at a node."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import now

from .data import Kind, Stage


class Peer(models.Model):
    """Another office's node and its pinned certificate."""

    node = models.CharField(max_length=64, primary_key=True)
    office = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    certificate = models.TextField()
    fingerprint = models.CharField(max_length=64)
    blocked = models.BooleanField(default=False)
    quota = models.IntegerField()
    since = models.DateTimeField(default=now)
    heard = models.DateTimeField(null=True)


class Passage(models.Model):
    """What outbox and inbox have in common: the envelope's facts and how far the message has come."""

    kind = models.CharField(max_length=8, choices=[(kind, kind) for kind in Kind])
    business = models.CharField(max_length=100)
    resource = models.CharField(max_length=100, blank=True)
    grant = models.CharField(max_length=64, blank=True)
    schema = models.CharField(max_length=100, blank=True)
    priority = models.SmallIntegerField()
    number = models.BigIntegerField(default=0)
    created = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    trace = models.CharField(max_length=64, blank=True)
    about = models.CharField(max_length=64, blank=True)
    packing = models.CharField(max_length=8)
    size = models.BigIntegerField()  # salt and packed body, bytes
    stage = models.CharField(max_length=12, choices=[(stage, stage) for stage in Stage])
    code = models.CharField(max_length=40, blank=True)
    text = models.TextField(blank=True)
    rows = models.JSONField(default=list)
    tries = models.IntegerField(default=0)
    due = models.DateTimeField(null=True)  # when it is worked on next; null: nothing to do
    at = models.DateTimeField(default=now)  # of the last change of stage

    class Meta:
        abstract = True


class Out(Passage):
    """The outbox. A row lives until the receiver's signed business receipt and is kept afterwards as the record."""

    id = models.CharField(max_length=64, primary_key=True)
    receiver = models.CharField(max_length=64)
    hub_sequence = models.BigIntegerField(default=0)  # where the hub's stream keeps its last part
    hub_era = models.CharField(max_length=40, blank=True)  # which life of the stream that was

    class Meta:
        db_table = "transport_outbox"
        indexes = (
            models.Index("priority", "created", condition=Q(stage="waiting"), name="transport_out_next"),
            models.Index("receiver", "created", name="transport_out_day"),
            models.Index("due", condition=Q(due__isnull=False), name="transport_out_due"),
        )


class In(Passage):
    """The inbox: permanent, so that a message works once however often it comes (R10)."""

    id = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=64)
    sender = models.CharField(max_length=64)
    office = models.CharField(max_length=64)
    envelope = models.TextField()  # canonical, as signed: evidence together with signature and body
    signature = models.TextField()
    digest = models.CharField(max_length=64)

    class Meta:
        db_table = "transport_inbox"
        constraints = (models.UniqueConstraint("sender", "message", name="transport_in_once"),)
        indexes = (
            models.Index("sender", "priority", "id", condition=Q(due__isnull=False), name="transport_in_due"),
            models.Index("sender", "created", name="transport_in_day"),
            models.Index("stage", "at", condition=Q(stage="quarantined"), name="transport_in_held"),
        )


class OutBody(models.Model):
    """The packed body with its salt, until it is no longer kept for replay."""

    message = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField()


class InBody(models.Model):
    """The packed body with its salt as it arrived."""

    passage = models.BigIntegerField(primary_key=True)
    content = models.BinaryField()


class Part(models.Model):
    """One part of a message that is not whole yet."""

    sender = models.CharField(max_length=64)
    message = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    sequence = models.IntegerField()
    content = models.BinaryField()
    at = models.DateTimeField(default=now)

    class Meta:
        constraints = (models.UniqueConstraint("sender", "message", "digest", "sequence", name="transport_part_once"),)


class Lane(models.Model):
    """The last number of a lane: given out at the sender, processed at the receiver."""

    peer = models.CharField(max_length=64)
    lane = models.CharField(max_length=220)
    outward = models.BooleanField()
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint("peer", "lane", "outward", name="transport_lane_once"),)


class Refused(models.Model):
    """A frame that was not taken. Nothing else of it is kept."""

    at = models.DateTimeField(default=now, db_index=True)
    code = models.CharField(max_length=40)
    sender = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=64, blank=True)
    text = models.TextField(blank=True)
    proven = models.BooleanField()  # the claimed sender signed it, and was told

    class Meta:
        db_table = "transport_refused"


class Query(models.Model):
    """One query, logged at both ends: who asked whom under which grant, and what came of it."""

    id = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=64)
    outward = models.BooleanField()  # we asked
    peer = models.CharField(max_length=64)
    business = models.CharField(max_length=100)
    resource = models.CharField(max_length=100, blank=True)
    grant = models.CharField(max_length=64, blank=True)
    trace = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(default=now, db_index=True)
    digest = models.CharField(max_length=64, blank=True)
    stage = models.CharField(max_length=12)
    code = models.CharField(max_length=40, blank=True)
    milliseconds = models.IntegerField(null=True)

    class Meta:
        db_table = "transport_query"
        constraints = (models.UniqueConstraint("peer", "message", "outward", name="transport_query_once"),)


class Known(models.Model):
    """What the processes of this node tell each other about the line and the hub's stream."""

    name = models.CharField(max_length=40, primary_key=True)
    value = models.JSONField()
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "transport_known"


class Seen(models.Model):
    """What the centre sees of a message passing the hub: never a body."""

    message = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=8)
    business = models.CharField(max_length=100)
    sender = models.CharField(max_length=64)
    to = models.CharField(max_length=64)
    resource = models.CharField(max_length=100, blank=True)
    grant = models.CharField(max_length=64, blank=True)
    about = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "transport_seen"


class Agreement(models.Model):
    """What a comparison of both ends' daily statements said. `outward`: about what we sent."""

    peer = models.CharField(max_length=64)
    day = models.DateField()
    outward = models.BooleanField()
    equal = models.BooleanField()
    here = models.JSONField()
    there = models.JSONField()
    differences = models.JSONField(default=list)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "transport_agreement"
        constraints = (models.UniqueConstraint("peer", "day", "outward", name="transport_agreement_once"),)

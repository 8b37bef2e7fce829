"""Tables of the exchange centre."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import Ref, new_id

from .data import NODE, NodeLevel, NodeState


class Node(models.Model):
    """One office's end of the exchange. Of the one-time token only its hash is kept; it opens once, until
    `token_until`."""

    key = models.CharField(max_length=40, primary_key=True)
    office_id = models.CharField(max_length=26, db_index=True)
    office_code = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    level = models.CharField(max_length=10)
    division = models.CharField(max_length=12)
    zone = models.CharField(max_length=10)
    contact = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, default=NodeState.INVITED)
    why = models.CharField(max_length=300, blank=True)
    token_hash = models.BinaryField(default=b"")
    token_until = models.DateTimeField(null=True)
    invited = models.DateTimeField()
    enrolled = models.DateTimeField(null=True)
    certificate = models.TextField(blank=True)  # PEM: what its messages are checked against
    certificate_until = models.DateTimeField(null=True)
    seen = models.DateTimeField(null=True)
    waiting = models.PositiveIntegerField(default=0)
    lag = models.PositiveIntegerField(default=0)
    skew = models.FloatField(default=0)
    free_bytes = models.BigIntegerField(null=True)
    version = models.CharField(max_length=40, blank=True)
    troubles = models.JSONField(default=list)  # sources there that were refused: resource, and why in words
    asked = models.DateTimeField(null=True)  # when it was last asked whether it is there
    answered = models.CharField(max_length=300, blank=True)  # why it did not answer, "" when it did

    class Meta:
        db_table = "exchange_node"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in NodeState]) & Q(level__in=[v.value for v in NodeLevel]),
                name="exchange_node_known_words",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["invited", "closed"]) | ~Q(certificate=""), name="exchange_node_has_certificate"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def ref(self) -> Ref:
        """How ledger and certificates name it."""
        return Ref(NODE, self.key)


class Subscription(models.Model):
    """A grant at work between two nodes, or what the centre collects for a register of its own (`grant` is then
    `centre:` and the resource's id). `provider` and `subscriber` are keys of nodes, "" while an office has none;
    `told`: when the provider's node was told."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    grant = models.CharField(max_length=60, unique=True)
    resource = models.CharField(max_length=120, db_index=True)
    title = models.CharField(max_length=200)
    mode = models.CharField(max_length=10)
    provider_office = models.CharField(max_length=26, db_index=True)
    subscriber_office = models.CharField(max_length=26, blank=True, db_index=True)
    provider = models.CharField(max_length=40, blank=True)
    subscriber = models.CharField(max_length=40, blank=True)
    items = models.JSONField(default=list)
    cycle = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=120, blank=True)
    purpose = models.CharField(max_length=500, blank=True)
    until = models.DateField(null=True)
    live = models.BooleanField(default=True)
    told = models.DateTimeField(null=True)
    received = models.DateTimeField(null=True)

    class Meta:
        db_table = "exchange_subscription"

    def __str__(self) -> str:
        return f"{self.resource} to {self.subscriber or self.subscriber_office}"


class Delivery(models.Model):
    """A batch that came for the centre, and what became of it. One row per message: a repeated one changes nothing."""

    message = models.CharField(max_length=60, primary_key=True)
    resource = models.CharField(max_length=120)
    sender = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="deliveries")
    at = models.DateTimeField()
    rows = models.PositiveIntegerField(default=0)
    inserted = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    retired = models.PositiveIntegerField(default=0)
    quarantined = models.PositiveIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)
    file = models.CharField(max_length=26, blank=True)
    accepted = models.BooleanField()
    code = models.CharField(max_length=40, blank=True)
    text = models.CharField(max_length=500, blank=True)

    class Meta:
        db_table = "exchange_delivery"
        indexes = [models.Index(fields=["resource", "-at"], name="exchange_delivery_of")]

    def __str__(self) -> str:
        return self.message


class Quarantined(models.Model):
    """A row of a delivery that broke a rule; it waits at the desk and holds nothing else up."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="bad_rows")
    number = models.PositiveIntegerField()  # the row's place in the delivery, from 1
    values = models.JSONField()
    findings = models.JSONField()  # {item: code}
    state = models.CharField(max_length=10, default="waiting")  # waiting, repaired, dropped
    at = models.DateTimeField()
    by = models.CharField(max_length=110, blank=True)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "exchange_quarantined"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "repaired", "dropped"]), name="exchange_quarantined_words"
            ),
            models.UniqueConstraint(fields=["delivery", "number"], name="exchange_quarantined_once"),
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="waiting"), name="exchange_quarantined_waiting")]

    def __str__(self) -> str:
        return f"{self.delivery_id} row {self.number}"


class Ask(models.Model):
    """A question to another office's data: who, under which grant, what for. The question's values and the answer are
    kept for a quarter of an hour, for who asked, then emptied; the fact stays."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    grant = models.CharField(max_length=60)
    resource = models.CharField(max_length=120)
    mode = models.CharField(max_length=10)
    purpose = models.CharField(max_length=300)
    by = models.CharField(max_length=110)
    at = models.DateTimeField()
    items = models.JSONField(default=list)
    asked = models.JSONField(default=dict)
    answer = models.JSONField(null=True)
    state = models.CharField(max_length=10, default="waiting")  # waiting, answered, refused
    rows = models.PositiveIntegerField(default=0)
    code = models.CharField(max_length=40, blank=True)  # why there was no answer
    text = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "exchange_ask"
        indexes = [
            models.Index(fields=["-at", "id"], name="exchange_ask_at"),
            models.Index(fields=["at"], condition=Q(answer__isnull=False), name="exchange_ask_open"),
        ]

    def __str__(self) -> str:
        return self.id


class Settled(models.Model):
    """A day on which both ends told different stories, and what a person did about it."""

    id = models.BigAutoField(primary_key=True)
    node = models.ForeignKey(Node, on_delete=models.PROTECT, related_name="settled")
    day = models.DateField()
    note = models.CharField(max_length=300)
    by = models.CharField(max_length=110)
    at = models.DateTimeField()

    class Meta:
        db_table = "exchange_settled"
        constraints = [models.UniqueConstraint(fields=["node", "day"], name="exchange_settled_once")]

    def __str__(self) -> str:
        return f"{self.node_id} {self.day}"

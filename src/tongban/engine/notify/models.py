"""Messages, their deliveries, and what people prefer."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tongban.base.kernel.api import new_id
from tongban.trust.identity.api import SealedText
from tongban.trust.identity.data import KeyClass

from .data import State, Urgency


class Message(models.Model):
    """One message in one inbox: a person's, or an office's, where the first reader answers for all. Row
    security shows it to its recipient only. ``once`` stops a handler that runs again from telling twice."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    recipient_kind = models.CharField(max_length=60)
    recipient_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=100)
    facts = models.JSONField(encoder=DjangoJSONEncoder)
    link = models.CharField(max_length=300, blank=True)
    urgency = models.CharField(max_length=10, default=Urgency.NORMAL)
    once = models.CharField(max_length=200, null=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    read_by = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "notify_message"
        indexes = [
            models.Index(fields=["recipient_id", "-created_at", "-id"], name="notify_inbox"),
            models.Index(fields=["recipient_id"], condition=models.Q(read_at=None), name="notify_unread"),
        ]
        constraints = [models.UniqueConstraint(fields=["recipient_id", "once"], name="notify_once")]

    def __str__(self) -> str:
        return f"{self.kind} to {self.recipient_kind}:{self.recipient_id}"


class Delivery(models.Model):
    """One way out of one message. ``address`` is filled when it is sent, and only where no account knows
    it."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    message_id = models.CharField(max_length=26, blank=True)
    channel = models.CharField(max_length=20)
    recipient_kind = models.CharField(max_length=60, blank=True)
    recipient_id = models.CharField(max_length=80, blank=True)
    address = SealedText(KeyClass.PASSING, row="id")
    subject = models.CharField(max_length=200, blank=True)
    text = SealedText(KeyClass.PASSING, row="id")
    state = models.CharField(max_length=10, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notify_delivery"
        indexes = [
            models.Index(fields=["channel", "-created_at"], name="notify_outbox"),
            models.Index(fields=["created_at"], condition=models.Q(state="failed"), name="notify_failed"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.id} {self.state}"


class Preference(models.Model):
    """What one person wants besides the inbox."""

    person_id = models.CharField(max_length=80, primary_key=True)
    email = SealedText(KeyClass.PERSONAL, row="person_id")
    off = ArrayField(models.CharField(max_length=20), default=list)
    language = models.CharField(max_length=10, default="zh-hans")

    class Meta:
        db_table = "notify_preference"

    def __str__(self) -> str:
        return self.person_id

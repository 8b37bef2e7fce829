"""Channels and bundles."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import new_id

from .data import State


class Channel(models.Model):
    """One way from one deployment to another. Outgoing: `certificate` is the receiver's, to which bundles are closed.
    Arriving: `root` is the sender's authority, the only one believed."""

    key = models.SlugField(primary_key=True, max_length=40)
    title = models.CharField(max_length=100)
    from_zone = models.CharField(max_length=6)
    to_zone = models.CharField(max_length=6)
    outgoing = models.BooleanField()
    certificate = models.BinaryField(default=b"")
    root = models.BinaryField(default=b"")
    number = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, blank=True)
    crossed = models.JSONField(default=dict)  # register -> moment up to which its rows have crossed

    class Meta:
        db_table = "ferry_channel"
        constraints = [
            models.CheckConstraint(  # upwards only, whatever a program says (NET-04)
                condition=Q(from_zone="public", to_zone__in=["outer", "inner"]) | Q(from_zone="outer", to_zone="inner"),
                name="ferry_upwards_only",
            )
        ]

    def __str__(self) -> str:
        return self.key


class Bundle(models.Model):
    """One bundle, leaving or arriving."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id)
    channel = models.ForeignKey(Channel, on_delete=models.PROTECT, related_name="bundles")
    number = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, default=State.PROPOSED)
    label = models.CharField(max_length=10)
    reason = models.CharField(max_length=500)
    contents: models.JSONField[Any, Any] = models.JSONField(default=list)
    proposed_by = models.CharField(max_length=80, blank=True)
    proposer = models.CharField(max_length=100, blank=True)
    approved_by = models.CharField(max_length=80, blank=True)
    approver = models.CharField(max_length=100, blank=True)
    name = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    finding = models.CharField(max_length=300, blank=True)
    receipt = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "ferry_bundle"
        indexes = [models.Index(fields=["channel", "-at", "id"], name="ferry_bundle_list")]
        constraints = [
            # A number is given once; what was rejected or waits does not take one away.
            models.UniqueConstraint(
                fields=["channel", "number"],
                condition=Q(state__in=["exported", "acknowledged", "imported"]),
                name="ferry_number_once",
            ),
            models.CheckConstraint(
                condition=Q(approved_by="") | ~Q(approved_by=models.F("proposed_by")), name="ferry_two_people"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.id

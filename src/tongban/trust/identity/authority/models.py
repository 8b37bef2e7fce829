"""Tables of authorisation."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from tongban.base.kernel.api import Ref, new_id, now

from .data import EMERGENCY, REQUEST, REVIEW, RequestState, Verdict


class RightsRequest(models.Model):
    """A post with roles, or a grant, asked for by one and decided by another; never by the one it is for."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    kind = models.CharField(max_length=5, choices=[("post", "post"), ("grant", "grant")])
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="requests")
    person_ref = models.CharField(max_length=140)
    office = models.ForeignKey("identity.Office", models.PROTECT, null=True, related_name="requests")
    title = models.CharField(max_length=100, blank=True)
    roles = ArrayField(models.CharField(max_length=60), default=list)
    permission = models.CharField(max_length=100, blank=True)
    scope = models.JSONField(default=dict)
    purpose = models.CharField(max_length=300, blank=True)
    valid_from = models.DateField(null=True)
    until = models.DateField(null=True)
    concurrent = models.BooleanField(default=False)
    acting_for = models.ForeignKey("identity.Post", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in RequestState], default="asked")
    asked_by = models.CharField(max_length=140, blank=True)
    asked_at = models.DateTimeField(default=now)
    decided_by = models.CharField(max_length=140, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    result = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "identity_request"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_by="") | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("person_ref"))),
                name="identity_request_two",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["id"], condition=Q(state="asked"), name="identity_request_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def ref(self) -> Ref:
        return Ref(REQUEST, self.public_id)


class Review(models.Model):
    """A round in which every right of an office's subtree is looked at again, until `due`."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    title = models.CharField(max_length=200)
    office = models.ForeignKey("identity.Office", models.PROTECT, null=True, related_name="+")
    opened_by = models.CharField(max_length=140, blank=True)
    opened_at = models.DateTimeField(default=now)
    due = models.DateField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_review"

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        return Ref(REVIEW, self.public_id)


class ReviewLine(models.Model):
    """One right in a review: a post with roles, or a grant."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="lines")
    post = models.ForeignKey("identity.Post", models.PROTECT, null=True, related_name="+")
    grant = models.ForeignKey("identity.Grant", models.PROTECT, null=True, related_name="+")
    person_ref = models.CharField(max_length=140)
    verdict = models.CharField(max_length=10, blank=True, choices=[(v.value, v.value) for v in Verdict])
    decided_by = models.CharField(max_length=140, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_review_line"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(decided_by="") | ~Q(decided_by=F("person_ref")), name="identity_review_not_own"
            ),
            models.CheckConstraint(
                condition=Q(post=None, grant__isnull=False) | Q(post__isnull=False, grant=None),
                name="identity_review_one_right",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review_id}: {self.verdict or 'open'}"


class Emergency(models.Model):
    """Break-glass: one officer says why, a second opens, for an hour; both are named to the person concerned."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    officer = models.CharField(max_length=140)
    subject = models.CharField(max_length=140)
    reason = models.CharField(max_length=500)
    asked_at = models.DateTimeField(default=now)
    second = models.CharField(max_length=140, blank=True)
    opened_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_emergency"
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(second=F("officer")), name="identity_emergency_two"),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def ref(self) -> Ref:
        return Ref(EMERGENCY, self.public_id)


class Sighting(models.Model):
    """An officer saw somebody's personal data in this hour: what quotas count. The record of it is the ledger's."""

    officer_id = models.CharField(max_length=26)
    subject = models.CharField(max_length=64)
    hour = models.DateTimeField()

    class Meta:
        db_table = "identity_sighting"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["officer_id", "hour", "subject"], name="identity_sighting_once"),
        ]

    def __str__(self) -> str:
        return f"{self.officer_id} {self.hour:%H}"

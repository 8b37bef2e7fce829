"""What linking keeps: sources and their rows, clusters with golden values, what is asked, differs and changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import Ref, Text
from tongban.trust.identity.api import SealedText
from tongban.trust.identity.data import KeyClass

from .data import SuspectState, Why

# Tables that deliveries fill by the million have no foreign keys in the database: each would be asked row by row. The
# statements that fill them join what they point to, and nothing is ever deleted from there.


class Number(models.Model):
    """An identity number or a telephone, sealed under its look-up hash; wherever else linking keeps one, in rows,
    golden records, lists and the change feed, stands this token."""

    token = models.CharField(max_length=33, primary_key=True, db_collation="C")
    value = SealedText(KeyClass.IDENTITY_NUMBER, row="token")

    class Meta:
        db_table = "linkage_number"


class Source(models.Model):
    """What an office delivers for a registry: `items` maps its columns to the register's items."""

    public_id = models.CharField(max_length=26, unique=True)
    registry = models.CharField(max_length=60)
    resource = models.CharField(max_length=120)
    title = models.CharField(max_length=150)
    office_id = models.CharField(max_length=26, db_index=True)
    role = models.CharField(max_length=60)
    key = models.CharField(max_length=80)
    items = models.JSONField()
    rank = models.PositiveSmallIntegerField(default=10)

    class Meta:
        db_table = "linkage_source"
        constraints = (models.UniqueConstraint(fields=["registry", "resource"], name="linkage_source_once"),)

    def __str__(self) -> str:
        return f"{self.registry}/{self.resource}"


class Delivery(models.Model):
    """One taking-in of a source's rows, and how far it has come."""

    public_id = models.CharField(max_length=26, unique=True)
    source = models.ForeignKey(Source, models.PROTECT)
    whole = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80, blank=True)
    step = models.CharField(max_length=20)
    counts = models.JSONField(default=dict)
    seconds = models.JSONField(default=dict)
    error = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "linkage_delivery"
        ordering = ("-at",)


class Cluster(models.Model):
    """Rows that mean one person or organisation, and the golden record made of them.

    `number`: its official number, a person's as a token. `values` and `lineage` (item -> row it came from) are the
    golden record; `held`: its number belongs to another, so it is not written; `written`: it stands in the register;
    `stale`: its rows changed and it must be made again.
    """

    registry = models.CharField(max_length=60)
    number = models.CharField(max_length=40, blank=True)
    founder = models.BigIntegerField()
    values = models.JSONField(default=dict)
    lineage = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    held = models.BooleanField(default=False)
    written = models.BooleanField(default=False)
    stale = models.BooleanField(default=True)

    class Meta:
        db_table = "linkage_cluster"
        indexes = (
            models.Index(fields=["number"], condition=Q(held=True), name="linkage_cluster_held"),
            models.Index(fields=["registry"], condition=Q(stale=True), name="linkage_cluster_stale"),
        )

    @property
    def ref(self) -> Ref:
        return Ref("linkage.cluster", str(self.pk))


class Row(models.Model):
    """One row of a source as it was delivered last. `values`: by item, as the register writes them; `forms`: how they
    are compared, where that differs; `unread`: what could not be read, as it came."""

    source = models.ForeignKey(Source, models.PROTECT, db_index=False, db_constraint=False)
    key = models.CharField(max_length=200)
    values = models.JSONField()
    forms = models.JSONField()
    unread = models.JSONField(default=dict)
    keys = ArrayField(models.CharField(max_length=60))
    face = models.CharField(max_length=300, blank=True)
    digest = models.CharField(max_length=32)
    cluster = models.ForeignKey(Cluster, models.PROTECT, null=True, db_constraint=False)
    state = models.CharField(max_length=8)
    changed_at = models.DateTimeField()
    delivery = models.ForeignKey(Delivery, models.PROTECT, db_index=False, db_constraint=False)

    class Meta:
        db_table = "linkage_row"
        constraints = (models.UniqueConstraint(fields=["source", "key"], name="linkage_row_once"),)
        indexes = (
            models.Index(fields=["face"], name="linkage_row_face"),
            models.Index(fields=["source"], condition=Q(state="new"), name="linkage_row_new"),
        )


class Identifier(models.Model):
    """An official number and the cluster it belongs to: one number, one record."""

    registry = models.CharField(max_length=60)
    value = models.CharField(max_length=60)
    cluster = models.ForeignKey(Cluster, models.PROTECT, db_constraint=False)

    class Meta:
        db_table = "linkage_identifier"
        constraints = (models.UniqueConstraint(fields=["registry", "value"], name="linkage_identifier_once"),)


class Review(models.Model):
    """Two clusters that a person has to judge; once judged, never asked again. `moved`: the rows a merge moved."""

    public_id = models.CharField(max_length=26, unique=True)
    registry = models.CharField(max_length=60)
    why = models.CharField(max_length=20, choices=[(w.value, w.value) for w in Why])
    left = models.ForeignKey(Cluster, models.PROTECT, related_name="+")
    right = models.ForeignKey(Cluster, models.PROTECT, related_name="+")
    probability = models.FloatField()
    gain = models.FloatField()
    state = models.CharField(max_length=10, default="open")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    moved = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        db_table = "linkage_review"
        constraints = (
            models.UniqueConstraint(fields=["left", "right"], name="linkage_review_once"),
            models.CheckConstraint(condition=Q(left__lt=models.F("right")), name="linkage_review_ordered"),
        )
        indexes = (models.Index(fields=["registry", "state", "-gain"], name="linkage_review_queue"),)

    @property
    def ref(self) -> Ref:
        return Ref("linkage.review", self.public_id)


class Opinion(models.Model):
    """What one officer said about a review."""

    review = models.ForeignKey(Review, models.PROTECT, related_name="opinions")
    by = models.CharField(max_length=80)
    verdict = models.CharField(max_length=10)
    reason = models.CharField(max_length=300)
    at = models.DateTimeField()

    class Meta:
        db_table = "linkage_opinion"
        ordering = ("at",)


class Difference(models.Model):
    """A source's value that is not the golden one, until a delivery agrees."""

    row = models.ForeignKey(Row, models.PROTECT, db_index=False, db_constraint=False)
    source = models.ForeignKey(Source, models.PROTECT, db_index=False, db_constraint=False)
    cluster = models.ForeignKey(Cluster, models.PROTECT, db_constraint=False)
    item = models.CharField(max_length=60)
    theirs = models.TextField()
    ours = models.TextField()
    winner = models.ForeignKey(Source, models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    why = models.CharField(max_length=20)
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "linkage_difference"
        constraints = (models.UniqueConstraint(fields=["row", "item"], name="linkage_difference_once"),)
        indexes = (models.Index(fields=["source", "id"], condition=Q(closed_at=None), name="linkage_difference_open"),)


class Change(models.Model):
    """The change feed of a registry: what happened to which golden record, in order."""

    registry = models.CharField(max_length=60)
    number = models.CharField(max_length=40)
    kind = models.CharField(max_length=12)
    items = ArrayField(models.CharField(max_length=60))
    other = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "linkage_change"
        indexes = (models.Index(fields=["registry", "id"], name="linkage_change_feed"),)


class Suspect(models.Model):
    """An enterprise that a rule of the tax-governance topic names, and what became of it."""

    public_id = models.CharField(max_length=26, unique=True)
    rule = models.CharField(max_length=30)
    number = models.CharField(max_length=40)
    name = models.CharField(max_length=200)
    facts = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=[(s.value, s.value) for s in SuspectState])
    found_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    handed_by = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answer = models.CharField(max_length=500, blank=True)
    rule_title: Text
    state_title: Text
    recovered = models.DecimalField(max_digits=16, decimal_places=2, default=0)

    class Meta:
        db_table = "linkage_suspect"
        constraints = (models.UniqueConstraint(fields=["rule", "number"], name="linkage_suspect_once"),)
        indexes = (models.Index(fields=["rule", "state", "id"], name="linkage_suspect_list"),)

    @property
    def ref(self) -> Ref:
        return Ref("linkage.suspect", self.public_id)

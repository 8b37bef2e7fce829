"""Tables of the catalogue. Descriptions are kept whole as JSON; what lists filter by has columns of its own."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from tongban.base.kernel.api import new_id, now


class Series(models.Model):
    """The last running number given under a prefix: resource codes, requests, grants."""

    prefix = models.CharField(max_length=40, primary_key=True)
    last = models.BigIntegerField()

    class Meta:
        db_table = "catalogue_series"


class Resource(models.Model):
    """A resource as lists and searches see it: its live edition, before the first publication its first. The names of
    its provider stand here too, so that a page of the list is one statement; renaming an office renames them."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    code = models.CharField(max_length=60, unique=True)
    state = models.CharField(max_length=20)
    edition = models.PositiveIntegerField(default=0)
    provider = models.CharField(max_length=26)
    provider_title = models.CharField(max_length=200)
    provider_uscc = models.CharField(max_length=18, blank=True)
    category = models.CharField(max_length=1)
    sharing = models.CharField(max_length=15)
    openness = models.CharField(max_length=15)
    level = models.CharField(max_length=10)
    zone = models.CharField(max_length=10)
    cycle = models.CharField(max_length=12)
    register = models.CharField(max_length=60, blank=True)
    title = models.CharField(max_length=200)
    words = models.TextField()
    content = models.JSONField()
    score = models.FloatField(null=True)
    standard = models.BooleanField(default=False)
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "catalogue_resource"
        indexes = [
            # Each filter of the list with its order, so that a page costs the same with ten entries and a million.
            models.Index(fields=["state", "-id"], name="catalogue_state"),
            models.Index(fields=["provider", "state", "-id"], name="catalogue_provider"),
            models.Index(fields=["state", "sharing", "-id"], name="catalogue_sharing"),
            models.Index(fields=["state", "openness", "-id"], name="catalogue_openness"),
            models.Index(fields=["state", "category", "-id"], name="catalogue_category"),
            models.Index(fields=["register"], name="catalogue_register", condition=~models.Q(register="")),
        ]
        constraints = [
            # One click on a register twice at once makes one entry.
            models.UniqueConstraint(
                fields=["register"],
                condition=~models.Q(register="") & ~models.Q(state="retired"),
                name="catalogue_register_once",
            )
        ]


class Edition(models.Model):
    """One edition of a resource through its reviews."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="editions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20)
    revision = models.PositiveIntegerField(default=1)
    content = models.JSONField()
    editors = ArrayField(models.CharField(max_length=120))
    reviewers = ArrayField(models.CharField(max_length=120), default=list)
    opinion = models.TextField(blank=True)
    secrecy_opinion = models.TextField(blank=True)
    filing_number = models.CharField(max_length=60, blank=True)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "catalogue_edition"
        constraints = [
            models.UniqueConstraint(fields=["resource", "number"], name="catalogue_edition_number"),
            models.UniqueConstraint(
                fields=["resource"],
                condition=models.Q(state__in=["draft", "unit_review", "authority_review", "approved"]),
                name="catalogue_one_open_edition",
            ),
        ]
        indexes = [
            models.Index(
                fields=["state", "id"],
                name="catalogue_edition_waits",
                condition=models.Q(state__in=["draft", "unit_review", "authority_review", "approved"]),
            )
        ]


class Item(models.Model):
    """An item of a published resource. `authoritative`: the provider is the one source of the element."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="item_rows")
    name = models.CharField(max_length=60)
    title = models.CharField(max_length=100)
    element = models.CharField(max_length=120, blank=True)
    type = models.CharField(max_length=1)
    codes = models.CharField(max_length=100, blank=True)
    authoritative = models.BooleanField(default=False)

    class Meta:
        db_table = "catalogue_item"
        constraints = [
            models.UniqueConstraint(fields=["resource", "name"], name="catalogue_item_name"),
            # 一数一源: whatever two offices do at once, an element has one source (DATA-08).
            models.UniqueConstraint(
                fields=["element"],
                condition=models.Q(authoritative=True) & ~models.Q(element=""),
                name="catalogue_one_source",
            ),
        ]
        indexes = [models.Index(fields=["element"], name="catalogue_element", condition=~models.Q(element=""))]


class Request(models.Model):
    """A request for items of a resource."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    number = models.CharField(max_length=30, unique=True)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="requests")
    office = models.CharField(max_length=26)
    provider = models.CharField(max_length=26)
    items = ArrayField(models.CharField(max_length=60))
    given = ArrayField(models.CharField(max_length=60), default=list)
    basis = models.TextField()
    purpose = models.TextField()
    system = models.CharField(max_length=100)
    mode = models.CharField(max_length=10)
    frequency = models.CharField(max_length=60)
    until = models.DateField()
    state = models.CharField(max_length=12)
    reason = models.TextField(blank=True)
    law = models.TextField(blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=now)
    due = models.DateField(null=True)
    overdue = models.CharField(max_length=20, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "catalogue_request"
        indexes = [
            models.Index(fields=["office", "-id"], name="catalogue_request_mine"),
            models.Index(fields=["provider", "state", "id"], name="catalogue_request_owner"),
            models.Index(fields=["state", "id"], name="catalogue_request_state"),
        ]


class Grant(models.Model):
    """What an office may take of a resource."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    number = models.CharField(max_length=30, unique=True)
    request = models.OneToOneField(Request, models.PROTECT, related_name="grant")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="grants")
    office = models.CharField(max_length=26)
    items = ArrayField(models.CharField(max_length=60))
    mode = models.CharField(max_length=10)
    since = models.DateField()
    until = models.DateField()
    state = models.CharField(max_length=10)
    reason = models.TextField(blank=True)
    supply_due = models.DateField(null=True)
    supplied_at = models.DateTimeField(null=True)
    late = models.BooleanField(default=False)

    class Meta:
        db_table = "catalogue_grant"
        indexes = [
            models.Index(fields=["office", "-id"], name="catalogue_grant_office"),
            models.Index(fields=["state", "until"], name="catalogue_grant_ends"),
            models.Index(fields=["resource", "state"], name="catalogue_grant_resource"),
        ]


class Use(models.Model):
    """What was taken by a grant on one day."""

    grant = models.ForeignKey(Grant, models.CASCADE, related_name="used")
    day = models.DateField()
    uses = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    last = models.DateTimeField()

    class Meta:
        db_table = "catalogue_use"
        constraints = [models.UniqueConstraint(fields=["grant", "day"], name="catalogue_use_day")]


class Feedback(models.Model):
    """What the holder of a grant says it was good for."""

    grant = models.ForeignKey(Grant, models.CASCADE, related_name="feedback")
    effect = models.TextField()
    cases = models.PositiveIntegerField()
    score = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "catalogue_feedback"


class Objection(models.Model):
    """A doubted value. Key and values may be a person's; row security shows them to both offices only."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="objections")
    item = models.CharField(max_length=60)
    office = models.CharField(max_length=26)
    provider = models.CharField(max_length=26)
    key = models.CharField(max_length=200)
    wrong = models.TextField(blank=True)
    right = models.TextField(blank=True)
    value = models.TextField(blank=True)
    reason = models.TextField()
    answer = models.TextField(blank=True)
    state = models.CharField(max_length=10)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(default=now)
    due = models.DateField(null=True)
    overdue = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "catalogue_objection"
        indexes = [
            models.Index(fields=["provider", "state", "id"], name="catalogue_objection_owner"),
            models.Index(fields=["office", "-id"], name="catalogue_objection_mine"),
        ]


class Rule(models.Model):
    """A quality rule of a resource."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=10)
    item = models.CharField(max_length=60, blank=True)
    setting = models.TextField(blank=True)

    class Meta:
        db_table = "catalogue_rule"
        constraints = [
            models.UniqueConstraint(fields=["resource", "kind", "item", "setting"], name="catalogue_rule_once")
        ]


class Assessment(models.Model):
    """One measurement of a resource's quality."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="assessments")
    at = models.DateTimeField(default=now)
    rows = models.BigIntegerField()
    score = models.FloatField()
    results = models.JSONField()

    class Meta:
        db_table = "catalogue_assessment"
        indexes = [models.Index(fields=["resource", "-id"], name="catalogue_assessed")]


class Ticket(models.Model):
    """A task for a source to mend what an assessment found."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    resource = models.ForeignKey(Resource, models.CASCADE, related_name="tickets")
    kind = models.CharField(max_length=10)
    item = models.CharField(max_length=60, blank=True)
    setting = models.TextField(blank=True)
    broken = models.BigIntegerField()
    state = models.CharField(max_length=10)
    answer = models.TextField(blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "catalogue_ticket"
        indexes = [models.Index(fields=["state", "-id"], name="catalogue_ticket_open")]
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "kind", "item", "setting"],
                condition=~models.Q(state="closed"),
                name="catalogue_one_ticket",
            )
        ]


class Element(models.Model):
    """A standard data element. `key` is what items name; `words` is what the search finds it by."""

    key = models.CharField(max_length=120, unique=True)
    number = models.CharField(max_length=40, blank=True)
    title = models.CharField(max_length=100)
    definition = models.TextField(blank=True)
    type = models.CharField(max_length=1)
    length = models.PositiveIntegerField(default=0)
    codes = models.CharField(max_length=100, blank=True)
    standard = models.CharField(max_length=200)
    words = models.TextField()
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "catalogue_data_element"
        indexes = [models.Index(fields=["title"], name="catalogue_element_title")]


class Import(models.Model):
    """A spreadsheet that somebody handed in and a job takes in, part by part: `done` of `total` resources."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    by = models.CharField(max_length=120)
    file = models.CharField(max_length=26)
    name = models.CharField(max_length=255)
    tried = models.BooleanField()
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    made = models.JSONField(default=list)
    refused = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    error = models.TextField(blank=True)
    at = models.DateTimeField(default=now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "catalogue_import"
        indexes = [models.Index(fields=["by", "-id"], name="catalogue_import_mine")]


class OpenResource(models.Model):
    """A published resource that the public may see: a view over `Resource`, all the public process can read (T45)."""

    id = models.BigIntegerField(primary_key=True)
    public_id = models.CharField(max_length=26)
    code = models.CharField(max_length=60)
    state = models.CharField(max_length=20)
    edition = models.PositiveIntegerField()
    provider = models.CharField(max_length=26)
    provider_title = models.CharField(max_length=200)
    provider_uscc = models.CharField(max_length=18)
    category = models.CharField(max_length=1)
    openness = models.CharField(max_length=15)
    register = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    words = models.TextField()
    content = models.JSONField()
    score = models.FloatField(null=True)
    published_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "catalogue_open"
        managed = False

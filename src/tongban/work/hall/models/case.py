"""Tables of cases. Foreign keys point downwards or stay in the room; people and offices are references."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from tongban.base.kernel.api import Ref, new_id
from tongban.trust.identity.api import SealedJSON, SealedText
from tongban.trust.identity.data import OFFICE, KeyClass

from ..data import CASE, WORK, CaseState, Outcome, WorkKind


class Service(models.Model):
    """How an item is handled, as its pack declared it (`data.Service`)."""

    item = models.CharField(max_length=80, unique=True)
    definition = models.JSONField()

    class Meta:
        db_table = "hall_service"

    def __str__(self) -> str:
        return self.item


class Draft(models.Model):
    """What an applicant has filled in so far; every answer is kept, on every device.

    `owner` fills it in: the applicant, their agent's principal, or a clerk's desk. `corrects` is the case to correct.
    """

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    owner = models.CharField(max_length=120)
    applicant = models.CharField(max_length=120)
    corrects = models.CharField(max_length=26, blank=True)
    item = models.CharField(max_length=80)
    form = models.CharField(max_length=64)
    answers = SealedJSON(KeyClass.ANSWERS, row="public_id")
    papers = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "hall_draft"
        constraints = [
            models.UniqueConstraint(fields=["owner", "applicant", "item", "corrects"], name="hall_draft_one_per_item")
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.public_id}"


class Case(models.Model):
    """One application and its single answer (GB/T 39046 tables 5, 6, 9)."""

    id: int
    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    case_no = models.CharField(max_length=50, unique=True)
    query_hash = models.CharField(max_length=64)
    nonce = models.CharField(max_length=60)
    item = models.CharField(max_length=80)
    item_version = models.PositiveIntegerField(default=0)  # whose wording holds for this case (SVC-09)
    item_title = models.CharField(max_length=500)
    permit = models.BooleanField(default=False)
    form = models.CharField(max_length=64)
    channel = models.CharField(max_length=1)
    applicant = models.CharField(max_length=120)
    applicant_kind = models.CharField(max_length=10)
    applicant_name = models.CharField(max_length=100)
    agent = models.CharField(max_length=120, blank=True)
    filed_by = models.CharField(max_length=120)
    division = models.CharField(max_length=12)
    first_office = models.CharField(max_length=26)
    accepted_by = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, default=CaseState.SUBMITTED)
    round = models.PositiveSmallIntegerField(default=1)
    submitted_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    collected_at = models.DateTimeField(null=True)
    due = models.DateField(null=True)
    licence = models.CharField(max_length=80, blank=True)
    level = models.PositiveSmallIntegerField(default=0)
    zone = models.CharField(max_length=6, default="outer")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        db_table = "hall_case"
        constraints = [
            # A double click, a retry or fifty parallel requests make one case (T36, R8).
            models.UniqueConstraint(fields=["filed_by", "nonce"], name="hall_case_once"),
            models.CheckConstraint(condition=Q(state__in=[s.value for s in CaseState]), name="hall_case_state"),
        ]
        indexes = [
            models.Index(fields=["applicant", "-id"], name="hall_case_applicant"),
            models.Index(fields=["first_office", "-id"], name="hall_case_office"),
            models.Index(fields=["first_office", "state", "-id"], name="hall_case_office_state"),
            models.Index(
                fields=["first_office", "applicant_name"],
                opclasses=["varchar_ops", "varchar_pattern_ops"],
                name="hall_case_office_name",
            ),
            models.Index(fields=["first_office", "due"], condition=Q(closed_at=None), name="hall_case_office_late"),
            models.Index(fields=["submitted_at"], name="hall_case_submitted"),
        ]

    def __str__(self) -> str:
        return self.case_no

    @property
    def ref(self) -> Ref:
        return Ref(CASE, self.public_id)

    @property
    def office(self) -> Ref:
        return Ref(OFFICE, self.first_office)


class Answers(models.Model):
    """The answers of one round. A correction adds a round; nothing former is lost. `nonce`: the draft's id."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="rounds")
    round = models.PositiveSmallIntegerField()
    nonce = models.CharField(max_length=60, blank=True, db_index=True)
    answers = SealedJSON(KeyClass.ANSWERS, row="case_id round")
    at = models.DateTimeField()

    class Meta:
        db_table = "hall_answers"
        constraints = [models.UniqueConstraint(fields=["case", "round"], name="hall_answers_round")]

    def __str__(self) -> str:
        return f"{self.case_id} round {self.round}"


class Paper(models.Model):
    """A material handed in: a file, or a licence of the library in its place (DATA-40)."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="papers")
    round = models.PositiveSmallIntegerField()
    slot = models.CharField(max_length=60)
    file = models.CharField(max_length=26, blank=True)
    licence = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "hall_paper"
        constraints = [models.CheckConstraint(condition=~Q(file="", licence=""), name="hall_paper_is_something")]
        indexes = [models.Index(fields=["file"], condition=~Q(file=""), name="hall_paper_file")]

    def __str__(self) -> str:
        return self.name


class Work(models.Model):
    """Something an office has to do with a case: the inbox is a list of these."""

    id: int
    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    case = models.ForeignKey(Case, models.CASCADE, related_name="work")
    case_id: int
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in WorkKind])
    office = models.CharField(max_length=26)
    title = models.CharField(max_length=500)
    applicant_name = models.CharField(max_length=100)
    task = models.CharField(max_length=40, blank=True)
    task_version = models.PositiveIntegerField(default=1)
    claimed_by = models.CharField(max_length=120, blank=True)
    open = models.BooleanField(default=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    due = models.DateField(null=True)
    suspended = models.BooleanField(default=False)

    class Meta:
        db_table = "hall_work"
        indexes = [
            models.Index(fields=["office", "due", "id"], condition=Q(open=True), name="hall_work_inbox"),
            models.Index(fields=["case"], condition=Q(open=True), name="hall_work_case_open"),
            models.Index(
                fields=["office", "applicant_name"],
                opclasses=["varchar_ops", "varchar_pattern_ops"],
                condition=Q(open=True),
                name="hall_work_name",
            ),
            models.Index(fields=["office", "claimed_by"], condition=Q(open=True), name="hall_work_claimed"),
            models.Index(
                fields=["office", "due", "id"], condition=Q(open=True, suspended=True), name="hall_work_suspended"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=~Q(task=""), name="hall_work_task"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title}"

    @property
    def ref(self) -> Ref:
        return Ref(WORK, self.public_id)


class Correction(models.Model):
    """The one-time notice that lists everything to correct, and whether it was answered."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="corrections")
    round = models.PositiveSmallIntegerField()
    asked = models.JSONField()
    office = models.CharField(max_length=26)
    at = models.DateTimeField()
    until = models.DateField()
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hall_correction"
        # 一次性告知: one notice for each application, by law (行政许可法 32).
        constraints = [models.UniqueConstraint(fields=["case"], name="hall_correction_once")]

    def __str__(self) -> str:
        return f"{self.case_id}"


class Decision(models.Model):
    """What one office decided on its part, with its opinion."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="decisions")
    work = models.OneToOneField(Work, models.PROTECT)
    office = models.CharField(max_length=26)
    officer = models.CharField(max_length=120)
    outcome = models.CharField(max_length=6, choices=[(o.value, o.value) for o in Outcome])
    opinion = models.TextField(max_length=1000)
    at = models.DateTimeField()

    class Meta:
        db_table = "hall_decision"

    def __str__(self) -> str:
        return f"{self.outcome} {self.opinion[:20]}"


class Suspension(models.Model):
    """A special procedure during which the clock stands still."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="suspensions")
    procedure = models.CharField(max_length=20)
    reason = models.TextField(max_length=1000)
    officer = models.CharField(max_length=120)
    office = models.CharField(max_length=26)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)

    class Meta:
        db_table = "hall_suspension"
        constraints = [models.UniqueConstraint(fields=["case"], condition=Q(end=None), name="hall_suspension_one_open")]

    def __str__(self) -> str:
        return self.procedure


class Reservation(models.Model):
    """A value (say an enterprise name) held by an open case, so that two applicants cannot get it."""

    register = models.CharField(max_length=60)
    field = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reservations")

    class Meta:
        db_table = "hall_reservation"
        constraints = [models.UniqueConstraint(fields=["register", "field", "value"], name="hall_reservation_once")]

    def __str__(self) -> str:
        return self.value


class Rating(models.Model):
    """The applicant's rating: once, only if they give one (好差评)."""

    case = models.OneToOneField(Case, models.CASCADE, related_name="rating")
    grade = models.PositiveSmallIntegerField()
    tags: Any = ArrayField(models.CharField(max_length=40), default=list)
    comment = models.TextField(max_length=1000, blank=True)
    at = models.DateTimeField()

    class Meta:
        db_table = "hall_rating"
        constraints = [models.CheckConstraint(condition=Q(grade__range=(1, 5)), name="hall_rating_grade")]

    def __str__(self) -> str:
        return str(self.grade)


class Question(models.Model):
    """A question about an item, answered in public or privately (SVC-30)."""

    id: int
    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    item = models.CharField(max_length=80)
    item_title = models.CharField(max_length=200)
    office = models.CharField(max_length=26)
    asker = models.CharField(max_length=120)
    text = models.TextField(max_length=1000)
    asked_at = models.DateTimeField()
    due = models.DateField(null=True)
    reply = models.TextField(max_length=4000, blank=True)
    replied_by = models.CharField(max_length=120, blank=True)
    replied_at = models.DateTimeField(null=True)
    public = models.BooleanField(default=False)

    class Meta:
        db_table = "hall_question"
        indexes = [
            models.Index(fields=["item", "-id"], condition=Q(public=True), name="hall_question_public"),
            models.Index(fields=["office", "due", "id"], condition=Q(replied_at=None), name="hall_question_open"),
            models.Index(fields=["asker", "-id"], name="hall_question_asker"),
        ]

    def __str__(self) -> str:
        return self.text[:40]


class ValueReport(models.Model):
    """An applicant says that a value prefilled from a register is wrong."""

    source = models.CharField(max_length=60)
    field = models.CharField(max_length=120)
    reporter = models.CharField(max_length=120)
    right = SealedText(KeyClass.ANSWERS, row="reporter field")
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hall_valuereport"

    def __str__(self) -> str:
        return self.field

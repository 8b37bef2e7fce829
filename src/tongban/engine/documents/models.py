"""Documents asked for, and what came of it."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from tongban.base.kernel.api import new_id
from tongban.trust.identity.api import SealedBytes, SealedJSON, SealedText
from tongban.trust.identity.data import KeyClass

from .data import State


class Counter(models.Model):
    """The last number given to a word of an office (机关代字) in a year."""

    id = models.BigAutoField(primary_key=True)
    word = models.CharField(max_length=60)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField()

    class Meta:
        db_table = "documents_counter"
        constraints = [models.UniqueConstraint(fields=["word", "year"], name="documents_one_counter")]

    def __str__(self) -> str:
        return f"{self.word}〔{self.year}〕{self.last}号"


class Document(models.Model):
    """One document. ``facts`` is emptied once the PDF exists: what it says is then said in one place only."""

    id = models.CharField(max_length=26, primary_key=True, default=new_id)
    kind = models.CharField(max_length=60)
    title = models.CharField(max_length=200)
    number = SealedText(KeyClass.LICENCE, row="id")
    language = models.CharField(max_length=10, default="zh-hans")
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    facts = SealedJSON(KeyClass.PASSING, row="id", encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State], default=State.PENDING)
    requested_at = models.DateTimeField()
    ready_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    digest = models.CharField(max_length=64, blank=True)
    size = models.PositiveIntegerField(default=0)
    content = SealedBytes(KeyClass.LICENCE, row="id", null=True, default=None)

    class Meta:
        db_table = "documents_document"
        indexes = [
            models.Index(fields=["subject_id", "requested_at"], name="documents_of_subject"),
            models.Index(fields=["requested_at"], condition=models.Q(state="failed"), name="documents_failed"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(content__isnull=False),
                name="documents_ready_has_pdf",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind}:{self.subject_id}"

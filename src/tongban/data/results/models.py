"""What of the results is published."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tongban.base.kernel.api import new_id


class Publication(models.Model):
    """One published result, masked when it was written: no personal number is in this table."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    kind = models.CharField(max_length=10)
    row = models.CharField(max_length=40, unique=True)
    number = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    party = models.CharField(max_length=200)
    party_code = models.CharField(max_length=40, blank=True)
    content = models.TextField()
    outcome = models.CharField(max_length=60, blank=True)
    basis = models.TextField(blank=True)
    authority = models.CharField(max_length=200)
    decided = models.DateField()
    due = models.DateField()
    published_at = models.DateTimeField()
    until = models.DateField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_why = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "results_publication"
        indexes: ClassVar = [
            models.Index(fields=["kind", "-decided", "-id"], name="results_publication_list"),
            models.Index(fields=["party"], name="results_publication_party"),
        ]

    def __str__(self) -> str:
        return self.number

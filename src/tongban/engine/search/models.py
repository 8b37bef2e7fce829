"""The index and the everyday words."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from tongban.base.kernel.api import now


class Entry(models.Model):
    """One subject as the search sees it, for one audience. `body` holds its words and pairs of characters."""

    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    audience = models.CharField(max_length=20, default="public")
    zone = models.CharField(max_length=10, default="public")
    title = models.TextField()
    text = models.TextField()
    body = SearchVectorField()
    facets = ArrayField(models.TextField(), default=list)
    boost = models.FloatField(default=1.0)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "search_entry"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "audience"], name="search_entry_once"),
        ]
        indexes: ClassVar = [
            # Without a pending list: a query would read all of it, which costs more than it saves in writing.
            GinIndex(fields=["body"], name="search_entry_body", fastupdate=False),
            GinIndex(fields=["title"], opclasses=["gin_trgm_ops"], name="search_entry_title"),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind}:{self.subject_id}"


class Synonym(models.Model):
    """An everyday word and the official words it stands for: 开饭馆 -> 餐饮."""

    word = models.CharField(max_length=40, unique=True)
    targets = ArrayField(models.CharField(max_length=40))

    class Meta:
        db_table = "search_synonym"

    def __str__(self) -> str:
        return self.word

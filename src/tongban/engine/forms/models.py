"""Published form definitions."""

from __future__ import annotations

from django.db import models


class Definition(models.Model):
    """One version of a form, never changed: an application stays with the digest it was filled in with."""

    digest = models.CharField(max_length=64, primary_key=True)
    key = models.CharField(max_length=60)
    source = models.TextField()
    current = models.BooleanField(default=True)
    published_at = models.DateTimeField()

    class Meta:
        db_table = "forms_definition"
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(current=True), name="forms_one_current_per_key")
        ]

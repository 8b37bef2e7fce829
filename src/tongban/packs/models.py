"""What is installed."""

from __future__ import annotations

from django.db import models


class Installed(models.Model):
    """One pack as it was applied last."""

    key = models.CharField(max_length=60, unique=True)
    version = models.CharField(max_length=20)
    title = models.JSONField()
    digest = models.CharField(max_length=64)
    applied_at = models.DateTimeField()

    class Meta:
        db_table = "packs_installed"

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class Table(models.Model):
    """A decision table of a pack, found by its name."""

    name = models.CharField(max_length=80, unique=True)
    pack = models.CharField(max_length=60)
    format = models.CharField(max_length=4)
    text = models.TextField()

    class Meta:
        db_table = "packs_table"

    def __str__(self) -> str:
        return self.name

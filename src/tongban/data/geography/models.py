"""Where each feature lies, for the index that PostgreSQL has without extensions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Extent(models.Model):
    """The box around one row's geometry. The migration puts a GiST index of type `box` on the four numbers."""

    register = models.CharField(max_length=60)
    row = models.CharField(max_length=40, db_collation="C")
    west = models.FloatField()
    south = models.FloatField()
    east = models.FloatField()
    north = models.FloatField()

    class Meta:
        db_table = "geography_extent"
        constraints: ClassVar = [models.UniqueConstraint(fields=["register", "row"], name="geography_extent_once")]

    def __str__(self) -> str:
        return f"{self.register}:{self.row}"

"""Bookkeeping tables. The registers' own tables are made by `ddl` from their definitions."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tongban.base.kernel.api import now


class Definition(models.Model):
    """The definition in force of one register, as its text: every process builds the same models from it."""

    key = models.CharField(max_length=40, primary_key=True)
    file = models.CharField(max_length=300)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    applied_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "registers_definition"

    def __str__(self) -> str:
        return self.key


class Code(models.Model):
    """One code of a code set such as `gbt4754`. A code out of use keeps its row and gets an end date."""

    set = models.CharField(max_length=60)
    code = models.CharField(max_length=40)
    title_zh = models.CharField(max_length=300)
    title_en = models.CharField(max_length=300, blank=True, default="")
    parent = models.CharField(max_length=40, blank=True, default="")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "registers_code"
        constraints: ClassVar = [models.UniqueConstraint(fields=["set", "code"], name="registers_code_once")]

    def __str__(self) -> str:
        return f"{self.set}/{self.code}"

"""What is installed, and the planning and installing that people start."""

from __future__ import annotations

from django.db import models

from tongban.base.kernel.api import Ref, new_id

from .data import RUN, RunKind, RunState


class Installed(models.Model):
    """One pack as it was applied last. `defines` are things that only this pack may change, as `form elder_card`."""

    key = models.CharField(max_length=60, unique=True)
    version = models.CharField(max_length=20)
    title = models.JSONField()
    digest = models.CharField(max_length=64)
    publisher = models.CharField(max_length=200, blank=True)
    defines = models.JSONField(default=list)
    applied_at = models.DateTimeField()
    applied_by = models.CharField(max_length=120, blank=True)

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


class Run(models.Model):
    """Planning or installing a pack, started on a page and done by the worker that owns the database.

    `digests` are those of the planned packs: what is installed must be what the plan showed.
    """

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    pack = models.CharField(max_length=60)
    kind = models.CharField(max_length=5, choices=[(kind.value, kind.value) for kind in RunKind])
    state = models.CharField(max_length=8, choices=[(state.value, state.value) for state in RunState])
    older = models.BooleanField(default=False)
    digests = models.JSONField(default=dict)
    changes = models.JSONField(default=list)
    findings = models.JSONField(default=list)
    by = models.CharField(max_length=120)
    asked_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "packs_run"
        indexes = [models.Index(fields=["pack", "-id"], name="packs_run_pack")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pack}"

    @property
    def ref(self) -> Ref:
        return Ref(RUN, self.public_id)

    @property
    def ended(self) -> bool:
        return self.state in (RunState.DONE, RunState.FAILED)

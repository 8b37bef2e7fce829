"""Tables of personnel systems."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tongban.base.kernel.api import Ref, new_id, now

from .data import PERSONNEL_SYSTEM


class PersonnelSystem(models.Model):
    """A program that may create, move and close the accounts of one office's subtree. Its token is kept as a hash."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    title = models.CharField(max_length=100)
    office = models.ForeignKey("identity.Office", models.PROTECT, related_name="personnel_systems")
    token_hash = models.CharField(max_length=64, unique=True)
    created_by = models.CharField(max_length=140, blank=True)
    created_at = models.DateTimeField(default=now)
    until = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_personnel_system"

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        return Ref(PERSONNEL_SYSTEM, self.public_id)


class PersonnelRecord(models.Model):
    """What a personnel system calls a person. One that it deleted is gone for it; the account is kept, closed."""

    system = models.ForeignKey(PersonnelSystem, models.PROTECT, related_name="records")
    person = models.ForeignKey("identity.Person", models.PROTECT, related_name="personnel_records")
    external_id = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=100, blank=True)
    changed_at = models.DateTimeField(default=now)
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "identity_personnel_record"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["system", "person"], name="identity_personnel_once"),
            models.UniqueConstraint(
                fields=["system", "external_id"],
                condition=~models.Q(external_id="") & models.Q(deleted_at=None),
                name="identity_personnel_external",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system_id}: {self.person_id}"

"""Tables of the file store."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from tongban.base.kernel.api import new_id, now

from .data import State


class Blob(models.Model):
    """Content, kept once however often it is handed in. `sha256`: of the sealed bytes, which are called so on disk;
    `content`: a keyed hash of the plain ones; `key`: what opens them, wrapped; `checked_at`: when they were last seen
    to open whole."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    content = models.BinaryField(db_index=True)
    key = models.BinaryField()
    size = models.PositiveBigIntegerField()
    stored_at = models.DateTimeField(default=now)
    checked_at = models.DateTimeField(default=now)
    damaged = models.BooleanField(default=False)

    class Meta:
        db_table = "files_blob"
        indexes: ClassVar = [models.Index(fields=["checked_at"], name="files_blob_checked")]

    def __str__(self) -> str:
        return self.sha256


class File(models.Model):
    """One upload by one person; a refused one has no content. `came_as` is the hash of what was handed in, `sha256`
    of what is kept: PDF and images are written anew."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=200)
    declared = models.CharField(max_length=100, blank=True)
    format = models.CharField(max_length=10, blank=True)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    came_as = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State])
    reason = models.CharField(max_length=300, blank=True)
    owner = models.CharField(max_length=140)
    by = models.CharField(max_length=140)
    subject_kind = models.CharField(max_length=60, blank=True)
    subject_id = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField(default=now)

    class Meta:
        db_table = "files_file"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(state="released") | models.Q(blob__isnull=False),
                name="files_file_has_content",
            )
        ]
        indexes: ClassVar = [models.Index(fields=["subject_id", "subject_kind"], name="files_file_subject")]

    def __str__(self) -> str:
        return f"{self.public_id} {self.state}"

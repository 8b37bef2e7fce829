from django.contrib.postgres.fields import ArrayField
from django.db import models

from tongban.base.kernel.api import new_id, now


class Notice(models.Model):
    """A notice of the hall, from its publication until it is withdrawn."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    title = models.CharField(max_length=200)
    body = models.TextField()
    published_at = models.DateTimeField(default=now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "portal_notice"
        ordering = ["-published_at"]
        indexes = [
            models.Index(fields=["-published_at"], name="portal_notice_shown", condition=models.Q(withdrawn_at=None))
        ]


class NoticeDraft(models.Model):
    """A notice that is being written. The public process cannot read this table.

    `editors` are the people who wrote it: none of them publishes it. `asked_at`: since when it waits for that.
    """

    public_id = models.CharField(max_length=26, unique=True, default=new_id, editable=False)
    title = models.CharField(max_length=200)
    body = models.TextField()
    editors = ArrayField(models.CharField(max_length=120))
    asked_at = models.DateTimeField(null=True, blank=True)
    returned = models.TextField(blank=True)
    revision = models.PositiveIntegerField(default=1)
    updated_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "portal_noticedraft"
        ordering = ["-updated_at"]

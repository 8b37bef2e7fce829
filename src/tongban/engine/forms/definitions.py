"""Publishing definitions and finding them again by key or digest."""

from __future__ import annotations

from functools import lru_cache

from django.db import connection, transaction

from tongban.base.kernel.api import NotFound, Ref, now
from tongban.base.ledger import api as ledger

from .data import CodeSource, FieldSource, FormDefinition
from .models import Definition
from .parsing import parse


def publish(
    text: str, file: str, registers: FieldSource | None = None, codes: CodeSource | None = None
) -> FormDefinition:
    """Make the definition in ``text`` the current one of its key; the former stays for those who began with it.
    ``registers`` and ``codes`` look up what it refers to.

    Raises DefinitionError."""
    form = parse(text, file, registers, codes)
    with transaction.atomic():
        Definition.objects.filter(key=form.key, current=True).exclude(digest=form.digest).update(current=False)
        row, new = Definition.objects.get_or_create(
            digest=form.digest, defaults={"key": form.key, "source": form.source, "published_at": now()}
        )
        if not new and not row.current:
            Definition.objects.filter(digest=form.digest).update(current=True)
        if new or not row.current:
            ledger.write("forms.definition.published", Ref("forms.definition", form.key), digest=form.digest)
    return form


def current(key: str) -> FormDefinition:
    """The current form ``key``. Raises NotFound."""
    with connection.cursor() as cursor:  # asked by every application
        cursor.execute("SELECT digest FROM forms_definition WHERE key = %s AND current", [key])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    return definition(row[0])


@lru_cache(maxsize=1024)
def definition(digest: str) -> FormDefinition:
    """The form with this digest, whether still current or not. Raises NotFound."""
    row = Definition.objects.filter(digest=digest).first()
    if row is None:
        raise NotFound
    return parse(row.source, row.key)

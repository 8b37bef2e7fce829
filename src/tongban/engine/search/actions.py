"""Putting subjects into the index and taking them out; everyday words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref, now
from tongban.base.ledger import api as ledger

from . import reading
from .models import Entry, Synonym
from .words import clean, plain, vector

Facets = Mapping[str, str | Sequence[str]]
_WORD_KIND = "search.synonym"


@dataclass(frozen=True)
class Document:
    """What is to be found: `keywords` weigh more than text, unshown; `boost` multiplies the score."""

    subject: Ref
    title: str
    text: str = ""
    facets: Facets = field(default_factory=dict)
    keywords: str = ""
    audience: str = "public"
    zone: str = "public"
    boost: float = 1.0


_UPSERT = """
INSERT INTO search_entry (subject_kind, subject_id, audience, zone, title, text, body, facets, boost,
updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s::tsvector, %s, %s, %s)
ON CONFLICT (subject_kind, subject_id, audience) DO UPDATE SET zone = excluded.zone, title = excluded.title,
  text = excluded.text, body = excluded.body, facets = excluded.facets, boost = excluded.boost,
  updated_at = excluded.updated_at
"""


def index(
    subject: Ref,
    title: str,
    text: str = "",
    facets: Facets | None = None,
    *,
    keywords: str = "",
    audience: str = "public",
    zone: str = "public",
    boost: float = 1.0,
) -> None:
    """Make a subject findable, or renew it. `facets` such as `{"department": "commerce"}` narrow a query.

    What `audience` may read all of this is decided by the room that owns the subject; personal data never
    enters.
    """
    index_many([Document(subject, title, text, facets or {}, keywords, audience, zone, boost)])


def index_many(documents: Iterable[Document]) -> int:
    """Index many subjects in one go; returns how many."""
    moment = now()
    rows = [
        (
            item.subject.kind,
            item.subject.id,
            item.audience,
            item.zone,
            clean(item.title),
            clean(item.text),
            vector(item.title, item.text, item.keywords),
            flat(item.facets),
            item.boost,
            moment,
        )
        for item in documents
    ]
    if rows:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(_UPSERT, rows)
    return len(rows)


def remove(subject: Ref) -> None:
    """Take a subject out of the index, for every audience."""
    Entry.objects.filter(subject_kind=subject.kind, subject_id=subject.id).delete()


def flat(facets: Facets) -> list[str]:
    """Facets as `name=value` texts, which is how they are stored and asked for."""
    return [
        f"{name}={value}"
        for name, values in facets.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def set_synonym(word: str, targets: Sequence[str], *, by: Ref | None = None) -> None:
    """Teach the search that `word` means `targets`; a word taught before gets the new ones."""
    word = plain(word)
    wanted = [target for item in targets if (target := plain(item))]
    if not 2 <= len(word) <= 40:
        raise Invalid({"word": _("An everyday word has 2 to 40 characters.")})
    if not wanted or any(len(target) > 40 for target in wanted):
        raise Invalid({"targets": _("Give at least one official word, each of at most 40 characters.")})
    with transaction.atomic():
        Synonym.objects.update_or_create(word=word, defaults={"targets": wanted})
        ledger.write("search.synonym.set", Ref(_WORD_KIND, word), by=by, targets=wanted)
    reading.forget()


def remove_synonym(word: str, *, by: Ref | None = None) -> None:
    """Forget an everyday word."""
    with transaction.atomic():
        if Synonym.objects.filter(word=word).delete()[0]:
            ledger.write("search.synonym.removed", Ref(_WORD_KIND, word), by=by)
    reading.forget()

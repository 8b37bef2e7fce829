"""Asking the index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import BooleanField, Case, F, FloatField, Q, QuerySet, Value, When
from django.db.models.expressions import RawSQL

from tongban.base.kernel.api import Ref

from .actions import Facets, flat
from .data import Fragment, Hit, Hits
from .models import Entry, Synonym
from .reading import Reading, read

MAX_LIMIT = 50
MAX_DEPTH = 500
"""Hits behind this place are not shown: whoever needs them narrows the query."""
_EXCERPT = 90
_ENOUGH = 5
"""With fewer hits for every word, those for some of the words follow."""
_FUZZY = 0.5
_RANK = "ts_rank('{0.1, 0.2, 0.4, 1.0}', body, %s::tsquery, 1)"


def query(
    text: str,
    *,
    kinds: Sequence[str] = (),
    facets: Facets | None = None,
    audience: str | Sequence[str] = "public",
    limit: int = 20,
    after: str | None = None,
) -> Hits:
    """Subjects that answer the text, best first: every word first, then some, then titles spelled nearly so.

    `kinds` and `facets` narrow; `audience` is what the caller may read. An empty or unreadable `after` is
    the start.
    """
    asked = read(text)
    if asked is None:
        return Hits()
    limit = max(1, min(limit, MAX_LIMIT))
    start = int(after) if after and after.isascii() and after.isdigit() and len(after) < 6 else 0
    end = min(start + limit, MAX_DEPTH)
    scope = _scope(kinds, facets or {}, [audience] if isinstance(audience, str) else list(audience))
    found = _best(scope, asked, end + 1)
    hits = tuple(_hit(entry, asked) for entry in found[start:end])
    return Hits(hits, str(end) if len(found) > end and end < MAX_DEPTH else None, asked.read_as)


def synonyms() -> Mapping[str, tuple[str, ...]]:
    """Every everyday word with its official words."""
    return {row.word: tuple(row.targets) for row in Synonym.objects.order_by("word")}


def _scope(kinds: Sequence[str], facets: Facets, audiences: Sequence[str]) -> QuerySet[Entry]:
    entries = Entry.objects.filter(audience__in=audiences)
    if kinds:
        entries = entries.filter(subject_kind__in=kinds)
    for facet in facets:
        entries = entries.filter(facets__overlap=flat({facet: facets[facet]}))
    return entries


def _best(scope: QuerySet[Entry], asked: Reading, wanted: int) -> list[Entry]:
    found = list(_matching(scope, asked.strict, asked)[:wanted])
    if len(found) < min(wanted, _ENOUGH) and asked.loose != asked.strict:
        known = [entry.pk for entry in found]
        found += _matching(scope, asked.loose, asked).exclude(pk__in=known)[: wanted - len(found)]
    if not found:
        near = scope.filter(RawSQL("%s <%% title", [asked.text], BooleanField()))
        near = near.annotate(score=TrigramWordSimilarity(asked.text, "title")).filter(score__gte=_FUZZY)
        found = list(near.order_by("-score", "pk")[:wanted])
    return found


def _matching(scope: QuerySet[Entry], tsquery: str, asked: Reading) -> QuerySet[Entry]:
    whole = Case(
        When(title__iexact=asked.text, then=Value(4.0)),
        When(title__icontains=asked.text, then=Value(1.0)),
        default=Value(0.0),
        output_field=FloatField(),
    )
    rank = RawSQL(_RANK, [tsquery], output_field=FloatField())  # noqa: S611 - a parameter, quoted in words.lexeme
    matches = Q(RawSQL("body @@ %s::tsquery", [tsquery], BooleanField()))
    return scope.filter(matches).annotate(score=(rank + whole) * F("boost")).order_by("-score", "pk")


def _hit(entry: Entry, asked: Reading) -> Hit:
    return Hit(
        subject=Ref(entry.subject_kind, entry.subject_id),
        title=_marked(entry.title, asked.marks),
        excerpt=_excerpt(entry.text, asked.marks),
        facets=tuple(entry.facets),
        score=round(float(getattr(entry, "score", 0.0)), 4),
    )


def _marked(text: str, marks: Sequence[str]) -> tuple[Fragment, ...]:
    """The text in pieces, those equal to a mark set off; longer marks win."""
    useful = sorted({mark for mark in marks if len(mark) > 1 or not mark.isascii()}, key=len, reverse=True)
    if not useful:
        return (Fragment(text),)
    pattern = re.compile("(" + "|".join(re.escape(mark) for mark in useful) + ")", re.IGNORECASE)
    pieces = pattern.split(text)
    return tuple(Fragment(piece, place % 2 == 1) for place, piece in enumerate(pieces) if piece)


def _excerpt(text: str, marks: Sequence[str]) -> tuple[Fragment, ...]:
    """The passage with the first mark in it, marks in order of worth; the beginning when there is none."""
    low = text.lower()
    first = next((place for mark in marks if len(mark) > 1 and (place := low.find(mark)) >= 0), 0)
    start = max(0, first - _EXCERPT // 3)
    passage = " ".join(text[start : start + _EXCERPT].split())
    before, behind = "…" if start else "", "…" if start + _EXCERPT < len(text) else ""
    return _marked(f"{before}{passage}{behind}", marks) if passage else ()

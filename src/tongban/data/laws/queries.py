"""Reading laws: which text is in force, its articles, what two texts differ in, what words are found where."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import NotFound, today
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Page
from tongban.engine.search import api as search_engine
from tongban.engine.search.data import Hits

from .actions import KIND
from .data import ARTICLE, LAW, VERSION, Article, Authority, Difference, Law, Status, Version
from .parsing import NUMBER, number, short_name

_LABEL = re.compile(rf"第?({NUMBER})条?(?:之({NUMBER}))?")


def laws(text: str = "", authority: str = "", after: str | None = None, size: int = 30) -> Page:
    """One page of the laws by name, by keyset. `Invalid` for an unknown level of authority."""
    return registers.page(LAW, {"authority": authority}, after, size, search=text)


def law(name: str) -> Law:
    """The law of this name, whole or as it is cited; `NotFound` when it is not in the register."""
    row = registers.find(LAW, name=name) or registers.find(LAW, short=short_name(name))
    if row is None or row.retired:
        raise NotFound(_("There is no such law in the register."))
    return Law(row["name"], row["short"], Authority(row["authority"]), row["category"] or "", row["issuer"] or "")


def versions(name: str) -> tuple[Version, ...]:
    """Every text of the law, newest first; `name` is the whole name."""
    return versions_of([name]).get(name, ())


def versions_of(names: Sequence[str]) -> dict[str, tuple[Version, ...]]:
    """The texts of several laws, each newest first; one question for all."""
    found = registers.model(VERSION).objects.filter(law__in=list(names), valid_to=None).order_by("law", "-issued")
    made: dict[str, list[Version]] = {}
    for row in found:
        later = made.setdefault(row.law, [])
        until = min((one.effective for one in later), default=None)
        later.append(
            Version(
                row.law,
                row.issued,
                row.effective,
                bool(row.stated),
                row.repealed,
                until - timedelta(days=1) if until else None,
                row.note or "",
                row.preamble or "",
                row.articles or 0,
            )
        )
    return {name: tuple(found) for name, found in made.items()}


def in_force(name: str, on: date | None = None) -> Version | None:
    """The text in force on a day (today unless given); None before the first, and after the law's repeal."""
    day = on or today()
    return next((one for one in versions(name) if one.status(day) is Status.IN_FORCE), None)


def articles(version: Version) -> tuple[Article, ...]:
    """The articles of one text in order."""
    found = registers.model(ARTICLE).objects.filter(law=version.law, issued=version.issued, valid_to=None)
    return tuple(_article(row) for row in found.order_by("place"))


def article(version: Version, label: str | int) -> Article:
    """One article by its label or number: 第十二条, 第12条之一, 12. `NotFound` where the text has none."""
    row = None
    if (place := place_of(str(label))) is not None:
        found = registers.model(ARTICLE).objects.filter(law=version.law, issued=version.issued, place=place)
        row = found.filter(valid_to=None).first()
    if row is None:
        raise NotFound(_("This text has no such article."))
    return _article(row)


def place_of(label: str) -> int | None:
    """第十二条之一 as 1201; None for what is no label."""
    made = _LABEL.fullmatch(label.strip().rstrip("、"))
    if not made or len(label) > 20:
        return None
    return number(made.group(1)) * 100 + (number(made.group(2)) if made.group(2) else 0)


def _article(row: Any) -> Article:
    return Article(row.place, row.label, row.heading or "", row.text)


def compare(old: Version, new: Version) -> tuple[Difference, ...]:
    """Article by article what became of a text: matched by likeness first, because amendments renumber.

    In the order of the new text; what was removed stands where it stood.
    """
    before, after = articles(old), articles(new)
    paired = _paired(before, after)
    back = {j: i for i, j in paired.items()}
    made: list[Difference] = []
    done = 0
    for place, one in enumerate(after):
        if (source := back.get(place)) is None:
            made.append(Difference("added", None, one, ((one.text, "new"),)))
            continue
        made += [_removed(each) for n, each in enumerate(before[done:source], done) if n not in paired]
        done = max(done, source + 1)
        was = before[source]
        kind = "same" if was.text == one.text else "changed"
        made.append(Difference(kind, was, one, _pieces(was.text, one.text) if kind == "changed" else ()))
    return (*made, *(_removed(each) for n, each in enumerate(before[done:], done) if n not in paired))


def _removed(one: Article) -> Difference:
    return Difference("removed", one, None, ((one.text, "old"),))


def _paired(before: Sequence[Article], after: Sequence[Article]) -> dict[int, int]:
    """Which article became which: equal texts in order first; between them the most alike, at least half alike."""
    equal = difflib.SequenceMatcher(None, [a.text for a in before], [a.text for a in after], autojunk=False)
    paired: dict[int, int] = {}
    for tag, i1, i2, j1, j2 in equal.get_opcodes():
        if tag == "equal":
            paired |= dict(zip(range(i1, i2), range(j1, j2), strict=True))
        elif tag == "replace":
            scored = [
                (difflib.SequenceMatcher(None, before[i].text[:600], after[j].text[:600]).ratio(), i, j)
                for i in range(i1, i2)
                for j in range(j1, j2)
                if abs((i - i1) - (j - j1)) <= 15
            ]
            used_old, used_new = set[int](), set[int]()
            for score, i, j in sorted(scored, key=lambda each: (-each[0], each[1], each[2])):
                if score >= 0.5 and i not in used_old and j not in used_new:
                    paired[i] = j
                    used_old.add(i)
                    used_new.add(j)
    return paired


def _pieces(old: str, new: str) -> tuple[tuple[str, str], ...]:
    made: list[tuple[str, str]] = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            made.append((old[i1:i2], "same"))
            continue
        if i2 > i1:
            made.append((old[i1:i2], "old"))
        if j2 > j1:
            made.append((new[j1:j2], "new"))
    return tuple(made)


def search(text: str, *, law: str = "", after: str | None = None, limit: int = 20) -> Hits:
    """Articles that answer the text, best first; `law` is the short name of the law to stay in."""
    return search_engine.query(text, kinds=[KIND], facets={"law": law} if law else None, after=after, limit=limit)


def places_of(hits: Hits) -> dict[str, tuple[str, int]]:
    """Law and place of each hit's article, by the hit's id."""
    ids = [hit.subject.id for hit in hits]
    rows = registers.model(ARTICLE).objects.filter(id__in=ids).values_list("id", "law", "place")
    return {id_: (name, place) for id_, name, place in rows}

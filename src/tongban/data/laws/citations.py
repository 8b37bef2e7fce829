"""Citations: 《立法法》第十二条第二款 in a text, resolved to the article in force on a day (DATA-24)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from tongban.base.kernel.api import today
from tongban.engine.registers import api as registers

from .data import ARTICLE, LAW, Article, Citation, Status, Version
from .parsing import NUMBER, number, short_name
from .queries import place_of, versions_of

_NAME = re.compile(r"《([^《》]{2,200}(?:〈[^〈〉]*〉[^《》]*)*)》(?:[（(][^（）()]{0,60}[）)])?")
_PLACE = re.compile(rf"[、，,和及至\s]*(第{NUMBER}条(?:之{NUMBER})?)(?:第({NUMBER})款)?(?:第[（(]?({NUMBER})[）)]?项)?")


def resolve(text: str, on: date | None = None) -> tuple[Citation, ...]:
    """Every citation in a text, in order, each with the article in force on the day (today unless given).

    A law without an article gives one citation, several articles after one name give one each. What the register does
    not have comes back with `problem` set, never dropped: the caller shows it as it was written. Three questions to the
    database, however long the text.
    """
    day = on or today()
    cited = [(match, list(_places(text, match.end()))) for match in _NAME.finditer(text)]
    shorts = {short_name(match.group(1)) for match, _p in cited}
    names = {short: row["name"] for short, row in registers.find_many(LAW, "short", sorted(shorts)).items()}
    texts = versions_of(sorted(names.values()))
    force = {
        name: next((one for one in found if one.status(day) is Status.IN_FORCE), None) for name, found in texts.items()
    }
    known = _articles([one for one in force.values() if one], [p for _m, places in cited for p in places])
    made: list[Citation] = []
    for match, places in cited:
        name = names.get(short_name(match.group(1)), "")
        version = force.get(name)
        problem = "unknown_law" if not name else "not_in_force" if version is None else ""
        if not places:
            whole = Citation(match.group(0), name or match.group(1), version=version, problem=problem)
            made.append(replace(whole, start=match.start(), end=match.end()))
        for turn, (written, label, paragraph, item, end) in enumerate(places):
            found = known.get((name, place_of(label) or 0)) if version else None
            wrong = problem or ("" if found and _there(found, paragraph) else "no_article")
            made.append(
                Citation(
                    f"《{match.group(1)}》{written}",
                    name or match.group(1),
                    label,
                    paragraph,
                    item,
                    version,
                    None if wrong else found,
                    wrong,
                    end - len(written) if turn else match.start(),
                    end,
                )
            )
    return tuple(made)


Place = tuple[str, str, int, int, int]  # as written, article, paragraph, item, where it ends in the text


def _places(text: str, start: int) -> Iterator[Place]:
    while found := _PLACE.match(text, start):
        label, paragraph, item = found.groups()
        written = found.group(0).lstrip("、，,和及至 　\n")
        yield written, label, number(paragraph) if paragraph else 0, number(item) if item else 0, found.end()
        start = found.end()


def _articles(versions: Sequence[Version], places: Sequence[Place]) -> dict[tuple[str, int], Article]:
    wanted = {place for _written, label, *_rest in places if (place := place_of(label)) is not None}
    if not wanted or not versions:
        return {}
    issued = {one.law: one.issued for one in versions}
    rows = registers.model(ARTICLE).objects.filter(law__in=list(issued), place__in=wanted, valid_to=None)
    return {
        (row.law, row.place): Article(row.place, row.label, row.heading or "", row.text)
        for row in rows
        if row.issued == issued[row.law]
    }


def _there(found: Article, paragraph: int) -> bool:
    """Whether the article has that many paragraphs; items （一） belong to the paragraph before them."""
    own = [line for line in found.paragraphs if not re.match(rf"[（(]{NUMBER}[）)]", line)]
    return paragraph <= len(own)

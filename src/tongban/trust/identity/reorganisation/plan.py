"""What a reorganisation would move, and what has no home yet. Reads only; applying follows the very same routes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _

from tongban.base.kernel.api import DefinitionError, Ref, today

from .. import data, models
from ..offices import _living, _office
from .data import Change, Homeless, How, OfficeHolding, Plan, Reform, Route, Thing
from .holdings import in_order

_EXAMPLES = 5
POSTS = "identity.post"


def plan(reform: Reform) -> Plan:
    """What would move where if it were applied now. `DefinitionError` names offices, people or roles that are not."""
    known = offices_named(reform)
    check(reform, known)
    routes: list[Route] = []
    homeless: list[Homeless] = []
    for sort, holding in in_order():
        for change in reform.changes:
            for code in change.offices if change.how in (How.MERGE, How.SPLIT, How.CLOSE) else ():
                if code in known and (change.how == How.SPLIT or code in change.ending):
                    _route(sort, holding, known[code].ref, code, change, reform, routes, homeless)
    return Plan(tuple(routes), tuple(homeless), tuple(_words(reform, known)))


def _route(
    sort: str,
    holding: OfficeHolding,
    former: Ref,
    code: str,
    change: Change,
    reform: Reform,
    routes: list[Route],
    homeless: list[Homeless],
) -> None:
    count = holding.count(former)
    if not count:
        return
    placed = bool(reform.people) and (sort == POSTS or holding.kept)
    if change.how != How.SPLIT and change.into and not placed:
        routes.append(Route(sort, holding.title, code, change.into[0], count))
        return
    ways: dict[str, list[Thing]] = defaultdict(list)
    for thing in holding.things(former):
        to = home(sort, thing, change, reform)
        ways[to if not thing.keeper or _goes(thing.keeper, former, change, reform, to) else ""].append(thing)
    for to, things in sorted(ways.items()):
        if not to:
            examples = tuple(thing.number or thing.id for thing in things[:_EXAMPLES])
            homeless.append(Homeless(sort, holding.title, code, len(things), examples))
        elif to != code:
            routes.append(Route(sort, holding.title, code, to, len(things), tuple(thing.id for thing in things)))


def _goes(keeper: str, former: Ref, change: Change, reform: Reform, to: str) -> bool:
    """Whether somebody who works at the office goes to `to`; who works elsewhere does not move."""
    here = models.Post.objects.filter(Q(until=None) | Q(until__gt=today()), office__public_id=former.id)
    works_here = here.filter(person__username=keeper).exists()
    return not works_here or home(POSTS, Thing("", number=keeper), change, reform) == to


def home(sort: str, thing: Thing, change: Change, reform: Reform) -> str:
    """The code of the office the thing goes to; empty where the file does not say."""
    if sort == POSTS and (placement := reform.people.get(thing.number)):
        return placement.to
    if change.how != How.SPLIT:
        return change.into[0] if change.into else ""
    return next((rule.to for rule in change.rules if rule.fits(sort, thing)), change.rest)


def offices_named(reform: Reform) -> dict[str, data.Office]:
    """The living offices the file names, by code."""
    codes = {code for change in reform.changes for code in (*change.offices, *change.into, change.parent)}
    codes |= {row.parent for row in reform.new.values()} | {each.to for each in reform.people.values()}
    return {row.code: _office(row) for row in _living().filter(code__in=codes | set(reform.new))}


def check(reform: Reform, known: dict[str, data.Office]) -> None:
    """Everything the file names is there, and what it founds is not there yet."""
    faults = [_("There is an office with the code %s already.") % code for code in reform.new if code in known]
    ending = {code for change in reform.changes for code in change.ending}
    there = (set(known) | set(reform.new)) - ending
    wanted = [(code, set(known)) for change in reform.changes for code in change.offices]
    wanted += [(code, there) for change in reform.changes for code in (*change.into, change.parent) if code]
    wanted += [(row.parent, there) for row in reform.new.values()]
    wanted += [(placement.to, there) for placement in reform.people.values()]
    missing = dict.fromkeys(code for code, among in wanted if code not in among)
    faults += [_("No office with the code %s exists after this reorganisation.") % code for code in missing]
    roles = {role for placement in reform.people.values() for role in placement.roles or ()}
    unknown = roles - set(models.Role.objects.filter(key__in=roles).values_list("key", flat=True))
    faults += [_("There is no role named %s.") % role for role in sorted(unknown)]
    people = set(reform.people)
    strangers = people - set(models.Person.objects.filter(username__in=people).values_list("username", flat=True))
    faults += [_("Nobody has the username %s.") % person for person in sorted(strangers)]
    faults += _circles(reform, known)
    if faults:
        raise DefinitionError(faults)


def _circles(reform: Reform, known: dict[str, data.Office]) -> Iterator[str]:
    for change in reform.changes:
        if change.how == How.MOVE and change.offices[0] in known and change.parent in known:
            office, parent = known[change.offices[0]], known[change.parent]
            if parent.path.startswith(office.path):
                yield _("%s cannot lie below itself.") % office.title


def _words(reform: Reform, known: dict[str, data.Office]) -> Iterator[str]:
    """Each change as a sentence."""

    def title(code: str) -> str:
        return known[code].title if code in known else reform.new[code].title

    for change in reform.changes:
        offices, into = "、".join(map(title, change.offices)), "、".join(map(title, change.into))
        match change.how:
            case How.MERGE:
                yield _("%(offices)s become %(into)s.") % {"offices": offices, "into": into}
            case How.SPLIT:
                yield _("%(offices)s is split into %(into)s.") % {"offices": offices, "into": into}
            case How.RENAME:
                yield _("%(office)s is called %(title)s.") % {"office": offices, "title": change.title}
            case How.MOVE:
                yield _("%(office)s now lies below %(parent)s.") % {"office": offices, "parent": title(change.parent)}
            case How.CLOSE if into:
                yield _("%(office)s is closed; %(into)s takes over.") % {"office": offices, "into": into}
            case _:
                yield _("%s is closed.") % offices

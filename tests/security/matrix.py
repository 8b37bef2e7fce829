"""The access matrix: its askers, what the declared policies promise each of them, and how the table is written."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from tests.conftest import ANSWERS, PASSWORD, Town, papers
from tongban.base.kernel.api import Lines, Ref, now, system
from tongban.engine.registers import api as registers
from tongban.trust.identity import api as identity
from tongban.trust.identity.access import AGENCY_KEY
from tongban.trust.identity.data import Actor, Policy, Reach
from tongban.work.hall import api as hall

from .conftest import Browse, World

ROLES = Path(__file__).parents[2] / "regions" / "hainan" / "roles.yaml"
# Offices that keep the objects of the world: cases the one, data, seals and systems the other; and one without any.
KEEPERS, ELSEWHERE = ("commerce", "tax"), "police"
SIGN_IN, REFUSED, NO_TOKEN, LET_IN = "to the sign-in page", "refused", "a program without its token", "let in"
Objects = Mapping[str, str]


@dataclass
class Asker:
    """Somebody with a browser on one site: what they may do by role, and whether the objects are theirs."""

    name: str
    open: Callable[[], Client]
    objects: Objects
    own: bool = True
    known: bool = True
    level: int = 0
    staff: bool = False
    rights: frozenset[str] = frozenset()
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.open()

    def promised(self, policy: Policy) -> str:
        """What the declared policy says, before any object is looked at."""
        if policy.kind in ("public", "query_code"):
            return LET_IN
        if policy.kind == "personnel_system":
            return NO_TOKEN
        if not self.known:
            return SIGN_IN
        if policy.kind == "signed_in":
            return LET_IN if self.level >= policy.level else REFUSED
        lacks = policy.kind == "permitted" and not self.rights & set(policy.permission.split("|"))
        return REFUSED if lacks or not self.staff else LET_IN

    def ask(self, method: str, address: str) -> int:
        """The status of an answer; 401 for being led to the sign-in page. Whoever was signed out comes back in."""
        before = self._cookie()
        answer = self.client.generic(method, address)
        if self.known and self._cookie() != before:
            self.client = self.open()
        led = urlsplit(answer.headers.get("Location", "")).path == "/account/sign-in/"
        return 401 if led else answer.status_code

    def _cookie(self) -> str:
        found = self.client.cookies.get(settings.SESSION_COOKIE_NAME)
        return found.value if found else ""


def roles() -> dict[str, dict[str, Any]]:
    """The demonstration province's table of roles, by key."""
    return dict(Lines(ROLES.read_text("utf-8"), ROLES.name).data)


def of_staff(world: World, browse: Browse) -> Iterator[Asker]:
    """Each role twice: where the objects are kept (over all of the province, where it reaches below), and at another
    department; and those who have no business on the staff site."""
    for key, role in roles().items():
        reach, town = Reach(role["reach"]), world.town
        rights = frozenset(name for name in role["permissions"] if name in identity.permissions)
        identity.define_role(f"matrix_{key}", role["title"]["zh"], sorted(rights), reach=reach)
        province = [identity.office_by_code("province").ref]
        home = province if reach is Reach.SUBTREE else [town.office(part) for part in KEEPERS]
        for own, offices in ((True, home), (False, [town.office(ELSEWHERE)])):
            actor = _officer(f"{key}-{own}", f"matrix_{key}", offices)
            yield Asker(key, lambda it=actor: browse("staff", it), world.places, own, staff=True, rights=rights)
    yield Asker("nobody", lambda: browse("staff"), world.places, own=False, known=False)
    yield Asker("citizen", lambda: browse("staff", world.town.founder), world.places, level=3)


def _officer(username: str, role: str, offices: list[Ref]) -> Actor:
    person = identity.create_staff(username, username, second_factor=False)
    for n, office in enumerate(offices):
        identity.assign_post(person.ref, office, role, [role], concurrent=n > 0)
    return identity.actor_for(person.ref)


def of_the_public(world: World, browse: Browse) -> Iterator[Asker]:
    """Nobody, citizens whose objects they are and are not, and somebody who acts for an enterprise."""
    town = world.town
    third = identity.actor_for(identity.person_by_username("third").ref)
    new = identity.actor_for(identity.create_citizen("测试己", phone="13800138004", password=PASSWORD).ref)
    agent, enterprises = _agent(town, world.places)
    yield Asker("nobody", lambda: browse("public"), world.places, own=False, known=False)
    yield Asker("newcomer", lambda: browse("public", new), world.places, own=False, level=new.level)
    for actor, own in ((town.founder, True), (third, True), (town.second, False)):
        yield Asker("citizen", lambda it=actor: browse("public", it), world.places, own, level=actor.level)
    for objects, own in ((enterprises, True), (world.places, False)):
        yield Asker("enterprise's agent", lambda: _acting(browse("public", agent), agent), objects, own, level=3)


def _agent(town: Town, places: Objects) -> tuple[Actor, Objects]:
    """Somebody who acts for an enterprise, and the enterprise's objects by name; the rest is other people's."""
    founder = identity.person(town.founder.person)
    values = {
        "uscc": "91460000MA5T00001F", "name": "海口代办贸易有限公司", "type": "enterprise", "status": "active",
        "representative_id": founder.id_number,
    }  # fmt: skip
    with system():
        firm = registers.write("legal_entity", values, by=founder.ref, reason="登记", source="market_regulation").ref
    person = identity.create_citizen("测试戊", phone="13800138003", password=PASSWORD, level=3, username="agent").ref
    given = identity.authorise_agent(firm, person, until=now() + timedelta(9), by=founder.ref).ref
    plain = identity.actor_for(person)
    agent = Actor(person, plain.kind, plain.name, plain.level, acting_for=firm, agency=given)
    with identity.acting(agent):
        draft = hall.open_draft(agent, "elder_card").public_id
        answers, applicant = ANSWERS | {"name": "海口新办贸易有限公司"}, hall.applicant_of(agent)
        case = hall.submit(agent, "enterprise_registration", applicant, answers, papers(agent), nonce="matrix").case
    return agent, {**places, "draft_id": draft, "case_id": case.id, "agents id_": given.id}


def _acting(client: Client, agent: Actor) -> Client:
    session = client.session
    session[AGENCY_KEY] = agent.agency.id if agent.agency else ""
    session.save()
    return client


# The table


@dataclass
class Address:
    """One row: who is let in by the policy, and who was answered, of those whose objects they are and of others."""

    pattern: str
    policy: Policy
    named: bool
    let_in: dict[str, None] = field(default_factory=dict)
    own: dict[str, None] = field(default_factory=dict)
    others: dict[str, None] = field(default_factory=dict)
    read: bool = False


HEAD = """# Who reaches what

Every address of both sites, asked by everybody. **Do not edit**: `tests/security/test_matrix.py` asks each address over
HTTP as each of those named here and compares; after a change that is meant, `TONGBAN_WRITE_ACCESS=1 make test
TESTS=tests/security/test_matrix.py` writes this page anew, for a person to read the difference.

*Who may* is the policy that the address declares (an address without one stops the program). *Let in* are the roles
that pass it; all others were refused, reading and sending, and nothing changed. *Own* are those of them who were
answered when the object was kept by their office or was their own, *others'* those who were answered about somebody
else's. Addresses without an object have no such difference. "–" is nobody; "(acts)" marks addresses that
show nothing: they are sent to, or lead on to another.

"""
WORDS = {
    "public": "everybody", "signed_in": "whoever signed in", "staff": "every member of staff",
    "personnel_system": "programs of personnel systems, by token",
    "query_code": "whoever knows the number and the code of a case",
}  # fmt: skip


def table(sites: Mapping[str, tuple[Collection[str], Iterable[Address]]]) -> str:
    """The page."""
    lines = [
        HEAD + "## Roles of the demonstration province\n",
        _row(("role", "title", "reach", "permissions")),
        _rule(4),
    ]
    for key, role in roles().items():
        known = [name for name in role["permissions"] if name in identity.permissions]
        title = f"{role['title']['zh']} {role['title']['en']}"
        reach = "its office and below" if role["reach"] == "subtree" else "its office"
        lines.append(_row((f"`{key}`", title, reach, ", ".join(known))))
    for site, (everybody, addresses) in sites.items():
        lines += ["", f"## The {site} site", "", _row(("address", "who may", "let in", "own", "others'")), _rule(5)]
        lines += [_line(address, everybody) for address in addresses]
    return "\n".join(lines) + "\n"


def _line(one: Address, everybody: Collection[str]) -> str:
    policy = WORDS.get(one.policy.kind) or " or ".join(f"`{name}`" for name in one.policy.permission.split("|"))
    policy += f", level {one.policy.level}" if one.policy.level else ""
    answered = "(acts)" if not one.read else _names(one.own, one.let_in)
    others = "" if not one.named or not one.read else _names(one.others, one.let_in)
    return _row((f"`/{one.pattern}`", policy, _names(one.let_in, everybody), answered, others))


def _names(found: Collection[str], every: Collection[str]) -> str:
    if not found:
        return "–"
    return "all" if len(found) > 1 and set(found) == set(every) else ", ".join(found)


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _rule(columns: int) -> str:
    return "|" + "---|" * columns

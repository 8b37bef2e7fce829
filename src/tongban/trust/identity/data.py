"""The nouns of identity: offices, people, posts, rights and the actor who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from tongban.base.kernel.data import Event, Ref, Text

from .authority.data import UNBOUNDED, Scope
from .authority.data import Administers as Administers
from .authority.data import EmergencyOpened as EmergencyOpened
from .authority.data import RightsAsked as RightsAsked
from .authority.data import RightsDecided as RightsDecided
from .authority.data import Target as Target

PERSON = "identity.person"
OFFICE = "identity.office"
POST = "identity.post"
GRANT = "identity.grant"
AGENCY = "identity.agency"


class OfficeKind(StrEnum):
    """What an office is. The first five are the levels of government (five-level tree of the plans)."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"
    DEPARTMENT = "department"
    UNIT = "unit"
    HALL = "hall"


class PersonKind(StrEnum):
    """A citizen's account and a staff account are two accounts, also of one human being."""

    CITIZEN = "citizen"
    STAFF = "staff"


class KeyClass(StrEnum):
    """Classes of sealed fields; each has data keys of its own. Values of one class have one look-up hash, wherever
    they stand: an account and a register find each other by the identity number."""

    IDENTITY_NUMBER = "identity_number"
    PHONE = "phone"
    PERSONAL = "personal"  # other texts about people that a register declares
    ANSWERS = "answers"  # what applicants write into forms
    LICENCE = "licence"
    PASSING = "passing"  # what is kept for a while: sessions, letters, documents to be drawn


class Level:
    """Real-name levels 0 to 4 (standards.md 6.4)."""

    ANONYMOUS = 0
    PHONE = 1
    REAL_NAME = 2
    REAL_PERSON = 3
    CERTIFICATE = 4


class Reach(StrEnum):
    """How far a role reaches from the office of the post that carries it."""

    OWN = "own"
    SUBTREE = "subtree"


@dataclass(frozen=True, slots=True)
class Office:
    """An office as it is now. `path` is its place in the tree: an office lies under another if its path
    starts so."""

    ref: Ref
    code: str
    title: str
    short_title: str
    kind: OfficeKind
    division: str
    path: str
    parent: Ref | None = None
    uscc: str = ""
    valid_from: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class OfficeRow:
    """One line of an organisation list. `code` is the stable key; `parent` is another line's or office's
    code.

    `roles` are the parts the office plays in `division`, such as `commerce` or `tax`.
    """

    code: str
    title: str
    kind: OfficeKind
    division: str
    parent: str = ""
    short_title: str = ""
    uscc: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OfficeLoad:
    """What a load did, in offices."""

    added: int
    changed: int
    renamed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class OfficeName:
    """A name an office had from `valid_from` (inclusive) until `until` (exclusive; None: still)."""

    title: str
    short_title: str
    alias: bool
    valid_from: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class Right:
    """One permission over one stretch of the office tree. An empty path is the whole tree."""

    permission: str
    path: str
    subtree: bool
    scope: Scope = UNBOUNDED

    def covers(self, path: str) -> bool:
        """Whether an office at this path is within reach."""
        return path.startswith(self.path) if self.subtree else path == self.path


@dataclass(frozen=True, slots=True)
class PostRef:
    """A post the actor holds today."""

    office: Ref
    title: str
    roles: tuple[str, ...]
    post: Ref | None = None
    path: str = ""


@dataclass(frozen=True)
class Actor:
    """Who is asking. `public` is true for somebody who has not signed in.

    `acting_for` is the enterprise or person for whom they act; the authorisation was checked when this was
    made.
    `rights` are those that held at that moment: an Actor lives for one request or one job, never longer.
    """

    person: Ref
    kind: PersonKind | None
    name: str
    level: int = 0
    posts: tuple[PostRef, ...] = ()
    acting_for: Ref | None = None
    public: bool = False
    agency: Ref | None = None
    principal_name: str = ""
    rights: tuple[Right, ...] = field(default=(), repr=False)

    @property
    def by(self) -> Ref | None:
        """For the ledger: the person, or None where nobody is known."""
        return None if self.public else self.person

    @property
    def staff(self) -> bool:
        """Whether this is a staff account."""
        return self.kind == PersonKind.STAFF

    @property
    def offices(self) -> tuple[Ref, ...]:
        """Offices of the posts held, each once."""
        return tuple(dict.fromkeys(post.office for post in self.posts))

    @property
    def applicant(self) -> Ref:
        """In whose name they act: the principal, else themselves."""
        return self.acting_for or self.person


ANONYMOUS = Actor(person=Ref(PERSON, "anonymous"), kind=None, name="", public=True)


@dataclass(frozen=True, slots=True)
class Person:
    """A person as other rooms see one. `id_number` and `phone` are personal: mask them wherever they are
    shown."""

    ref: Ref
    kind: PersonKind
    username: str
    name: str
    level: int
    active: bool
    id_type: str = field(default="", repr=False)
    id_number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Post:
    """A post somebody holds from `valid_from` until `until` (exclusive). `acting_for` is the post stood in
    for."""

    ref: Ref
    person: Ref
    person_name: str
    office: Ref
    office_title: str
    title: str
    roles: tuple[str, ...]
    concurrent: bool
    acting_for: Ref | None
    valid_from: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission given to one person over an office and all below it (None: everywhere), for a purpose
    and a time."""

    ref: Ref
    person: Ref
    permission: str
    office: Ref | None
    office_title: str
    purpose: str
    valid_from: datetime
    until: datetime
    scope: Scope = UNBOUNDED


@dataclass(frozen=True, slots=True)
class Agency:
    """A recorded authorisation: `agent` may act for `principal` within `scopes` (`*`: everything) until
    `until`."""

    ref: Ref
    principal: Ref
    principal_name: str
    agent: Ref
    scopes: tuple[str, ...]
    valid_from: datetime
    until: datetime
    revoked: datetime | None
    accepted: datetime | None = None
    agent_name: str = ""


@dataclass(frozen=True, slots=True)
class CodeMessage:
    """A one-time code to be sent. `person` is None where no such account exists: do the same work and send
    nothing."""

    to: str = field(repr=False)
    code: str = field(repr=False)
    purpose: str
    minutes: int
    person: Ref | None


CodeSender = Callable[[CodeMessage], None]
NameCheck = Callable[[str, str, str], bool]
OwnerCheck = Callable[[Ref, Ref], bool]


@dataclass(frozen=True)
class Policy:
    """Who may call a view (R20). Every view has exactly one."""

    kind: str
    level: int = 0
    permission: str = ""


Titles = Mapping[str, Text]


@dataclass(frozen=True)
class PostAssigned(Event):
    """Somebody took up a post."""

    kind = "identity.post.assigned"
    post: Ref
    person: Ref
    office: Ref


@dataclass(frozen=True)
class PostEnded(Event):
    """A post was given up or taken away. Rooms that hand out work look for what this person still held."""

    kind = "identity.post.ended"
    post: Ref
    person: Ref
    office: Ref


@dataclass(frozen=True)
class PersonDisabled(Event):
    """An account was closed; its sessions are already gone."""

    kind = "identity.person.disabled"
    person: Ref


@dataclass(frozen=True)
class SignedOut(Event):
    """Somebody left, or was put out: one visit, or with an empty `visit` all of theirs."""

    kind = "identity.signed_out"
    person: Ref
    visit: str = ""


@dataclass(frozen=True)
class OfficeRenamed(Event):
    """An office has a new title from today; the former one stays in its history."""

    kind = "identity.office.renamed"
    office: Ref
    former: str
    title: str


@dataclass(frozen=True)
class AgencyRevoked(Event):
    """An authorisation to act for somebody has ended."""

    kind = "identity.agency.revoked"
    agency: Ref
    principal: Ref
    agent: Ref

"""Tables of identity. Nothing refers to an office by its name; everything to its id."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, new_id, now, today

from . import data
from .authority.data import Administers
from .sealed import SealedText


def _choices(kind: Any) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in kind]


class Office(models.Model):
    """An office. `path` is made of fixed-width segments, one per ancestor and itself, each ended by `/`."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    code = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    short_title = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=20, choices=_choices(data.OfficeKind))
    division = models.CharField(max_length=12, db_index=True)
    uscc = models.CharField(max_length=18, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=200, db_index=True, db_collation="C")
    valid_from = models.DateField(default=today)
    until = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "identity_office"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("valid_from")), name="identity_office_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def ref(self) -> Ref:
        return Ref(data.OFFICE, self.public_id)


class OfficeName(models.Model):
    """A name of an office with its dates: the present one, former ones, and aliases people still use."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="names")
    title = models.CharField(max_length=200)
    short_title = models.CharField(max_length=100, blank=True)
    alias = models.BooleanField(default=False)
    valid_from = models.DateField(null=True, blank=True)
    until = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "identity_office_name"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office"], condition=Q(until=None, alias=False), name="identity_office_one_name"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["title"], name="identity_office_name_title")]

    def __str__(self) -> str:
        return self.title


class OfficeRole(models.Model):
    """A part an office plays in a division, such as `commerce`. One office plays one part at a time."""

    office = models.ForeignKey(Office, models.CASCADE, related_name="roles")
    role = models.CharField(max_length=60)
    division = models.CharField(max_length=12)
    valid_from = models.DateField(default=today)
    until = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "identity_office_role"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["role", "division"], condition=Q(until=None), name="identity_office_role_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role}@{self.division}"


class PersonManager(BaseUserManager["Person"]):
    """Only what sign-in needs. There is no way to create a superuser (R7)."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(username=username)


class Person(AbstractBaseUser):  # type: ignore[django-manager-missing] # the OpenID toolkit's clients have no types
    """An account. The identity number and the phone are sealed, and found by their keyed hash (T14, T39)."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    username = models.CharField(max_length=60, unique=True, error_messages={"unique": _("This username is taken.")})
    kind = models.CharField(max_length=10, choices=_choices(data.PersonKind))
    name = models.CharField(max_length=100)
    id_type = models.CharField(max_length=10, blank=True, default="")
    id_number = SealedText(data.KeyClass.IDENTITY_NUMBER, row="public_id")
    id_index = models.CharField(max_length=64, blank=True, default="")
    phone = SealedText(data.KeyClass.PHONE, row="public_id")
    phone_index = models.CharField(max_length=64, blank=True, default="")
    level = models.PositiveSmallIntegerField(default=0)
    second_factor = models.BooleanField(default=True)
    is_active = models.BooleanField(default=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=now)
    last_login = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "kind"]
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        db_table = "identity_person"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "id_index"], condition=~Q(id_index=""), name="identity_person_one_id"
            ),
            models.UniqueConstraint(
                fields=["kind", "phone_index"], condition=~Q(phone_index=""), name="identity_person_one_phone"
            ),
            models.CheckConstraint(condition=Q(level__lte=4), name="identity_person_level"),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "name", "id"], name="identity_person_list")]

    def __str__(self) -> str:
        return f"{self.kind}:{self.public_id}"

    @property
    def ref(self) -> Ref:
        return Ref(data.PERSON, self.public_id)


class Role(models.Model):
    """A named bundle of permissions a post carries; packs define them. `reach` is counted from the post's
    office."""

    key = models.CharField(max_length=60, unique=True)
    title = models.CharField(max_length=100)
    title_en = models.CharField(max_length=100, blank=True, default="")
    permissions = ArrayField(models.CharField(max_length=100), default=list)
    reach = models.CharField(max_length=10, choices=_choices(data.Reach), default=data.Reach.OWN)
    administers = models.CharField(max_length=10, blank=True, choices=_choices(Administers))

    class Meta:
        db_table = "identity_role"

    def __str__(self) -> str:
        return self.key


class Post(models.Model):
    """A person in an office: title, roles, from and until (exclusive); concurrent, or standing in for
    another post."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    person = models.ForeignKey(Person, models.PROTECT, related_name="posts")
    office = models.ForeignKey(Office, models.PROTECT, related_name="posts")
    title = models.CharField(max_length=100)
    roles = ArrayField(models.CharField(max_length=60), default=list)
    concurrent = models.BooleanField(default=False)
    acting_for = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="stand_ins")
    valid_from = models.DateField(default=today)
    until = models.DateField(null=True, blank=True)

    class Meta:
        db_table = "identity_post"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(until=None) | Q(until__gte=F("valid_from")), name="identity_post_time"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.public_id})"

    @property
    def ref(self) -> Ref:
        return Ref(data.POST, self.public_id)


class Grant(models.Model):
    """A permission for one person over an office's subtree, with purpose and end. None as office:
    everywhere."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    person = models.ForeignKey(Person, models.PROTECT, related_name="grants")
    permission = models.CharField(max_length=100)
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, related_name="grants")
    scope = models.JSONField(default=dict)
    purpose = models.CharField(max_length=300)
    valid_from = models.DateTimeField(default=now)
    until = models.DateTimeField()
    granted_by = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "identity_grant"

    def __str__(self) -> str:
        return f"{self.permission} ({self.public_id})"

    @property
    def ref(self) -> Ref:
        return Ref(data.GRANT, self.public_id)


class PurposeGrant(models.Model):
    """Rule 8: this officer may see this subject's personal rows for this case or task, until then."""

    officer_id = models.CharField(max_length=26)
    purpose = models.CharField(max_length=140)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=80)
    valid_from = models.DateTimeField(default=now)
    until = models.DateTimeField()

    class Meta:
        db_table = "identity_purpose_grant"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["officer_id", "subject_id", "subject_kind", "purpose"], name="identity_purpose_once"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["purpose"], name="identity_purpose_of")]

    def __str__(self) -> str:
        return f"{self.purpose} until {self.until:%Y-%m-%d}"


class Agency(models.Model):
    """An agent may act for a principal (an enterprise or a person): bounded, revocable, checked at every
    use (T37)."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    principal_kind = models.CharField(max_length=60)
    principal_id = models.CharField(max_length=80)
    principal_name = models.CharField(max_length=200, blank=True)
    agent = models.ForeignKey(Person, models.PROTECT, related_name="agencies")
    scopes = ArrayField(models.CharField(max_length=60), default=list)
    valid_from = models.DateTimeField(default=now)
    until = models.DateTimeField()
    granted_by = models.CharField(max_length=140)
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=140, blank=True)

    class Meta:
        db_table = "identity_agency"
        indexes: ClassVar = [models.Index(fields=["principal_id", "principal_kind"], name="identity_agency_principal")]

    def __str__(self) -> str:
        return f"{self.principal_kind} ({self.public_id})"

    @property
    def ref(self) -> Ref:
        return Ref(data.AGENCY, self.public_id)


class OneTimeCode(models.Model):
    """A six-digit code, hashed. A row exists also where no account does, so that both look the same (T14,
    T15)."""

    public_id = models.CharField(max_length=26, unique=True, default=new_id)
    purpose = models.CharField(max_length=20)
    contact_index = models.CharField(max_length=64)
    person = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="codes")
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=now)
    until = models.DateTimeField(db_index=True)
    used = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "identity_one_time_code"

    def __str__(self) -> str:
        return f"{self.purpose} ({self.public_id})"


class Limit(models.Model):
    """A counter of one key in one window of time (R24). The key is hashed: it may hold a phone or an
    address."""

    key = models.CharField(max_length=64, primary_key=True)
    n = models.PositiveIntegerField(default=1)
    until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "identity_limit"

    def __str__(self) -> str:
        return f"{self.n} until {self.until:%H:%M:%S}"


class Session(AbstractBaseSession):
    """A session knows whose it is and on which site, so that all sessions of an account can be ended at
    once (T17)."""

    account = models.ForeignKey(Person, models.CASCADE, null=True, blank=True, related_name="sessions")
    site = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=now)

    class Meta(AbstractBaseSession.Meta):
        db_table = "identity_session"

    @classmethod
    def get_session_store_class(cls) -> Any:
        from .sessions import SessionStore

        return SessionStore

    def get_decoded(self) -> dict[str, Any]:
        """What the session holds; it opens under its own key only."""
        decoded: dict[str, Any] = self.get_session_store_class()(self.session_key).decode(self.session_data)
        return decoded


# Tables of the nouns that have a folder of their own.
from .authority.models import Emergency as Emergency  # noqa: E402
from .authority.models import Review as Review  # noqa: E402
from .authority.models import ReviewLine as ReviewLine  # noqa: E402
from .authority.models import RightsRequest as RightsRequest  # noqa: E402
from .authority.models import Sighting as Sighting  # noqa: E402
from .reorganisation.models import Reorganisation as Reorganisation  # noqa: E402
from .reorganisation.models import Succession as Succession  # noqa: E402
from .scim.models import PersonnelRecord as PersonnelRecord  # noqa: E402
from .scim.models import PersonnelSystem as PersonnelSystem  # noqa: E402

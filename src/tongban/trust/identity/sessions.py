"""Sessions that know their account and site, with idle and absolute limits (T17)."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.deprecation import MiddlewareMixin
from django.utils.functional import SimpleLazyObject

from tongban.base.kernel.api import Ref, Refused, new_id, now, system

from .data import KeyClass
from .sealed import opened_text, sealed_text

IDLE = {"public": timedelta(minutes=60), "staff": timedelta(minutes=15)}
ABSOLUTE = {"public": timedelta(hours=12), "staff": timedelta(hours=8)}
# Writing the session at every request would cost each page an update; a minute's slack is enough.
SLACK = timedelta(minutes=1)
STARTED, SEEN, VISIT = "started", "seen", "visit"


def site() -> str:
    """Which site this process serves: a session of one is nothing on the other (R21)."""
    addresses = str(getattr(settings, "ROOT_URLCONF", ""))
    return "public" if getattr(settings, "SITE", "") == "public" or addresses.endswith("public") else "staff"


def start(session: Any) -> None:
    """The absolute limit counts from sign-in. A visit keeps its number when the session's key changes."""
    session[STARTED] = session[SEEN] = now().isoformat()
    session[VISIT] = new_id()


def touch(session: Any) -> None:
    """Somebody is there: the idle limit starts again."""
    seen = session.get(SEEN)
    if seen is None or now() - datetime.fromisoformat(seen) > SLACK:
        session[SEEN] = now().isoformat()


def former_account(request: HttpRequest) -> Ref | None:
    """Whose session this browser's cookie names, also when it has ended, as long as its row is there."""
    from .models import Session

    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    with system():
        row = Session.objects.filter(session_key=key, site=site()).select_related("account").first() if key else None
    return row.account.ref if row and row.account else None


def account_of(request: HttpRequest) -> Any:
    """Whose session this is: read together with it, in one question, and held to what Django asks of it (T17)."""
    if not hasattr(request, "_cached_user"):
        session: Any = request.session
        mine = session.get(SESSION_KEY)
        account = session.account if mine is not None and session.get(BACKEND_SESSION_KEY) in _backends() else None
        if account is None or str(account.pk) != mine or not account.is_active:
            account = AnonymousUser()
        elif not constant_time_compare(session.get(HASH_SESSION_KEY) or "", account.get_session_auth_hash()):
            session.flush()  # the password was changed elsewhere
            account = AnonymousUser()
        request._cached_user = account  # type: ignore[attr-defined]
    return request._cached_user  # type: ignore[attr-defined]


def _backends() -> list[str]:
    return list(settings.AUTHENTICATION_BACKENDS)


class Accounts(MiddlewareMixin):
    """`request.user`, as Django's own middleware makes it, without asking for the account by itself."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(lambda: account_of(request))  # type: ignore[assignment]


_PLACE = ("identity_session", "session_data")

# Before anybody is known, row security shows no session and no account: the key of a session opens both.
_LOOK_UP = "SELECT (f.session).*, (f.account).* FROM identity_session_of(%s, %s, %s) f"


class SessionStore(DatabaseStore):
    """Django's database store on our own table and clock. Whose session it is comes along as `account`."""

    account: Any = None

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        from .models import Person, Session

        with connection.cursor() as cursor:
            cursor.execute(_LOOK_UP, [self.session_key, site(), now()])
            row, names = cursor.fetchone(), [column.name for column in cursor.description]
        if row is None:
            self._session_key = None
            return None
        width = len(Session._meta.concrete_fields)
        if row[width] is not None:
            self.account = Person.from_db(connection.alias, names[width:], row[width:])
        return Session.from_db(connection.alias, names[:width], row[:width])

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Sealed: a session holds what was typed and where codes went."""
        text = json.dumps(session_dict, separators=(",", ":"), ensure_ascii=False)
        return b64encode(sealed_text(*_PLACE, self._get_or_create_session_key(), text, KeyClass.PASSING)).decode()  # type: ignore[attr-defined]

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What was sealed for this very session; nothing when it was changed."""
        try:
            found: dict[str, Any] = json.loads(opened_text(*_PLACE, self.session_key or "", b64decode(session_data)))
        except (Refused, ValueError):
            return {}
        return found

    def exists(self, session_key: str) -> bool:
        with system():
            return super().exists(session_key)

    def delete(self, session_key: str | None = None) -> None:
        with system():
            super().delete(session_key)

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        started = datetime.fromisoformat(data[STARTED]) if STARTED in data else now()
        account = data.get(SESSION_KEY)
        here = site()
        return self.get_model_class()(
            session_key=self._get_or_create_session_key(),  # type: ignore[attr-defined]
            session_data=self.encode(data),
            expire_date=min(now() + IDLE[here], started + ABSOLUTE[here]),
            created_at=started,
            account_id=int(account) if account else None,
            site=here,
        )

    def save(self, must_create: bool = False) -> None:
        """A database that has gone is not a session that somebody ended: then trying again helps, and 503 says so."""
        try:
            with system():
                super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise

    @classmethod
    def clear_expired(cls) -> None:
        with system():
            cls.get_model_class().objects.filter(expire_date__lt=now()).delete()

"""Sessions that know their account and site, with idle and absolute limits (T17)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.core.exceptions import ObjectDoesNotExist, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest

from tongban.base.kernel.api import Ref, now

IDLE = {"public": timedelta(minutes=60), "staff": timedelta(minutes=15)}
ABSOLUTE = {"public": timedelta(hours=12), "staff": timedelta(hours=8)}
# Writing the session at every request would cost each page an update; a minute's slack is enough.
SLACK = timedelta(minutes=1)
STARTED, SEEN = "started", "seen"


def site() -> str:
    """Which site this process serves: a session of one is nothing on the other (R21)."""
    addresses = str(getattr(settings, "ROOT_URLCONF", ""))
    return "public" if getattr(settings, "SITE", "") == "public" or addresses.endswith("public") else "staff"


def start(session: Any) -> None:
    """The absolute limit counts from sign-in."""
    session[STARTED] = session[SEEN] = now().isoformat()


def touch(session: Any) -> None:
    """Somebody is there: the idle limit starts again."""
    seen = session.get(SEEN)
    if seen is None or now() - datetime.fromisoformat(seen) > SLACK:
        session[SEEN] = now().isoformat()


def former_account(request: HttpRequest) -> Ref | None:
    """Whose session this browser's cookie names, also when it has ended, as long as its row is there."""
    from .models import Session

    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    row = Session.objects.filter(session_key=key, site=site()).select_related("account").first() if key else None
    return row.account.ref if row and row.account else None


class SessionStore(DatabaseStore):
    """Django's database store on our own table and clock."""

    @classmethod
    def get_model_class(cls) -> Any:
        from .models import Session

        return Session

    def _get_session_from_db(self) -> Any:
        try:
            sessions = self.get_model_class().objects
            return sessions.get(session_key=self.session_key, expire_date__gt=now(), site=site())
        except (ObjectDoesNotExist, SuspiciousOperation):
            self._session_key = None
            return None

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
            super().save(must_create)
        except UpdateError as error:
            if isinstance(error.__context__, OperationalError | InterfaceError):
                raise error.__context__ from None
            raise

    @classmethod
    def clear_expired(cls) -> None:
        cls.get_model_class().objects.filter(expire_date__lt=now()).delete()

"""What a production installation must not be started with (security R28).

Web and worker processes call `check()` as they start; it looks only where `TONGBAN_PROFILE=production`. All findings
are told at once.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg

from tongban.base.kernel.api import now
from tongban.trust.keys.data import kek_file

from .database import configuration
from .home import home
from .postgres import OWNER

log = logging.getLogger("tongban.start")

SHORTEST_SECRET = 32  # characters
SECRETS = (
    "TONGBAN_SECRET_DJANGO_PUBLIC",
    "TONGBAN_SECRET_DJANGO_STAFF",
    "TONGBAN_SECRET_INDEX_KEY",
    "TONGBAN_SECRET_OPENID_KEY",
)
# An address on the public side must be one that people reach, not this machine's own.
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "testserver", "*"}
CLOCKS_APART = timedelta(seconds=5)  # more between program and database is an alarm (T46)
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")


class KeysMissing(RuntimeError):
    """Data are sealed under a key that is not there: nothing is started, in production or not."""


class NotForProduction(RuntimeError):
    """The installation is refused; the message lists every reason and what to do about it."""


def check(*, defines: bool = False) -> None:
    """Raise `NotForProduction` with every reason why this installation may not serve real people.

    `defines`: this process changes tables for packs and meets nobody, so it may be their owner.
    """
    from django.conf import settings

    tell_of_clocks()
    require_keys()
    if not settings.PRODUCTION:
        return
    found = [*of_environment(os.environ), *of_keys(), *of_settings(settings)]
    found += of_database(_server_facts(), defines=defines)
    if found:
        raise NotForProduction("This installation is not fit for production:\n- " + "\n- ".join(found))


def of_environment(environment: Mapping[str, str]) -> Iterator[str]:
    """Secrets come from outside the state folder and are long enough; a backup of the folder must not hold them."""
    for name in SECRETS:
        value = environment.get(name, "")
        if len(value) < SHORTEST_SECRET:
            yield f"{name} is not set to a secret of at least {SHORTEST_SECRET} characters; a default key is in use"
    given = [environment[name] for name in SECRETS if environment.get(name)]
    if len(given) != len(set(given)):
        yield "two secrets are the same; each must be its own"
    hub = environment.get("TONGBAN_NATS_URL", "")
    if hub and not all(one.strip().startswith("tls://") for one in hub.split(",")):
        yield "TONGBAN_NATS_URL names servers without TLS: whoever is on the line could send in others' names"
    if hub and environment.get("TONGBAN_NATS_SYNC") != "always":
        yield (
            "TONGBAN_NATS_URL names servers of yours: what they acknowledge must be on their disks. Set JetStream's "
            "sync_interval to always there, and TONGBAN_NATS_SYNC=always here to say that it is so"
        )


def of_keys() -> Iterator[str]:
    """The key-encrypting key comes from outside the state folder, and is there. Asked where rooms are loaded: by every
    process that serves or works, not by the one that only starts them."""
    from django.apps import apps

    if not apps.ready:
        return
    from tongban.trust.keys.api import kek_problem

    if found := kek_problem():
        yield found


def require_keys() -> None:
    """Raise `KeysMissing` where personal data are sealed and the key-encrypting key is gone (T40). Also asked by the
    process that only starts the others, so it needs no rooms."""
    file = kek_file(home())
    if file.exists():
        return
    with _connected() as connection:
        there = connection.execute("SELECT to_regclass('keys_data_key')").fetchone() != (None,)
        if there and connection.execute("SELECT 1 FROM keys_data_key LIMIT 1").fetchone():
            raise KeysMissing(
                f"The key-encrypting key is missing ({file}), and personal data are sealed under it. Put the file back "
                "from its own backup, readable by this account alone (mode 0600), or set TONGBAN_KEK_FILE; see "
                "docs/how-to/back-up-and-restore.md. Nothing was started and nothing was changed."
            )


def of_settings(settings: Any) -> Iterator[str]:
    """Debug pages, cookies over plain HTTP, addresses of this machine, mail that goes nowhere."""
    if settings.DEBUG:
        yield "DEBUG is on: error pages would show personal data"
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_HSTS_SECONDS):
        yield "cookies or HSTS would allow plain HTTP"
    if not settings.PUBLIC_URL.startswith("https://"):
        yield "TONGBAN_PUBLIC_URL is not an https address; people get it in letters and QR codes"
    if set(settings.ALLOWED_HOSTS) <= LOOPBACK or "*" in settings.ALLOWED_HOSTS:
        yield "TONGBAN_HOSTS does not name the sites' own host names"
    if settings.EMAIL_BACKEND.endswith(("locmem.EmailBackend", "dummy.EmailBackend", "console.EmailBackend")):
        yield "TONGBAN_MAIL_URL names no mail server: nobody would get mail"
    elif not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL or settings.EMAIL_HOST in LOOPBACK):
        yield "TONGBAN_MAIL_URL is neither smtp+tls nor smtps: letters and the password would travel in the clear"
    if settings.TONGBAN_SMS and not settings.TONGBAN_SMS.startswith("https://"):
        yield "TONGBAN_SMS is not an https address: one-time codes would travel in the clear"
    if not settings.TONGBAN_SECOND_FACTOR:
        yield "TONGBAN_SECOND_FACTOR is off: staff would sign in with a password alone"


def of_database(facts: Mapping[str, str], *, defines: bool = False) -> Iterator[str]:
    """Acknowledged writes must survive a power cut, and no process may work as one who can pass row security."""
    for name in DURABLE:
        if facts.get(name) in ("off", "local"):
            yield f"the database's {name} is {facts[name]}: acknowledged writes would be lost"
    if defines:
        return
    if facts.get("superuser") == "on":
        yield "the database role is a superuser"
    elif facts.get("bypass") == "on":
        yield "the database role passes row security (BYPASSRLS)"
    elif facts.get("role") == OWNER:
        yield "the process works as the owner of the tables; only migrations may"


def tell_of_clocks() -> None:
    """Warn where this machine and the database disagree on the time; the worker goes on watching (T46)."""
    with contextlib.suppress(psycopg.Error), _connected() as connection:
        told = connection.execute("SELECT clock_timestamp()").fetchone()
        found = now() - told[0] if told else timedelta()
        if abs(found) > CLOCKS_APART:
            log.warning("The clocks of this program and of the database differ by %.1f s", found.total_seconds())


def _connected() -> psycopg.Connection[Any]:
    entry = configuration(os.environ.get("TONGBAN_SITE", "system"))
    return psycopg.connect(
        host=entry["HOST"], port=entry["PORT"], dbname=entry["NAME"], user=entry["USER"], password=entry["PASSWORD"]
    )


def _server_facts() -> dict[str, str]:
    columns = ", ".join(f"current_setting('{name}')" for name in DURABLE)
    with _connected() as connection:
        row = connection.execute(
            f"SELECT {columns}, CASE WHEN rolsuper THEN 'on' ELSE 'off' END, "  # noqa: S608 - three names above
            "CASE WHEN rolbypassrls THEN 'on' ELSE 'off' END, rolname FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    assert row is not None
    return dict(zip((*DURABLE, "superuser", "bypass", "role"), row, strict=True))

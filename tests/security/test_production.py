"""R28: what a production installation is not started with, one refusal after the other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tongban.site import production

GOOD_ENVIRONMENT = {name: f"{name}-{'x' * 40}" for name in production.SECRETS}
GOOD_SETTINGS = {
    "DEBUG": False,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "PUBLIC_URL": "https://ban.example.gov.cn",
    "ALLOWED_HOSTS": ["ban.example.gov.cn", "127.0.0.1"],
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST": "mail.example.gov.cn",
    "EMAIL_USE_TLS": True,
    "EMAIL_USE_SSL": False,
    "TONGBAN_SMS": "https://sms.example.gov.cn/send",
    "TONGBAN_SECOND_FACTOR": True,
}
GOOD_DATABASE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "superuser": "off",
    "bypass": "off",
    "role": "tongban_app",
}


def test_r28_a_sound_installation_is_not_refused() -> None:
    assert [*production.of_environment(GOOD_ENVIRONMENT)] == []
    assert [*production.of_settings(SimpleNamespace(**GOOD_SETTINGS))] == []
    assert [*production.of_database(GOOD_DATABASE)] == []


@pytest.mark.parametrize("name", production.SECRETS)
@pytest.mark.parametrize("value", ["", "short"])
def test_r28_default_and_short_keys_are_refused(name: str, value: str) -> None:
    assert any(name in found for found in production.of_environment(GOOD_ENVIRONMENT | {name: value}))


def test_r28_one_key_for_two_uses_is_refused() -> None:
    assert len([*production.of_environment(dict.fromkeys(production.SECRETS, "x" * 40))]) == 1


def test_r28_message_servers_of_ones_own_need_tls_and_their_disks() -> None:
    own = GOOD_ENVIRONMENT | {
        "TONGBAN_NATS_URL": "tls://10.0.0.1:4222,tls://10.0.0.2:4222",
        "TONGBAN_NATS_SYNC": "always",
    }
    assert [*production.of_environment(own)] == []
    assert "TLS" in "".join(production.of_environment(own | {"TONGBAN_NATS_URL": "tls://10.0.0.1,nats://10.0.0.2"}))
    assert "sync_interval" in "".join(production.of_environment(own | {"TONGBAN_NATS_SYNC": ""}))


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("DEBUG", True, "DEBUG"),
        ("SESSION_COOKIE_SECURE", False, "HTTP"),
        ("CSRF_COOKIE_SECURE", False, "HTTP"),
        ("SECURE_HSTS_SECONDS", 0, "HTTP"),
        ("PUBLIC_URL", "http://ban.example.gov.cn", "https"),
        ("ALLOWED_HOSTS", ["127.0.0.1", "localhost"], "TONGBAN_HOSTS"),
        ("ALLOWED_HOSTS", ["*"], "TONGBAN_HOSTS"),
        ("EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend", "mail"),
        ("EMAIL_USE_TLS", False, "in the clear"),
        ("TONGBAN_SMS", "http://sms.example.gov.cn/send", "in the clear"),
        ("TONGBAN_SECOND_FACTOR", False, "SECOND_FACTOR"),
    ],
)
def test_r28_each_unsafe_setting_is_refused(name: str, value: Any, word: str) -> None:
    found = [*production.of_settings(SimpleNamespace(**{**GOOD_SETTINGS, name: value}))]
    assert len(found) == 1
    assert word in found[0]


@pytest.mark.parametrize(
    ("name", "value", "word"),
    [
        ("fsync", "off", "fsync"),
        ("full_page_writes", "off", "full_page_writes"),
        ("synchronous_commit", "off", "synchronous_commit"),
        ("synchronous_commit", "local", "synchronous_commit"),
        ("superuser", "on", "superuser"),
        ("bypass", "on", "row security"),
        ("role", "tongban_owner", "owner"),
    ],
)
def test_r28_each_unsafe_database_is_refused(name: str, value: str, word: str) -> None:
    found = [*production.of_database(GOOD_DATABASE | {name: value})]
    assert len(found) == 1
    assert word in found[0]


def test_r28_the_process_that_changes_tables_may_own_them_but_not_lose_writes() -> None:
    owner = GOOD_DATABASE | {"role": "tongban_owner", "superuser": "on"}
    assert [*production.of_database(owner, defines=True)] == []
    assert len([*production.of_database(owner | {"fsync": "off"}, defines=True)]) == 1


@pytest.mark.django_db
def test_r28_the_check_is_made_at_start_and_tells_all_at_once(settings: Any) -> None:
    """This test's own server runs without durability, as its owner, with default keys: all of it is named."""
    production.check()  # a demonstration may
    settings.PRODUCTION = True
    with pytest.raises(production.NotForProduction) as refused:
        production.check()
    for word in ("default key", "fsync", "superuser", "https"):
        assert word in str(refused.value)


@pytest.mark.parametrize("entry", ["wsgi.py", "worker.py", "run.py"])
def test_r28_every_process_makes_the_check(entry: str) -> None:
    from pathlib import Path

    assert "production.check(" in (Path(production.__file__).parent / entry).read_text()

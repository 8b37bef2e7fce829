"""Rules over the ledger raise alarms; somebody closes them (TRUST-11)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from tongban.base.kernel.api import Ref, Refused, emit
from tongban.base.ledger import api as ledger
from tongban.trust.alarms import api, models
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor, OfficeKind, OfficeRow
from tongban.trust.witness.data import LedgerBroken

PASSWORD = "brave-Otter-31"


@pytest.fixture
def people(db: None, settings: Any) -> SimpleNamespace:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.ROOT_URLCONF = "tongban.site.urls_staff"
    settings.SITE = "staff"
    identity.load_offices([OfficeRow("46", "示范省人民政府办公厅", OfficeKind.PROVINCE, "46")])
    office = identity.office_by_code("46").ref
    identity.define_role("guard", "guard", ["alarms.see", "alarms.close"])
    identity.define_role("clerk", "clerk", ["identity.read"])

    def staff(username: str, role: str) -> Actor:
        person = identity.create_staff(username, f"员工{username}", password=PASSWORD, second_factor=False)
        identity.assign_post(person.ref, office, "科员", [role])
        return identity.actor_for(person.ref)

    return SimpleNamespace(guard=staff("guard", "guard"), clerk=staff("clerk", "clerk"))


def signed_in(username: str) -> Client:
    client = Client()
    answer = client.post(reverse("account_login"), {"login": username, "password": PASSWORD})
    assert answer.status_code == 302
    return client


def test_guessing_one_password_is_an_alarm_once(people: SimpleNamespace) -> None:
    client = Client()
    for number in range(12):
        client.post(reverse("account_login"), {"login": f"clerk{number % 2}", "password": "wrong"})
    assert api.watch() == 0  # six for each of two names
    for _number in range(4):
        client.post(reverse("account_login"), {"login": "clerk0", "password": "wrong"})
    failed = ledger.counted(["identity.sign_in_failed"], _day(), "subject")
    assert [count.n for count in failed] == [8, 6]  # the limit stopped the rest, unknown names like known ones
    with transaction.atomic():
        for _number in range(2):
            ledger.write("identity.sign_in_failed", Ref.parse(failed[0].key))
    assert (api.watch(), api.watch()) == (1, 0)
    [alarm] = api.open_alarms()
    assert (alarm.rule, alarm.count, alarm.subject) == ("guessing", 10, failed[0].key)


def _day() -> Any:
    from datetime import timedelta

    from tongban.base.kernel.api import now

    return now() - timedelta(days=1)


def test_refusals_to_one_person_and_the_console(people: SimpleNamespace) -> None:
    client = signed_in("clerk")
    for _number in range(20):
        assert client.get(reverse("alarms:console")).status_code == 403
    assert api.watch() == 1
    page = signed_in("guard").get(reverse("alarms:console"))
    assert page.status_code == 200
    assert "员工clerk" in page.content.decode()
    assert page.context["situation"].refused == 20
    assert page.context["situation"].signed_in == 2


def test_an_alarm_is_closed_by_somebody_else_with_words(people: SimpleNamespace, run_jobs: Callable[[], int]) -> None:
    with transaction.atomic():
        ledger.write("identity.mass_lookup", Ref("identity.person", "x"), by=people.guard.by)
        emit(LedgerBroken("leaf.changed", "leaf 7"))
    run_jobs()
    assert api.watch() == 1
    own, broken = (next(a for a in api.open_alarms() if a.rule == rule) for rule in ("mass_lookup", "ledger"))
    for actor, alarm, note in ((people.clerk, broken, "核实无误"), (people.guard, own, "是我本人")):
        with pytest.raises(Refused):
            api.close(actor, alarm.id, note)
    client = signed_in("guard")
    client.post(reverse("alarms:close", args=[broken.id]), {"note": "短"})
    assert models.Alarm.objects.filter(closed_at=None).count() == 2
    client.post(reverse("alarms:close", args=[broken.id]), {"note": "磁盘故障，已由备份恢复"})
    assert [alarm.rule for alarm in api.open_alarms()] == ["mass_lookup"]
    assert "磁盘故障" in client.get(reverse("alarms:closed")).content.decode()
    assert ledger.history(broken.ref)[-1].kind == "alarms.closed"
    assert api.watch() == 0

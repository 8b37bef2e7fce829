"""The staff pages of packs: plan first, then install, by the worker that owns the database; T26, T27."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.conftest import Town
from tests.packs.conftest import change
from tests.packs.test_check import ROLES
from tongban.base.kernel.api import Ref, Refused
from tongban.base.ledger import api as ledger
from tongban.engine.registers import api as registers
from tongban.packs import api as packs
from tongban.packs.asking import ask_plan, carry_out
from tongban.packs.data import PACK
from tongban.packs.models import Installed, Run
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor
from tongban.work.hall import api as hall

pytestmark = pytest.mark.django_db
Jobs = Callable[[], int]
PASSWORD = "Bu-Shi-Mi-Ma-1"
REGISTER = """key: demo_ledger
title: {zh: 示例台账, en: Sample ledger}
owner: civil_affairs
level: internal
zone: outer
natural_key: [name]
columns: [name]
label: name
fields:
  - {name: name, title: {zh: 名称, en: Name}, type: text, max_length: 50, required: true, source: civil_affairs}
"""


@pytest.fixture
def admin(town: Town, settings: Any) -> Client:
    settings.SITE, settings.ROOT_URLCONF = "staff", "tongban.site.urls_staff"
    identity.define_role("test_admin", "管理员", ["packs.apply"])
    person = identity.create_staff("admin", "管理员", password=PASSWORD, second_factor=False)
    identity.assign_post(person.ref, town.office("commerce"), "管理员", ["test_admin"])
    return signed_in("admin")


def signed_in(name: str) -> Client:
    client = Client(HTTP_ACCEPT_LANGUAGE="zh-hans")
    client.post("/account/sign-in/", {"login": name, "password": PASSWORD})
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return str(answer.content.decode())


def planned(client: Client, key: str, run_jobs: Jobs, **values: str) -> str:
    answer = client.post(f"/packs/{key}/plan/", values)
    assert answer.status_code == 302
    waiting = page(client, answer.url)
    assert "hx-get" in waiting
    run_jobs()
    return str(answer.url)


@pytest.fixture
def rich(demo: Path) -> Path:
    (demo / "registers").mkdir()
    (demo / "registers" / "demo_ledger.yaml").write_text(REGISTER)
    (demo / "roles.yaml").write_text(ROLES.format(key="demo1_desk", permission="hall.accept"))
    return demo


def test_the_plan_is_shown_and_then_installed(admin: Client, rich: Path, run_jobs: Jobs) -> None:
    assert "demo1" in page(admin, "/packs/")
    assert packs.load(rich).digest in page(admin, "/packs/demo1/")
    run = planned(admin, "demo1", run_jobs)
    shown = page(admin, run)
    assert "CREATE TABLE" in shown
    assert "demo1_desk" in shown
    assert "hall.accept" in shown
    assert not Installed.objects.filter(key="demo1").exists()
    assert "hall.accept" in page(admin, f"{run}install/")
    answer = admin.post(f"{run}install/")
    run_jobs()
    assert "CREATE TABLE" in page(admin, answer.url)
    assert Installed.objects.get(key="demo1").digest == packs.load(rich).digest
    assert registers.page("demo_ledger").rows == ()
    assert hall.item("demo1").title
    assert ("demo1_desk", "经办", ("hall.accept", "hall.work")) in identity.roles()
    assert ledger.history(Ref(PACK, "demo1"))[-1].kind == "packs.pack.applied"
    assert packs.load(rich).digest in page(admin, "/packs/demo1/")


def test_t27_what_was_changed_after_the_plan_is_not_installed(admin: Client, rich: Path, run_jobs: Jobs) -> None:
    run = planned(admin, "demo1", run_jobs)
    change(rich / "roles.yaml", "hall.accept", "hall.oversee")
    answer = admin.post(f"{run}install/")
    run_jobs()
    shown = page(admin, answer.url)
    assert "demo1" in shown
    assert Run.objects.get(kind="apply").state == "failed"
    assert not Installed.objects.filter(key="demo1").exists()
    assert "demo1_desk" not in {key for key, _title, _rights in identity.roles()}


def test_t27_an_older_version_only_when_asked_for(admin: Client, demo: Path, run_jobs: Jobs) -> None:
    change(demo / "pack.yaml", "version: 0.1.0", "version: 0.10.0")
    packs.apply(["demo1"])
    change(demo / "pack.yaml", "version: 0.10.0", "version: 0.9.0")
    with pytest.raises(Refused):
        packs.apply(["demo1"])
    planned(admin, "demo1", run_jobs)
    assert Run.objects.get().state == "failed"
    assert Installed.objects.get(key="demo1").version == "0.10.0"
    run = planned(admin, "demo1", run_jobs, older="1")
    admin.post(f"{run}install/")
    run_jobs()
    assert Installed.objects.get(key="demo1").version == "0.9.0"


def test_t27_a_pack_cannot_change_what_an_installed_one_brought(town: Town, checkout: Path, demo: Path) -> None:
    packs.apply(["demo1"])
    shutil.move(demo, demo.with_name("demo2"))
    change(demo.with_name("demo2") / "pack.yaml", "key: demo1", "key: demo2")
    with pytest.raises(Refused) as refused:
        packs.apply(["demo2"])
    assert "demo1" in str(refused.value)
    assert not Installed.objects.filter(key="demo2").exists()


def test_a_thing_may_move_from_one_pack_to_another(town: Town, demo: Path) -> None:
    """Both installed together, as they are now; each alone is refused or finds nothing to do."""
    licences = 'licences:\n  - {key: demo_pass, title: {zh: 示例证, en: Pass}, code: "11100000000013338W003"}\n'
    (demo / "items.yaml").write_text((demo / "items.yaml").read_text() + licences)
    packs.apply(["demo1"])
    change(demo / "items.yaml", licences, "")
    with (demo.parent / "base_registers" / "items.yaml").open("a") as file:
        file.write(licences.removeprefix("licences:\n"))
    with pytest.raises(Refused):
        packs.apply(["base_registers"])
    packs.apply(["demo1"])
    assert "licence type demo_pass" in Installed.objects.get(key="base_registers").defines
    assert "licence type demo_pass" not in Installed.objects.get(key="demo1").defines


def test_a_broken_pack_shows_its_findings_and_cannot_be_planned(admin: Client, demo: Path, run_jobs: Jobs) -> None:
    change(demo / "items.yaml", "form: demo1", "form: absent")
    shown = page(admin, "/packs/demo1/")
    assert "demo1/items.yaml:10: there is no form" in shown
    assert "/packs/demo1/plan/" not in shown
    planned(admin, "demo1", run_jobs)
    assert Run.objects.get().state == "failed"
    (demo / "evil.py").write_text("")
    assert "evil.py" in page(admin, "/packs/demo1/")
    assert page(admin, "/packs/")


def test_only_those_who_may_install_see_packs(admin: Client, town: Town, demo: Path) -> None:
    other = signed_in("clerk")
    for path in ("/packs/", "/packs/demo1/"):
        assert other.get(path).status_code == 403
    assert other.post("/packs/demo1/plan/").status_code == 403
    assert Client().get("/packs/").status_code == 302
    assert not Run.objects.exists()
    assert admin.get("/packs/absent/").status_code == 404
    assert admin.post("/packs/..%2Fetc/plan/").status_code == 404


def test_asking_twice_installs_once(admin: Client, demo: Path, run_jobs: Jobs) -> None:
    run = planned(admin, "demo1", run_jobs)
    first, second = admin.post(f"{run}install/"), admin.post(f"{run}install/")
    assert first.url == second.url
    run_jobs()
    assert Run.objects.filter(kind="apply").count() == 1


INJECTIONS = [
    "{{ settings.SECRET_KEY }}",
    "{% include '/etc/passwd' %}",
    "{{ obj.delete }}",
    "<script>alert(1)</script>",
    "%(x)s",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_t26_texts_of_a_pack_are_shown_and_never_run(
    admin: Client, demo: Path, text: str, run_jobs: Jobs, settings: Any
) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    (demo / "README.md").write_text(text)
    change(demo / "pack.yaml", "title: {zh: demo1", f"title: {{zh: {quoted}")
    change(demo / "items.yaml", "{zh: 新事项, en: New item}", f"{{zh: {quoted}, en: x}}")
    change(demo / "forms" / "demo1.yaml", "title: {zh: 姓名, en: Name}", f"title: {{zh: {quoted}, en: x}}")
    change(demo / "cases.yaml", "holder_name: 张三", f"holder_name: {quoted}")
    assert all(run.passed for run in packs.test(["demo1"])), packs.test(["demo1"])
    packs.apply(["demo1"])
    run_jobs()
    settings_key = settings.SECRET_KEY
    for path in ("/packs/", "/packs/demo1/"):
        shown = page(admin, path)
        assert settings_key not in shown
        assert "<script>alert" not in shown
        assert text.replace("<", "&lt;").replace(">", "&gt;").replace("'", "&#x27;") in shown
    assert hall.item("demo1").title == text


def test_a_stranger_cannot_ask_through_the_verbs(town: Town, demo: Path) -> None:
    stranger: Actor = town.stranger
    with pytest.raises(Refused):
        ask_plan(stranger, "demo1")
    assert not Run.objects.exists()


def test_a_plan_names_only_what_changes(town: Town, demo: Path) -> None:
    folder = demo.parent / "enterprise_registration"
    readme = folder / "README.md"
    readme.write_text(readme.read_text() + "\nMore.\n")
    assert [(change.what, change.how) for change in packs.plan([str(folder)])] == [("pack", "changed")]
    change(folder / "forms" / "enterprise_registration.yaml", "max_length: 1000", "max_length: 900")
    changed = packs.plan([str(folder)])
    assert [(each.what, each.how) for each in changed] == [("pack", "changed"), ("form", "changed")]
    assert packs.plan([str(folder)]) == changed


def test_a_run_whose_worker_died_is_carried_out_by_another(admin: Client, demo: Path, run_jobs: Jobs) -> None:
    run = planned(admin, "demo1", run_jobs)
    admin.post(f"{run}install/")
    half = Run.objects.get(kind="apply")
    Run.objects.filter(pk=half.pk).update(state="running")
    run_jobs()
    assert Run.objects.get(pk=half.pk).state == "done"
    changes = Run.objects.get(pk=half.pk).changes
    carry_out(half.public_id)
    assert Run.objects.get(pk=half.pk).changes == changes

"""Notices of the hall: one writes, another publishes (look.md, Public site)."""

from types import SimpleNamespace

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.base.kernel.api import Invalid, NotFound, Ref, Refused, Stale
from tongban.base.ledger.api import history
from tongban.portal import actions, models
from tongban.portal.api import ask_publication, notices, publish_notice, return_notice, withdraw_notice, write_notice
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.TONGBAN_SECOND_FACTOR = False
    identity.load_offices([OfficeRow("46", "示范省", OfficeKind.PROVINCE, "46")])
    identity.define_role("writer", "信息员", ["portal.write"])
    identity.define_role("chief", "信息审核员", ["portal.write", "portal.publish"])
    people = {}
    for name, role in (("writer", "writer"), ("chief", "chief"), ("stranger", "")):
        people[name] = identity.create_staff(name, name, second_factor=False)
        if role:
            identity.assign_post(people[name].ref, identity.office_by_code("46").ref, "科员", [role])
    actors = {name: identity.actor_for(person.ref) for name, person in people.items()}
    return SimpleNamespace(**actors, people=people)


def ready(actor):
    draft = write_notice(actor, "国庆节办公安排", "实行值班制。")
    return ask_publication(actor, draft.id, draft.revision)


def test_a_notice_is_written_by_one_and_published_by_another(staff):
    draft = ready(staff.writer)
    assert notices() == []
    made = publish_notice(staff.chief, draft.id, draft.revision)
    assert [each.title for each in notices()] == ["国庆节办公安排"] and not models.NoticeDraft.objects.exists()
    withdraw_notice(staff.chief, made.id)
    assert notices() == []
    kinds = [entry.kind for entry in history(Ref(actions.NOTICE, made.id))]
    assert kinds == ["portal.notice.published", "portal.notice.withdrawn"]
    with pytest.raises(NotFound):
        withdraw_notice(staff.chief, made.id)


def test_t4_nobody_publishes_what_they_wrote(staff):
    draft = ready(staff.chief)
    for actor in (staff.chief, staff.writer, staff.stranger):
        with pytest.raises(Refused):
            publish_notice(actor, draft.id, draft.revision)
    assert notices() == [] and models.NoticeDraft.objects.count() == 1


def test_what_is_not_ready_or_changed_meanwhile_is_not_published(staff):
    draft = ready(staff.writer)
    later = write_notice(staff.writer, "改过的标题", "正文", draft.id, draft.revision)
    with pytest.raises(Stale):
        publish_notice(staff.chief, draft.id, draft.revision)
    with pytest.raises(Refused):
        publish_notice(staff.chief, draft.id, later.revision)
    with pytest.raises(Stale):
        write_notice(staff.writer, "旧页面", "正文", draft.id, draft.revision)
    with pytest.raises(Invalid) as refusal:
        write_notice(staff.writer, "  ", "")
    assert set(refusal.value.errors) == {"title", "body"}
    assert notices() == [] and models.NoticeDraft.objects.get().title == "改过的标题"


def test_a_notice_is_returned_with_a_reason(staff):
    draft = ready(staff.writer)
    with pytest.raises(Invalid):
        return_notice(staff.chief, draft.id, " ", draft.revision)
    draft = return_notice(staff.chief, draft.id, "请写明时间", draft.revision)
    assert (draft.asked_at, draft.returned) == (None, "请写明时间")


def test_the_pages_show_a_preview_and_keep_what_was_typed(staff, settings):
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_staff", "staff"

    def browser(name):
        client = Client(headers={"accept-language": "en"})
        account = get_user_model().objects.get(public_id=staff.people[name].ref.id)
        client.force_login(account, backend="tongban.trust.identity.signin.SignInBackend")
        return client

    writer, chief = browser("writer"), browser("chief")
    assert browser("stranger").get("/notices/").status_code == 403
    typed = {"title": "停电通知", "body": "<b>周六</b>停电。", "revision": "0"}
    preview = writer.post("/notices/write/", {**typed, "act": "preview"}).content.decode()
    assert "&lt;b&gt;周六" in preview and not models.NoticeDraft.objects.exists()
    wrong = writer.post("/notices/write/", {**typed, "title": "", "act": "save"})
    assert wrong.status_code == 422 and "停电。" in wrong.content.decode()
    page = writer.post("/notices/write/", {**typed, "act": "ask"}).url
    revision = models.NoticeDraft.objects.get().revision
    assert writer.post(page, {"act": "publish", "revision": revision}).status_code == 403
    assert "停电通知" in chief.get("/notices/").content.decode()
    assert chief.post(page, {"act": "publish", "revision": revision}).status_code == 302
    assert [each.title for each in notices()] == ["停电通知"]
    assert chief.post(f"/notices/{notices()[0].id}/withdraw/").status_code == 302
    assert notices() == []

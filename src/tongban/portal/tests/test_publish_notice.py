"""Notices on the home page (look.md, Public site)."""

import pytest

from tongban.base.kernel.api import Invalid, NotFound
from tongban.base.ledger.api import history
from tongban.portal import models
from tongban.portal.actions import NOTICE
from tongban.portal.api import notices, publish_notice, withdraw_notice

pytestmark = pytest.mark.django_db


def test_a_notice_is_shown_until_it_is_withdrawn():
    kept = publish_notice("国庆节办公安排", "实行值班制。")
    gone = publish_notice("临时停办", "系统升级。")
    withdraw_notice(gone.id)
    assert [each.id for each in notices()] == [kept.id]


def test_publishing_and_withdrawing_are_on_record():
    from tongban.base.kernel.api import Ref

    made = publish_notice("停电通知", "周六停电。")
    withdraw_notice(made.id)
    kinds = [entry.kind for entry in history(Ref(NOTICE, made.id))]
    assert kinds == ["portal.notice.published", "portal.notice.withdrawn"]


def test_an_empty_notice_is_refused_and_nothing_is_kept():
    with pytest.raises(Invalid) as refusal:
        publish_notice("  ", "")
    assert set(refusal.value.errors) == {"title", "body"}
    assert not models.Notice.objects.exists()


def test_withdrawing_twice_changes_nothing():
    made = publish_notice("停电通知", "周六停电。")
    withdraw_notice(made.id)
    before = models.Notice.objects.get().withdrawn_at
    with pytest.raises(NotFound):
        withdraw_notice(made.id)
    assert models.Notice.objects.get().withdrawn_at == before

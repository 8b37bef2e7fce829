"""Where a person of the staff site begins the day."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OfficeKind, OfficeRow, Reach

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("rights", "first"),
    [(["hall.work"], "/inbox/"), (["catalogue.read", "exchange.read"], "/catalogue/"), ([], "/messages/")],
)
def test_a_person_starts_with_their_own_work(settings, rights: list[str], first: str) -> None:
    settings.ROOT_URLCONF, settings.SITE = "tongban.site.urls_staff", "staff"
    identity.load_offices([OfficeRow("46", "示范省人民政府", OfficeKind.PROVINCE, "46")])
    identity.define_role("worker", "worker", rights, reach=Reach.OWN)
    person = identity.create_staff("worker", "王某某", second_factor=False)
    identity.assign_post(person.ref, identity.office_by_code("46").ref, "科员", ["worker"])
    client = Client()
    client.force_login(get_user_model().objects.get(public_id=person.ref.id))
    assert client.get("/").headers["Location"] == first

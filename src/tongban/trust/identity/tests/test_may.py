"""Posts, roles, grants: who may do what, where, until when."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from tongban.base.kernel.api import Invalid, Ref, Refused, now, today, travelled
from tongban.trust.identity import api, models

pytestmark = pytest.mark.django_db


def test_a_role_reaches_its_own_office_or_its_subtree(people: SimpleNamespace) -> None:
    clerk, administrator = api.actor_for(people.clerk.ref), api.actor_for(people.administrator.ref)
    village, province = api.office_by_code("460105100201"), api.office_by_code("46")
    assert api.may(clerk, "identity.read", people.county)
    assert not api.may(clerk, "identity.read", village)
    assert api.may(administrator, "identity.manage", village.ref)
    assert not api.may(administrator, "identity.manage", province)
    assert not api.may(clerk, "identity.manage")
    with pytest.raises(Refused):
        api.require(clerk, "identity.manage", people.county)


def test_an_ended_post_gives_nothing_at_once(people: SimpleNamespace) -> None:
    (post,) = api.posts_of(people.clerk.ref)
    api.end_post(post.ref)
    actor = api.actor_for(people.clerk.ref)
    assert actor.posts == () and not api.may(actor, "identity.read")
    assert api.people_at(people.county.ref) == []


def test_concurrent_and_acting_posts_have_dates(people: SimpleNamespace) -> None:
    (post,) = api.posts_of(people.clerk.ref)
    api.assign_post(
        people.stranger.ref,
        people.county.ref,
        "代理窗口",
        ["clerk"],
        acting_for=post.ref,
        until=today() + timedelta(days=3),
    )
    assert api.may(api.actor_for(people.stranger.ref), "identity.read", people.county)
    with travelled(timedelta(days=3)):
        assert not api.may(api.actor_for(people.stranger.ref), "identity.read")
    with pytest.raises(Invalid):
        api.assign_post(people.stranger.ref, people.county.ref, "代理", acting_for=post.ref)


def test_a_grant_expires_and_is_revoked(people: SimpleNamespace) -> None:
    made = api.grant(
        people.stranger.ref,
        "identity.read",
        api.office_by_code("460105").ref,
        until=now() + timedelta(hours=1),
        purpose="审计",
        by=people.administrator.ref,
    )
    assert api.may(api.actor_for(people.stranger.ref), "identity.read", people.county)
    with travelled(timedelta(hours=2)):
        assert not api.may(api.actor_for(people.stranger.ref), "identity.read")
    api.revoke(made.ref, by=people.administrator.ref)
    assert not api.may(api.actor_for(people.stranger.ref), "identity.read")


def test_grants_need_purpose_end_and_another_person(people: SimpleNamespace) -> None:
    county = people.county.ref
    with pytest.raises(Invalid) as caught:
        api.grant(people.stranger.ref, "no.such", county, until=now(), purpose=" ", by=people.administrator.ref)
    assert set(caught.value.errors) == {"permission", "purpose", "until"}
    later = now() + timedelta(days=1)
    with pytest.raises(Refused):
        api.grant(
            people.administrator.ref,
            "identity.read",
            county,
            until=later,
            purpose="x",
            by=people.administrator.ref,
        )
    with pytest.raises(Refused):
        api.assign_post(people.administrator.ref, county, "x", by=people.administrator.ref)
    with pytest.raises(Refused):
        api.grant(people.citizen.ref, "identity.read", county, until=later, purpose="x")
    assert not models.Grant.objects.exists()


def test_roles_hold_declared_permissions_only(people: SimpleNamespace) -> None:
    with pytest.raises(Invalid):
        api.define_role("bad", "坏", ["hall.everything"])
    with pytest.raises(Invalid):
        api.assign_post(people.clerk.ref, people.county.ref, "x", ["no-such-role"])


def test_t4_conflict_is_found_by_person_also_through_another_account(people: SimpleNamespace) -> None:
    from .conftest import CITIZEN_ID

    twin = api.create_staff("twin", "王小明", id_number=CITIZEN_ID)
    actor = api.actor_for(twin.ref)
    assert api.conflicts(actor, [people.clerk.ref, people.citizen.ref]) == people.citizen.ref
    assert api.conflicts(actor, [people.clerk.ref, Ref("legal_entity", "1")]) is None
    assert api.conflicts(api.actor_for(people.clerk.ref), [people.clerk.ref]) == people.clerk.ref


def test_r7_there_is_no_superuser(people: SimpleNamespace) -> None:
    names = {field.name for field in models.Person._meta.get_fields()}
    assert not names & {"is_superuser", "is_staff", "user_permissions", "groups"}
    assert not hasattr(models.Person.objects, "create_superuser")
    assert not hasattr(models.Person(), "has_perm")


def test_personal_numbers_are_in_no_text_of_the_objects(people: SimpleNamespace) -> None:
    row = models.Person.objects.get(public_id=people.citizen.ref.id)
    for text in (str(row), repr(row), repr(people.citizen), repr(api.actor_for(people.citizen.ref))):
        assert people.citizen.id_number not in text and people.citizen.phone not in text
    assert row.id_index != row.id_number and len(row.id_index) == 32
    assert api.person_by_id_number(people.citizen.id_number.lower()) == people.citizen

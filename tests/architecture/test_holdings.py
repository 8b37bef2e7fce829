"""Whatever an office holds finds a new home in a reorganisation (NFR-08): no room forgets what it keeps by office."""

from __future__ import annotations

import re

from django.apps import apps
from django.db import models

from tongban.trust.identity.api import office_holdings

# Column -> the sort of things a reorganisation moves by it.
MOVED = {
    "identity_office.parent": "identity.office",
    "identity_office_role.office": "identity.part",
    "identity_post.office": "identity.post",
    "identity_grant.office": "identity.grant",
    "identity_request.office": "identity.request",
    "identity_personnel_system.office": "identity.personnel_system",
    "hall_case.first_office": "hall.case",
    "hall_work.office": "hall.work",
    "hall_question.office": "hall.question",
    "hall_item.office": "hall.item",
    "licences_token.issuer_id": "licences.licence",
    "openid_client.office": "openid.client",
    "linkage_source.office_id": "linkage.source",
    "catalogue_request.office": "catalogue.request",
    "catalogue_grant.office": "catalogue.request",
    "catalogue_objection.office": "catalogue.objection",
    "seals_seal.office": "seals.seal",
}
# What an office did, was called, or is a part's name: it stays as it was.
KEPT = {
    "identity_office_name.office": "the name it had",
    "identity_succession.former": "who followed whom",
    "identity_succession.successor": "who followed whom",
    "identity_review.office": "a review of its day",
    "hall_correction.office": "who asked",
    "hall_decision.office": "who decided",
    "hall_suspension.office": "who suspended",
    "hall_itemstep.office": "a title in the wording of a version",
    "process_task.office": "a part, which passes with its office",
    "exchange_node.office_id": "a node belongs to the office that was enrolled; a successor enrols its own",
    "exchange_subscription.provider_office": "as the grant says; ends with it",
    "exchange_subscription.subscriber_office": "as the grant says; ends with it",
    "transport_peer.office": "as its certificate says",
    "transport_inbox.office": "who sent it then",
}
_NAMED = re.compile(r"(^|_)(office|offices|issuer_id|department)(_id)?$")


def columns() -> set[str]:
    """Every column that names an office: by a foreign key, or by its name."""
    found = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            points = isinstance(field, models.ForeignKey) and field.related_model is not None
            to_office = points and field.related_model._meta.db_table == "identity_office"  # type: ignore[union-attr]
            if to_office or (not points and _NAMED.search(field.name)):
                found.add(f"{model._meta.db_table}.{field.name}")
    return found


def test_nfr08_every_column_with_an_office_is_moved_or_kept_on_purpose() -> None:
    assert columns() - set(MOVED) - set(KEPT) == set()
    assert set(MOVED.values()) - set(office_holdings) == set()

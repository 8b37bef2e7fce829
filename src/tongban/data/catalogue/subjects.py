"""What other rooms' pages call resources, requests and grants: nothing personal."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tongban.base.kernel.api import Named, Ref, subjects

from .data import GRANT, REQUEST, RESOURCE
from .models import Grant, Request, Resource


def _resources(refs: Collection[Ref]) -> Mapping[Ref, Named]:
    rows = Resource.objects.filter(public_id__in=[ref.id for ref in refs])
    return {Ref(RESOURCE, row.public_id): Named(row.title, row.code) for row in rows}


def _requests(refs: Collection[Ref]) -> Mapping[Ref, Named]:
    rows = Request.objects.filter(public_id__in=[ref.id for ref in refs]).select_related("resource")
    return {Ref(REQUEST, row.public_id): Named(row.resource.title, row.number) for row in rows}


def _grants(refs: Collection[Ref]) -> Mapping[Ref, Named]:
    rows = Grant.objects.filter(public_id__in=[ref.id for ref in refs]).select_related("resource")
    return {Ref(GRANT, row.public_id): Named(row.resource.title, row.number) for row in rows}


subjects.register(RESOURCE, _resources)
subjects.register(REQUEST, _requests)
subjects.register(GRANT, _grants)

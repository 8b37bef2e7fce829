"""Finding work and cases by what programs know of them."""

from __future__ import annotations

from tongban.base.kernel.api import NotFound, Ref

from ..access import NO_CASE
from ..data import CASE, WORK
from ..models import Case, Work


def case_ref(case_no: str) -> Ref:
    """The case with this number; `NotFound`."""
    id_ = Case.objects.filter(case_no=case_no).values_list("public_id", flat=True).first()
    if id_ is None:
        raise NotFound(NO_CASE)
    return Ref(CASE, id_)


def open_work(case: Ref) -> list[tuple[Ref, Ref, str]]:
    """What has to be done with a case now: work, office, kind; the oldest first."""
    rows = Work.objects.filter(case__public_id=case.id, open=True).order_by("id")
    return [(Ref(WORK, row.public_id), Ref("identity.office", row.office), row.kind) for row in rows]

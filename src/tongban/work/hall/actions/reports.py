"""A prefilled value that is wrong is reported to the source that gave it (DATA-46; 一数一源)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, NotFound, Ref, now
from tongban.base.ledger import api as ledger
from tongban.engine.forms.data import Field, Prefilled
from tongban.engine.notify import api as notify
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import Actor

from ..models import Draft, ValueReport
from ..queries.services import service


def report_value(actor: Actor, draft: Draft, field: Field, known: Prefilled, right: str) -> ValueReport:
    """Tell the office behind the source that its value is wrong, with what the applicant says is right."""
    if not right.strip():
        raise Invalid({"right": _("Please write what is right.")})
    source = (field.prefill or "").partition(".")[0]
    with transaction.atomic():
        report = ValueReport.objects.create(
            source=source,
            field=field.prefill or field.name,
            reporter=str(actor.person),
            right=right.strip()[:500],
            at=now(),
        )
        ref = Ref("hall.value_report", str(report.pk))
        ledger.write("hall.value.reported", ref, by=actor.by, source=source, field=report.field)
        try:
            office = identity.office_by_role("police" if source == "population" else service(draft.item).first, "")
        except NotFound:
            return report
        notify.tell(office.ref, "hall.value_reported", {"field": str(field.title), "source": str(known.source)})
    return report

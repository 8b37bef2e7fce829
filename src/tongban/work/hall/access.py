"""The only ways to reach a case. A case that somebody may not know of answers like one that does not exist (T13)."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound, Ref, Refused
from tongban.trust.identity.api import admit, conflicts, may
from tongban.trust.identity.data import Actor

from .data import CASE
from .models import Case, Work
from .numbers import query_hash

NO_CASE = _("There is no such case, or the query code does not fit.")


def _case(ref: Ref | str, lock: bool) -> Case:
    id_ = ref.id if isinstance(ref, Ref) else ref
    rows = Case.objects.select_for_update() if lock else Case.objects
    case = rows.filter(public_id=id_).first()
    if case is None:
        raise NotFound(NO_CASE)
    return case


def access_own_case(actor: Actor, ref: Ref | str, *, lock: bool = False) -> Case:
    """The applicant's or their agent's own case."""
    case = _case(ref, lock)
    if actor.public or str(actor.applicant) != case.applicant:
        raise NotFound(NO_CASE)
    return case


def access_case_by_code(case_no: str, code: str) -> Case:
    """A case by number and query code; until the end of the transaction row security shows it.

    An unknown number takes the same way as a wrong code: one question about both (T14). What is compared is a keyed
    hash, so the time of comparing tells nothing either.
    """
    number = case_no.strip()
    with connection.cursor() as cursor:
        cursor.execute("SELECT hall_case_with(%s, %s)", [number, query_hash(number, code)])
        found: str | None = cursor.fetchone()[0]
    if found is None:
        raise NotFound(NO_CASE)
    admit(Ref(CASE, found))
    return _case(found, lock=False)


def access_case(actor: Actor, ref: Ref | str, *, lock: bool = False) -> Case:
    """A case for staff: the first handler, an office that has or had to decide, or those who oversee one of them."""
    case = _case(ref, lock)
    if not actor.staff:
        raise NotFound(NO_CASE)
    offices = {case.first_office, *case.work.values_list("office", flat=True)}
    mine = {office.id for office in actor.offices}
    if may(actor, "hall.work") and offices & mine:
        return case
    if any(may(actor, "hall.oversee", Ref("identity.office", office)) for office in offices):
        return case
    raise NotFound(NO_CASE)


def access_work(actor: Actor, ref: Ref | str, permission: str) -> Work:
    """Something to do of the actor's own office, its case locked: whoever comes second waits, then sees it done.

    `Refused` where the actor takes part in the case as applicant, agent or (for decisions) as the accepting clerk (T4).
    """
    id_ = ref.id if isinstance(ref, Ref) else ref
    work = Work.objects.filter(public_id=id_).first()
    if work is None or not may(actor, permission, Ref("identity.office", work.office)):
        raise NotFound(_("There is no such task in your inbox."))
    case = Case.objects.select_for_update().get(pk=work.case_id)
    work = Work.objects.select_related("case").get(pk=work.pk)
    work.case = case
    keep_apart(actor, case, deciding=permission == "hall.decide")
    return work


def keep_apart(actor: Actor, case: Case, *, deciding: bool) -> None:
    """Separation of duty by person, whatever account or role they use (T4)."""
    parts = [case.applicant, case.agent, case.filed_by if case.channel == "2" else ""]
    if deciding:
        parts.append(case.accepted_by)
    if conflicts(actor, [Ref.parse(part) for part in parts if part]):
        raise Refused(
            _("You take part in this case as applicant, agent or accepting clerk. Somebody else has to do this step."),
            code="conflict",
        )

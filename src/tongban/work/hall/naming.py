"""What cases, tasks and questions are called where others list them, such as moved deadlines. Nobody's name."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _

from tongban.base.calendars.api import clocks
from tongban.base.kernel.api import Named, Ref, subjects, system
from tongban.trust.identity import api as identity
from tongban.trust.identity.data import OFFICE

from .data import CASE, WORK
from .limits import LEGAL, PROMISED, STEP
from .models import Case, Question, Work

QUESTION = "hall.question"
clocks.register(PROMISED, _("Promised limit of the case"))
clocks.register(LEGAL, _("Legal limit of the case"))
clocks.register(STEP, _("Limit of one office's step"))


def _named(rows: Collection[tuple[Ref, str, str, str]]) -> dict[Ref, Named]:
    offices = identity.offices_by_ref({Ref(OFFICE, office) for _ref, _title, _number, office in rows if office})
    titles = {ref.id: office.title for ref, office in offices.items()}
    return {ref: Named(title, number, titles.get(office, "")) for ref, title, number, office in rows}


# Row security hides cases from those who keep the calendar; what is said here names no person.
@subjects(CASE)
def cases(refs: Collection[Ref]) -> dict[Ref, Named]:
    """Item, case number and first handler."""
    with system():
        found = Case.objects.filter(public_id__in=[ref.id for ref in refs])
        rows = found.values_list("public_id", "item_title", "case_no", "first_office")
        return _named([(Ref(CASE, id_), title, number, office) for id_, title, number, office in rows])


@subjects(WORK)
def work(refs: Collection[Ref]) -> dict[Ref, Named]:
    """Item, case number and the office that has the task."""
    with system():
        found = Work.objects.filter(public_id__in=[ref.id for ref in refs])
        rows = found.values_list("public_id", "case__item_title", "case__case_no", "office")
        return _named([(Ref(WORK, id_), title, number, office) for id_, title, number, office in rows])


@subjects(QUESTION)
def questions(refs: Collection[Ref]) -> dict[Ref, Named]:
    """The item asked about and the office that answers."""
    with system():
        found = Question.objects.filter(public_id__in=[ref.id for ref in refs])
        rows = found.values_list("public_id", "item_title", "office")
        return _named([(Ref(QUESTION, id_), item, "", office) for id_, item, office in rows])

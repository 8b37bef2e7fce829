from django.apps import AppConfig


class HallConfig(AppConfig):
    name = "tongban.work.hall"
    label = "hall"

    _own = "SELECT, INSERT, UPDATE"
    public_tables = {
        "hall_item": "SELECT",
        "hall_itemmaterial": "SELECT",
        "hall_itemstep": "SELECT",
        "hall_itemfaq": "SELECT",
        "hall_itemfee": "SELECT",
        "hall_service": "SELECT",
        "hall_draft": "SELECT, INSERT, UPDATE, DELETE",
        "hall_case": _own,
        "hall_answers": "SELECT, INSERT",
        "hall_paper": "SELECT, INSERT",
        "hall_work": _own,
        "hall_correction": "SELECT, UPDATE",
        "hall_decision": "SELECT, INSERT",
        "hall_suspension": "SELECT",
        "hall_reservation": "SELECT, INSERT, DELETE",
        "hall_rating": "SELECT, INSERT",
        "hall_question": _own,
        "hall_valuereport": "SELECT, INSERT",
        "hall_itemversion": "SELECT",
    }

    # Who sees a case, sees what belongs to it: the applicant, offices that have to do with it and those above them.
    _of_case = "hall_sees(case_id)"
    personal_tables = {
        "hall_case": (
            "applicant = tongban_applicant() OR filed_by = 'identity.person:' || tongban_person() "
            "OR tongban_subject() = 'hall.case:' || public_id "
            "OR first_office = ANY (tongban_offices()) OR tongban_covers('hall', first_office) "
            "OR (tongban_staff() AND hall_works_on(id))"
        ),
        "hall_work": f"office = ANY (tongban_offices()) OR tongban_covers('hall', office) OR {_of_case}",
        "hall_answers": _of_case,
        "hall_paper": _of_case,
        "hall_correction": _of_case,
        "hall_decision": _of_case,
        "hall_suspension": _of_case,
        "hall_reservation": _of_case,
        "hall_rating": _of_case,
        "hall_draft": "owner IN (tongban_applicant(), 'hall.counter:' || tongban_person())",
        "hall_question": (
            "public OR asker = 'identity.person:' || tongban_person() "
            "OR office = ANY (tongban_offices()) OR tongban_covers('hall', office)"
        ),
        "hall_valuereport": (
            "reporter IN (tongban_applicant(), 'identity.person:' || tongban_person()) OR tongban_works('register')"
        ),
    }
    seen_subjects = {
        "hall.case": "EXISTS (SELECT 1 FROM hall_case WHERE public_id = which)",
        "hall.work": "EXISTS (SELECT 1 FROM hall_work WHERE public_id = which)",
        "hall.draft": "EXISTS (SELECT 1 FROM hall_draft WHERE public_id = which)",
        "files.file": "EXISTS (SELECT 1 FROM hall_paper WHERE file = which AND file <> '')",
        # Who has somebody's case on the desk may look at the account, and so may the clerk who fills in for a visitor.
        "identity.person": (
            "tongban_staff() AND (EXISTS (SELECT 1 FROM hall_case WHERE applicant = 'identity.person:' || which) "
            "OR EXISTS (SELECT 1 FROM hall_draft WHERE applicant = 'identity.person:' || which))"
        ),
    }

    def ready(self) -> None:
        from . import messages, naming, permissions, reorganisation  # noqa: F401 - declares rights, messages, what offices hold
        from .queries import evidence  # noqa: F401 - what packages of evidence get, and whose records are whose

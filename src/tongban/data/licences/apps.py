from typing import ClassVar

from django.apps import AppConfig


class LicencesConfig(AppConfig):
    name = "tongban.data.licences"
    label = "licences"

    public_tables: ClassVar[dict[str, str]] = {
        "licences_type": "SELECT",
        "licences_token": "SELECT",
        "licences_reuse": "SELECT, INSERT",
    }

    # Who was given it, who sees the case it came of, who looks licences up. Verifying goes by its own narrow question.
    personal_tables: ClassVar[dict[str, str]] = {
        "licences_token": (
            "holder_kind || ':' || holder_id = tongban_applicant() OR tongban_works('licences') "
            "OR tongban_sees(subject_kind, subject_id)"
        ),
    }
    seen_subjects: ClassVar[dict[str, str]] = {
        "licences.licence": "EXISTS (SELECT 1 FROM licences_token WHERE identifier = which)",
    }

    def ready(self) -> None:
        from . import permissions, reorganisation  # noqa: F401 - declares rights and what offices hold

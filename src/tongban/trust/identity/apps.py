from typing import ClassVar

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "tongban.trust.identity"
    label = "identity"

    # What the public process may do to which table (security T45): nothing about roles, grants or purposes.
    public_tables: ClassVar[dict[str, str]] = {
        "identity_office": "SELECT",
        "identity_office_name": "SELECT",
        "identity_office_role": "SELECT",
        "identity_post": "SELECT",
        "identity_person": "SELECT, INSERT, UPDATE",
        "identity_agency": "SELECT, INSERT, UPDATE",
        "identity_one_time_code": "SELECT, INSERT, UPDATE, DELETE",
        "identity_limit": "SELECT, INSERT, UPDATE, DELETE",
        "identity_session": "SELECT, INSERT, UPDATE, DELETE",
        "mfa_authenticator": "SELECT, INSERT, UPDATE, DELETE",
        "account_emailaddress": "SELECT",
    }

    _own = "(SELECT p.id FROM identity_person p WHERE p.public_id = tongban_person())"
    personal_tables: ClassVar[dict[str, str]] = {
        "identity_person": (
            "public_id = tongban_person() OR 'identity.person:' || public_id = tongban_acting_for() "
            "OR (kind = 'staff' AND tongban_staff()) OR tongban_works('identity') "
            "OR tongban_sees('identity.person', public_id)"
        ),
        "identity_session": f"account_id = {_own} OR tongban_works('identity')",
        "identity_one_time_code": f"person_id = {_own}",
        "identity_agency": (
            f"agent_id = {_own} OR principal_kind || ':' || principal_id = tongban_applicant() "
            "OR granted_by = 'identity.person:' || tongban_person()"
        ),
        "identity_emergency": "tongban_works('identity')",
        "identity_purpose_grant": "officer_id = tongban_person() OR tongban_works('identity')",
    }

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares this room's own permissions
        from .reorganisation import own  # noqa: F401 - declares what offices hold here

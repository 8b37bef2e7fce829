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

    def ready(self) -> None:
        from . import permissions  # noqa: F401 - declares this room's own permissions

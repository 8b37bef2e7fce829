from typing import ClassVar

from django.apps import AppConfig

# Whose rows: the person at work; or the client that has just authenticated itself; or of the one token presented.
_OWN = "{} = (SELECT p.id FROM identity_person p WHERE p.public_id = tongban_person())"
_CLIENT = "{} = nullif(current_setting('tongban.openid_client', true), '')::bigint"
_PRESENTED = "token_checksum = current_setting('tongban.openid_token', true)"
_OURS = f"person_id = tongban_person() OR {_CLIENT.format('client_id')}"
_TOOLKIT = f"{_OWN.format('user_id')} OR {_CLIENT.format('application_id')}"


class OpenIDConfig(AppConfig):
    name = "tongban.trust.openid"
    label = "openid"

    public_tables: ClassVar[dict[str, str]] = {
        "openid_client": "SELECT",
        "openid_connection": "SELECT, INSERT, UPDATE",
        "openid_consent": "SELECT, INSERT, UPDATE",
        "openid_signing_key": "SELECT, INSERT",
        "oauth2_provider_grant": "SELECT, INSERT, DELETE",
        "oauth2_provider_accesstoken": "SELECT, INSERT, UPDATE, DELETE",
        "oauth2_provider_refreshtoken": "SELECT, INSERT, UPDATE",
        "oauth2_provider_idtoken": "SELECT, INSERT, UPDATE, DELETE",
    }
    personal_tables: ClassVar[dict[str, str]] = {
        "openid_connection": _OURS,
        "openid_consent": _OURS,
        "oauth2_provider_grant": _TOOLKIT,
        "oauth2_provider_accesstoken": f"{_TOOLKIT} OR {_PRESENTED}",
        "oauth2_provider_refreshtoken": _TOOLKIT,
        "oauth2_provider_idtoken": _TOOLKIT,
    }

    def ready(self) -> None:
        from . import permissions, reorganisation  # noqa: F401 - declares rights and what offices hold

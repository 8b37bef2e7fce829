"""Passkeys (WebAuthn): instead of the password, or as the second step."""

from __future__ import annotations

from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    ListWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)

from ..policies import entering, signed_in

passkeys = signed_in(ListWebAuthnView.as_view(template_name="identity/passkeys.html"))
passkey_new = signed_in(AddWebAuthnView.as_view(template_name="identity/passkey_new.html"))
passkey_remove = signed_in(RemoveWebAuthnView.as_view(template_name="identity/passkey_remove.html"))
passkey_again = signed_in(ReauthenticateWebAuthnView.as_view(template_name="identity/passkey_again.html"))
passkey_sign_in = entering(LoginWebAuthnView.as_view())

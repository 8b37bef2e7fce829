"""Second factors and passkeys: allauth's parts in our words, their secrets sealed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, LoginWebAuthnForm
from cryptography.fernet import Fernet
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from .codes import TOO_MANY
from .limits import forgive, limited
from .models import Person
from .signin import Plain, site_kind


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets sealed with a key outside the database; a passkey shown with the person's name, never with a number."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _("The code or key is not right. Please try again."),
    }

    def encrypt(self, text: str) -> str:
        return _seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _seal().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        count = Authenticator.objects.filter(user_id=user.pk, type=type).count()
        return _now("Passkey") if not count else f"{_now('Passkey')} {count + 1}"

    def get_public_key_credential_user_entity(self, user: Any) -> dict[str, Any]:
        named: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return named | {"display_name": user.name, "name": user.name}


def _seal() -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(f"factors|{settings.TONGBAN_INDEX_KEY}".encode()).digest()))


class PasskeyForm(Plain, AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey of somebody who has just typed their password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
        self.fields["name"].help_text = _("So that you recognise it: the device it is on, for instance.")
        self.fields["passwordless"] = forms.BooleanField(
            label=_("Sign in with it alone, without the password"),
            help_text=_("It then asks for your fingerprint, face or PIN each time."),
            required=False,
            initial=True,
        )


class PasskeySignInForm(LoginWebAuthnForm):  # type: ignore[misc]
    """Signing in with a passkey alone."""

    def clean_credential(self) -> Authenticator:
        found: Authenticator = super().clean_credential()
        person = found.user
        if not isinstance(person, Person) or not person.is_active or person.kind != site_kind():
            raise ValidationError(FactorAdapter.error_messages["incorrect_code"])
        return found


class AppForm(Plain, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your authenticator app")


class SecondFactorForm(Plain, AuthenticateForm):  # type: ignore[misc]
    """The second step: a code of the authenticator app, or a recovery code."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code from your authenticator app")
        self.fields["code"].help_text = _("Six digits. A recovery code works as well, once.")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"

    def clean_code(self) -> str:
        """The right code counts as no attempt, and works once even at two processes."""
        key = f"factor:{self.user.public_id}"
        if limited(key, 8, 600):
            raise ValidationError(TOO_MANY)
        if limited(f"{key}:{self.cleaned_data['code']}", 1, 120):
            raise ValidationError(_("This code was typed before. Please wait for the next one."))
        code: str = super().clean_code()
        forgive(key)
        return code

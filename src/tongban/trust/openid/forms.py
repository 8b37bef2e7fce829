"""The form on which a system is registered."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import NotFound
from tongban.trust.identity.api import office_by_code

from .data import ClientRequest
from .scopes import SCOPES


class Lines(forms.CharField):
    """Several addresses, one a line."""

    def to_python(self, value: Any) -> Any:
        return tuple(str(value or "").split())


class SystemForm(forms.Form):
    """A department's system that wants to sign people in through us."""

    title = forms.CharField(label=_("Name of the system"), max_length=100)
    office = forms.CharField(label=_("Code of the office it belongs to"), max_length=60)
    site = forms.ChoiceField(
        label=_("Who signs in"), choices=[("public", _("Citizens and enterprises")), ("staff", _("Staff"))]
    )
    purpose = forms.CharField(
        label=_("Purpose"), max_length=300, help_text=_("One sentence. People read it before they agree.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it needs to know"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(key, title) for key, title in SCOPES.items() if key != "openid"],
    )
    level = forms.TypedChoiceField(
        label=_("Least real-name level"), coerce=int, choices=[(level, str(level)) for level in range(5)]
    )
    redirect_uris = Lines(
        label=_("Addresses to come back to"),
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One a line, exactly as the system sends them."),
    )
    sign_out_uris = Lines(label=_("Addresses after signing out"), widget=forms.Textarea({"rows": 2}), required=False)
    sign_out_url = forms.CharField(
        label=_("Address to be told of sign-outs"),
        max_length=300,
        required=False,
        help_text=_("OpenID Connect Back-Channel Logout. Empty: the system is not told."),
    )

    def clean_office(self) -> Any:
        try:
            return office_by_code(self.cleaned_data["office"].strip()).ref
        except NotFound as error:
            raise forms.ValidationError(str(error.message)) from None

    def asked(self) -> ClientRequest:
        """What was asked for, once the form is valid."""
        return ClientRequest(**{**self.cleaned_data, "scopes": tuple(self.cleaned_data["scopes"])})

"""Forms of authorisation and reorganisation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ..forms import _DATE, OfficeChoice
from ..permissions import administrative, permissions


class GrantForm(forms.Form):
    """One permission over one office's subtree, for a purpose, until a day; some can be bounded to a register."""

    permission = forms.ChoiceField(label=_("Permission"))
    office = OfficeChoice(label=_("Over this office and all below it"), help_text=_("Its name or code."))
    purpose = forms.CharField(label=_("What for"), max_length=300)
    until = forms.DateField(label=_("Last day"), widget=_DATE)
    register = forms.CharField(
        label=_("Only this register"), max_length=40, required=False, help_text=_("Only for permissions on registers.")
    )
    fields_ = forms.CharField(label=_("Only these fields of it"), max_length=300, required=False)
    level = forms.ChoiceField(
        label=_("Up to this secrecy level"),
        required=False,
        choices=[("", _("any")), ("public", _("open")), ("internal", _("internal")), ("sensitive", _("sensitive"))],
    )
    zone = forms.ChoiceField(
        label=_("Only in this zone"),
        required=False,
        choices=[("", _("any")), ("public", _("internet")), ("outer", _("government extranet"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permission"].choices = [  # type: ignore[attr-defined]
            (key, f"{title} ({key})") for key, title in permissions.items() if key not in administrative
        ]


class ReviewForm(forms.Form):
    """A round in which rights are looked at again."""

    title = forms.CharField(label=_("Name of the round"), max_length=200)
    office = OfficeChoice(
        label=_("Over this office and all below it"), required=False, help_text=_("Its name or code. Empty: all.")
    )
    due = forms.DateField(label=_("Last day"), widget=_DATE, help_text=_("What nobody has looked at by then expires."))


class EmergencyForm(forms.Form):
    """Whose data must be seen now, and why."""

    id_number = forms.CharField(
        label=_("Identity number"), max_length=30, widget=forms.TextInput({"autocomplete": "off"})
    )
    reason = forms.CharField(label=_("What has happened"), max_length=500, widget=forms.Textarea({"rows": 3}))


class ReorganisationForm(forms.Form):
    """A file that says which offices change, and how."""

    file = forms.FileField(label=_("File (YAML)"), max_length=200)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if given := values.get("file"):
            try:
                values["text"], values["name"] = given.read(1_000_001).decode("utf-8-sig"), given.name
            except UnicodeDecodeError:
                self.add_error("file", _("This is no text in UTF-8."))
        return values

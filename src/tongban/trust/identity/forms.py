"""Forms of the account pages and of staff administration."""

from __future__ import annotations

from base64 import b64decode
from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, today

from . import data
from .grants import roles
from .offices import find_offices
from .personal import normal, normal_phone

_CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "6"}
PASSWORD_RULES = _("At least 8 characters, not only digits, and none of the common ones.")
_DATE = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class ContactForm(forms.Form):
    """Where the code goes: the phone or the identity number of the account."""

    login = forms.CharField(
        label=_("Phone or identity number"),
        max_length=60,
        widget=forms.TextInput({"autocomplete": "username"}),
    )


class PhoneForm(forms.Form):
    """A mobile number for a new account."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=20,
        help_text=_("We send a code of six digits to it."),
        widget=forms.TextInput({"autocomplete": "tel", "inputmode": "tel"}),
    )

    def clean_phone(self) -> str:
        phone = normal_phone(self.cleaned_data["phone"])
        if not (phone.isascii() and phone.isdigit() and len(phone) == 11 and phone.startswith("1")):
            raise forms.ValidationError(_("Please write a mobile number of 11 digits."))
        return phone


class CodeForm(forms.Form):
    """The six digits that were sent."""

    code = forms.CharField(
        label=_("One-time code"),
        max_length=10,
        help_text=_("Six digits, valid for five minutes."),
        widget=forms.TextInput(_CODE),
    )


class NewPasswordForm(forms.Form):
    """A password typed twice."""

    password = forms.CharField(
        label=_("New password"),
        max_length=200,
        strip=False,
        help_text=PASSWORD_RULES,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") and values["password"] != values.get("again"):
            self.add_error("again", _("The two passwords differ."))
        return values


class ResetForm(NewPasswordForm):
    """The code and the new password on one page."""

    code = CodeForm.base_fields["code"]
    field_order = ["code", "password", "again"]


class DetailsForm(NewPasswordForm):
    """Who opens the account. Without an identity number it is an account of level 1."""

    name = forms.CharField(label=_("Full name"), max_length=100, widget=forms.TextInput({"autocomplete": "name"}))
    id_number = forms.CharField(
        label=_("Identity number"),
        max_length=30,
        required=False,
        help_text=_("With it you can use services that need a real name. You can add it later."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    field_order = ["name", "id_number", "password", "again"]

    def clean_id_number(self) -> str:
        return normal(self.cleaned_data["id_number"])


class RealNameForm(forms.Form):
    """Name and number for the real-name check."""

    name = DetailsForm.base_fields["name"]
    id_number = forms.CharField(
        label=_("Identity number"), max_length=30, widget=forms.TextInput({"autocomplete": "off"})
    )


class SignatureForm(forms.Form):
    """A challenge signed by the holder's key, pasted or as a file."""

    signature = forms.CharField(
        label=_("Signature"),
        required=False,
        max_length=20_000,
        help_text=_("As text: PEM, or base64."),
        widget=forms.Textarea({"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )
    file = forms.FileField(label=_("Signature as a file"), required=False, max_length=100)
    certificate = forms.CharField(
        label=_("Certificate"),
        required=False,
        max_length=20_000,
        help_text=_("Only for a raw signature; a CMS signature carries it."),
        widget=forms.Textarea({"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > 20_000:
            raise forms.ValidationError(_("This file is too large for a signature."))
        return file

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and not (values.get("signature") or values.get("file")):
            self.add_error("signature", _("Please paste the signature or choose its file."))
        return values

    def signed(self) -> tuple[bytes, bytes]:
        """Signature and certificate, as bytes."""
        file, text = self.cleaned_data["file"], self.cleaned_data["signature"].strip()
        return file.read() if file else _unarmoured(text), self.cleaned_data["certificate"].strip().encode()


def _unarmoured(text: str) -> bytes:
    """PEM stays as it is; bare base64 becomes the bytes it means."""
    if text.startswith("-----"):
        return text.encode()
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        return text.encode()


class SeenForm(forms.Form):
    """What the officer at a window reads from the identity card; the account is found by the visitor's phone."""

    phone = PhoneForm.base_fields["phone"]
    name = forms.CharField(label=_("Name on the card"), max_length=100, widget=forms.TextInput({"autocomplete": "off"}))
    id_number = forms.CharField(
        label=_("Number on the card"), max_length=30, widget=forms.TextInput({"autocomplete": "off"})
    )


class AgentForm(forms.Form):
    """An authorisation: who, for what, until when."""

    principal = forms.ChoiceField(label=_("For whom they act"))
    phone = forms.CharField(
        label=_("Mobile number of the person you authorise"),
        max_length=20,
        widget=forms.TextInput({"inputmode": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Their full name"),
        max_length=100,
        help_text=_("Both must fit the account, so that you authorise nobody else by mistake."),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    scopes = forms.CharField(
        label=_("For which services"),
        required=False,
        max_length=600,
        help_text=_("Codes of services, separated by spaces. Empty: all services."),
    )
    until = forms.DateField(label=_("Last day"), widget=_DATE, help_text=_("A year from today at most."))

    def __init__(self, *args: Any, principals: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["principal"].choices = principals  # type: ignore[attr-defined]

    def clean_until(self) -> date:
        last: date = self.cleaned_data["until"]
        if not today() <= last <= today() + timedelta(days=366):
            raise forms.ValidationError(_("Please choose a day within a year from today."))
        return last


class PersonForm(forms.Form):
    """A new member of staff."""

    name = forms.CharField(label=_("Full name"), max_length=100)
    username = forms.CharField(label=_("Username"), max_length=60, help_text=_("Letters, digits, dots and hyphens."))
    phone = forms.CharField(label=_("Mobile number"), max_length=20, required=False)
    id_number = forms.CharField(label=_("Identity number"), max_length=30, required=False)
    password = forms.CharField(
        label=_("First password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text=_("Hand it over in person."),
    )


class OfficeChoice(forms.CharField):
    """An office written as its code or its name; several that fit are listed in the error."""

    def to_python(self, value: Any) -> Any:
        words = str(value or "").strip()
        if not words:
            return None
        found = find_offices(words, limit=6)
        exact = [office for office in found if words in (office.code, office.title)]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if not found:
            raise forms.ValidationError(_("No office fits. Please write its code or its full name."))
        names = "、".join(f"{office.title} ({office.code})" for office in found[:5])
        raise forms.ValidationError(_("Several offices fit. Please write the code: %s") % names)


class PostForm(forms.Form):
    """A post for somebody."""

    office = OfficeChoice(label=_("Office"), help_text=_("Its name or code."))
    title = forms.CharField(label=_("Title of the post"), max_length=100)
    roles = forms.MultipleChoiceField(label=_("Roles"), required=False, widget=forms.CheckboxSelectMultiple)
    valid_from = forms.DateField(label=_("Valid from"), widget=_DATE)
    until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=_DATE,
        help_text=_("The first day on which it no longer holds. Empty: no end."),
    )
    concurrent = forms.BooleanField(label=_("Beside another post"), required=False)
    acting_for = forms.ChoiceField(label=_("Standing in for"), required=False)

    def __init__(self, *args: Any, stand_in: list[data.Post] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(key, title) for key, title, _permissions in roles()]
        self.fields["roles"].choices = known  # type: ignore[attr-defined]
        self.fields["valid_from"].initial = today
        others = [(p.ref.id, f"{p.person_name} · {p.title}") for p in stand_in or ()]
        self.fields["acting_for"].choices = [("", _("nobody")), *others]  # type: ignore[attr-defined]

    def clean_acting_for(self) -> Ref | None:
        chosen = self.cleaned_data["acting_for"]
        return Ref(data.POST, chosen) if chosen else None


class RenameForm(forms.Form):
    """A new name of an office, from today."""

    title = forms.CharField(label=_("Full name of the office"), max_length=200)
    short_title = forms.CharField(label=_("Short name"), max_length=100, required=False)

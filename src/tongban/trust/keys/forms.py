"""Forms of the desk and of key management."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import NotFound, Ref, system
from tongban.trust.identity.api import office_by_code, person_by_username

from .data import Algorithm, PolicyLine, Purpose
from .escrow import custodians
from .holders import holders
from .outside import roots
from .profiles import OWN_VERBS
from .queries import names
from .words import LINES, PURPOSES, REASONS

LONG = forms.Textarea({"rows": 3})
SECRET = forms.PasswordInput({"autocomplete": "off"})


class Nothing(forms.Form):
    """A button alone."""


class Evidence(forms.Form):
    """What the registrar saw."""

    evidence = forms.CharField(
        label=_("Documents you have seen"),
        help_text=_("Their kinds only, no numbers: identity card, letter of authorisation."),
        max_length=500,
        widget=LONG,
    )


class Why(forms.Form):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=LONG)


class Note(forms.Form):
    """A reason for suspending or resuming."""

    note = forms.CharField(label=_("Reason"), max_length=500, widget=LONG)


class Revoke(forms.Form):
    """Why a certificate is revoked."""

    reason = forms.ChoiceField(
        label=_("Kind of reason"), choices=[(key.value, title) for key, title in REASONS.items()]
    )
    note = forms.CharField(label=_("Reason"), max_length=500, widget=LONG)


def holder_of(text: str) -> Ref:
    """The person with this username, the office with this code, or whatever else holds certificates (`kind:id`)."""
    if text.strip().partition(":")[0] in holders:
        return Ref.parse(text.strip())
    try:
        return office_by_code(text.strip()).ref
    except NotFound:
        with system():  # whether there is such an account; nothing of it is shown
            return person_by_username(text.strip()).ref


class _WithHolder(forms.Form):
    def clean_holder(self) -> Ref | None:
        text = self.cleaned_data["holder"]
        try:
            return holder_of(text) if text else None
        except NotFound:
            raise forms.ValidationError(_("There is no such person or office.")) from None


class _ForHolder(_WithHolder):
    profile = forms.ChoiceField(
        label=_("Kind of certificate"),
        choices=[(key.value, title) for key, title in PURPOSES.items() if key not in OWN_VERBS],
        initial=Purpose.PERSON.value,
    )
    holder = forms.CharField(
        label=_("Holder"), help_text=_("Username of the person, or code of the office."), max_length=110
    )


class Receive(_ForHolder):
    """An application for a certificate."""

    title = forms.CharField(
        label=_("Name in the certificate"), help_text=_("Empty: the holder's own name."), max_length=64, required=False
    )
    algorithm = forms.ChoiceField(
        label=_("Algorithm"),
        choices=[("", _("The usual one")), *((one.value, one.value) for one in Algorithm)],
        required=False,
    )
    names = forms.CharField(
        label=_("Host names"), help_text=_("For servers and nodes, with spaces between them."), required=False
    )
    csr = forms.FileField(
        label=_("Certificate request (PKCS #10)"),
        help_text=_("When the holder made the key. Otherwise the key is made here and stays here."),
        required=False,
    )

    def clean_csr(self) -> bytes:
        file: Any = self.cleaned_data["csr"]
        return file.read(64 * 1024) if file else b""


class _WithCertificate(forms.Form):
    certificate = forms.FileField(label=_("Certificate"), help_text=_("DER or PEM."))

    def clean_certificate(self) -> bytes:
        return bytes(self.cleaned_data["certificate"].read(64 * 1024))


class ImportRoot(_WithCertificate):
    """Another authority's root."""

    title = forms.CharField(label=_("Name of the authority"), max_length=200)
    delegation = forms.CharField(label=_("Document that charges it"), max_length=200, required=False)


class Distrust(Why):
    """Which root, and why."""

    root = forms.ChoiceField(label=_("Root certificate"))
    field_order = ["root", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["root"].choices = [(row.id, row.title) for row in roots()]  # type: ignore[attr-defined]


class Bind(_WithCertificate, Evidence, _ForHolder):
    """Whose an outside certificate is."""

    field_order = ["certificate", "holder", "profile", "evidence"]


class EndCustody(forms.Form):
    """Which custodian leaves."""

    custodian = forms.ChoiceField(label=pgettext_lazy("keys", "Custodian"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keepers = custodians()
        known = names(keepers)
        self.fields["custodian"].choices = [(str(one), known[one]) for one in keepers]  # type: ignore[attr-defined]

    def clean_custodian(self) -> Ref:
        return Ref.parse(self.cleaned_data["custodian"])


class Ask(Why):
    """Ask for the destruction of a key."""


class Recover(Why, _WithHolder):
    """Ask for the recovery of a key."""

    passphrase = forms.CharField(label=_("Your escrow passphrase"), widget=SECRET, max_length=200)
    holder = forms.CharField(
        label=_("Successor"),
        help_text=_("Who shall decrypt with it: a username or an office's code. Empty: its owner."),
        max_length=110,
        required=False,
    )
    field_order = ["reason", "holder", "passphrase"]


class Passphrase(forms.Form):
    """A custodian's passphrase."""

    passphrase = forms.CharField(label=_("Your escrow passphrase"), widget=SECRET, max_length=200)


class PolicyForm(forms.Form):
    """A version of a certificate policy."""

    line = forms.ChoiceField(label=_("Line"), choices=[(key.value, title) for key, title in LINES.items()])
    version = forms.CharField(label=_("Version"), max_length=20)
    text = forms.CharField(label=_("Text"), widget=forms.Textarea({"rows": 12}), max_length=100_000)

    def clean_line(self) -> PolicyLine:
        return PolicyLine(self.cleaned_data["line"])


class Number(forms.Form):
    """A certificate's serial number."""

    serial = forms.CharField(
        label=_("Serial number"), help_text=_("Hexadecimal, as certificates show it."), max_length=80
    )

"""Forms of the console."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from .data import LEVELS


class InviteForm(forms.Form):
    """A node to be enrolled."""

    office = forms.CharField(
        label=pgettext_lazy("exchange", "Office"), max_length=40, help_text=_("Its code in the organisation list.")
    )
    key = forms.SlugField(
        label=_("Key of the node"), max_length=40, help_text=_("Small letters and digits, such as civil-affairs.")
    )
    title = forms.CharField(
        label=pgettext_lazy("exchange", "Name of the node"),
        max_length=200,
        required=False,
        help_text=_("Left empty: the office's."),
    )
    level = forms.ChoiceField(
        label=_("Level of government"), choices=[(key.value, name) for key, name in LEVELS.items()]
    )
    division = forms.CharField(label=_("Division"), max_length=12, help_text=_("Code of 6, 9 or 12 digits."))
    contact = forms.CharField(
        label=_("Who runs it"), max_length=200, required=False, help_text=_("Office and telephone, no private number.")
    )

"""What is typed on the ferry's pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.data.catalogue.api import LEVELS, ZONES
from tongban.engine.registers import api as registers
from tongban.engine.registers.data import Level, Zone

from . import queries


class Propose(forms.Form):
    """What shall cross, under which label, and why."""

    channel = forms.ChoiceField(label=_("Channel"))
    registers = forms.MultipleChoiceField(
        label=_("Registers"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The first time a register crosses whole; later what was written since the last bundle."),
    )
    label = forms.ChoiceField(
        label=_("Secrecy level of the bundle"), choices=list(LEVELS.items()), initial=Level.INTERNAL.value,
        help_text=_("At least the highest level of what is inside."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("What is it carried over for?"), max_length=500, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ways = [(one.key, one.title) for one in queries.channels() if one.outgoing]
        known = [(one.key, f"{one.title}（{LEVELS[one.level]}）") for one in registers.definitions()]
        self.fields["channel"].choices = ways  # type: ignore[attr-defined]
        self.fields["registers"].choices = known  # type: ignore[attr-defined]


class Open(forms.Form):
    """One end of a channel."""

    key = forms.SlugField(label=_("Name of the channel"), max_length=40, help_text=_("The same at both ends: to-inner"))
    title = forms.CharField(label=_("Title"), max_length=100)
    from_zone = forms.ChoiceField(
        label=pgettext_lazy("ferry", "From"), choices=list(ZONES.items()), initial=Zone.OUTER.value
    )
    to_zone = forms.ChoiceField(
        label=pgettext_lazy("ferry", "To"), choices=list(ZONES.items()), initial=Zone.INNER.value
    )
    certificate = forms.CharField(
        label=_("Certificate of the other side (PEM)"),
        widget=forms.Textarea({"rows": 8, "class": "tb-mono"}),
        help_text=_("Where bundles leave: its encryption certificate. Where they arrive: the root of its authority."),
    )

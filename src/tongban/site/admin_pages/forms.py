"""Forms of the administrators' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.calendars.api import DayKind, Limit, Procedure, Unit

KINDS = [
    (DayKind.WORKDAY.value, _("Working day")),
    (DayKind.HOLIDAY.value, _("Holiday")),
    (DayKind.MAKEUP.value, _("Make-up working day")),
    (DayKind.REST.value, _("Day of rest")),
]
UNITS = [
    (Unit.WORKDAY.value, pgettext_lazy("calendar", "working days")),
    (Unit.DAY.value, pgettext_lazy("calendar", "natural days")),
    (Unit.MONTH.value, pgettext_lazy("calendar", "months")),
    (Unit.YEAR.value, pgettext_lazy("calendar", "years")),
    ("hour", pgettext_lazy("calendar", "hours")),
    ("date", pgettext_lazy("calendar", "fixed date")),
]
MAX_YEAR_FILE = 100_000


class DayForm(forms.Form):
    """What a day is. `version` is the calendar that the person saw."""

    kind = forms.ChoiceField(label=_("This day is a"), choices=KINDS)
    name = forms.CharField(
        label=_("Name of the holiday"),
        max_length=40,
        required=False,
        help_text=_("For holidays and make-up days, such as National Day."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


class YearForm(forms.Form):
    """A year's arrangement of days off, as text or as a file."""

    text = forms.CharField(
        label=_("Days off and make-up days"),
        required=False,
        widget=forms.Textarea({"rows": 14, "class": "tb-mono", "spellcheck": "false"}),
        help_text=_("One day a line: date, kind (holiday or makeup), name. First line: date,kind,name"),
    )
    file = forms.FileField(label=_("Or a CSV file"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """The file, where there is one, takes the place of the text."""
        values = super().clean() or {}
        file = values.get("file")
        if file:
            if file.size > MAX_YEAR_FILE:
                raise forms.ValidationError(_("This file is too large for one year of days."))
            try:
                values["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError(_("The file must be text in UTF-8.")) from None
        if not values.get("text", "").strip():
            raise forms.ValidationError(_("Please enter the days or choose a file."))
        return values


class LimitForm(forms.Form):
    """One row of the time-limit table."""

    title = forms.CharField(label=pgettext_lazy("calendar", "Title"), max_length=120)
    n = forms.IntegerField(label=pgettext_lazy("calendar", "Limit"), min_value=0, max_value=3650, required=False)
    unit = forms.ChoiceField(label=pgettext_lazy("calendar", "Unit"), choices=UNITS)
    extension = forms.IntegerField(label=_("Extension at most"), min_value=0, max_value=3650)
    not_counted = forms.MultipleChoiceField(
        label=_("Procedures that stop the clock"),
        choices=[(p.value, p.label) for p in Procedure],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    basis = forms.CharField(label=pgettext_lazy("calendar", "Legal basis"), max_length=200, required=False)
    confidence = forms.CharField(label=_("How certain"), max_length=40, required=False)
    note = forms.CharField(label=pgettext_lazy("calendar", "Note"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """A number is needed unless the limit is a fixed date."""
        values = super().clean() or {}
        if values.get("n") is None and values.get("unit") != "date":
            self.add_error("n", _("Please enter the number."))
        return values

    def limit(self, code: str) -> Limit:
        """The row as entered."""
        values = dict(self.cleaned_data)
        values["not_counted"] = tuple(Procedure(p) for p in values["not_counted"])
        if values["unit"] == "date":
            values["n"] = None
        return Limit(code=code, **values)

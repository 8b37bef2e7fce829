"""The page on which a report is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tongban.base.kernel.api import Text
from tongban.engine.registers import api as registers

from .. import wording
from ..data import INDICATOR, LIBRARY, Audience, Content, Report
from ..queries import indicator_of
from .actions import SLOT, Upload
from .views import AUDIENCES, options


class ReportForm(forms.Form):
    """Only gathers; what holds of a report is said by the verb."""

    title = forms.CharField(label=pgettext_lazy("economy", "Title"), max_length=200)
    kind = forms.ChoiceField(label=_("Kind of report"))
    subject = forms.ChoiceField(label=_("Subject"))
    period = forms.CharField(
        label=pgettext_lazy("economy", "Period"),
        max_length=12,
        help_text=_("What it is about: 2026, 2026Q3 or 2026-09."),
    )
    audience = forms.ChoiceField(
        label=_("Who reads it"), choices=[(each.value, title) for each, title in AUDIENCES.items()]
    )
    summary = forms.CharField(
        label=_("What it finds"), max_length=2000, widget=forms.Textarea({"rows": 4}), help_text=_("Shown in lists.")
    )
    text = forms.CharField(label=_("The report"), required=False, widget=forms.Textarea({"rows": 14}))
    file = forms.FileField(label=_("Or as a file"), required=False)
    without_file = forms.BooleanField(label=_("Leave out the file that is there"), required=False)
    indicators = forms.MultipleChoiceField(
        label=_("Indicators it rests on"),
        required=False,
        help_text=_("Up to six. Their charts stand on its page, as they are known on the day it is published."),
        widget=forms.CheckboxSelectMultiple,
    )
    policies = forms.CharField(
        label=_("Laws and policies it rests on"),
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("One title a line. Those of this library become links."),
    )

    def __init__(self, data: Any = None, sent: Any = None, former: Report | None = None) -> None:
        super().__init__(data, sent, initial=_initial(former))
        fields: dict[str, Any] = self.fields
        fields["kind"].choices = [("", "—"), *options(LIBRARY, "kind")]
        fields["subject"].choices = [("", "—"), *options(INDICATOR, "topic")]
        fields["indicators"].choices = _indicators()
        fields["file"].help_text = SLOT.rule
        fields["file"].widget.attrs |= {"accept": SLOT.accept, "data-max-bytes": SLOT.max_bytes}
        if former is None or not former.file:
            del fields["without_file"]
        if former is not None and former.version > 1:
            del fields["audience"]

    def content(self, former: Report | None) -> Content:
        """What was written, once the form is valid."""
        given = self.cleaned_data
        return Content(
            title=given["title"],
            kind=given["kind"],
            subject=given["subject"],
            period=given["period"],
            audience=Audience(given["audience"]) if "audience" in given or former is None else former.content.audience,
            summary=given["summary"],
            text=given["text"],
            indicators=tuple(given["indicators"]),
            policies=tuple(given["policies"].splitlines()),
        )

    @property
    def upload(self) -> Upload | None:
        """The file that was chosen."""
        sent = self.cleaned_data["file"]
        return (sent.file, sent.name) if sent else None

    def refuse(self, errors: Mapping[str, Text]) -> None:
        """What the verb found, beside the fields."""
        for name, message in errors.items():
            self.add_error(name if name in self.fields else None, str(message))


def _initial(former: Report | None) -> dict[str, Any]:
    if former is None:
        return {}
    held = former.content
    names = ("title", "kind", "subject", "period", "summary", "text", "indicators")
    policies = "\n".join(held.policies)
    return {**{name: getattr(held, name) for name in names}, "audience": held.audience.value, "policies": policies}


def _indicators() -> list[tuple[str, str]]:
    rows = registers.page(INDICATOR, {}, None, 200)
    return [(one.code, f"{wording.title(one)} ({one.unit})") for one in map(indicator_of, rows)]

"""Forms of an item's wording, drawn from its columns: one page for its fields, one for each of its parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models as db
from django.forms.models import fields_for_model
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Text

from ..models import item as models
from . import data, wording

HINTS: dict[str, Text] = {
    "anticipate_day": _("-1: the law sets none."),
    "promise_day": _("0: done while you wait. Not longer than the legal limit."),
    "limit_scene_num": _("How often an applicant has to come; 0: never."),
    "by_law": _("Full title and article of each law or rule, one a line."),
    "accept_condition": _("One condition a line."),
    "handle_flow": _("One step a line, where the steps below do not say it all."),
    "consult_phone": _("With area code."),
    "complain_phone": _("With area code; another number than the one for advice."),
    "options": _("One answer a line."),
    "applies": _("Nothing chosen: always."),
    "only_if": _("Nothing chosen: always."),
    "group": _("The item that this one is a part of, if any."),
}
_TOPICS = {"user_topic_type": data.USER_TOPICS, "corp_topic_type": data.CORP_TOPICS}
_YES_NO = [("", "—"), ("yes", _("Yes")), ("no", _("No"))]
_PLACE = pgettext_lazy("in a list", "Place")
_GONE = _("An answer that this depended on is gone. Please say again when it applies.")


def _options(name: str) -> list[tuple[str, Any]] | None:
    if name in _TOPICS:
        return [(topic, topic) for topic in _TOPICS[name]]
    return list(wording.TABLES[name].items()) if name in wording.TABLES else None


def _field(titles: Mapping[str, Text]) -> Callable[..., forms.Field]:
    """The form field of a column: choices where its codes have a table, boxes to tick where it is a list."""

    def made(column: db.Field[Any, Any], **given: Any) -> forms.Field:
        common: dict[str, Any] = {
            "label": titles[column.name],
            "help_text": HINTS.get(column.name, ""),
            "required": not column.null and not column.has_default(),
        }
        options = _options(column.name)
        if isinstance(column, ArrayField):
            return forms.MultipleChoiceField(choices=options or [], widget=forms.CheckboxSelectMultiple, **common)
        if isinstance(column, db.BooleanField):
            return forms.TypedChoiceField(
                choices=_YES_NO, coerce=lambda value: value == "yes", empty_value=None, **common
            )
        if options is not None:
            return forms.ChoiceField(choices=[("", "—"), *options], **common)
        if isinstance(column, db.DateField):
            return forms.DateField(widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"), **common)
        if isinstance(column, db.TextField):
            return forms.CharField(widget=forms.Textarea({"rows": 3}), max_length=20_000, **common)
        if isinstance(column, db.IntegerField):
            return forms.IntegerField(min_value=-1 if "day" in column.name else 0, max_value=9_999, **common)
        return forms.CharField(max_length=column.max_length, **common)

    return made


class _Wording(forms.BaseForm):
    """A form whose `wording()` is what a version keeps: no empty values, days as text."""

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any] | None = None, **given: Any) -> None:
        shown = {name: _shown(value) for name, value in (initial or {}).items()}
        super().__init__(data, initial=shown, **given)
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                _keep_unknown(field, shown.get(name))

    def wording(self) -> dict[str, Any]:
        """The values of all fields of this form; empty ones too, for they take a former value away."""
        return {name: _kept(value) for name, value in self.cleaned_data.items() if name in self.fields}


def _shown(value: Any) -> Any:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


def _kept(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else value


def _keep_unknown(field: forms.ChoiceField, value: Any) -> None:
    """A list from elsewhere may hold codes that the tables do not know: they can be kept."""
    choices: Any = field.choices
    known = {key for key, _title in choices}
    values = value if isinstance(value, list) else [value]
    field.choices = [*choices, *((v, v) for v in values if v and v not in known)]


def _form(name: str, model: type[db.Model], titles: Mapping[str, Text], names: Iterable[str], **more: Any) -> Any:
    made: Any = fields_for_model(model, fields=list(names), formfield_callback=_field(titles))
    return type(name, (_Wording, forms.Form), {**made, **more})


ItemForm: Any = _form(
    "ItemForm",
    models.Item,
    wording.FIELD_TITLES,
    [name for _key, _title, names in wording.GROUPS for name in names],
)


def groups(form: Any) -> list[tuple[str, Text, list[Any]]]:
    """The fields of an item's form as they stand together on the page."""
    return [(key, title, [form[name] for name in names]) for key, title, names in wording.GROUPS]


_HIDDEN = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
_PART_FORMS: dict[str, Any] = {
    part: _form(
        f"{part.title()}Form",
        model,
        wording.PART_TITLES[part],
        wording.PART_TITLES[part],
        **({"slot": _HIDDEN} if part == "materials" else {}),
    )
    for part, model in models.PARTS.items()
}


class SituationForm(_Wording, forms.Form):
    """A question about the applicant's situation; keys stay, so that materials keep referring to them."""

    key = _HIDDEN
    title = forms.CharField(label=wording.PART_TITLES["situations"]["title"], max_length=200)
    options = forms.CharField(
        label=wording.PART_TITLES["situations"]["options"],
        help_text=HINTS["options"],
        widget=forms.Textarea({"rows": 3}),
        max_length=4_000,
    )
    only_if = forms.MultipleChoiceField(
        label=wording.PART_TITLES["situations"]["only_if"],
        help_text=HINTS["only_if"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class _Entries(forms.BaseFormSet):  # type: ignore[type-arg]
    """The entries of one part of an item, in their order."""

    part: str
    body: Mapping[str, Any]

    ordering_widget = forms.NumberInput

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["ORDER"].label = _PLACE
        form.fields["DELETE"].label = _("Take this entry out")
        for name in ("applies", "only_if"):
            if name in form.fields:
                form.fields[name].choices = _answers(self.body, without=form.initial.get("key", ""))
                form.fields[name].error_messages["invalid_choice"] = _GONE

    def entries(self) -> list[dict[str, Any]]:
        """What the part is to hold; entries taken out and empty ones are left out."""
        former: Sequence[Mapping[str, Any]] = self.body.get(self.part) or ()
        found = []
        for form in self.ordered_forms:
            if form.cleaned_data:
                place = self.forms.index(form)
                # What the form does not show, such as the licence that replaces an upload, stays as it is.
                found.append({**(former[place] if place < len(former) else {}), **form.wording()})
        if self.part == "situations":
            found = _situations(found, self.body)
        return [
            {
                name: value
                for name, value in entry.items()
                if name not in ("ORDER", "DELETE") and value not in (None, "", [])
            }
            for entry in found
        ]


def entries_form(part: str, body: Mapping[str, Any], posted: Mapping[str, Any] | None = None) -> Any:
    """The form of a part: its entries as they are, or as they were typed."""
    single = SituationForm if part == "situations" else _PART_FORMS[part]
    made: Any = forms.formset_factory(
        single, formset=_Entries, extra=0, can_order=True, can_delete=True, max_num=100, validate_max=True
    )
    made.part, made.body = part, body
    initial = [_initial(part, entry) for entry in body.get(part) or ()]
    return made(posted, initial=initial, prefix="e") if posted is not None else made(initial=initial, prefix="e")


def with_one_more(posted: Any) -> Any:
    """What was typed, and an empty entry after it."""
    more = posted.copy()
    total = posted.get("e-TOTAL_FORMS", "0")
    number = int(total) if total.isascii() and total.isdigit() else 0
    more["e-TOTAL_FORMS"] = str(min(number + 1, 100))
    return more


def _initial(part: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    if part != "situations":
        return dict(entry)
    return {**entry, "options": "\n".join(str(option.get("title")) for option in entry.get("options") or ())}


def _answers(body: Mapping[str, Any], without: str = "") -> list[tuple[str, str]]:
    """Every answer to every other question, as `question=option` with its words."""
    situations: Sequence[Mapping[str, Any]] = body.get("situations") or ()
    return [
        (text := f"{each['key']}={option['key']}", wording.situation_words(text, situations))
        for each in situations
        for option in each.get("options") or ()
        if each["key"] != without
    ]


def _situations(found: list[dict[str, Any]], body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Titles become options with keys: a known title keeps its key; a renamed one too, where the number is the same."""
    former = {each["key"]: list(each.get("options") or ()) for each in body.get("situations") or ()}
    taken = set(former)
    made = []
    for entry in found:
        key = entry.get("key") if entry.get("key") in former else _free("q", taken)
        taken.add(str(key))
        before = former.get(str(key), [])
        titles = list(dict.fromkeys(line.strip() for line in entry["options"].split("\n") if line.strip()))
        by_title = {option["title"]: option["key"] for option in before}
        keys = {option["key"] for option in before}
        options = []
        same_number = len(titles) == len(before)
        for place, title in enumerate(titles):
            renamed = before[place] if same_number and before[place]["title"] not in titles else {}
            known = by_title.get(title) or renamed.get("key") or _free("o", keys)
            keys.add(known)
            options.append({"key": known, "title": title})
        made.append({**entry, "key": key, "options": options})
    return made


def _free(letter: str, taken: set[str]) -> str:
    number = 1
    while f"{letter}{number}" in taken:
        number += 1
    return f"{letter}{number}"


def shown_title(part: str, entry: Mapping[str, Any]) -> str:
    """How an entry is named in its heading; a new one says so."""
    first = next(iter(wording.PART_TITLES[part]))
    return str(entry.get(first) or gettext("New entry"))

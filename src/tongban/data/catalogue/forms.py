"""Forms of the staff pages; what they say goes to the verbs, which decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, Text
from tongban.trust.identity.api import Actor, may, offices_by_ref
from tongban.trust.identity.data import OFFICE, Office

from . import titles
from .data import Category, DataType, Description, Item, Mode, Resource, Rule, RuleKind, Wish
from .queries import REQUEST

AREA = forms.Textarea({"rows": 3})
DATE = forms.DateInput({"type": "date"})


def offices_with(actor: Actor, right: str) -> list[Office]:
    """The actor's own offices in which they have a right."""
    mine = [office for office in actor.offices if may(actor, right, office)]
    return list(offices_by_ref(mine).values())


def _choices(names: Mapping[Any, Text]) -> list[tuple[str, Text]]:
    return [(str(key), title) for key, title in names.items()]


class _Spaced(forms.CharField):
    """Several words, with spaces between them."""

    def to_python(self, value: Any) -> Any:
        return tuple(str(value or "").replace("、", " ").split())

    def prepare_value(self, value: Any) -> Any:
        return " ".join(value) if isinstance(value, (tuple, list)) else value


class DescriptionForm(forms.Form):
    """A resource as its office describes it; the fields are those of `Description`."""

    provider = forms.ChoiceField(label=titles.FIELDS["provider"])
    title = forms.CharField(label=titles.FIELDS["title"], max_length=200)
    summary = forms.CharField(label=titles.FIELDS["summary"], widget=AREA, required=False, max_length=4000)
    category = forms.ChoiceField(label=titles.FIELDS["category"], choices=_choices(titles.CATEGORIES))
    project = forms.CharField(label=titles.FIELDS["project"], max_length=2, help_text=_("Two digits."))
    subject = forms.CharField(label=titles.FIELDS["subject"], max_length=3, help_text=_("Three digits."))
    detail = forms.CharField(label=titles.FIELDS["detail"], max_length=10, required=False)
    keywords = _Spaced(label=titles.FIELDS["keywords"], required=False, help_text=_("With spaces between them."))
    format = forms.ChoiceField(label=titles.FIELDS["format"], choices=_choices(titles.FORMATS))
    cycle = forms.ChoiceField(label=titles.FIELDS["cycle"], choices=_choices(titles.CYCLES))
    sharing = forms.ChoiceField(label=titles.FIELDS["sharing"], choices=_choices(titles.SHARING))
    condition = forms.CharField(
        label=titles.FIELDS["condition"], required=False, max_length=1000, widget=AREA,
        help_text=_("For conditional sharing: who, what for, which items."),
    )  # fmt: skip
    law = forms.CharField(
        label=titles.FIELDS["law"],
        required=False,
        max_length=1000,
        help_text=_("Where it is not shared: law and article."),
    )
    modes = forms.MultipleChoiceField(
        label=titles.FIELDS["modes"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=_choices(titles.MODES),
    )
    openness = forms.ChoiceField(label=titles.FIELDS["openness"], choices=_choices(titles.OPENNESS))
    open_condition = forms.CharField(label=titles.FIELDS["open_condition"], required=False, max_length=1000)
    level = forms.ChoiceField(label=titles.FIELDS["level"], choices=_choices(titles.LEVELS))
    zone = forms.ChoiceField(label=titles.FIELDS["zone"], choices=_choices(titles.ZONES))
    system = forms.CharField(label=titles.FIELDS["system"], required=False, max_length=100)
    owner = forms.CharField(
        label=titles.FIELDS["owner"],
        required=False,
        max_length=100,
        help_text=_("Office and post of who answers for it."),
    )
    operator = forms.CharField(
        label=titles.FIELDS["operator"], required=False, max_length=100, help_text=_("Office and post of who runs it.")
    )
    related = _Spaced(label=titles.FIELDS["related"], required=False, help_text=_("Codes, with spaces between them."))

    def __init__(self, offices: Iterable[Office], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["provider"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(one.code, one.title) for one in offices]

    def described(self, items: tuple[Item, ...], register: str) -> Description:
        """The description, once form and items are valid."""
        given = {**self.cleaned_data, "items": items, "register": register}
        given["modes"] = tuple(Mode(one) for one in given["modes"])
        kinds = {f.name: type(f.default) for f in fields(Description) if isinstance(f.default, str)}
        kinds["category"] = Category
        made: dict[str, Any] = {name: kinds[name](value) if name in kinds else value for name, value in given.items()}
        return Description(**made)

    @staticmethod
    def of(description: Description) -> dict[str, Any]:
        """Initial values."""
        return {
            f.name: getattr(description, f.name) for f in fields(Description) if f.name not in ("items", "register")
        }


class _Line(forms.Form):
    """A line of a table: its controls look as in every other form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for line in self.fields.values():
            kind = getattr(line.widget, "input_type", "")
            line.widget.attrs["class"] = {"select": "form-select", "checkbox": "form-check-input"}.get(
                kind, "form-control"
            )


class ItemForm(_Line):
    """One item; a line without a name is left out."""

    title = forms.CharField(label=titles.ITEM_FIELDS["title"], max_length=100)
    name = forms.CharField(label=titles.ITEM_FIELDS["name"], max_length=60)
    type = forms.ChoiceField(label=titles.ITEM_FIELDS["type"], choices=_choices(titles.TYPES), initial="C")
    length = forms.IntegerField(label=titles.ITEM_FIELDS["length"], min_value=0, max_value=10**9, required=False)
    codes = forms.CharField(label=titles.ITEM_FIELDS["codes"], max_length=100, required=False)
    element = forms.CharField(label=titles.ITEM_FIELDS["element"], max_length=120, required=False)
    source = forms.CharField(label=titles.ITEM_FIELDS["source"], max_length=40, required=False)
    required = forms.BooleanField(label=titles.ITEM_FIELDS["required"], required=False)
    personal = forms.BooleanField(label=titles.ITEM_FIELDS["personal"], required=False)

    def item(self) -> Item | None:
        """The item, or None for an empty line or one to leave out."""
        given = self.cleaned_data
        if not given.get("name") or given.get("DELETE"):
            return None
        kept = {f.name: given[f.name] for f in fields(Item)}
        return Item(**{**kept, "type": DataType(given["type"]), "length": given["length"] or 0})


ItemForms = forms.formset_factory(ItemForm, extra=3, can_delete=True, max_num=500, absolute_max=600)


class WishForm(forms.Form):
    """Asking for a resource."""

    office = forms.ChoiceField(label=_("Asking office"))
    items = forms.MultipleChoiceField(label=_("Items needed"), widget=forms.CheckboxSelectMultiple)
    basis = forms.CharField(
        label=_("Basis in law"), max_length=500, widget=AREA, help_text=_("Law and article, or the service item.")
    )
    purpose = forms.CharField(label=_("Purpose"), max_length=1000, widget=AREA)
    system = forms.CharField(label=_("System that uses it"), max_length=100)
    mode = forms.ChoiceField(label=titles.FIELDS["modes"])
    frequency = forms.CharField(label=_("Frequency"), max_length=60)
    until = forms.DateField(label=_("Needed until"), widget=DATE, help_text=_("At most three years ahead."))

    def __init__(self, actor: Actor, resource: Resource, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.resource = resource
        self._choose("office", [(one.ref.id, one.title) for one in offices_with(actor, REQUEST)])
        self._choose("items", [(item.name, item.title) for item in resource.items])
        self._choose("mode", [(str(mode), titles.MODES[mode]) for mode in resource.modes])

    def _choose(self, name: str, choices: list[tuple[str, Text]]) -> None:
        choice = self.fields[name]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = choices

    def wish(self) -> Wish:
        """What was asked for, once the form is valid."""
        given = self.cleaned_data
        return Wish(
            resource=self.resource.id,
            office=Ref(OFFICE, given["office"]),
            items=tuple(given["items"]),
            mode=Mode(given["mode"]),
            **{name: given[name] for name in ("basis", "purpose", "system", "frequency", "until")},
        )


class ObjectionForm(forms.Form):
    """Doubting a value."""

    office = forms.ChoiceField(label=_("Doubting office"))
    item = forms.ChoiceField(label=titles.ITEM_FIELDS["item"])
    key = forms.CharField(
        label=_("Number of the record"),
        max_length=200,
        help_text=_("What tells the record from all others, such as the credit code."),
    )
    wrong = forms.CharField(label=_("Value now"), max_length=1000, required=False)
    right = forms.CharField(label=_("Value it should have"), max_length=1000)
    reason = forms.CharField(label=_("Reason"), max_length=1000, widget=AREA)
    evidence = forms.FileField(label=_("Evidence"), required=False)

    def __init__(self, actor: Actor, resource: Resource, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("office", [(one.ref.id, one.title) for one in offices_with(actor, REQUEST)]),
            ("item", [(item.name, item.title) for item in resource.items]),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = choices


class RuleForm(_Line):
    """One quality rule; a line without a kind is left out."""

    kind = forms.ChoiceField(label=_("Rule"), required=False)
    item = forms.ChoiceField(label=titles.ITEM_FIELDS["item"], required=False)
    setting = forms.CharField(label=_("Setting"), max_length=1000, required=False)

    def __init__(self, *args: Any, resource: Resource, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("kind", [("", "—"), *_choices(titles.RULES)]),
            ("item", [("", "—"), *((item.name, item.title) for item in resource.items)]),
        ):
            choice = self.fields[name]
            assert isinstance(choice, forms.ChoiceField)
            choice.choices = choices

    def rule(self) -> Rule | None:
        """The rule, or None for an empty line."""
        given = self.cleaned_data
        kind = given.get("kind")
        return Rule(RuleKind(kind), given["item"], given["setting"]) if kind else None


RuleForms = forms.formset_factory(RuleForm, extra=3, max_num=200, absolute_max=300)

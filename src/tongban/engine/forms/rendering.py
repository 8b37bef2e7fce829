"""A page of a form, and a sheet of answers, as the templates show them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Text, mask

from .checking import fragment, walk
from .data import Answers, Change, Field, FieldType, FormDefinition, Prefilled

PERSONAL = {"name", "number", "phone", "address", "all"}
MANY_OPTIONS = 6
_WORD = re.compile(r"[a-z][a-z0-9_]*")
_INPUT = {
    FieldType.DATE: ("date", ""),
    FieldType.DATETIME: ("datetime-local", ""),
    FieldType.EMAIL: ("email", "email"),
    FieldType.PHONE: ("tel", "tel"),
    FieldType.INT: ("text", "numeric"),
    FieldType.DECIMAL: ("text", "decimal"),
    FieldType.MONEY: ("text", "decimal"),
}


@dataclass(frozen=True)
class Choice:
    """One option as shown."""

    code: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class Control:
    """One question as shown: all that its template needs, nothing to compute there."""

    field: Field
    key: str
    value: Any
    error: Text
    source: str
    report_url: str
    edited: bool
    live: bool
    rows: tuple[tuple[Control, ...], ...] = ()

    @property
    def id(self) -> str:
        """The HTML id, without dots."""
        return "f-" + self.key.replace(".", "-")

    @property
    def widget(self) -> str:
        """Which part of the template draws it."""
        match self.field.type:
            case FieldType.GROUP | FieldType.PLACE | FieldType.BOOL as kind:
                return kind.value
            case FieldType.CODE if self.field.multiple:
                return "checks"
            case FieldType.CODE:
                return "select" if len(self.field.options) > MANY_OPTIONS else "radios"
        return "lines" if self.field.lines > 1 else "input"

    @property
    def input_type(self) -> str:
        return _INPUT.get(self.field.type, ("text", ""))[0]

    @property
    def input_mode(self) -> str:
        return _INPUT.get(self.field.type, ("text", ""))[1]

    @property
    def choices(self) -> list[Choice]:
        value = self.value.get("division", "") if isinstance(self.value, Mapping) else self.value
        chosen = set(map(str, value)) if isinstance(value, list) else {str(value)}
        return [Choice(o.code, str(o.title), o.code in chosen) for o in self.field.options]

    @property
    def described_by(self) -> str:
        """The ids of what a screen reader reads after the label."""
        parts = [("help", self.field.help), ("error", self.error), ("source", self.source)]
        return " ".join(f"{self.id}-{name}" for name, there in parts if there)

    @property
    def optional(self) -> bool:
        """Whether it may be left empty, and says so."""
        return not self.field.required and not self.field.min_rows

    @property
    def can_add(self) -> bool:
        return len(self.rows) < self.field.max_rows

    @property
    def can_remove(self) -> bool:
        return len(self.rows) > max(self.field.min_rows, int(self.field.required))


@dataclass(frozen=True)
class FormPage:
    """One page ready for ``forms/fields.html``; ``summary`` is for ``forms/errors.html``."""

    form: FormDefinition
    page: str
    title: str
    help: str
    controls: tuple[Control, ...]
    summary: tuple[tuple[str, str, Text], ...]
    fragment_url: str


def page_view(
    form: FormDefinition,
    page: str,
    answers: Answers,
    *,
    errors: Mapping[str, Text] | None = None,
    prefilled: Mapping[str, Prefilled] | None = None,
    fragment_url: str = "",
    report_url: str = "",
) -> FormPage:
    """The page with what applies now. ``fragment_url`` takes the posted page and answers with
    ``forms/fields.html`` again; ``report_url`` gets ``?field=`` of a prefilled value that is wrong.
    ``page`` "" is the page of the situation questions."""
    if page:
        fields = fragment(form, page, answers).fields
        title, about = str(form.page(page).title), str(form.page(page).help or "")
    else:
        fields, title, about = form.situations, _("Your situation"), ""
    maker = _Maker(errors or {}, prefilled or {}, report_url, _deciding(form) if fragment_url else set())
    controls = tuple(maker.control(field, field.name, answers) for field in fields)
    return FormPage(
        form=form,
        page=page,
        title=title,
        help=about,
        controls=controls,
        summary=tuple(_summary(controls, errors or {})),
        fragment_url=fragment_url,
    )


def _deciding(form: FormDefinition) -> set[str]:
    """Names on whose answer something on the form depends: changing them asks the server for the page
    again."""
    texts = [page.condition for page in form.pages]
    for field in form:
        texts += [field.condition, *(inner.condition for inner in field.fields)]
    return {word for text in texts if text for word in _WORD.findall(text)}


def _summary(controls: Collection[Control], errors: Mapping[str, Text]) -> list[tuple[str, str, Text]]:
    result = []
    for control in controls:
        if control.error:
            result.append((control.id, str(control.field.title), control.error))
        for row in control.rows:
            result += _summary(row, errors)
    return result


class _Maker:
    def __init__(
        self,
        errors: Mapping[str, Text],
        prefilled: Mapping[str, Prefilled],
        report_url: str,
        deciding: set[str],
    ) -> None:
        self.errors = errors
        self.prefilled = prefilled
        self.report_url = report_url
        self.deciding = deciding

    def control(self, field: Field, key: str, answers: Answers) -> Control:
        value = answers.get(field.name, field.default)
        known = self.prefilled.get(key)
        rows: tuple[tuple[Control, ...], ...] = ()
        if field.type is FieldType.GROUP:
            given = value if isinstance(value, list) else []
            given = given + [{}] * (max(field.min_rows, int(field.required)) - len(given))
            rows = tuple(
                tuple(self.control(inner, f"{key}.{i}.{inner.name}", row) for inner in field.fields)
                for i, row in enumerate(given)
            )
        return Control(
            field=field,
            key=key,
            value="" if value is None else value,
            error=self.errors.get(key, ""),
            source=str(known.source) if known else "",
            report_url=f"{self.report_url}?field={key}" if known and self.report_url else "",
            edited=bool(known) and value not in (None, "") and not _same(value, known.value if known else None),
            live=field.name in self.deciding,
            rows=rows,
        )


def _same(typed: Any, known: Any) -> bool:
    if isinstance(known, Mapping) and isinstance(typed, Mapping):
        return str(typed.get("text", "")).strip() == str(known.get("text", "")).strip()
    return str(typed).strip() == str(known) or typed == known


# Reading: what was answered, and what changed.


@dataclass(frozen=True)
class Line:
    """One answer as text. ``change`` is "", "added", "changed" or "removed"; ``old`` the text it had
    before."""

    key: str
    label: str
    text: str
    old: str = ""
    change: str = ""
    masked: bool = False
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Line, ...], ...] = ()


@dataclass(frozen=True)
class Section:
    """The answers of one page."""

    name: str
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Sheet:
    """Everything that was answered, for ``forms/answers.html``."""

    sections: tuple[Section, ...]
    changed: int


def sheet(form: FormDefinition, answers: Answers, previous: Answers | None = None, *, masked: bool = True) -> Sheet:
    """What applies and was answered, page by page; with ``previous``, what a correction changed."""
    now_shown = set(fragment(form, None, answers).fields)
    before_shown = set(fragment(form, None, previous).fields) if previous is not None else set()
    parts = [
        ("", _("Your situation"), form.situations),
        *((p.name, str(p.title), p.fields) for p in form.pages),
    ]
    reader = _Reader(masked, previous is not None)
    sections = []
    for name, title, fields in parts:
        shown = [field for field in fields if field in now_shown | before_shown]
        lines = tuple(
            reader.line(
                field,
                field.name,
                answers.get(field.name) if field in now_shown else None,
                (previous or {}).get(field.name) if field in before_shown else None,
            )
            for field in shown
        )
        if lines:
            sections.append(Section(name, title, lines))
    return Sheet(tuple(sections), sum(bool(line.change) for section in sections for line in section.lines))


def differences(form: FormDefinition, old: Answers, new: Answers) -> tuple[Change, ...]:
    """Every answer that differs, by path; the values are as answered, so mask them before showing."""
    before, after = _leaves(form, old), _leaves(form, new)
    return tuple(
        Change(key, str((after.get(key) or before[key])[0].title), was, became)
        for key in {**after, **before}
        for was, became in [(before.get(key, (None, None))[1], after.get(key, (None, None))[1])]
        if _stated(was) != _stated(became)
    )


def _leaves(form: FormDefinition, answers: Answers) -> dict[str, tuple[Field, Any]]:
    return {k: (field, v) for k, field, v in walk(tuple(form), answers) if field.type is not FieldType.GROUP}


def _stated(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = {key: item for key, item in value.items() if item}
    return None if value in ("", [], {}, None) else value


class _Reader:
    def __init__(self, masked: bool, compare: bool) -> None:
        self.masked = masked
        self.compare = compare

    def line(self, field: Field, key: str, new: Any, old: Any) -> Line:
        change = self.change(new, old)
        if field.type is FieldType.GROUP:
            return Line(
                key,
                str(field.title),
                "",
                change=change,
                columns=tuple(str(inner.title) for inner in field.fields),
                rows=tuple(self.rows(field, key, new or [], old or [])),
            )
        return Line(
            key,
            str(field.title),
            self.text(field, new),
            self.text(field, old) if change else "",
            change,
            self.masked and field.mask in PERSONAL,
        )

    def rows(self, field: Field, key: str, new: list[Answers], old: list[Answers]) -> list[tuple[Line, ...]]:
        if not self.compare:
            old = []
        result = []
        for i in range(max(len(new), len(old))):
            row, former = (new[i] if i < len(new) else {}), (old[i] if i < len(old) else {})
            result.append(
                tuple(
                    self.line(inner, f"{key}.{i}.{inner.name}", row.get(inner.name), former.get(inner.name))
                    for inner in field.fields
                )
            )
        return result

    def change(self, new: Any, old: Any) -> str:
        new, old = _stated(new), _stated(old)
        if not self.compare or new == old:
            return ""
        return "added" if old is None else "removed" if new is None else "changed"

    def text(self, field: Field, value: Any) -> str:
        if _stated(value) is None:
            return ""
        text = shown(field, value)
        return mask(text, field.mask) if self.masked else text


def shown(field: Field, value: Any) -> str:
    """A value as a person reads it; what was typed, when it is not a value of its type (a draft)."""
    try:
        match field.type:
            case FieldType.CODE:
                return "、".join(field.titled(one) for one in (value if isinstance(value, list) else [value]))
            case FieldType.BOOL:
                return _("Yes") if value in (True, "true", "on") else _("No")
            case FieldType.DATE:
                day = date.fromisoformat(value)
                return _("%(y)d-%(m)02d-%(d)02d") % {"y": day.year, "m": day.month, "d": day.day}
            case FieldType.DATETIME:
                at = datetime.fromisoformat(value)
                return _("%(y)d-%(m)02d-%(d)02d") % {"y": at.year, "m": at.month, "d": at.day} + f" {at:%H:%M}"
            case FieldType.MONEY | FieldType.DECIMAL | FieldType.INT:
                text = f"{Decimal(value):,}"
                return f"{text} {field.unit}" if field.unit else text
            case FieldType.PLACE:
                return _place_text(field, value)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        pass  # a draft: what was typed is no value of its type yet
    return str(value)


def _place_text(field: Field, value: Any) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    division = str(value.get("division") or "")
    known = field.titled(division) if any(o.code == division for o in field.options) else ""
    text = str(value.get("text") or "")
    return text if text.startswith(known) else known + text

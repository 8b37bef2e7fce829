"""What applies, what is wrong, what is known already."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, Text

from .conditions import broken, compiled, feel_context, feel_value, holds
from .data import Answers, Field, FieldType, FormDefinition, Fragment, Material, Page, Prefilled
from .values import Wrong, clean, suspicion


def checked(form: FormDefinition, answers: Answers, page: str | None = None) -> Answers:
    """The clean answers to what applies (to one page of it, when ``page`` is given); all else is left out.

    Raises Invalid with one message per field, keyed by its path (``shareholders.0.id_number``)."""
    run = _Run(form, answers)
    wanted = {field.name for field in form.page(page).fields} if page else set(form.names)
    errors = {key: text for key, text in run.errors.items() if key.partition(".")[0] in wanted}
    if errors:
        raise Invalid(errors)
    return {name: value for name, value in run.answers.items() if name in wanted}


def fragment(form: FormDefinition, page: str | None, answers: Answers) -> Fragment:
    """The pages and materials that apply given the answers so far, and the fields of ``page`` (None: of
    all)."""
    run = _Run(form, answers)
    shown = [p for p in form.pages if p in run.pages]
    inside = form.page(page).fields if page else tuple(form)
    return Fragment(
        pages=tuple(shown),
        fields=tuple(field for field in inside if field.name in run.applying),
        materials=tuple(material for material in form.materials if run.wants(material)),
    )


def missing(form: FormDefinition, answers: Answers, given: Collection[str]) -> dict[str, Text]:
    """The required materials that were not ``given`` (names of slots that have a file or a licence), each
    with what to do. A material that may follow later (容缺) is not missing."""
    return {
        material.name: _missing_text(material)
        for material in fragment(form, None, answers).materials
        if material.required and material.necessity == "1" and material.name not in given
    }


def _missing_text(material: Material) -> Text:
    return _("Please upload “%(title)s”.") % {"title": material.title}


def warnings(form: FormDefinition, answers: Answers) -> dict[str, Text]:
    """Answers that look wrong but may be legal, such as a credit code of the early pilots: told, not
    refused."""
    found: dict[str, Text] = {}
    for key, field, value in walk(tuple(form), answers):
        with suppress(Wrong):
            if field.type is not FieldType.GROUP and (text := suspicion(field, clean(field, value))):
                found[key] = text
    return found


def asked_again(form: FormDefinition, held: Collection[str]) -> list[Field]:
    """The fields that ask for what a register already holds (``held``: items such as ``population.address``)
    without filling it in from there: repeated collection, which DATA-46 wants stopped."""
    return [field for field in form if field.register in held and not field.prefill]


def walk(fields: tuple[Field, ...], answers: Answers, prefix: str = "") -> Iterator[tuple[str, Field, Any]]:
    """Every field with its path and raw answer, row by row inside groups."""
    for field in fields:
        value = answers.get(field.name)
        yield prefix + field.name, field, value
        if field.type is FieldType.GROUP and isinstance(value, list):
            for i, row in enumerate(value):
                if isinstance(row, dict):
                    yield from walk(field.fields, row, f"{prefix}{field.name}.{i}.")


def prefill(form: FormDefinition, sources: Mapping[str, Mapping[str, Any]]) -> dict[str, Prefilled]:
    """What the system knows already: path -> value and the title of its source. Values that would not pass
    the field's own check are left out, so nobody starts with somebody else's mistake marked as theirs.

    Fields of a group fill its first entry in: ``shareholders.0.holder``."""
    found: dict[str, Prefilled] = {}
    for field in form:
        places = [(field.name, field), *((f"{field.name}.0.{inner.name}", inner) for inner in field.fields)]
        for path, each in places:
            if each.prefill:
                source, _dot, item = each.prefill.partition(".")
                value = _usable(each, sources.get(source, {}).get(item))
                if value not in (None, [], ""):
                    found[path] = Prefilled(value, form.source_title(source))
    return found


def answers_known(known: Mapping[str, Prefilled]) -> Answers:
    """Prefilled values as answers to begin with: ``{"shareholders": [{"holder": ...}]}``."""
    answers: Answers = {path: each.value for path, each in known.items() if "." not in path}
    for path, each in known.items():
        name, inside, inner = path.partition(".0.")
        if inside:
            first, *others = answers.get(name) or [{}]
            answers[name] = [{inner: each.value, **first}, *others]
    return answers


def _usable(field: Field, value: Any) -> Any:
    if field.type is not FieldType.GROUP:
        with suppress(Wrong):
            return clean(field, value)
        return None
    rows = [row for row in value or [] if isinstance(row, Mapping)]
    return [
        {inner.name: known for inner in field.fields if (known := _usable(inner, row.get(inner.name))) is not None}
        for row in rows[: field.max_rows]
    ]


class _Run:
    """One pass over the form from top to bottom: a condition sees the answers before it, a check sees all."""

    def __init__(self, form: FormDefinition, raw: Answers) -> None:
        self.raw = raw
        self.errors: dict[str, Text] = {}
        self.answers: Answers = {}
        self.applying: set[str] = set()
        self.pages: list[Page] = []
        self.context: dict[str, Any] = {}
        for field in form.situations:
            self.take(field, True)
        for page in form.pages:
            applies = holds(page.condition, self.context)
            if applies:
                self.pages.append(page)
            for field in page.fields:
                self.take(field, applies)
        for field in form:
            if field.name in self.applying:
                self.check(field, field.name, self.context)

    def take(self, field: Field, applies: bool) -> None:
        applies = applies and holds(field.condition, self.context)
        value = None
        if applies:
            self.applying.add(field.name)
            value = self.read(field, field.name, self.raw.get(field.name), self.context)
            if value is not None:
                self.answers[field.name] = value
        self.context[field.name] = feel_value(field, value)

    def read(self, field: Field, key: str, raw: Any, context: Mapping[str, Any]) -> Any:
        if field.type is FieldType.GROUP:
            return self.read_rows(field, key, raw, context)
        try:
            value = clean(field, raw)
        except Wrong as wrong:
            self.errors[key] = wrong.message
            return None
        unanswered = value in (None, []) or (field.type is FieldType.PLACE and not value["text"])
        if field.required and (unanswered or value is False):
            self.errors[key] = _required_text(field)
        return value

    def read_rows(self, field: Field, key: str, raw: Any, context: Mapping[str, Any]) -> Any:
        rows = [row for row in raw or [] if isinstance(row, dict)] if isinstance(raw, list) else []
        rows = [row for row in rows if any(value not in (None, "", [], {}) for value in row.values())]
        least = max(field.min_rows, int(field.required))
        if len(rows) < least:
            self.errors[key] = _("Please fill in at least %(n)d row(s) of “%(title)s”.") % {
                "n": least,
                "title": field.title,
            }
        if len(rows) > field.max_rows:
            self.errors[key] = _("At most %(n)d rows are possible in “%(title)s”.") % {
                "n": field.max_rows,
                "title": field.title,
            }
            return None
        return [self.read_row(field, f"{key}.{i}", row, context) for i, row in enumerate(rows)] or None

    def read_row(self, field: Field, key: str, row: Answers, context: Mapping[str, Any]) -> Answers:
        inside, result = dict(context), Answers()
        for inner in field.fields:
            value = None
            if holds(inner.condition, inside):
                value = self.read(inner, f"{key}.{inner.name}", row.get(inner.name), inside)
                if value is not None:
                    result[inner.name] = value
            inside[inner.name] = feel_value(inner, value)
        return result

    def check(self, field: Field, key: str, context: Mapping[str, Any]) -> None:
        if any(error == key or error.startswith(key + ".") for error in self.errors):
            return
        for rule in field.checks:
            if not self.unsettled(rule.rule, key, context) and broken(rule.rule, context):
                self.errors[key] = rule.message.lazy
                return
        for i, row in enumerate(self.answers.get(key, []) if field.type is FieldType.GROUP else []):
            inside = {**context, **feel_context(field.fields, row)}
            for inner in field.fields:
                self.check(inner, f"{key}.{i}.{inner.name}", inside)

    def unsettled(self, rule: str, key: str, context: Mapping[str, Any]) -> bool:
        """Whether the rule speaks of an answer that is wrong itself: then it would only say so a second
        time."""
        row = key.rpartition(".")[0]
        wrong = {error.removeprefix(row + ".") if row else error for error in self.errors}
        return bool(compiled(rule, tuple(context)).names & {name.partition(".")[0] for name in wrong})

    def wants(self, material: Material) -> bool:
        fits = all(self.answers.get(name) in codes for name, codes in material.situations)
        return fits and holds(material.condition, self.context)


def _required_text(field: Field) -> Text:
    title = {"title": field.title}
    if field.type is FieldType.BOOL:
        return _("Please confirm “%(title)s”.") % title
    if field.type is FieldType.CODE:
        return _("Please choose “%(title)s”.") % title
    return _("Please fill in “%(title)s”.") % title

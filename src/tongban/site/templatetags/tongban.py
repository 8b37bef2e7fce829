"""The components of every page, as filters and tags: ``{% load tongban %}``.

``docs/look.md`` lists each with its arguments; ``/style/`` on the staff site shows each at work.
Words and numbers are made in :mod:`tongban.site.templatetags.wording`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField
from django.http import QueryDict
from django.template import Context
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

from tongban.base.kernel.api import mask, today

from . import wording

register = template.Library()
Values = dict[str, Any]


@register.filter
def cndate(value: object, form: str = "long") -> str:
    """2026年11月21日（周六）; with ``"short"`` the present year is left out."""
    return wording.date_words(value, form)


@register.filter
def cntime(value: object) -> str:
    """2026年11月21日（周六）14:05, in China's time."""
    return wording.time_words(value)


@register.filter
def isodate(value: object) -> str:
    """2026-11-21, for the ``datetime`` attribute and for date inputs."""
    day = wording.as_date(value)
    return day.isoformat() if day else ""


@register.filter
def limit(value: object, unit: str = "workday") -> str:
    """A time limit in the unit the law uses: ``{{ 5|limit:"workday" }}`` is 5个工作日."""
    return wording.limit_words(value, unit)


@register.filter
def duration(value: object) -> str:
    """A timedelta, or seconds, in its two largest units: 3天2小时."""
    return wording.duration_words(value)


@register.filter
def masked(value: object, kind: str = "") -> str:
    """Personal data with its middle hidden; kind as `kernel.mask` has them, else by the value's shape."""
    return mask(value, kind)


@register.filter
def uscc(value: object) -> str:
    """A unified social credit code in its four parts."""
    return wording.grouped_credit_code(value)


@register.filter
def filesize(value: object) -> str:
    """A number of bytes as 2.4 MB."""
    return wording.size_words(value)


@register.filter
def percent(value: object) -> str:
    """A share between 0 and 1 as 96.4%; nothing for None."""
    return f"{value * 100:.1f}%" if isinstance(value, int | float) else ""


@register.simple_tag(takes_context=True)
def qs(context: Context, **changes: object) -> str:
    """The page's query string with these changes, None removing a key: ``<a href="{% qs after=x %}">``.

    A new filter starts at the first page, so ``after`` goes unless it is given.
    """
    request = context.get("request")
    query = request.GET.copy() if request else QueryDict(mutable=True)
    if "after" not in changes:
        query.pop("after", None)
    for key, value in changes.items():
        query.pop(key, None)
        if value not in (None, ""):
            query.setlist(key, [force_str(v) for v in (value if isinstance(value, list | tuple) else [value])])
    return "?" + query.urlencode()


@register.simple_tag(takes_context=True)
def site_facts(context: Context) -> Values:
    """What the base templates know of the installation: demo, zone, its name, region, elder mode."""
    zone = str(getattr(settings, "TONGBAN_ZONE", "outer"))
    request = context.get("request")
    zones = {
        "public": gettext("Public network"),
        "outer": gettext("Government extranet"),
        "inner": gettext("Government intranet"),
    }
    return {
        "demo": bool(getattr(settings, "TONGBAN_DEMO", False)),
        "zone": zone,
        "zone_title": zones.get(zone, zone),
        "region": _region(),
        "elder": bool(request and request.COOKIES.get("tongban_elder") == "1"),
    }


def _region() -> str:
    """The name that stands before the site's: a text, or texts by language."""
    title = getattr(settings, "TONGBAN_REGION_TITLE", "")
    if isinstance(title, Mapping):
        title = title.get("zh" if wording.chinese() else "en", "")
    return f"{title}" if wording.chinese() or not title else f"{title} "


@register.inclusion_tag("site/parts/icon.html")
def icon(name: str, label: str = "", size: str = "") -> Values:
    """An outline of the sprite ``static/vendor/tabler-icons``; hidden from readers unless labelled."""
    return {"name": name, "label": label, "size": size}


@register.inclusion_tag("site/parts/chip.html")
def chip(text: object, tone: str = "neutral", icon: str = "") -> Values:
    """A state in words. Tones: neutral, blue, green, amber, alert, red (red cards only), grey."""
    return {"text": text, "tone": tone, "icon": icon, "long": len(str(text)) > 18}


@register.inclusion_tag("site/parts/chip.html")
def secrecy(level: object) -> Values:
    """The secrecy level of a record: public, internal, sensitive, or the text given."""
    key = str(getattr(level, "value", level) or "internal")
    names = {
        "public": (pgettext("secrecy", "Open to the public"), "grey"),
        "internal": (pgettext("secrecy", "Internal"), "blue"),
        "sensitive": (pgettext("secrecy", "Sensitive"), "amber"),
    }
    text, tone = names.get(key, (key, "blue"))
    return {"text": text, "tone": tone, "icon": "lock" if key != "public" else "world"}


@register.inclusion_tag("site/parts/due_pill.html")
def due_pill(due: object = None, left: int | None = None, unit: str = "workday", state: str = "") -> Values:
    """When something is due, in colour, shape and words, with the date itself beside it.

    ``left`` is the number of units left as ``calendars`` counts them (negative: overdue); without it
    natural days are counted. ``state`` is suspended, done or none where no clock runs.
    """
    day = wording.as_date(due)
    if left is None and day is not None:
        left, unit = (day - today()).days, "day"
    if not state:
        state = _urgency(left)
    count = wording.limit_words(abs(left), unit) if left else ""
    return {"state": state, "due": day, "count": count}


def _urgency(left: int | None) -> str:
    if left is None:
        return "none"
    return "overdue" if left < 0 else "today" if left == 0 else "soon" if left <= 2 else "running"


@register.inclusion_tag("site/parts/timeline.html")
def timeline(entries: Iterable[object]) -> Values:
    """What happened and what comes next; entries have title, at, office, note, until, why, url, state.

    ``state`` is done (the default), current, next, waiting or stopped.
    """
    return {"entries": list(entries or [])}


@register.inclusion_tag("site/parts/facts.html")
def facts(entries: Iterable[object]) -> Values:
    """A strip of the few facts that matter first: entries have label, value, and may have note, icon."""
    return {"entries": [_pair(e, "label", "value") for e in entries or []]}


@register.inclusion_tag("site/parts/definitions.html")
def definitions(pairs: Iterable[object], columns: int = 1) -> Values:
    """Names and values of one record; an empty value reads as a dash. Two columns where there is room."""
    return {"pairs": [_pair(p, "label", "value") for p in pairs or []], "columns": columns}


def _pair(entry: object, first: str, second: str) -> object:
    return dict(zip((first, second, "note"), entry, strict=False)) if isinstance(entry, tuple | list) else entry


@register.inclusion_tag("site/parts/empty.html")
def empty(title: str, text: str = "", url: str = "", label: str = "", icon: str = "inbox") -> Values:
    """An empty page says what will appear here and how to start."""
    return {"title": title, "text": text, "url": url, "label": label, "icon": icon}


@register.inclusion_tag("site/parts/pager.html", takes_context=True)
def pager(context: Context, page: object, name: str = "after") -> Values:
    """Forward paging by key: ``page.next`` is the key of the next page or empty. Counts nothing."""
    after = next((getattr(page, a) for a in ("next", "next_after", "after") if getattr(page, a, None)), None)
    request = context.get("request")
    return {
        "forward": qs(context, **{name: after}) if after else "",
        "first": qs(context, **{name: None}) if request and request.GET.get(name) else "",
    }


@register.inclusion_tag("site/parts/steps.html")
def steps(titles: Sequence[object], current: int = 1) -> Values:
    """Where one is in a form: titles are texts or (title, url); ``current`` counts from 1."""
    rows = [_pair(t if isinstance(t, tuple | list) else (t, ""), "title", "url") for t in titles]
    for number, row in enumerate(rows, 1):
        if isinstance(row, dict):
            row["number"] = number
            row["state"] = "done" if number < current else "current" if number == current else "next"
    now = rows[current - 1] if 0 < current <= len(rows) else None
    return {"rows": rows, "current": current, "total": len(rows), "now": now}


@register.inclusion_tag("site/parts/file_slot.html")
def file_slot(slot: object, error: str = "", readonly: bool = False) -> Values:
    """One material to hand in: formats and size are told before choosing, the check is told after.

    ``slot`` has name, label, formats (list of endings), max_bytes, and may have hint, required,
    sample_url, multiple, licence (one from the library that replaces the upload) and
    files (name, size, url, state ok|checking|refused, message, remove_url).
    """
    read = _reader(slot)
    endings = [str(f).lstrip(".").lower() for f in read("formats") or []]
    return {
        "slot": slot,
        "error": error or read("error") or "",
        "readonly": readonly,
        "formats": "、".join(e.upper() for e in endings)
        if wording.chinese()
        else ", ".join(e.upper() for e in endings),
        "accept": ",".join("." + e for e in endings),
    }


@register.inclusion_tag("site/parts/error_summary.html")
def error_summary(errors: object, labels: Mapping[str, str] | None = None) -> Values:
    """What is wrong, at the top of the page, each line leading to its field.

    Takes a Django form, or a mapping of field name to message(s). Ids of fields are ``id_<name>``.
    """
    rows: list[dict[str, str]] = []
    if isinstance(errors, BaseForm):
        for name, texts in errors.errors.items():
            field = errors[name] if name in errors.fields else None
            target = str(field.auto_id) if field else ""
            rows += [{"target": target, "label": str(field.label) if field else "", "text": str(t)} for t in texts]
    elif isinstance(errors, Mapping):
        for name, texts in errors.items():
            known = bool(name) and name != "__all__"
            for text in [texts] if isinstance(texts, str | Promise) or not isinstance(texts, Iterable) else texts:
                label = str((labels or {}).get(name, ""))
                rows.append({"target": f"id_{name}" if known else "", "label": label, "text": str(text)})
    return {"rows": rows}


_CONTROLS = {"select": "form-select", "checkbox": "form-check-input"}


@register.inclusion_tag("site/parts/field.html")
def field(bound: BoundField, source: str = "", report_url: str = "") -> Values:
    """One field of a Django form with label, hint, error, and the source of a prefilled value."""
    kind = getattr(bound.field.widget, "input_type", "")
    group = bound.use_fieldset
    marks = ["is-invalid" if bound.errors else "", "is-prefilled" if source else ""]
    if not group:  # a group would put the class on the box around its choices
        marks.insert(0, _CONTROLS.get(kind, "form-control"))
    attrs: dict[str, str | bool] = {"class": " ".join(filter(None, marks))}
    described = [
        f"{bound.auto_id}{end}"
        for end, there in (("_hint", bound.help_text), ("_error", bound.errors), ("_source", source))
        if there and not group
    ]
    if described:
        attrs["aria-describedby"] = " ".join(described)
    return {
        "bound": bound,
        "widget": bound.as_widget(attrs=attrs),
        "source": source,
        "report_url": report_url,
        "group": group,
        "check": kind == "checkbox" and not group,
    }


@register.inclusion_tag("site/parts/filter_bar.html", takes_context=True)
def filter_bar(context: Context, filters: Sequence[object], saved: Sequence[object] = ()) -> Values:
    """Filters kept in the address. Each has name, label, kind (text, select, date, check), value, options.

    ``options`` are (value, title) or (value, title, count). ``saved`` are filters kept by name: title, url.
    """
    request = context.get("request")
    return {"filters": filters, "saved": saved, "action": request.path if request else ""}


@register.inclusion_tag("site/parts/data_table.html", takes_context=True)
def data_table(
    context: Context,
    columns: Sequence[Mapping[str, Any] | Sequence[Any]],
    rows: Iterable[object],
    caption: str = "",
    select: str = "",
) -> Values:
    """A dense table: j, k and Enter move and open; on a phone each row is a card.

    Columns have key, title and may have kind (text, link, date, time, number, due, chip, masked), sort.
    Rows are mappings or objects; ``row.url`` opens it, ``row.id`` is sent by the check boxes that
    ``select`` (a field name) asks for. A chip is a pair (text, tone); a due is due_pill's arguments.
    """
    heads = [
        dict(c) if isinstance(c, Mapping) else dict(zip(("key", "title", "kind"), c, strict=False)) for c in columns
    ]
    for head in heads:
        head.setdefault("kind", "text")
        if head.get("sort"):
            head["sort_qs"] = qs(context, sort=head["sort"])
    lines = [_line(row, heads) for row in rows]
    return {"heads": heads, "lines": lines, "caption": caption, "select": select}


def _reader(thing: object) -> Callable[[str], Any]:
    """Reads a value by name, of a mapping or of an object; None where it has none."""
    if isinstance(thing, Mapping):
        return thing.get
    return lambda key: getattr(thing, key, None)


def _line(row: object, heads: Sequence[Mapping[str, Any]]) -> Values:
    read = _reader(row)
    cells = [{"head": head, "value": read(head["key"])} for head in heads]
    return {
        "url": read("url") or "",
        "id": read("id"),
        "cells": cells,
        "title": cells[0]["value"] if cells else "",
    }


@register.inclusion_tag("site/parts/office.html")
def office(value: object) -> Values:
    """An office by name, with its place above it where the record has one. Never a person."""
    if isinstance(value, str):
        return {"title": value, "above": ""}
    title = getattr(value, "title", None) or getattr(value, "name", None) or str(value)
    return {"title": title, "above": getattr(value, "parent_title", "") or getattr(value, "division", "")}


@register.inclusion_tag("site/parts/bpmn.html")
def process_picture(url: str, lit: Iterable[str] = (), done: Iterable[str] = (), text: str | SafeString = "") -> Values:
    """The diagram at ``url`` (BPMN XML), current steps lit, done steps ticked; ``text`` says it in words."""
    return {"url": url, "lit": " ".join(lit), "done": " ".join(done), "text": text}


@register.inclusion_tag("site/parts/task_tray.html")
def task_tray(jobs: Iterable[object]) -> Values:
    """Long work one may leave and find again: jobs have title, done, total, state, url."""
    return {"jobs": list(jobs or [])}


@register.inclusion_tag("site/parts/rating.html")
def rating(value: float | None, count: int = 0) -> Values:
    """Satisfaction of those who rated; an absent rating is absent, never a default."""
    return {"value": value, "count": count}

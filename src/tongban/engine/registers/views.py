"""Staff pages of every register: index, list, record, history, export."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from tongban.base.kernel.api import Invalid, Text
from tongban.trust.identity.api import actor_of, may, permitted

from . import lists
from .actions import unmask
from .data import Mask, Page, RegisterDefinition, Row
from .definitions import definition, definitions
from .export import export
from .queries import access_register, get, history, page, target, trace

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_GET
@permitted("register.read")
def index(request: HttpRequest) -> HttpResponse:
    """Every register that the reader's rights reach."""
    reached = [r for r in definitions() if may(actor_of(request), "register.read", target=target(r))]
    return render(request, "registers/index.html", {"registers": reached})


@require_GET
@permitted("register.read")
def rows(request: HttpRequest, key: str) -> HttpResponse:
    """One page of a register's list; the address holds the filters."""
    register = access_register(actor_of(request), key)
    asked = request.GET.dict()
    errors = {}
    try:
        found = page(
            key,
            lists.asked_filters(register, asked),
            asked.get("after"),
            search=asked.get("q", ""),
            order=asked.get("sort", ""),
        )
    except Invalid as invalid:
        found, errors = Page(()), invalid.errors
    trace(actor_of(request), key, found)
    context = {
        "register": register,
        "page": found,
        "columns": lists.columns(register, asked.get("sort", "")),
        "rows": lists.lines(register, found),
        "filters": lists.bar(register, asked),
        "errors": errors,
        "narrowed": any(value for name, value in asked.items() if name != "after"),
        "may_export": may(actor_of(request), "register.export", target=target(register)),
    }
    return render(request, "registers/rows.html", context, status=422 if errors else 200)


@require_GET
@permitted("register.read")
def row(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """One record, personal items masked."""
    return _record(request, definition(key), get(actor_of(request), key, id))


@require_POST
@permitted("register.unmask")
def unmasked(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """The record as it is, once, for a stated reason: a recorded act (R4)."""
    register, actor = definition(key), actor_of(request)
    reason = request.POST.get("reason", "").strip()
    try:
        return _record(request, register, unmask(actor, key, id, reason=reason), reason=reason)
    except Invalid as invalid:
        return _record(request, register, get(actor, key, id), errors=invalid.errors)


def _record(
    request: HttpRequest,
    register: RegisterDefinition,
    found: Row,
    reason: str = "",
    errors: dict[str, Text] | None = None,
) -> HttpResponse:
    hidden = any(field.mask != Mask.NONE and found[field.name] is not None for field in register.live)
    context = {
        "register": register,
        "row": found,
        "heading": lists.heading(register, found, bare=bool(reason)),
        "pairs": lists.pairs(register, found, bare=bool(reason)),
        "may_unmask": hidden and not reason and may(actor_of(request), "register.unmask", target=target(register)),
        "reason": reason,
        "errors": errors,
    }
    return render(request, "registers/row.html", context, status=422 if errors else 200)


@require_GET
@permitted("register.read")
def versions(request: HttpRequest, key: str, id: str) -> HttpResponse:
    """The record's versions, newest first."""
    register = definition(key)
    found = get(actor_of(request), key, id)
    context = {
        "register": register,
        "row": found,
        "heading": lists.heading(register, found),
        "versions": lists.versions(register, history(key, id)),
    }
    return render(request, "registers/history.html", context)


@require_GET
@permitted("register.export")
def exported(request: HttpRequest, key: str, format: str) -> FileResponse:
    """The filtered list as CSV or XLSX."""
    register = definition(key)
    asked = request.GET.dict()
    wanted = lists.asked_filters(register, asked)
    file = export(actor_of(request), key, wanted, format, search=asked.get("q", ""))
    name = f"{register.title}.{format}"
    return FileResponse(file, as_attachment=True, filename=name, content_type=_TYPES[format])

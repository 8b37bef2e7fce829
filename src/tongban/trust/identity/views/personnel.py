"""Pages of personnel systems (SCIM) and lists of people."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import SHANGHAI, Invalid, now

from ..access import may, require
from ..forms import _DATE, OfficeChoice
from ..intake import import_people
from ..models import PersonnelSystem
from ..policies import permitted
from ..scim.tokens import make_system, revoke_system
from .manage import _actor, _tell

MANAGE, AUDIT = "identity.manage", "identity.audit"


class SystemForm(forms.Form):
    """A personnel system: its name, its office, its end."""

    title = forms.CharField(label=_("Name of the system"), max_length=100)
    office = OfficeChoice(label=_("For this office and all below it"), help_text=_("Its name or code."))
    until = forms.DateField(label=_("Last day"), widget=_DATE)


class ListForm(forms.Form):
    """A list of joiners, movers and leavers."""

    file = forms.FileField(label=_("List (CSV or XLSX)"), max_length=200)
    keep = forms.BooleanField(label=_("Bring it in now; otherwise it is only checked"), required=False)


@permitted(MANAGE, AUDIT)
def personnel(request: HttpRequest) -> HttpResponse:
    """Personnel systems, and a new one: its token is shown on this one answer and never again."""
    actor, token = _actor(request), ""
    if request.method == "POST":
        require(actor, MANAGE)
    form = SystemForm(request.POST or None)
    if form.is_bound and form.is_valid():
        end = datetime.combine(form.cleaned_data["until"], time(23, 59, 59), SHANGHAI)
        try:
            _row, token = make_system(actor, form.cleaned_data["title"], form.cleaned_data["office"].ref, end)
            form = SystemForm()
        except Invalid as invalid:
            _tell(form, invalid)
    rows = PersonnelSystem.objects.select_related("office").order_by("-pk")[:100]
    return _shown(request, form=form, token=token, systems=[(row, _alive(row)) for row in rows])


def _alive(row: PersonnelSystem) -> bool:
    return row.revoked_at is None and row.until > now()


def _shown(request: HttpRequest, **context: Any) -> HttpResponse:
    manages = may(_actor(request), MANAGE)
    if "systems" not in context:
        rows = PersonnelSystem.objects.select_related("office").order_by("-pk")[:100]
        context["systems"] = [(row, _alive(row)) for row in rows]
    context = {"form": SystemForm(), "list_form": ListForm(), "manages": manages, **context}
    wrong = context["form"].errors or context["list_form"].errors
    response = render(request, "identity/personnel.html", context, status=422 if wrong else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@permitted(MANAGE)
def revoke(request: HttpRequest, id_: str) -> HttpResponse:
    """Its token opens nothing any more."""
    revoke_system(_actor(request), id_)
    return redirect("identity:personnel")


@require_POST
@permitted(MANAGE)
def intake(request: HttpRequest) -> HttpResponse:
    """Check a list of people, or bring it in."""
    form = ListForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, list_form=form)
    dry_run = not form.cleaned_data["keep"]
    report = import_people(form.cleaned_data["file"].read(), dry_run=dry_run, by=_actor(request).person)
    if report.readable and not dry_run:
        messages.success(request, _("The list was brought in."))
    return _shown(request, report=report)

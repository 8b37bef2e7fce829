"""Real-name levels: what each opens, where I am, and how to get to the next."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid

from .. import forms, levels
from ..methods import sign_in_methods
from ..policies import permitted, signed_in
from ..redirects import local_path
from .account import LEVELS, PENDING, WRONG_CODE, page, redeem, send
from .certificate import METHOD

OPENS = (
    _("Read, look things up, start a draft."),
    _("Consult, book an appointment, be told of progress."),
    _("Apply for most services; your data need not be typed again."),
    _("Services about property, benefits and licences."),
    _("Services that need your electronic signature."),
)


@signed_in
def own(request: HttpRequest) -> HttpResponse:
    """My level, what a service asked for, and the way there."""
    need = request.GET.get("need", "")
    context = {
        "levels": list(zip(LEVELS, OPENS, strict=True)),
        "mine": request.actor.level,  # type: ignore[attr-defined]
        "need": int(need) if need in ("1", "2", "3", "4") else None,
        "next": local_path(request.GET.get("next"), ""),
        "certificates": METHOD in sign_in_methods,
    }
    return render(request, "identity/levels.html", context)


@signed_in
def phone(request: HttpRequest) -> HttpResponse:
    """Confirm a phone, step 1: where the code goes."""
    form = forms.PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        send(request, "phone", form.cleaned_data["phone"], None, to=form.cleaned_data["phone"])
        return redirect("identity:phone_code")
    return page(request, _("Confirm your phone"), _("Send the code"), form)


@signed_in
def phone_code(request: HttpRequest) -> HttpResponse:
    """Confirm a phone, step 2: the code."""
    form = forms.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        pending = request.session.get(PENDING) or {}
        if redeem(request, "phone", form.cleaned_data["code"]) is None:
            form.add_error("code", WRONG_CODE)
        else:
            request.session.pop(PENDING)
            try:
                levels.confirm_phone(request.actor.person, pending["phone"])  # type: ignore[attr-defined]
            except Invalid as invalid:
                form.add_error(None, str(invalid.errors["phone"]))
            else:
                messages.success(request, _("Your phone is confirmed."))
                return redirect("identity:levels")
    return page(request, _("Type the code"), _("Confirm"), form)


@permitted("identity.check_in_person")
def confirm(request: HttpRequest) -> HttpResponse:
    """At a window: the visitor shows the identity card, the officer compares."""
    form = forms.SeenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            person = levels.confirm_in_person(
                request.actor,  # type: ignore[attr-defined]
                values["phone"],
                values["name"],
                values["id_number"],
            )
        except Invalid as invalid:
            for name, message in invalid.errors.items():
                form.add_error(name, str(message))
        else:
            messages.success(request, _("%s now has level 3.") % person.name)
            return redirect("identity:confirm")
    lead = _("Compare the card with the person in front of you. What you confirm is recorded with your name.")
    return page(request, _("Confirm a visitor's identity"), _("I have seen card and person"), form, lead)

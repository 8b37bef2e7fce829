"""Signing in, registering and one's own account. Passwords and second factors are allauth's views in our
dress."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.views import LoginView, LogoutView, PasswordChangeView, PasswordSetView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as FactorAgainView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import Invalid, NotFound, Refused, Text, system

from .. import agents, codes, forms, people, sessions
from ..access import AGENCY_KEY
from ..data import Actor
from ..limits import network
from ..methods import sign_in_methods
from ..models import OneTimeCode, Person
from ..policies import entering, public, signed_in, to_sign_in
from ..redirects import local_path
from ..signin import find_account

sign_in = public(
    LoginView.as_view(
        template_name="identity/sign_in.html", extra_context={"certificates": lambda: "certificate" in sign_in_methods}
    )
)
sign_out = public(LogoutView.as_view(template_name="identity/sign_out.html"))
change_password = signed_in(PasswordChangeView.as_view(template_name="identity/password_change.html", success_url="/"))
set_password = signed_in(
    reauthentication_required(PasswordSetView.as_view(template_name="identity/password_change.html", success_url="/"))
)
again = signed_in(ReauthenticateView.as_view(template_name="identity/again.html"))
factor_again = signed_in(FactorAgainView.as_view(template_name="identity/again.html"))
factor = entering(AuthenticateView.as_view(template_name="identity/factor.html"))
factors = signed_in(IndexView.as_view(template_name="identity/factors.html"))
factor_on = signed_in(ActivateTOTPView.as_view(template_name="identity/factor_on.html"))
factor_off = signed_in(DeactivateTOTPView.as_view(template_name="identity/factor_off.html"))
recovery_codes = signed_in(ViewRecoveryCodesView.as_view(template_name="identity/recovery_codes.html"))
new_recovery_codes = signed_in(GenerateRecoveryCodesView.as_view(template_name="identity/recovery_codes_new.html"))

PENDING = "pending_code"
WRONG_CODE = _("The code is not right or no longer valid. Please check it or ask for a new one.")


def page(
    request: HttpRequest, title: Text, verb: Text, form: Any, lead: Text = "", status: int = 200, **more: Any
) -> HttpResponse:
    known = request.user.is_authenticated
    back = (reverse("identity:account"), _("My account")) if known else (reverse("account_login"), _("Sign in"))
    context = {"title": title, "verb": verb, "form": form, "lead": lead, "back": back, **more}
    return render(request, "identity/form.html", context, status=422 if form.errors else status)


def send(request: HttpRequest, purpose: str, contact: str, person: Person | None, to: str = "") -> None:
    ticket = codes.issue_code(purpose, contact, person, network(request), to)
    request.session[PENDING] = {"ticket": ticket, "purpose": purpose, "phone": to, "next": _next(request)}


def _next(request: HttpRequest) -> str:
    return local_path(request.POST.get("next") or request.GET.get("next"), "")


def redeem(request: HttpRequest, purpose: str, code: str) -> OneTimeCode | None:
    pending = request.session.get(PENDING) or {}
    if pending.get("purpose") != purpose:
        return None
    return codes.redeem_code(pending["ticket"], purpose, code, network(request))


def steady(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answers posts at full steps of 50 ms: a known account costs half a millisecond more, which tells (T14)."""

    @wraps(view)
    def stepped(request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        answer = view(request)
        if request.method == "POST":
            time.sleep(-(time.monotonic() - began) % STEP)
        return answer

    return stepped


STEP = 0.05


@public
@never_cache
@steady
def code_request(request: HttpRequest) -> HttpResponse:
    """Ask for a code to sign in with. The same answer whether or not the account exists (T14)."""
    form = forms.ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        send(request, "signin", login, find_account(login))
        return redirect("account_code_enter")
    return page(request, _("Sign in with a code"), _("Send the code"), form, next=_next(request))


@public
@never_cache
def code_enter(request: HttpRequest) -> HttpResponse:
    """Type the code. Of any number of right answers at once only one signs in (T15)."""
    if PENDING not in request.session:
        return redirect("account_code")
    form = forms.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = redeem(request, "signin", form.cleaned_data["code"])
        if row is not None and row.person is not None and row.person.is_active:
            target = local_path(request.session.pop(PENDING).get("next"), "/")
            return _enter(request, row.person, target)
        form.add_error("code", WRONG_CODE)
    lead = _("If this account exists, a code is on its way to its phone.")
    return page(request, _("Type the code"), _("Sign in"), form, lead)


def _enter(request: HttpRequest, person: Person, target: str) -> HttpResponse:
    record_authentication(request, person, method="code")
    answer: HttpResponse = perform_login(request, Login(user=person, redirect_url=target))
    return answer


@public
@never_cache
@steady
def reset_request(request: HttpRequest) -> HttpResponse:
    """Forgotten password: the same answer for known and unknown accounts (T14)."""
    form = forms.ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        send(request, "reset", login, find_account(login))
        return redirect("account_reset_password_code")
    lead = _("We send a code to the phone of the account.")
    return page(request, _("Forgotten password"), _("Send the code"), form, lead)


@sensitive_post_parameters("password", "again")
@public
@never_cache
def reset_code(request: HttpRequest) -> HttpResponse:
    """The code and a new password; every session of the account ends."""
    form = forms.ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        row = redeem(request, "reset", form.cleaned_data["code"])
        if row is not None and row.person is not None:
            people.set_password(row.person.ref, form.cleaned_data["password"])
            request.session.pop(PENDING, None)
            messages.success(request, _("Your password is changed. Please sign in with the new one."))
            return redirect("account_login")
        form.add_error("code", WRONG_CODE)
    lead = _("If this account exists, a code is on its way to its phone.")
    return page(request, _("Choose a new password"), _("Change the password"), form, lead)


STEPS = [_("Mobile number"), _("One-time code"), _("Your details")]
VERIFIED = "verified_phone"


@public
@never_cache
def register(request: HttpRequest) -> HttpResponse:
    """A new account, step 1: the phone."""
    form = forms.PhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        phone = form.cleaned_data["phone"]
        send(request, "register", phone, None, to=phone)
        return redirect("account_signup_code")
    return page(request, _("Open an account"), _("Send the code"), form, steps=STEPS, step=1, next=_next(request))


@public
@never_cache
def register_code(request: HttpRequest) -> HttpResponse:
    """Step 2: the code. Only whoever holds the phone learns whether it has an account already."""
    form = forms.CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        pending = request.session.get(PENDING) or {}
        if redeem(request, "register", form.cleaned_data["code"]) is not None:
            if find_account(pending["phone"]) is not None:
                messages.info(request, _("This phone already has an account. Please sign in."))
                return redirect("account_login")
            request.session[VERIFIED] = pending["phone"]
            return redirect("account_signup_details")
        form.add_error("code", WRONG_CODE)
    return page(request, _("Type the code"), _("Continue"), form, steps=STEPS, step=2)


@sensitive_post_parameters("password", "again", "id_number")
@public
@never_cache
def register_details(request: HttpRequest) -> HttpResponse:
    """Step 3: name, number, password. A number is kept only when a register confirms it."""
    phone = request.session.get(VERIFIED)
    if not phone:
        return redirect("account_signup")
    form = forms.DetailsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            made = people.register(values["name"], values["id_number"], phone, values["password"])
        except Invalid as invalid:
            for name, message in invalid.errors.items():
                form.add_error(name if name in form.fields else None, str(message))
        else:
            request.session.pop(VERIFIED)
            target = local_path((request.session.pop(PENDING, None) or {}).get("next"), "/")
            with system():  # the new account is nobody's yet who has signed in
                person = Person.objects.get(public_id=made.ref.id)
            return _enter(request, person, target)
    return page(request, _("Your details"), _("Open the account"), form, steps=STEPS, step=3)


@signed_in
def account(request: HttpRequest) -> HttpResponse:
    """My account: level, contact, for whom I may act, sessions."""
    actor = request.actor  # type: ignore[attr-defined]
    context = {
        "person": people.person(actor.person),
        "agencies": agents.agencies_of(actor.person),
        "level_title": LEVELS[actor.level],
        "public_site": sessions.site() == "public",
    }
    return render(request, "identity/account.html", context)


LEVELS = (
    _("Level 0: not confirmed"),
    _("Level 1: phone confirmed"),
    _("Level 2: real name confirmed"),
    _("Level 3: identity checked in person"),
    _("Level 4: digital certificate"),
)


@signed_in
def real_name(request: HttpRequest) -> HttpResponse:
    """Raise the account to level 2."""
    form = forms.RealNameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actor: Actor = request.actor  # type: ignore[attr-defined]
            people.confirm_real_name(actor.person, **form.cleaned_data)
            return redirect("identity:levels")
        except (Invalid, Refused) as error:
            form.add_error(None, str(error.message))
    return page(request, _("Confirm your real name"), _("Confirm"), form)


@require_POST
@signed_in
def act_for(request: HttpRequest) -> HttpResponse:
    """Choose in whose name to act: an authorisation of mine, whom I represent, or nobody's but my own."""
    chosen, me = request.POST.get("agency", ""), request.actor.person  # type: ignore[attr-defined]
    if not chosen:
        request.session.pop(AGENCY_KEY, None)
    elif agents.live_agency(chosen, me) or chosen in map(str, agents.represented(me)):
        request.session[AGENCY_KEY] = chosen
        request.session.cycle_key()  # other powers, another key (T17)
    else:
        raise NotFound(_("There is no such authorisation."))
    return redirect(local_path(request.POST.get("next"), reverse("identity:account")))


@require_POST
@signed_in
def sign_out_all(request: HttpRequest) -> HttpResponse:
    """End all my sessions, this one too."""
    people.sign_out_everywhere(request.actor.person)  # type: ignore[attr-defined]
    request.session.flush()
    return to_sign_in(request)

"""Signing in: who an account's login names, allauth's adapter and forms (T14, T16, T17, T30)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, SetPasswordForm
from django import forms
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Ref, Refused, emit, system
from tongban.base.ledger.api import write

from . import sessions, visits
from .codes import TOO_MANY
from .data import PersonKind, SignedOut
from .forms import PASSWORD_RULES
from .limits import forgive, limited, network
from .models import Person
from .personal import keyed, normal
from .redirects import is_local
from .sealed import id_index, phone_index


def find_account(login: str) -> Person | None:
    """The open account of this site that a username, phone or identity number names, by equality on
    hashes."""
    login = login.strip()
    named = Q(username=login) | Q(phone_index=phone_index(login)) | Q(id_index=id_index(login))
    with system():  # nobody is signed in yet
        rows = list(Person.objects.filter(named, kind=site_kind(), is_active=True)[:2]) if login else []
    return rows[0] if len(rows) == 1 else None


def site_kind() -> PersonKind:
    """Whose site this is."""
    return PersonKind.CITIZEN if sessions.site() == "public" else PersonKind.STAFF


class SignInBackend(BaseBackend):
    """Login and password. An unknown login costs one hash as well, so the time tells nothing (T14)."""

    def authenticate(
        self, request: HttpRequest | None, username: str = "", password: str = "", **credentials: Any
    ) -> Person | None:
        account = find_account(username)
        if account is None or not account.has_usable_password():
            make_password(password)
            return None
        return account if account.check_password(password) else None

    def get_user(self, user_id: int) -> Person | None:
        """A closed account is nobody from the next request on (T17)."""
        return Person.objects.filter(pk=user_id, is_active=True).first()


def _limits(request: HttpRequest, credentials: dict[str, Any]) -> list[tuple[str, int, int]]:
    login, where = normal(str(credentials.get("username", ""))), network(request)
    return [
        (f"signin:{login}:{where}", 8, 600),
        (f"signin:{login}", 100, 3600),
        (f"signin:network:{where}", 200, 600),
    ]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth's switches in our sense: local redirects only, our limits, our sessions, our ledger."""

    def is_safe_url(self, url: str | None) -> bool:
        return is_local(url)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Slows guessing per account and network, never locks an account for everybody (T16)."""
        over = [limited(key, n, seconds) for key, n, seconds in _limits(request, credentials)]
        if any(over):
            raise ValidationError(TOO_MANY)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:  # only wrong passwords count
            for key, _n, _seconds in _limits(request, credentials):
                forgive(key)
        else:  # known or unknown, the same leaf: it tells nothing (T14), and many of them raise an alarm
            which = keyed("signin", normal(str(credentials.get("username", ""))))
            with transaction.atomic():
                write("identity.sign_in_failed", Ref("identity.login", which[:26]), site=sessions.site())
        return user

    def pre_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse | None:
        """An account opens one site only, whatever proves whose it is (R21)."""
        if not isinstance(user, Person) or user.kind != site_kind():
            raise Refused(WRONG)
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def login(self, request: HttpRequest, user: Any) -> None:
        """Django gives the session a new key here; both limits count from now."""
        with system():
            super().login(request, user)
        sessions.start(request.session)
        request.session[visits.AGENT] = visits.device(request.headers.get("User-Agent", ""))
        with transaction.atomic():
            write("identity.signed_in", user.ref, by=user.ref, site=sessions.site())

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if isinstance(user, Person):
            with transaction.atomic():
                write("identity.signed_out", user.ref, by=user.ref, site=sessions.site())
                if visit := request.session.get(sessions.VISIT):
                    emit(SignedOut(user.ref, visit))
        super().logout(request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """allauth's flash messages repeat what the next page shows."""

    def send_notification_mail(self, template_prefix: str, user: Any, *_context: Any, **_more: Any) -> None:
        """What allauth would mail is a leaf: passwords, passkeys, apps and recovery codes that come and go."""
        with transaction.atomic():
            write("identity.credential", user.ref, by=user.ref, what=template_prefix.rpartition("/")[2])

    def get_client_ip(self, request: HttpRequest) -> str:
        return network(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return sessions.site() == "public"

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        raise ValidationError(WRONG)


WRONG = _("The account or the password is not right. Please check both and try again.")


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's sign-in form with one field for phone, identity number or username."""

    error_css_class = "is-invalid"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        public = sessions.site() == "public"
        label = _("Phone, identity number or username") if public else _("Username or mobile number")
        self.fields["login"] = forms.CharField(
            label=label,
            max_length=60,
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
        )
        self.fields["password"] = forms.CharField(
            label=_("Password"),
            max_length=200,
            strip=False,
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )
        self.order_fields(["login", "password"])

    def _clean_with_password(self, credentials: dict[str, Any]) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super()._clean_with_password(credentials)
        except ValidationError as error:
            # One sentence for every reason but the limit, so that it tells nothing about who has an account.
            raise (error if error.message == TOO_MANY else ValidationError(WRONG)) from None
        return cleaned


class Plain:
    """allauth's forms without placeholders: labels do their work."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)


class PasswordForm(Plain, ChangePasswordForm):  # type: ignore[misc]
    """The present password and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].label = _("Present password")
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_RULES
        self.fields["password2"].label = _("New password once more")


class FirstPasswordForm(Plain, SetPasswordForm):  # type: ignore[misc]
    """A password for an account that has none, twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_RULES
        self.fields["password2"].label = _("New password once more")


class AgainForm(Plain, ReauthenticateForm):  # type: ignore[misc]
    """The password once more before something that matters."""

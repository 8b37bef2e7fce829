"""Every view says who may call it; a view that does not is an error at start-up (R20)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from importlib import import_module
from typing import Any, TypeVar, overload
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Refused, system

from . import sessions
from .access import acting, actor_of, may, require
from .data import Actor, Level, Policy
from .limits import kept, limited, network
from .models import Person

View = Callable[..., Any]
V = TypeVar("V", bound=View)
Check = Callable[[HttpRequest, Actor], HttpResponse | None]


def public(view: V) -> V:
    """Anybody, signed in or not."""
    return _guarded(view, Policy("public"), lambda request, actor: None)


def entering(view: V) -> V:
    """Anybody between the first and the second step of signing in: as the system, for nobody is known yet."""

    @wraps(view)
    def entered(*args: Any, **kwargs: Any) -> Any:
        with system():
            response = view(*args, **kwargs)
            return response.render() if hasattr(response, "render") else response

    return public(entered)  # type: ignore[return-value]


@overload
def signed_in(view: V) -> V: ...
@overload
def signed_in(*, level: int = 0) -> Callable[[V], V]: ...
def signed_in(view: Any = None, *, level: int = 0) -> Any:
    """Anybody who has signed in on this site, with at least this real-name level."""

    def check(request: HttpRequest, actor: Actor) -> HttpResponse | None:
        if actor.public:
            return to_sign_in(request)
        if actor.level < level:
            raise Refused(_LEVELS[level], code="level")
        return None

    def decorate(view: V) -> V:
        return _guarded(view, Policy("signed_in", level=level), check)

    return decorate(view) if view is not None else decorate


_LEVELS = {
    Level.PHONE: _("Please confirm your phone number first."),
    Level.REAL_NAME: _("This service needs a real-name account: please confirm your name and identity number first."),
    Level.REAL_PERSON: _("This service needs an identity check in person or by face."),
    Level.CERTIFICATE: _("This service needs a digital certificate."),
}


def staff(view: V) -> V:
    """Any member of staff, with the second factor where it is required."""
    return _guarded(view, Policy("staff"), _staff)


def permitted(*permissions: str) -> Callable[[V], V]:
    """A member of staff whose posts or grants carry the permission, or one of several, over some office.

    Over which office is the verb's question: `require(actor, permission, office)`.
    """

    def check(request: HttpRequest, actor: Actor) -> HttpResponse | None:
        answer = _staff(request, actor)
        if answer is None and not any(may(actor, permission) for permission in permissions):
            require(actor, permissions[0])
        return answer

    return lambda view: _guarded(view, Policy("permitted", permission="|".join(permissions)), check)


def with_query_code(view: V) -> V:
    """Anybody who knows a case's number and its query code; the verb compares them in one step.

    Here only the guessing is stopped: 30 posts in ten minutes from one network (T13, T15).
    """

    def check(request: HttpRequest, actor: Actor) -> HttpResponse | None:
        if request.method == "POST" and limited(f"query:{network(request)}", 30, 600):
            raise Refused(_("Too many attempts. Please wait a few minutes and try again."), code="too_many")
        return None

    # In a transaction, signed in or not: the code opens row security for this one case until its end.
    return _guarded(transaction.atomic(view), Policy("query_code"), check)


def _staff(request: HttpRequest, actor: Actor) -> HttpResponse | None:
    if actor.public:
        return to_sign_in(request)
    if not actor.staff:
        raise Refused()
    return second_step(request)


def second_step(request: HttpRequest) -> HttpResponse | None:
    """Where a member of staff sets up the second factor that is still missing, else None."""
    return redirect("mfa_activate_totp") if needs_second_factor(request) else None


def needs_second_factor(request: HttpRequest) -> bool:
    """Whether this member of staff must set up a second factor before anything else."""
    account = request.user
    if not (getattr(settings, "TONGBAN_SECOND_FACTOR", True) and isinstance(account, Person)):
        return False
    if not account.second_factor and not getattr(settings, "PRODUCTION", False):
        return False
    from allauth.mfa.models import Authenticator

    factors = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return not Authenticator.objects.filter(user=account, type__in=factors).exists()


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """To the sign-in page and back to this address afterwards; only an address that is read may be come
    back to."""
    back = request.get_full_path() if request.method in ("GET", "HEAD") else ""
    target = reverse("account_login") + (f"?{urlencode({'next': back})}" if back and back != "/" else "")
    if getattr(request, "htmx", False):
        return HttpResponse(status=401, headers={"HX-Redirect": target})
    return redirect(target)


def _guarded(view: V, policy: Policy, check: Check) -> V:
    if hasattr(view, "policy"):
        raise ImproperlyConfigured(f"{view} has two policies")

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        actor = actor_of(request)
        request.actor = actor  # type: ignore[attr-defined]
        with kept(), acting(actor):
            answer = check(request, actor)
            if answer is not None:
                return answer
            if not actor.public:
                sessions.touch(request.session)
            response = view(request, *args, **kwargs)
            if callable(getattr(response, "render", None)) and not getattr(response, "is_rendered", True):
                response = response.render()  # a lazy page would read its rows after the actor is gone
        return response

    guarded.policy = policy  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


Patterns = Sequence[URLPattern | URLResolver]


def checked_urlconf(urlconf: str | Patterns) -> None:
    """Raise `ImproperlyConfigured` naming every address whose view declares no policy."""
    patterns: Patterns = import_module(urlconf).urlpatterns if isinstance(urlconf, str) else urlconf
    bare = [f"{where} ({callback})" for where, callback in walk(patterns) if not hasattr(callback, "policy")]
    if bare:
        raise ImproperlyConfigured("Views without an access policy: " + "; ".join(bare))


def walk(patterns: Patterns | None = None, prefix: str = "") -> Iterable[tuple[str, View]]:
    """Every address and its view, below these patterns or below the whole site."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, where)
        else:
            yield where, pattern.callback


def guard(patterns: Patterns, policy: Callable[[View], View]) -> list[URLPattern | URLResolver]:
    """The same addresses with the policy around views that have none: for parts that are not ours."""
    guarded: list[URLPattern | URLResolver] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = guard(pattern.url_patterns, policy)
            guarded.append(
                URLResolver(pattern.pattern, inner, pattern.default_kwargs, pattern.app_name, pattern.namespace)
            )
        elif hasattr(pattern.callback, "policy"):
            guarded.append(pattern)
        else:
            guarded.append(URLPattern(pattern.pattern, policy(pattern.callback), pattern.default_args, pattern.name))
    return guarded

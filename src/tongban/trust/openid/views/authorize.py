"""Where a system sends people to sign in, and where they say what it may know."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from tongban.base.kernel.api import Refused, now
from tongban.base.ledger.api import write
from tongban.trust.identity.api import Visit, public, second_step, to_sign_in, visit_of
from tongban.trust.identity.data import Actor

from .. import connections
from ..asking import Asked, Back, Fatal, core, read
from ..issuers import here
from ..models import Consent
from ..scopes import SCOPES, TICKED

FRESH = "openid_fresh"


@public
@never_cache
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Code flow with PKCE, nothing else: sign in if need be, agree if need be, go back with a code."""
    try:
        asked = read(request)
    except Fatal:
        return render(request, "openid/wrong.html", status=400)
    except Back as back:
        return _leave(request, back.url)
    actor: Actor = request.actor  # type: ignore[attr-defined]
    silent = "none" in asked.prompt
    if (step := _sign_in(request, asked, actor, silent)) is not None:
        return step
    if actor.level < asked.client.level:
        return _told(request, asked, "interaction_required") if silent else _too_low(request, asked, actor)
    consent = connections.agreed(asked.client, request.user, asked.scopes)
    if consent is not None and "consent" not in asked.prompt and request.method == "GET":
        return _let_in(request, asked, consent, asked.scopes)
    if silent:
        return _told(request, asked, "consent_required")
    return _answered(request, asked) if request.method == "POST" else _ask(request, asked)


def _sign_in(request: HttpRequest, asked: Asked, actor: Actor, silent: bool) -> HttpResponse | None:
    """None once somebody of this site is here, as freshly signed in as the system wants."""
    if actor.public:
        return _told(request, asked, "login_required") if silent else to_sign_in(request)
    if (step := second_step(request)) is not None:
        return _told(request, asked, "interaction_required") if silent else step
    if _fresh(request, asked, visit_of(request)):
        return None
    if silent:
        return _told(request, asked, "login_required")
    if request.user.has_usable_password():  # type: ignore[union-attr]
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")
    logout(request)  # there is nothing to ask again, so they sign in anew
    return to_sign_in(request)


def _fresh(request: HttpRequest, asked: Asked, visit: Visit) -> bool:
    """`prompt=login` and `max_age`: how long ago somebody proved who they are."""
    if asked.max_age and now() - visit.since > timedelta(seconds=asked.max_age):
        return False
    if asked.max_age != 0 and not asked.prompt & {"login", "select_account"}:
        return True
    wanted: dict[str, str] = request.session.get(FRESH, {})
    this = asked.client.client_id + asked.state + asked.credentials["code_challenge"]
    if this not in wanted:
        request.session[FRESH] = {this: now().isoformat()}  # asked from now on, once per request
        return False
    return visit.since >= datetime.fromisoformat(wanted[this])


def _ask(request: HttpRequest, asked: Asked, status: int = 200) -> HttpResponse:
    known = set(asked.scopes)
    context = {
        "client": asked.client,
        "plain": [title for key, title in SCOPES.items() if key in known - TICKED],
        "ticked": [(key, title) for key, title in SCOPES.items() if key in known & TICKED],
        "action": request.get_full_path(),
        "host": urlsplit(asked.redirect_uri).netloc,
    }
    return render(request, "openid/consent.html", context, status=status)


def _answered(request: HttpRequest, asked: Asked) -> HttpResponse:
    if request.POST.get("answer") != "yes":
        write("openid.consent.refused", asked.client.ref, by=request.actor.person)  # type: ignore[attr-defined]
        return _told(request, asked, "access_denied")
    ticked = set(request.POST.getlist("tick"))
    scopes = tuple(scope for scope in asked.scopes if scope not in TICKED or scope in ticked)
    return _let_in(request, asked, connections.agree(asked.client, request.user, scopes), scopes)


def _let_in(request: HttpRequest, asked: Asked, consent: Consent, scopes: tuple[str, ...]) -> HttpResponse:
    """Back to the system with a code; what the code opens is a connection of this very visit."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    given: dict[str, Any] = asked.credentials | {
        "consent": consent,
        "visit": visit_of(request),
        "level": actor.level,
        "claims": None,
    }
    request.session.pop(FRESH, None)
    uri, _headers, _body, _status = core().create_authorization_response(request, list(scopes), given, allow=True)
    code = dict(part.split("=", 1) for part in urlsplit(uri).query.split("&") if "=" in part)["code"]
    return _leave(request, asked.answer(code=code))


def _too_low(request: HttpRequest, asked: Asked, actor: Actor) -> HttpResponse:
    """The system wants to know more surely who this is: say how to get there, and come back here afterwards."""
    if here() != "public":
        raise Refused(_("This system needs a digital certificate."), code="level")
    path = urlencode({"need": str(asked.client.level), "next": request.get_full_path()})
    return redirect(f"{reverse('identity:levels')}?{path}")


def _told(request: HttpRequest, asked: Asked, error: str) -> HttpResponse:
    return _leave(request, asked.answer(error=error))


def _leave(request: HttpRequest, url: str) -> HttpResponse:
    """To the system's own address, which was compared with the registered ones.

    A browser lets no form of ours end at another host (`form-action 'self'` holds for redirects too), so after a form
    of ours a page leads on.
    """
    if request.method == "POST" or _from_us(request):
        return lead_on(request, url)
    return HttpResponseRedirect(url)


def lead_on(request: HttpRequest, url: str) -> HttpResponse:
    """A page that goes on to another host by itself, and by its button."""
    response = render(request, "openid/leave.html", {"url": url, "host": urlsplit(url).netloc})
    response["Refresh"] = f"0;url={url}"
    return response


def _from_us(request: HttpRequest) -> bool:
    return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()

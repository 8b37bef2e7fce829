"""The two sites' REST addresses under `/api/`: one shape of error, the session of the pages, a policy on each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLResolver, path
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router
from ninja.errors import ValidationError
from ninja.security import SessionAuth

from tongban.base.kernel.api import TongbanError
from tongban.trust.identity.api import guard, signed_in, staff

from .middleware import answer

View = Callable[..., Any]


def mounted(kind: str, routers: Mapping[str, Router]) -> URLResolver:
    """`/api/` of one site: signed in by the pages' session, forgery token required, JSON errors."""
    api = NinjaAPI(title="Tongban", version="1", urls_namespace=f"api-{kind}", docs_url=None, auth=SessionAuth())
    for where, router in routers.items():
        api.add_router(where, router)
    api.add_exception_handler(TongbanError, cast(Any, answer))
    api.add_exception_handler(ValidationError, cast(Any, _malformed))
    patterns, app_name, namespace = api.urls
    policy = _for_programs(staff if kind == "staff" else signed_in)
    return path("api/", (guard(patterns, policy), app_name, namespace))


def _malformed(_request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The body has another shape than the operation's: each place with what is wrong there."""
    fields = {".".join(str(part) for part in one["loc"][1:]): str(one["msg"]) for one in error.errors}
    body = {"error": _("The request does not have the expected form."), "code": "malformed", "fields": fields}
    return JsonResponse(body, status=422)


def _for_programs(policy: Callable[[View], View]) -> Callable[[View], View]:
    """The policy's own check, but a program is told 401 instead of being sent to the sign-in page."""

    def around(view: View) -> View:
        guarded = policy(view)

        @wraps(guarded)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response: HttpResponse = guarded(request, *args, **kwargs)
            if response.status_code != 302:
                return response
            return JsonResponse({"error": _("Please sign in first."), "code": "sign_in", "fields": {}}, status=401)

        return answered

    return around

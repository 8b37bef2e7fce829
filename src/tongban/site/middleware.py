"""What holds for every request: headers, and an answer for each way a verb may say no."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError, transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, Refused, Stale, TongbanError
from tongban.base.ledger import api as ledger

GetResponse = Callable[[HttpRequest], HttpResponse]


class SafeHeaders:
    """Headers on every answer (security R19)."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        return response


class Answers:
    """Turns a verb's refusal into its page, or into JSON for programs."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, TongbanError):
            _told(request, error)
            return answer(request, error)
        if isinstance(error, DataError) or (isinstance(error, ValueError) and "NUL" in str(error)):
            # No number, date or text the database knows: what came in cannot be meant (T32, T33).
            return answer(request, NotUnderstood())
        return None


def _told(request: HttpRequest, error: TongbanError) -> None:
    """A member of staff who was refused leaves a leaf: many of them are an alarm. What they tried was rolled back."""
    actor = getattr(request, "actor", None)
    if actor is not None and actor.staff and isinstance(error, Refused):
        view = request.resolver_match.view_name if request.resolver_match else ""
        with transaction.atomic():
            ledger.write("site.refused", actor.person, by=actor.by, address=view, code=error.code)


class NotUnderstood(TongbanError):
    """The request holds values that nothing in the product can mean."""

    default = _("This request cannot be understood.")


def answer(request: HttpRequest, error: TongbanError) -> HttpResponse:
    """The page (or JSON) that says what was refused, why, and what to do next."""
    errors = error.errors if isinstance(error, Invalid) else {}
    status = 429 if error.code == "too_many" else error.status
    changes = error.changes if isinstance(error, Stale) else {}
    if request.path.startswith("/api/"):
        body = {"error": str(error.message), "code": error.code, "fields": {k: str(v) for k, v in errors.items()}}
        return JsonResponse(body, status=status)
    context = {"message": error.message, "errors": errors, "changes": changes, "error": error}
    return render(request, f"site/errors/{status}.html", context, status=status)

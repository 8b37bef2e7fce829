"""What holds for every request: headers, and an answer for each way a verb may say no."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from tongban.base.kernel.api import Invalid, Stale, TongbanError

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
            return answer(request, error)
        if isinstance(error, DataError) or (isinstance(error, ValueError) and "NUL" in str(error)):
            # No number, date or text the database knows: what came in cannot be meant (T32, T33).
            return answer(request, NotUnderstood())
        return None


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

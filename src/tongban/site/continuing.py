"""A session that ends in the middle of a form loses nothing: what was typed waits until its person signs in again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tongban.trust.identity.api import actor_of, former_account, local_path, signed_in

KEPT = "kept_form"
MOST = 100_000  # characters; more than any form of ours holds


class KeepTyped:
    """Where a posted form is answered by the sign-in page, its fields are kept for the account whose session ended.

    Only for that account: the next person at the same computer must not see them. Files are not kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST":
            return response
        header = "HX-Redirect" if "HX-Redirect" in response.headers else "Location"
        sign_in = reverse("account_login")
        if urlsplit(response.headers.get(header, "")).path != sign_in or request.path == sign_in:
            if response.status_code < 400 and _kept(request).get("path") == request.get_full_path():
                del request.session[KEPT]
            return response
        if _keep(request):
            response.headers[header] = f"{sign_in}?{urlencode({'next': reverse('site:continue')})}"
        return response


def _keep(request: HttpRequest) -> bool:
    account = former_account(request)
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, str(value)) for name, value in fields if name != "csrfmiddlewaretoken"]
    path = _page(request)
    if account is None or not path or sum(len(name) + len(value) for name, value in fields) > MOST:
        return False
    request.session[KEPT] = {"account": str(account), "path": path, "fields": fields, "files": bool(request.FILES)}
    return True


def _page(request: HttpRequest) -> str:
    """The page the form stands on: for a request of a script not its own address, but the page's."""
    if not getattr(request, "htmx", False):
        return local_path(request.get_full_path(), "")
    return local_path(urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")).path, "")


def _kept(request: HttpRequest) -> dict[str, Any]:
    found = request.session.get(KEPT)
    return found if isinstance(found, dict) else {}


@signed_in
def continue_page(request: HttpRequest) -> HttpResponse:
    """Hand the kept form in again, with one press of a button."""
    kept = _kept(request)
    if not kept or kept["account"] != str(actor_of(request).person):
        request.session.pop(KEPT, None)
        return redirect("/")
    return render(request, "site/continue.html", {"kept": kept})

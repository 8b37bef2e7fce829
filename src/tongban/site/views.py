"""Pages of the house itself."""

from __future__ import annotations

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import get_template
from django.urls import reverse

from tongban.trust.identity.api import public, staff

from .navigation import staff_navigation


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: usually a page left open past the session's end."""
    return render(request, "site/errors/403.html", {"message": None, "csrf": True}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. Where it was only the database that is starting again, say so: trying again will help."""
    away = isinstance(sys.exception(), (OperationalError, InterfaceError))
    status = 503 if away else 500
    page = get_template(f"site/errors/{status}.html").render()  # without the request: it may need the database
    return HttpResponse(page, status=status, headers={"Retry-After": "5"} if away else {})


@public
def health(request: HttpRequest) -> HttpResponse:
    """For load balancers and the supervisor: this process answers."""
    return HttpResponse("ok", content_type="text/plain")


@staff
def staff_home(request: HttpRequest) -> HttpResponse:
    """The first thing this person works with: the inbox for most, messages where there is nothing else."""
    messages = reverse("notify:inbox")
    work = (entry["url"] for entry in staff_navigation(request) if entry["url"] != messages)
    return redirect(next(work, messages))

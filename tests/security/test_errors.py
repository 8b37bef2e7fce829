"""What goes wrong tells nobody anything: error pages and log lines without the identifiers of people (T39, T41)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from tongban.base.kernel.api import Invalid, NotFound, Refused, Stale
from tongban.site import urls_public
from tongban.site.logs import Line
from tongban.site.settings import LOGGING
from tongban.trust.identity.api import public

from .conftest import Browse, World

pytestmark = pytest.mark.django_db
NUMBER, PHONE = "460105199003070017", "13912345678"
SECRETS = (NUMBER, PHONE)


def _broken(request: HttpRequest) -> HttpResponse:
    number, phone = request.GET["number"], request.POST.get("phone", PHONE)  # in the frame, as in a real view
    raise RuntimeError(f"cannot write {number} {phone}")


def _database(request: HttpRequest) -> HttpResponse:
    """PostgreSQL names the values of a row that clashes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE clash (number text UNIQUE) ON COMMIT DROP")
        for _twice in range(2):
            cursor.execute("INSERT INTO clash VALUES (%s)", [request.GET["number"]])
    return HttpResponse()


def _raising(error: Exception) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error

    return view


WRONG = {
    "forbidden": (403, _raising(Refused("No."))),
    "gone": (404, _raising(NotFound())),
    "stale": (409, _raising(Stale())),
    "invalid": (422, _raising(Invalid({"number": "Wrong."}))),
    "broken": (500, _broken),
    "database": (500, _database),
}


class Addresses:
    """The public site with pages that fail, each in its own way."""

    urlpatterns = [
        *(path(f"wrong/{name}/", public(view)) for name, (_status, view) in WRONG.items()),
        *urls_public.urlpatterns,
    ]
    handler500 = urls_public.handler500


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("method", ["get", "post"])
def test_t39_t41_error_pages_and_logs_name_nobody(
    world: World, browse: Browse, settings: Any, caplog: Any, name: str, method: str
) -> None:
    client = browse("public", world.town.founder)
    settings.ROOT_URLCONF = Addresses
    status, _view = WRONG[name]
    address = f"/wrong/{name}/?number={NUMBER}"
    answer = client.get(address) if method == "get" else client.post(address, {"phone": PHONE, "id_number": NUMBER})
    assert answer.status_code == status
    _silent(answer, "page")
    log = _written(caplog)
    _silent(log, "log")
    assert status < 500 or "test_errors.py" in log  # where it broke is told


def test_t39_t41_an_address_that_is_not_there_is_not_repeated(world: World, browse: Browse, caplog: Any) -> None:
    client = browse("public", world.town.founder)
    for address in (f"/my/cases/{NUMBER}/", f"/{NUMBER}/{PHONE}", f"/verify/{NUMBER}/", f"/api/cases/{NUMBER}"):
        answer = client.get(address)
        assert answer.status_code in (200, 404), address
        _silent(answer, address)
    _silent(_written(caplog), "log")


def _written(caplog: Any) -> str:
    """What the log holds: each record as the installation's own handler writes it."""
    formatter = Line(LOGGING["formatters"]["line"]["fmt"])
    return "\n".join(formatter.format(record) for record in caplog.records)


def _silent(told: Any, where: str) -> None:
    """No identifier in a text; in an answer links may lead back to the very address that was asked."""
    text = told if isinstance(told, str) else told.content.decode()
    for own in () if isinstance(told, str) else (told.request["PATH_INFO"], f"number={NUMBER}", f"number%3D{NUMBER}"):
        text = text.replace(own, "")
    for secret in SECRETS:
        assert secret not in text, (where, text[max(0, text.find(secret) - 200) :][:400])

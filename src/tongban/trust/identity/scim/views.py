"""The addresses of SCIM, on the staff site only. A token alone opens them: a browser's session opens nothing here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tongban.base.kernel.api import Invalid, TongbanError, canonical, now, system

from ..data import Policy
from ..limits import kept, limited, network
from ..models import PersonnelSystem
from . import groups, users
from .data import LIST, SEARCH, Resource, ScimError
from .filters import parse, query
from .patch import patched
from .schemas import CONFIG, MAX_RESULTS, SCHEMAS, TYPES
from .tokens import system_of

View = Callable[..., HttpResponse]
KINDS: dict[str, ModuleType] = {"Users": users, "Groups": groups}


def by_token(view: View) -> View:
    """A personnel system with a live token; whatever goes wrong is told in SCIM's form, and nothing of it is kept."""

    @csrf_exempt  # no cookie is looked at
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            with kept(), system():
                return view(request, _system(request), *args, **kwargs)
        except ScimError as error:
            return _answer(error.body(), error.status)
        except Invalid as invalid:
            said = "; ".join(f"{name}: {text}" for name, text in invalid.errors.items())
            return _answer(ScimError(400, said, "invalidValue").body(), 400)
        except TongbanError as error:
            return _answer(ScimError(error.status, str(error)).body(), error.status)

    guarded.policy = Policy("personnel_system")  # type: ignore[attr-defined]
    return guarded


def _system(request: HttpRequest) -> PersonnelSystem:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    found = system_of(token.strip()) if kind.lower() == "bearer" and token.strip() else None
    if found is None:
        if limited(f"scim-refused:{network(request)}", 30, 600):
            raise ScimError(429, "too many attempts")
        raise ScimError(401, "a bearer token of a personnel system is needed")
    if limited(f"scim:{found.public_id}", 1_200, 60):
        raise ScimError(429, "too many requests in this minute")
    PersonnelSystem.objects.filter(pk=found.pk).update(used_at=now())
    return found


def _answer(body: Resource | None, status: int = 200, **headers: str) -> HttpResponse:
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    response = HttpResponse(content, "application/scim+json", status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    for name, value in headers.items():
        response[name] = value
    return response


def _body(request: HttpRequest) -> Resource:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise ScimError(400, "this is no JSON", "invalidSyntax") from None
    if not isinstance(body, dict):
        raise ScimError(400, "an object is expected", "invalidSyntax")
    return body


def _one(request: HttpRequest, kind: ModuleType, found: PersonnelSystem, row: Any, name: str) -> Resource:
    """A resource with its place and version."""
    resource: Resource = kind.shown(found, [row])[0]
    return _placed(request, name, resource)


def _placed(request: HttpRequest, name: str, resource: Resource) -> Resource:
    version = hashlib.sha256(canonical(resource)).hexdigest()[:20]
    where = request.build_absolute_uri(f"/scim/v2/{name}/{resource['id']}")
    resource["meta"] = {**resource["meta"], "location": where, "version": f'W/"{version}"'}
    return resource


@by_token
def collection(request: HttpRequest, found: PersonnelSystem, name: str) -> HttpResponse:
    """`GET` a filtered page, `POST` a new resource."""
    kind = KINDS[name]
    if request.method == "GET":
        return _listed(request, found, name, request.GET.dict())
    if request.method != "POST":
        raise ScimError(405, "GET or POST")
    row = kind.create(found, _body(request))
    resource = _one(request, kind, found, row, name)
    return _answer(resource, 201, Location=resource["meta"]["location"], ETag=resource["meta"]["version"])


@by_token
def search(request: HttpRequest, found: PersonnelSystem, name: str) -> HttpResponse:
    """The same questions in a body, so that personal data stands in no address (RFC 7644, 3.4.3)."""
    if request.method != "POST":
        raise ScimError(405, "POST")
    body = _body(request)
    if SEARCH not in (body.get("schemas") or ()):
        raise ScimError(400, f"a message of {SEARCH} is expected", "invalidSyntax")
    lists = {key: ",".join(value) for key, value in body.items() if isinstance(value, list)}
    return _listed(request, found, name, {key: str(value) for key, value in body.items()} | lists)


def _listed(request: HttpRequest, found: PersonnelSystem, name: str, asked: dict[str, str]) -> HttpResponse:
    kind = KINDS[name]
    start, count = _number(asked, "startIndex", 1), _number(asked, "count", 100)
    start, count = max(start, 1), min(max(count, 0), MAX_RESULTS)
    rows = kind.visible(found)
    if text := asked.get("filter"):
        rows = rows.filter(query(parse(text), kind.columns(found))).distinct()
    page = list(rows.order_by("pk")[start - 1 : start - 1 + count])
    resources = [_projected(_placed(request, name, each), asked) for each in kind.shown(found, page)]
    body = {
        "schemas": [LIST],
        "totalResults": rows.count(),
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
    return _answer(body)


def _number(asked: dict[str, str], name: str, default: int) -> int:
    text = asked.get(name, "")
    if not text:
        return default
    try:
        return max(min(int(text), 10**9), -1)
    except ValueError:
        raise ScimError(400, f"{name} is a number", "invalidValue") from None


def _projected(resource: Resource, asked: dict[str, str]) -> Resource:
    """Only the attributes asked for, or without those not wanted; `id` and `schemas` always."""
    wanted, unwanted = (
        {
            each.strip().rpartition(":")[2].partition(".")[0].lower()
            for each in asked.get(key, "").split(",")
            if each.strip()
        }
        for key in ("attributes", "excludedAttributes")
    )
    return {
        name: value
        for name, value in resource.items()
        if name in ("id", "schemas") or (name.lower() in wanted if wanted else name.lower() not in unwanted)
    }


@by_token
def resource(request: HttpRequest, found: PersonnelSystem, name: str, id_: str) -> HttpResponse:
    """`GET`, `PUT`, `PATCH` and `DELETE` one. A version that has moved on is 412."""
    kind = KINDS[name]
    row = kind.find(found, id_, lock=request.method != "GET")
    present = _one(request, kind, found, row, name)
    version = present["meta"]["version"]
    if request.method == "GET":
        if version in _versions(request, "If-None-Match"):
            return _answer(None, 304, ETag=version)
        return _answer(_projected(present, request.GET.dict()), ETag=version)
    if (wanted := _versions(request, "If-Match")) and "*" not in wanted and version not in wanted:
        raise ScimError(412, "this resource has changed since")
    if request.method == "DELETE":
        kind.delete(found, row)
        return _answer(None, 204)
    if request.method not in ("PUT", "PATCH"):
        raise ScimError(405, "GET, PUT, PATCH or DELETE")
    body = _body(request)
    if request.method == "PUT" and body.get("id") not in (None, id_):
        raise ScimError(400, "id cannot change", "mutability")
    kind.update(found, row, patched(present, body, kind.WRITABLE) if request.method == "PATCH" else body)
    changed = _one(request, kind, found, row, name)
    return _answer(changed, ETag=changed["meta"]["version"])


def _versions(request: HttpRequest, header: str) -> set[str]:
    return {each.strip() for each in request.headers.get(header, "").split(",") if each.strip()}


@by_token
def config(request: HttpRequest, found: PersonnelSystem) -> HttpResponse:
    """What this service can do."""
    return _answer(CONFIG)


@by_token
def schemas(request: HttpRequest, found: PersonnelSystem, id_: str = "") -> HttpResponse:
    """The schemas, or one of them."""
    return _described(SCHEMAS, "Schema", id_)


@by_token
def types(request: HttpRequest, found: PersonnelSystem, id_: str = "") -> HttpResponse:
    """The types of resources, or one of them."""
    return _described(TYPES, "ResourceType", id_)


def _described(things: dict[str, Resource], kind: str, id_: str) -> HttpResponse:
    made = {
        key: {
            "schemas": [f"urn:ietf:params:scim:schemas:core:2.0:{kind}"],
            **thing,
            "meta": {"resourceType": kind, "location": f"/scim/v2/{kind}s/{key}"},
        }
        for key, thing in things.items()
    }
    if not id_:
        number = len(made)
        body = {"schemas": [LIST], "totalResults": number, "startIndex": 1, "itemsPerPage": number}
        return _answer({**body, "Resources": list(made.values())})
    if id_ not in made:
        raise ScimError(404, f"there is no {kind} {id_}")
    return _answer(made[id_])


@by_token
def not_here(request: HttpRequest, found: PersonnelSystem, rest: str = "") -> HttpResponse:
    """`/Me`, `/Bulk` and what else there is not."""
    raise ScimError(501 if rest in ("Me", "Bulk") else 404, "this service does not offer that")

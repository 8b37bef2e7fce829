"""Administration of offices, people, posts and grants (staff site, `identity.manage`)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from tongban.base.kernel.api import Invalid, Ref, Text, now, today

from .. import data, forms, grants, offices, people, posts
from ..access import may, require
from ..authority import requests
from ..authority.forms import GrantForm
from ..permissions import permissions
from ..policies import permitted

READ, MANAGE, CONFIRM = "identity.read", "identity.manage", "identity.confirm"


def _actor(request: HttpRequest) -> data.Actor:
    actor: data.Actor = request.actor  # type: ignore[attr-defined]
    return actor


ASKED = _("Asked for. It holds as soon as a security administrator has confirmed it.")
PEOPLE = [
    ("name", _("Name"), "link"),
    ("username", _("Username")),
    ("phone", _("Mobile number"), "masked"),
    ("state", _("Account"), "chip"),
]
OFFICE_PEOPLE = [
    ("person_name", _("Name"), "link"),
    ("title", _("Post")),
    ("role_titles", _("Roles")),
    ("valid_from", _("Valid from"), "date"),
    ("until", _("Valid until"), "date"),
]


def _shown(held: list[data.Post]) -> list[dict[str, Any]]:
    titles = {key: title for key, title, _permissions in grants.roles()}
    return [_post_shown(post, titles) for post in held]


def _post_shown(post: data.Post, titles: dict[str, str]) -> dict[str, Any]:
    words = "、".join(titles.get(role, role) for role in post.roles)
    live = post.valid_from <= today() and (post.until is None or post.until > today())
    return asdict(post) | {
        "ref": post.ref,
        "office": post.office,
        "url": reverse("identity:person", args=[post.person.id]),
        "role_titles": words,
        "live": live,
    }


def _grant_shown(grant: data.Grant) -> dict[str, Any]:
    title = permissions.get(grant.permission) if grant.permission in permissions else grant.permission
    return asdict(grant) | {
        "ref": grant.ref,
        "office": grant.office,
        "title": title,
        "live": grant.valid_from <= now() < grant.until,
    }


def access_person(actor: data.Actor, id_: str) -> data.Person:
    """A member of staff all of whose posts lie within the actor's reach; else `Refused` or `NotFound`."""
    person = people.person(Ref(data.PERSON, id_))
    for post in posts.posts_of(person.ref):
        require(actor, MANAGE, post.office)
    return person


@permitted(READ, MANAGE)
def office_tree(request: HttpRequest) -> HttpResponse:
    """The top of the tree, or what a search finds. Branches load when they are opened."""
    words = request.GET.get("q", "").strip()[:60]
    context = {"words": words, "found": offices.find_offices(words) if words else None}
    return render(request, "identity/offices.html", context | {"branches": offices.children(None)})


@permitted(READ, MANAGE)
def office_children(request: HttpRequest, id_: str) -> HttpResponse:
    """One branch: a fragment for HTMX, or the office's page without it."""
    office = Ref(data.OFFICE, id_)
    if not getattr(request, "htmx", False):
        return redirect("identity:office", id_=id_)
    return render(request, "identity/parts/branches.html", {"branches": offices.children(office)})


@permitted(READ, MANAGE)
def office_page(request: HttpRequest, id_: str) -> HttpResponse:
    """An office: its place, names, parts it plays, people, and offices below."""
    office = offices.office(id_)
    context = {
        "office": office,
        "above": offices.ancestors(office),
        "names": offices.office_names(office.ref),
        "roles": offices.roles_of(office.ref),
        "manages": may(_actor(request), MANAGE, office),
        "columns": OFFICE_PEOPLE,
        "posts": _shown(posts.people_at(office.ref)),
        "branches": offices.children(office.ref),
    }
    return render(request, "identity/office.html", context)


def _way(to: data.Office | data.Person) -> tuple[str, str]:
    """The page of an office or a person, to go back to."""
    if isinstance(to, data.Person):
        return reverse("identity:person", args=[to.ref.id]), to.name
    return reverse("identity:office", args=[to.ref.id]), to.title


def _asked(request: HttpRequest, form: Form, title: Text, verb: Text, back: tuple[str, Text]) -> HttpResponse:
    context = {"title": title, "verb": verb, "form": form, "back": back}
    return render(request, "identity/form.html", context, status=422 if form.errors else 200)


@permitted(MANAGE)
def office_rename(request: HttpRequest, id_: str) -> HttpResponse:
    """Give the office another name from today."""
    office = offices.office(id_)
    require(_actor(request), MANAGE, office)
    form = forms.RenameForm(request.POST or None, initial={"title": office.title, "short_title": office.short_title})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        offices.rename_office(office.ref, values["title"], values["short_title"], by=_actor(request).person)
        return redirect("identity:office", id_=id_)
    return _asked(request, form, _("Rename the office"), _("Rename from today"), _way(office))


@permitted(READ, MANAGE)
def person_list(request: HttpRequest) -> HttpResponse:
    """Staff by name, paged by key, found by the beginning of name or username, or by phone."""
    words = request.GET.get("q", "").strip()[:60]
    name, _dot, number = request.GET.get("after", "").rpartition(".")
    after = (name, int(number)) if number.isdigit() else None
    rows, key = people.list_people(data.PersonKind.STAFF, words, after)
    lines = [
        {
            "name": row.name,
            "username": row.username,
            "phone": row.phone,
            "state": (_("Account open"), "green") if row.active else (_("Account closed"), "grey"),
            "url": reverse("identity:person", args=[row.ref.id]),
        }
        for row in rows
    ]
    page = {"next": f"{key[0]}.{key[1]}" if key else ""}
    context = {
        "rows": lines,
        "columns": PEOPLE,
        "manages": may(_actor(request), MANAGE),
        "words": words,
        "page": page,
    }
    return render(request, "identity/people.html", context)


@permitted(READ, MANAGE)
def person_page(request: HttpRequest, id_: str) -> HttpResponse:
    """A member of staff: posts past and present, grants, account."""
    person = people.person(Ref(data.PERSON, id_))
    context = {
        "person": person,
        "manages": may(_actor(request), MANAGE),
        "decides": may(_actor(request), CONFIRM),
        "asked": [row for row in requests.requests_of(person.ref) if row.state == "asked"],
        "posts": _shown(posts.posts_of(person.ref, history=True)),
        "grants": [_grant_shown(grant) for grant in grants.grants_of(person.ref, history=True)],
    }
    return render(request, "identity/person.html", context)


@sensitive_post_parameters("password", "id_number")
@permitted(MANAGE)
def person_new(request: HttpRequest) -> HttpResponse:
    """A new member of staff, without posts."""
    form = forms.PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = people.create_staff(**form.cleaned_data, by=_actor(request).person)
            return redirect("identity:person", id_=made.ref.id)
        except Invalid as invalid:
            _tell(form, invalid)
    back = (reverse("identity:people"), _("People"))
    return _asked(request, form, _("New member of staff"), _("Create the account"), back)


@permitted(MANAGE)
def post_new(request: HttpRequest, id_: str) -> HttpResponse:
    """Put somebody into a post."""
    person = people.person(Ref(data.PERSON, id_))
    form = forms.PostForm(request.POST or None, stand_in=_colleagues(person))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        office = values.pop("office")
        try:
            made = requests.ask_post(_actor(request), person.ref, office.ref, **values)
            if not isinstance(made, data.Post):
                messages.success(request, ASKED)
            return redirect("identity:person", id_=id_)
        except Invalid as invalid:
            _tell(form, invalid)
    return _asked(request, form, _("New post for %s") % person.name, _("Assign the post"), _way(person))


def _colleagues(person: data.Person) -> list[data.Post]:
    """Posts of the same offices that this person could stand in for."""
    mine = {post.office for post in posts.posts_of(person.ref)}
    return [post for office in mine for post in posts.people_at(office) if post.person != person.ref]


@permitted(MANAGE)
def grant_new(request: HttpRequest, id_: str) -> HttpResponse:
    """Give somebody one permission for a time."""
    person = people.person(Ref(data.PERSON, id_))
    form = GrantForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        from .rights import grant_of

        try:
            requests.ask_grant(_actor(request), person.ref, **grant_of(form))
            messages.success(request, ASKED)
            return redirect("identity:person", id_=id_)
        except Invalid as invalid:
            _tell(form, invalid)
    return _asked(request, form, _("New grant for %s") % person.name, _("Ask"), _way(person))


@sensitive_post_parameters("password", "again")
@permitted(MANAGE)
def person_password(request: HttpRequest, id_: str) -> HttpResponse:
    """Set a first or forgotten password; all sessions of the account end."""
    person = access_person(_actor(request), id_)
    form = forms.NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.set_password(person.ref, form.cleaned_data["password"], by=_actor(request).person)
            return redirect("identity:person", id_=id_)
        except Invalid as invalid:
            _tell(form, invalid)
    return _asked(request, form, _("New password for %s") % person.name, _("Set a new password"), _way(person))


@require_POST
@permitted(MANAGE)
def post_end(request: HttpRequest, id_: str) -> HttpResponse:
    """End a post now."""
    post = posts.post(Ref(data.POST, id_))
    require(_actor(request), MANAGE, post.office)
    posts.end_post(post.ref, by=_actor(request).person)
    return redirect("identity:person", id_=post.person.id)


@require_POST
@permitted(CONFIRM)
def grant_revoke(request: HttpRequest, id_: str) -> HttpResponse:
    """End a grant now."""
    found = grants.grant_by_ref(Ref(data.GRANT, id_))
    require(_actor(request), CONFIRM, found.office)
    grants.revoke(found.ref, by=_actor(request).person)
    return redirect("identity:person", id_=found.person.id)


@require_POST
@permitted(MANAGE)
def person_switch(request: HttpRequest, id_: str) -> HttpResponse:
    """Close or open the account, or end its sessions."""
    person = access_person(_actor(request), id_)
    by = _actor(request).person
    match request.POST.get("do"):
        case "disable":
            people.disable(person.ref, by=by, reason=request.POST.get("reason", "")[:200])
        case "enable":
            people.enable(person.ref, by=by)
        case "sign_out":
            people.sign_out_everywhere(person.ref, by=by)
            messages.success(request, _("All sessions of this account have ended."))
    return redirect("identity:person", id_=id_)


def _tell(form: Form, invalid: Invalid) -> None:
    for name, message in invalid.errors.items():
        form.add_error(name if name in form.fields else None, str(message))

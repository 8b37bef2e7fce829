"""At the window: file for a visitor with the same form, and answer questions."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongban.base.kernel.api import Invalid, Ref
from tongban.trust.identity import api as identity
from tongban.trust.identity.api import actor_of, permitted, signed_in

from ..actions import drafts, questions
from ..items.queries import item as item_of
from ..items.queries import search_items
from ..queries.counting import with_days_left
from ..queries.inbox import open_questions, public_questions
from .applying import fill_in, first_step, step_url


@permitted("hall.accept")
def counter(request: HttpRequest) -> HttpResponse:
    """Who is at the window, and what for."""
    errors = {}
    if request.method == "POST":
        try:
            person = _visitor(request)
        except Invalid as error:
            errors = error.errors
        else:
            draft = drafts.open_draft(actor_of(request), request.POST.get("item", ""), visitor=person)
            fill_in(request, draft)
            return redirect(step_url(draft, first_step(draft)))
    words = request.GET.get("words", "")
    rows = [row for row in search_items(words, limit=50).rows if item_of(row.key).open]
    context = {"items": rows, "words": words, "errors": errors, "typed": request.POST}
    return render(request, "hall/desk/counter.html", context, status=422 if errors else 200)


def _visitor(request: HttpRequest) -> Ref:
    """The visitor's account, by the identity card shown; made on the spot for a first visit (real person, level 3)."""
    name, number = request.POST.get("name", "").strip(), request.POST.get("id_number", "").strip().upper()
    known = identity.person_by_id_number(number) if number else None
    if known is None:
        return identity.create_citizen(
            name, id_number=number, phone=request.POST.get("phone", ""), level=3, by=actor_of(request).person
        ).ref
    if known.name != name:
        raise Invalid({"name": _("This identity number belongs to somebody with another name. Please check the card.")})
    return known.ref


@permitted("hall.answer")
def questions_desk(request: HttpRequest) -> HttpResponse:
    """Questions that wait for my office's answer."""
    page = open_questions(actor_of(request), request.GET.get("after", ""))
    with_days_left(page.rows)
    return render(request, "hall/desk/questions.html", {"page": page})


@permitted("hall.answer")
def answer(request: HttpRequest, question_id: str) -> HttpResponse:
    """Answer one, for everybody or only for who asked."""
    if request.method == "POST":
        questions.reply(actor_of(request), question_id, request.POST.get("reply", ""), public="public" in request.POST)
        messages.success(request, _("The answer was sent."))
    return redirect("hall:questions")


@signed_in
def ask(request: HttpRequest, item: str) -> HttpResponse:
    """Ask the office of an item a question; below, what others asked."""
    errors = {}
    if request.method == "POST":
        try:
            questions.ask(actor_of(request), item, request.POST.get("text", ""))
        except Invalid as error:
            errors = error.errors
        else:
            messages.success(request, _("Your question was sent. The answer comes within five working days."))
            return redirect("hall:my_questions")
    context = {"item": item_of(item), "page": public_questions(item), "errors": errors, "typed": request.POST}
    return render(request, "hall/questions/ask.html", context, status=422 if errors else 200)

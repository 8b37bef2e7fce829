"""Staff page of the everyday words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import actor_of, permitted

from .actions import remove_synonym, set_synonym
from .queries import query, synonyms


@require_http_methods(["GET", "POST"])
@permitted("search.manage")
def words(request: HttpRequest) -> HttpResponse:
    """Every everyday word with what it stands for; a form that teaches one; a search to try them."""
    errors = {}
    if request.method == "POST":
        try:
            set_synonym(request.POST.get("word", ""), request.POST.get("targets", "").split(), by=actor_of(request).by)
            return redirect("search:words")
        except Invalid as invalid:
            errors = invalid.errors
    tried = request.GET.get("q", "")
    context = {
        "words": synonyms(),
        "errors": errors,
        "typed": request.POST,
        "tried": tried,
        "hits": query(tried),
    }
    return render(request, "search/words.html", context, status=422 if errors else 200)


@require_POST
@permitted("search.manage")
def forgotten(request: HttpRequest) -> HttpResponse:
    """Forget an everyday word."""
    remove_synonym(request.POST.get("word", ""), by=actor_of(request).by)
    return redirect("search:words")

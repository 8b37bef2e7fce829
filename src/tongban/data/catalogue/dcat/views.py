"""The catalogue of open resources for other catalogues."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from pyoxigraph import RdfFormat

from tongban.trust.identity.api import public

from ..open.offers import offered, offers
from .exporting import described

SIZE = 50
"""Resources in one page."""
_FORMS = {
    "ttl": (RdfFormat.TURTLE, "text/turtle; charset=utf-8"),
    "jsonld": (RdfFormat.JSON_LD, "application/ld+json"),
    "rdf": (RdfFormat.RDF_XML, "application/rdf+xml; charset=utf-8"),
}


@public
@require_safe
def catalogue(request: HttpRequest, form: str) -> HttpResponse:
    """DCAT-AP 3 as Turtle, JSON-LD or RDF/XML; `?after=` opens the next page, named by `hydra:next` and `Link`."""
    found = offers(after=request.GET.get("after", "")[:20], size=SIZE)
    site = settings.PUBLIC_URL.rstrip("/")  # not the request's: anybody may send any host name
    here = f"{site}{request.path}"
    following = f"{here}?{urlencode({'after': found.after})}" if found.after else ""
    publisher = f"{settings.TONGBAN_REGION_TITLE.get('zh', '')}政府数据中心"
    graph = described([offered(one) for one in found], site, publisher, here, following)
    kind, media = _FORMS[form]
    response = HttpResponse(graph.serialize(kind), content_type=media)
    if following:
        response["Link"] = f'<{following}>; rel="next"'
    return response

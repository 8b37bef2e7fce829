"""The web process: `TONGBAN_SITE` says which of the two."""

import os
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from tongban.site import production

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongban.site.settings")


def _remembering(told: WSGIApplication) -> WSGIApplication:
    """Keeps who connected, before the proxy's word about the visitor takes its place (mutual TLS)."""

    def remembered(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        environ["tongban.peer"] = environ.get("REMOTE_ADDR", "")
        return told(environ, start)

    return remembered


application: WSGIApplication = get_wsgi_application()
production.check()
if proxies := os.environ.get("TONGBAN_PROXIES"):
    # Behind nginx the real client and https are told by headers, believed from these addresses only.
    application = _remembering(wrap_wsgi_with_proxy_headers(application, proxies.split(",")))

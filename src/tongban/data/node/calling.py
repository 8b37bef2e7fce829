"""HTTP of sources and sinks, through the kernel's one door for it (T29)."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from tongban.base.kernel.egress import EgressFailed, EgressRefused, call

from .data import Place, SourceChanged, SourceUnreachable
from .databases import secret_of

_SECONDS = 60.0
_LARGEST = 64 << 20


def exchange(place: Place, query: str = "", *, body: bytes | None = None, message: str = "") -> bytes:
    """Ask the address of a source or hand rows to that of a sink; `SourceUnreachable` and `SourceChanged`.

    The host is the administrator's, who wrote it into the file. One inside the house must be listed for the node
    besides (`TONGBAN_EGRESS`).
    """
    url = place.get("url")
    headers = {"Accept": "application/json"}
    if token := secret_of(place.get("token_file")):
        headers["Authorization"] = f"Bearer {token}"
    if body is not None:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": message}
    if query:
        url += ("&" if "?" in url else "?") + query
    method, hosts = "GET" if body is None else "POST", (urlsplit(url).netloc,)
    try:
        answer = call(url, method=method, body=body, headers=headers, hosts=hosts, seconds=_SECONDS, largest=_LARGEST)
    except EgressRefused as refused:
        raise SourceChanged(_("The address may not be called: {why}").format(why=refused)) from None
    except EgressFailed as failed:
        raise SourceUnreachable(str(failed)) from None
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise SourceUnreachable(_("{url} answers {status}.").format(url=place.get("url"), status=answer.status))
    if not 200 <= answer.status < 300:
        raise SourceChanged(_("{url} answers {status}.").format(url=place.get("url"), status=answer.status))
    return answer.body

"""Short messages through an HTTP gateway of the region.

The providers' own interfaces differ in signing and templates, so what is called is one small JSON interface that every
gateway can offer or be given: POST of `{"id", "phone", "text"}`, the token as bearer, any 2xx as the answer. The id is
the delivery's and stays the same when it is tried again, so that a gateway can drop a second one.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from .data import Delivery

TIMEOUT = 10  # seconds the gateway may be silent


class SmsError(RuntimeError):
    """The gateway did not take the message; the text holds nothing of it."""


@dataclass(frozen=True)
class Gateway:
    """`url` is the only address that is spoken to: redirects are not followed, proxies not asked."""

    url: str
    token: str = ""

    def send(self, delivery: Delivery) -> None:
        """Hand a text over. `SmsError` when that failed; the job tries again."""
        body = {"id": delivery.id, "phone": delivery.address, "text": delivery.text}
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        parts = urlsplit(self.url)
        connection = self._connection()
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, json.dumps(body, ensure_ascii=False).encode(), headers)
            status = connection.getresponse().status
        except (OSError, HTTPException) as error:
            raise SmsError(f"the gateway of short messages cannot be reached: {type(error).__name__}") from error
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise SmsError(f"the gateway of short messages answered {status}")

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self.url)
        if not parts.hostname or parts.scheme not in ("https", "http"):
            raise SmsError("TONGBAN_SMS is no http address")
        if parts.scheme == "https":
            context = ssl.create_default_context()
            return HTTPSConnection(parts.hostname, parts.port, timeout=TIMEOUT, context=context)
        return HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT)

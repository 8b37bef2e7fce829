"""Short messages through an HTTP gateway of the region.

The providers' own interfaces differ in signing and templates, so what is called is one small JSON interface that every
gateway can offer or be given: POST of `{"id", "phone", "text"}`, the token as bearer, any 2xx as the answer. The id is
the delivery's and stays the same when it is tried again, so that a gateway can drop a second one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlsplit

from tongban.base.kernel.data import TongbanError
from tongban.base.kernel.egress import call

from .data import Delivery

TIMEOUT = 10  # seconds the gateway may be silent


class SmsError(RuntimeError):
    """The gateway did not take the message; the text holds nothing of it."""


@dataclass(frozen=True)
class Gateway:
    """`url` is the only address that is spoken to; inside the house it has to be listed in TONGBAN_EGRESS as well."""

    url: str
    token: str = ""

    def send(self, delivery: Delivery) -> None:
        """Hand a text over. `SmsError` when that failed; the job tries again."""
        body = {"id": delivery.id, "phone": delivery.address, "text": delivery.text}
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        content = json.dumps(body, ensure_ascii=False).encode()
        try:
            hosts = (urlsplit(self.url).netloc,)
            answer = call(self.url, method="POST", body=content, headers=headers, hosts=hosts, seconds=TIMEOUT)
        except (TongbanError, ValueError) as error:
            raise SmsError(f"the gateway of short messages cannot be reached: {error}") from error
        if not 200 <= answer.status < 300:
            raise SmsError(f"the gateway of short messages answered {answer.status}")

"""Back-channel sign-out (OpenID Connect Back-Channel Logout 1.0): systems are told that somebody has left."""

from __future__ import annotations

import json
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from django.conf import settings
from jwcrypto import jwt

from tongban.base.kernel.api import now, system
from tongban.base.kernel.egress import EgressFailed, call
from tongban.base.ledger.api import write

from .issuers import issuer
from .models import Connection
from .signing import signing_key

EVENT = "http://schemas.openid.net/event/backchannel-logout"
SECONDS = 5


def tell(connection_id: str) -> None:
    """Post a logout token to the one address that was registered and approved for it; the job runner tries again.

    The token is made in one transaction and the answer written in another: no network call inside either (R9).
    """
    with system():
        row = Connection.objects.select_related("client", "consent").filter(public_id=connection_id).first()
        if row is None or not row.client.sign_out_url:
            return
        address, token, subject = row.client.sign_out_url, logout_token(row), row.ref
    _post(address, token)
    with system():
        write("openid.told_sign_out", subject, to=address)


def logout_token(connection: Connection) -> str:
    """A signed statement that this connection is over; it can be nothing else (`typ`, no `nonce`)."""
    client = connection.client
    key = signing_key(client.site)
    moment = int(now().timestamp())
    claims = {
        "iss": issuer(client.site),
        "aud": client.client_id,
        "sub": connection.consent.sub,
        "sid": connection.public_id,
        "iat": moment,
        "exp": moment + 120,
        "jti": str(uuid4()),
        "events": {EVENT: {}},
    }
    token = jwt.JWT(
        header=json.dumps({"typ": "logout+jwt", "alg": "RS256", "kid": key.key_id}), claims=json.dumps(claims)
    )
    token.make_signed_token(key)
    return str(token.serialize())


def _post(address: str, token: str) -> None:
    """The registered address may be called, one inside this machine outside production only (T29)."""
    where = (urlsplit(address).netloc,)
    body = urlencode({"logout_token": token}).encode()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    inside = () if settings.PRODUCTION else ("127.0.0.0/8:*", "[::1]:*")
    answer = call(address, method="POST", body=body, headers=kind, hosts=where, inside=inside, seconds=SECONDS)
    if answer.status not in (200, 204):
        raise EgressFailed(f"{where[0]} answered {answer.status}")

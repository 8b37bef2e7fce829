"""The toolkit's hooks: what it asks us before it gives or takes a code or a token."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from uuid import uuid4

from jwcrypto import jws
from jwcrypto.common import JWException
from oauth2_provider.models import get_grant_model, get_refresh_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.common import Request

from tongban.base.kernel.api import now
from tongban.base.ledger.api import write

from . import claims, connections
from .issuers import here, issuer
from .models import Client, Connection
from .rows import digest, show_client
from .signing import key_of

RefreshToken = get_refresh_token_model()


class Validator(OAuth2Validator):  # type: ignore[misc]
    """Ties codes and tokens to a connection, and asks at every use whether it still lives."""

    oidc_claim_scope = None

    # Clients

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """From here to the end of the transaction row security shows this client's rows."""
        if not super().authenticate_client(request, *args, **kwargs):
            return False
        show_client(request.client.pk)
        return True

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        """A secret is 128 random characters and kept as its hash; a slow hash would only cost time."""
        return compare_digest(digest(provided_secret), stored_secret)

    # Codes

    def get_authorization_code_scopes(
        self, client_id: str, code: str, redirect_uri: str, request: Request
    ) -> list[str]:
        """oauthlib asks before the client has authenticated itself; no code of ours is without `openid`."""
        return ["openid"]

    def validate_silent_login(self, request: Request) -> bool:
        return True  # the view looks at `prompt` itself

    def validate_silent_authorization(self, request: Request) -> bool:
        return True

    def _create_authorization_code(
        self, request: Request, code: dict[str, Any], expires: datetime | None = None
    ) -> Any:
        """The code's row keeps only what the exchange needs; what it opens is the connection."""
        connections.opened(request.consent, code["code"], request.visit, request.level)
        seconds = timedelta(seconds=oauth2_settings.AUTHORIZATION_CODE_EXPIRE_SECONDS)
        return get_grant_model().objects.create(
            application=request.client,
            user=request.user,
            code=code["code"],
            expires=expires or now() + seconds,
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge,
            code_challenge_method=request.code_challenge_method,
            nonce=request.nonce or "",
        )

    def validate_code(self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kw: Any) -> bool:
        """A code works once. Brought a second time it was stolen, and so is what it gave: all of that ends (T31)."""
        connection = connections.of_code(code, client)
        if connection is None:
            return False
        if connection.code_used is not None:
            connections.end(connection, "code_replayed")
            return False
        request.connection = connection
        return connections.live(connection) and bool(
            super().validate_code(client_id, code, client, request, *args, **kw)
        )

    def invalidate_authorization_code(self, client_id: str, code: str, request: Request, *args: Any, **kw: Any) -> None:
        super().invalidate_authorization_code(client_id, code, request, *args, **kw)
        Connection.objects.filter(pk=request.connection.pk).update(code_used=now())

    # Refresh tokens

    def _create_refresh_token(self, request: Request, refresh_token_code: str, access_token: Any, previous: Any) -> Any:
        token = RefreshToken(
            user=request.user,
            application=request.client,
            access_token=access_token,
            token_family=request.connection.family,
        )
        self._set_token_value(token, refresh_token_code)
        token.save()
        return token

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kw: Any
    ) -> bool:
        """Each works once. One that comes back after its turn was stolen by somebody: the whole family ends (T31)."""
        # Locked, so that the second of two that come at once sees the first one's rotation.
        row = (
            RefreshToken.objects.select_for_update()
            .filter(token_checksum=digest(refresh_token), application=client)
            .order_by("-pk")
            .first()
        )
        connection = connections.of_family(row.token_family) if row else None
        if row is None or connection is None:
            return False
        if row.revoked is not None:
            connections.end(connection, "refresh_replayed")
            return False
        request.connection = connection
        return connections.live(connection) and bool(
            super().validate_refresh_token(refresh_token, client, request, *args, **kw)
        )

    # Access tokens

    def validate_bearer_token(self, token: str, scopes: list[str], request: Request) -> bool:
        """The toolkit's checks, and whether the connection lives; a disabled person is nobody at once (T17)."""
        if not super().validate_bearer_token(token, scopes, request):
            return False
        show_client(request.client.pk)
        refresh = RefreshToken.objects.filter(access_token=request.access_token).first()
        connection = connections.of_family(refresh.token_family) if refresh else None
        if connection is None or not connections.live(connection):
            return False
        request.connection = connection
        return True

    # Claims

    def get_oidc_issuer_endpoint(self, request: Request) -> str:
        return issuer(here())

    def get_id_token_dictionary(
        self, token: Any, token_handler: Any, request: Request
    ) -> tuple[dict[str, Any], datetime]:
        """Who signed in where, when and how surely; what the system may know beyond it asks for at userinfo."""
        expires = now() + timedelta(seconds=oauth2_settings.ID_TOKEN_EXPIRE_SECONDS)
        about = claims.of_sign_in(request.connection)
        return about | {"iss": issuer(here()), "exp": int(expires.timestamp()), "jti": str(uuid4())}, expires

    def get_userinfo_claims(self, request: Request) -> dict[str, Any]:
        connection: Connection = request.connection
        told = claims.of_person(connection, request.scopes)
        write("openid.told", connection.who, by=connection.client.ref, claims=sorted(told))
        return told

    def _get_key_for_token(self, token: str) -> Any:
        """One of our published keys, by the token's `kid`; nothing the token itself brings is ever a key."""
        try:
            unverified = jws.JWS()
            unverified.deserialize(token)
            header = json.loads(unverified.objects["protected"])
        except (JWException, KeyError, ValueError):
            return None
        return key_of(here(), header.get("kid")) if header.get("alg") == "RS256" else None

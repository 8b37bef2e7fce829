"""What row security may show outside a person's own session: the rows of one client, of one token, of one person."""

from __future__ import annotations

from hashlib import sha256

from django.db import connection


def digest(secret: str) -> str:
    """Under which codes and tokens are kept: long random strings need no salt."""
    return sha256(secret.encode()).hexdigest()


def show_client(client_id: int) -> None:
    """Until the end of the transaction: the rows of the client that has just authenticated itself."""
    _set("tongban.openid_client", str(client_id))


def show_token(token: str) -> None:
    """Until the end of the transaction: the row of the token somebody holds."""
    _set("tongban.openid_token", digest(token))


def show_person(person_id: str) -> None:
    """Until the end of the transaction: what this person may see of themselves, who agreed to be known."""
    _set("tongban.person_id", person_id)


def _set(name: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [name, value])

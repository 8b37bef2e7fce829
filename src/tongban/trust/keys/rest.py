"""The online cryptographic service for programs; the staff site mounts `router` under `/api/keys`. Bytes travel as
base64. Errors: 403 not allowed or quota used up, 404 no key of yours, 422 malformed."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Router, Schema
from pydantic import Field

from tongban.base.kernel.api import Invalid
from tongban.trust.identity.api import actor_of

from . import service

router = Router(tags=["keys"])

Text64 = Annotated[str, Field(max_length=service.LARGEST * 4 // 3 + 4)]


class KeyOut(Schema):
    """A key the caller may use."""

    id: str
    purpose: str
    title: str
    algorithm: str
    public_key: str


class DataIn(Schema):
    """What to sign, encrypt, decrypt. `hash`: for signatures, when not the key's usual one. `label`: bound to the
    ciphertext, to be given again."""

    data: Text64
    hash: str = ""
    label: str = ""


class SignatureIn(Schema):
    """A signature to check."""

    data: Text64
    signature: Text64
    hash: str = ""


class SignatureOut(Schema):
    """A signature; DER for curves, PKCS #1 v1.5 for RSA."""

    algorithm: str
    hash: str
    key: str
    signature: str


class VerdictOut(Schema):
    """Whether the key signed the data."""

    valid: bool


class DataOut(Schema):
    """Bytes."""

    data: str


class QueryIn(Schema):
    """A TimeStampReq (RFC 3161), DER."""

    request: Text64


@router.get("/", response=list[KeyOut])
def list_keys(request: HttpRequest) -> list[dict[str, Any]]:
    """The keys the caller may use."""
    return [
        {**{name: str(getattr(key, name)) for name in ("id", "purpose", "title", "algorithm")},
         "public_key": _text(key.public_key)}
        for key in service.usable(actor_of(request))
    ]  # fmt: skip


@router.post("/timestamp", response=DataOut)
def timestamp(request: HttpRequest, body: QueryIn) -> dict[str, str]:
    """The TimeStampResp (DER)."""
    return {"data": _text(service.timestamp(actor_of(request), _bytes(body.request, "request")))}


@router.post("/{key}/sign", response=SignatureOut)
def sign(request: HttpRequest, key: str, body: DataIn) -> dict[str, str]:
    """Sign data."""
    made = service.sign(actor_of(request), key, _bytes(body.data), hash_name=body.hash)
    return {
        "algorithm": made.algorithm, "hash": made.hash_name, "key": made.key_id, "signature": _text(made.value)
    }  # fmt: skip


@router.post("/{key}/verify", response=VerdictOut)
def verify(request: HttpRequest, key: str, body: SignatureIn) -> dict[str, bool]:
    """Whether the key signed the data."""
    value = _bytes(body.signature, "signature")
    return {"valid": service.verify(actor_of(request), key, _bytes(body.data), value, hash_name=body.hash)}


@router.post("/{key}/encrypt", response=DataOut)
def encrypt(request: HttpRequest, key: str, body: DataIn) -> dict[str, str]:
    """Encrypt data."""
    return {"data": _text(service.encrypt(actor_of(request), key, _bytes(body.data), label=body.label))}


@router.post("/{key}/decrypt", response=DataOut)
def decrypt(request: HttpRequest, key: str, body: DataIn) -> dict[str, str]:
    """Decrypt data."""
    return {"data": _text(service.decrypt(actor_of(request), key, _bytes(body.data), label=body.label))}


def _bytes(text: str, field: str = "data") -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid({field: _("This is not base64.")}) from None


def _text(body: bytes) -> str:
    return base64.b64encode(body).decode()

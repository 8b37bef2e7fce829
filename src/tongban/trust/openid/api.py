"""Front door of the OpenID provider."""

from .clients import approve, client, clients, disable, enable, new_secret, request_client
from .connections import connected, disconnect, end_all
from .signing import rotate

__all__ = [
    "approve",
    "client",
    "clients",
    "connected",
    "disable",
    "disconnect",
    "enable",
    "end_all",
    "new_secret",
    "request_client",
    "rotate",
]

"""The only door for HTTP to other machines (T29, R22).

Where it may go is said by those who run the installation, in `EGRESS` of the settings: host names
(`data.example.gov.cn`, `*.example.gov.cn`, with `:8080` for a port that is not the scheme's own, `:*` for any), and
addresses or networks (`10.20.0.0/16`, `127.0.0.1:8080`). A name is resolved once and the connection goes to the address
that was judged, so that a second answer of the name server cannot lead elsewhere. Addresses that are not of the public
internet are refused unless they are listed themselves, whatever name leads to them. Redirects are not followed, proxies
not asked, and an answer has a limit in bytes and one in seconds for the whole exchange.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import re
import socket
import ssl
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from .data import TongbanError

SECONDS = 10.0  # for the whole exchange
LARGEST = 1024 * 1024  # bytes of an answer

_PORTS = {"http": 80, "https": 443}
_TUNNELS = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
_NAME = re.compile(r"(?=.{1,253}\Z)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class EgressRefused(TongbanError):
    """This address may not be called."""


class EgressFailed(TongbanError):
    """The other side could not be reached, took too long or sent too much. What it sent is not in the message."""


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class _Way:
    """A judged address: where the connection goes, and what it says there."""

    scheme: str
    host: str
    port: int
    path: str
    address: _Address


def call(
    url: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    hosts: Iterable[str] = (),
    inside: Iterable[str] = (),
    seconds: float = SECONDS,
    largest: int = LARGEST,
) -> Answer:
    """Call an address. `hosts` may be called besides those of the settings: names an administrator registered or a
    person at the keyboard typed, never names out of data. They open no address inside the house. `inside` does: it is
    for what the installation runs itself, such as its witnesses.

    `EgressRefused` before anything is sent, `EgressFailed` afterwards. Any status is an answer, but for redirects.
    """
    way = _judged(url, tuple(hosts), (*getattr(settings, "EGRESS", ()), *inside))
    connection = _connection(way, seconds)
    over = threading.Event()
    watchman = threading.Timer(seconds, _cut, (connection, over))
    watchman.daemon = True
    watchman.start()
    try:
        connection.request(
            method, way.path, body, {"Host": _host(way), "Accept-Encoding": "identity", **(headers or {})}
        )
        answer = connection.getresponse()
        if 300 <= answer.status < 400:
            raise EgressRefused(f"{way.host} answers {answer.status}: redirects are not followed")
        content = answer.read(largest + 1)
        if len(content) > largest:
            raise EgressFailed(f"{way.host} sends more than {largest} bytes")
        if answer.length or over.is_set():
            raise EgressFailed(f"{way.host} ended too early")
        return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, content)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise EgressFailed(f"{way.host} cannot be reached: {type(error).__name__}") from error
    finally:
        watchman.cancel()
        connection.close()


# What an address says


def _judged(url: str, hosts: tuple[str, ...], listed: tuple[str, ...]) -> _Way:
    parts, host, port = _parts(url)
    address = _literal(host)
    named = any(_names(one, parts.scheme, host, port) for one in (*listed, *hosts))
    if address is None and named:
        address = _resolved(host, port)
    inside = address is not None and any(_covers(one, parts.scheme, address, port) for one in listed)
    if address is None or not (named or inside):
        raise EgressRefused(f"{host} is not on the list of addresses that may be called (TONGBAN_EGRESS)")
    if not inside and not _public(address):
        raise EgressRefused(f"{host} leads to an address that is not of the internet and not listed (TONGBAN_EGRESS)")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    if parts.query:
        path += "?" + quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return _Way(parts.scheme, host, port, path, address)


def _parts(url: str) -> tuple[SplitResult, str, int]:
    if re.search(r"[\x00-\x20\x7f\\]", url) or len(url) > 2000:
        raise EgressRefused("this is no address of the web")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError as error:
        raise EgressRefused("this is no address of the web") from error
    if parts.scheme not in _PORTS:
        raise EgressRefused("only http and https addresses may be called")
    if "@" in parts.netloc:
        raise EgressRefused("an address may not hold a user name")
    try:
        host = host if ":" in host else host.encode("idna").decode().rstrip(".")
    except UnicodeError as error:
        raise EgressRefused("this is no host name") from error
    if _literal(host) is None and not _NAME.fullmatch(host):  # 2130706433, 0x7f.1, 0177.0.0.1: numbers in disguise
        raise EgressRefused("this is no host name")
    return parts, host, port if port is not None else _PORTS[parts.scheme]


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _resolved(host: str, port: int) -> _Address:
    """The first address. All have to be fit: a name that also leads inside is not trusted at all."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0])) for one in found]
    except (OSError, UnicodeError, ValueError) as error:
        raise EgressFailed(f"{host} has no address") from error
    if not addresses:
        raise EgressFailed(f"{host} has no address")
    return next((one for one in addresses if not _public(one)), addresses[0])


def _public(address: _Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _public(address.ipv4_mapped)
        if any(address in network for network in _TUNNELS) or address.scope_id:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


# What the lists say


def _split(entry: str, scheme: str) -> tuple[str, int]:
    """Name or network of an entry, and its port; 0 is any."""
    entry = entry.strip().lower()
    name, colon, port = entry.rpartition(":")
    if colon and (port == "*" or port.isdecimal()) and (":" not in name or name.endswith("]")):
        return name.strip("[]"), 0 if port == "*" else int(port)
    return entry.strip("[]"), _PORTS[scheme]


def _names(entry: str, scheme: str, host: str, port: int) -> bool:
    name, wanted = _split(entry, scheme)
    return wanted in (0, port) and (name == host or (name.startswith("*.") and host.endswith(name[1:])))


def _covers(entry: str, scheme: str, address: _Address, port: int) -> bool:
    name, wanted = _split(entry, scheme)
    try:
        return wanted in (0, port) and address in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False


# The connection


def _host(way: _Way) -> str:
    host = f"[{way.host}]" if ":" in way.host else way.host
    return host if way.port == _PORTS[way.scheme] else f"{host}:{way.port}"


class _Pinned(http.client.HTTPConnection):
    """Goes to the judged address, whatever the name means by now."""

    way: _Way
    wire: socket.socket | None = None  # kept: http.client forgets its own when an answer ends with the connection

    def connect(self) -> None:
        self.sock = self.wire = socket.create_connection((str(self.way.address), self.way.port), self.timeout)
        if self.way.scheme == "https":
            context = ssl.create_default_context()
            self.sock = self.wire = context.wrap_socket(self.sock, server_hostname=self.way.host)


def _connection(way: _Way, seconds: float) -> _Pinned:
    connection = _Pinned(way.host, way.port, timeout=seconds)
    connection.way = way
    return connection


def _cut(connection: _Pinned, over: threading.Event) -> None:
    """The time is over: whoever waits for a byte is woken."""
    over.set()
    if connection.wire is not None:
        with contextlib.suppress(OSError):
            connection.wire.shutdown(socket.SHUT_RDWR)


__all__ = ["Answer", "EgressFailed", "EgressRefused", "call"]

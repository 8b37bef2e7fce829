"""T29, R22: outgoing HTTP goes where it was allowed to go, and through one door."""

from __future__ import annotations

import ast
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import tongban
from tongban.base.kernel import egress

NAMES = ("inside.example", "mapped.example", "mixed.example", "rebinding.example", "localhost", "metadata.example")


class Honeypot:
    """Listens on loopback and counts whoever connects."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port, self.hits = self.socket.getsockname()[1], 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()
                self.hits += 1


@pytest.fixture
def honeypot() -> Iterator[Honeypot]:
    pot = Honeypot()
    yield pot
    pot.socket.close()


@pytest.fixture
def site() -> Iterator[Any]:
    """A listed server: redirects, drips, sends too much."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            if self.path.startswith("/to?"):
                self.send_response(302)
                self.send_header("Location", self.path[4:])
                self.end_headers()
                return
            self.send_response(200)
            if self.path == "/short":
                self.send_header("Content-Length", "100")
            self.end_headers()
            if self.path == "/drip":
                with contextlib.suppress(OSError):
                    for _ in range(100):
                        self.wfile.write(b".")
                        time.sleep(0.05)
                return
            with contextlib.suppress(OSError):
                self.wfile.write(b"x" * (5000 if self.path == "/much" else 5))

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


def evil(port: int) -> list[str]:
    """Ways to write, wrap and hide an address of this machine or its network."""
    hosts = [
        *("127.0.0.1", "127.0.0.2", "127.1", "127.0.1", "127.255.255.254", "localhost", "LOCALHOST", "localhost."),
        *("2130706433", "0x7f000001", "0x7f.0.0.1", "0x7F.1", "017700000001", "0177.0.0.1", "0177.1", "00127.0.0.1"),
        *("0", "0.0.0.0", "000.000.000.000", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::1]", "[::ffff:127.0.0.1]"),
        *(
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b::127.0.0.1]",
        ),
        *("[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[ff02::1]", "169.254.169.254", "10.0.0.1"),
        *("172.16.0.1", "192.168.0.1", "100.64.0.1", "224.0.0.1", "255.255.255.255", "①②⑦.⓪.⓪.①", "127。0。0。1"),
        *(
            "inside.example",
            "mapped.example",
            "mixed.example",
            "metadata.example",
            "INSIDE.EXAMPLE",
            "unlisted.example",
        ),
        *("inside.example.", "127.0.0.1.", "127.0.0.1%00.listed.example", "127.0.0.1%2f.example", "inside.example%23"),
    ]
    urls = [f"http://{host}:{port}/" for host in hosts]
    urls += [
        f"http://listed.example@127.0.0.1:{port}/",
        f"http://listed.example:80@127.0.0.1:{port}/",
        f"http://listed.example:80\\@127.0.0.1:{port}/",
        f"http://127.0.0.1:{port}\\.listed.example/",
        f"http://127.0.0.1:{port}#@listed.example/",
        f"http://127.0.0.1:{port}?@listed.example/",
        f"http://listed.example\r\nHost: 127.0.0.1:{port}/",
        f"http://\t127.0.0.1:{port}/",
        f"http:///127.0.0.1:{port}/",
        f"https://127.0.0.1:{port}/",
        f"//127.0.0.1:{port}/",
        f"ftp://127.0.0.1:{port}/",
        f"gopher://127.0.0.1:{port}/_GET",
        f"dict://127.0.0.1:{port}/info",
        "file:///etc/hostname",
        f"file://127.0.0.1:{port}/",
        f"jar:http://127.0.0.1:{port}!/",
        "data:text/plain,1",
        f"http://127.0.0.1:{port}0000/",
        "http://[::1/",
        "",
    ]
    return urls


def test_t29_no_way_of_writing_an_address_leads_inside(
    honeypot: Honeypot, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EGRESS = tuple(f"{name}:*" for name in NAMES)
    real = socket.getaddrinfo
    places = {
        "inside.example": ["127.0.0.1"],
        "mapped.example": ["::ffff:127.0.0.1"],
        "mixed.example": ["203.0.114.7", "127.0.0.1"],
        "metadata.example": ["169.254.169.254"],
    }

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        known = places.get(host)
        if known is None:
            return real(host, port, *args, **kwargs)
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, 1, 6, "", (one, port)) for one in known]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    urls = evil(honeypot.port)
    assert len(urls) >= 60
    for url in urls:
        with pytest.raises((egress.EgressRefused, egress.EgressFailed)):
            egress.call(url, seconds=2, hosts=("127.0.0.1:*",))  # what a caller names opens nothing inside
    time.sleep(0.05)
    assert honeypot.hits == 0


def test_t29_a_second_answer_of_the_name_server_is_not_asked_for(
    honeypot: Honeypot, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.EGRESS = ("rebinding.example:*",)
    answers, dialled = iter(["203.0.114.7", "127.0.0.1", "127.0.0.1"]), []

    def lookup(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        return [(socket.AF_INET, 1, 6, "", (next(answers), port))]

    def dial(address: tuple[str, int], *args: Any, **kwargs: Any) -> Any:
        dialled.append(address)
        raise TimeoutError

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(socket, "create_connection", dial)
    with pytest.raises(egress.EgressFailed):
        egress.call(f"http://rebinding.example:{honeypot.port}/")
    assert dialled == [("203.0.114.7", honeypot.port)]
    assert honeypot.hits == 0


def test_t29_redirects_are_not_followed(honeypot: Honeypot, site: int, settings: Any) -> None:
    settings.EGRESS = (f"127.0.0.1:{site}",)
    for target in (f"http://127.0.0.1:{honeypot.port}/", "file:///etc/hostname", f"http://127.0.0.1:{site}/"):
        with pytest.raises(egress.EgressRefused):
            egress.call(f"http://127.0.0.1:{site}/to?{target}")
    assert honeypot.hits == 0


def test_t29_what_is_listed_is_reached_within_its_limits(honeypot: Honeypot, site: int, settings: Any) -> None:
    settings.EGRESS = (f"127.0.0.0/8:{site}",)
    assert egress.call(f"http://127.0.0.1:{site}/", method="POST", body=b"{}").body == b"xxxxx"
    for path, limits in (("much", {"largest": 1000}), ("short", {}), ("drip", {"seconds": 0.4})):
        begun = time.monotonic()
        with pytest.raises(egress.EgressFailed):
            egress.call(f"http://127.0.0.1:{site}/{path}", **limits)
        assert time.monotonic() - begun < 3
    with pytest.raises(egress.EgressRefused):
        egress.call(f"http://127.0.0.1:{honeypot.port}/")
    assert honeypot.hits == 0


# Rooms that still open their own connections; each line that goes is one that moved here.
NOT_YET: set[str] = set()
# Talks to its own supervisor's ports on loopback; an error class of the library.
OWN = {"base/kernel/egress.py", "site/mainjob.py"}


def test_r22_one_module_opens_outgoing_http() -> None:
    root = Path(next(iter(tongban.__path__)))
    libraries = ("http.client", "urllib.request", "urllib3", "requests", "httpx", "aiohttp")
    found = set()
    for path in root.rglob("*.py"):
        name = path.relative_to(root).as_posix()
        if "/tests/" in name or name in OWN:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if any(one == library or one.startswith(f"{library}.") for one in modules for library in libraries):
                found.add(name)
    assert found <= NOT_YET, found - NOT_YET

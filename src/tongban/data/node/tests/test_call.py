"""HTTP sources and sinks through the one door; nothing reaches an address that nobody listed (T29)."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tongban.data.node.batches import decode, encode
from tongban.data.node.data import Change, Counts, ItemType, Place, SourceChanged, SourceUnreachable
from tongban.data.node.sinks import Parcel, put
from tongban.data.node.sources import open_source

from .test_put_into_sink import AT

ROWS = [{"no": n, "who": {"name": f"人{n}"}, "tags": ["a"]} for n in range(2_500)]


class Office(HTTPServer):
    """A department's program: pages of people, and a place that takes rows."""

    asked: list[str]
    given: list[Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Office

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        page, size = int(query.get("page", ["1"])[0]), int(query.get("size", ["1000"])[0])
        if path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/people")
            self.end_headers()
            return
        if path == "/down":
            self.send_error(503)
            return
        self._say({"data": {"rows": ROWS[(page - 1) * size : page * size]}})

    def do_POST(self) -> None:
        assert self.headers["Idempotency-Key"] and self.headers["Authorization"] == "Bearer word"
        self.server.given.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._say({"bad": [{"row": 1, "item": "name", "why": "no"}]})

    def _say(self, what: Any) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def office() -> Iterator[Office]:
    server = Office(("127.0.0.1", 0), Handler)
    server.asked, server.given = [], []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def read(url: str, **options: str) -> list[Any]:
    columns = ("no", "who/name")
    with open_source(Place("http", {"url": url, "rows": "data/rows", **options}), columns) as source:
        return [row for _number, row in source.rows(columns, Counts(), Change(), None)]


def test_json_comes_page_by_page(office: Office, settings: Any) -> None:
    settings.EGRESS = (f"127.0.0.1:{office.server_port}",)
    rows = read(f"{office.url}/people", page="page")
    assert len(rows) == 2_500 and rows[-1] == {"no": 2499, "who/name": "人2499"}
    with pytest.raises(SourceChanged, match="no list of objects"):
        read(f"{office.url}/people", rows="data/list")
    with pytest.raises(SourceUnreachable):
        read(f"{office.url}/down")


def test_t29_an_address_inside_the_house_must_be_listed_and_redirects_are_not_followed(
    office: Office, settings: Any
) -> None:
    settings.EGRESS = ()
    for url in (office.url, office.url.replace("127.0.0.1", "localhost"), office.url.replace("127.0.0.1", "[::1]"),
                "http://169.254.169.254/latest/", "file:///etc/passwd"):  # fmt: skip
        with pytest.raises((SourceChanged, SourceUnreachable)):
            read(f"{url}/people")
    assert office.asked == []
    settings.EGRESS = (f"127.0.0.1:{office.server_port}",)
    with pytest.raises(SourceChanged):
        read(f"{office.url}/moved")
    assert office.asked == ["/moved"]


def test_a_program_takes_rows_and_names_bad_ones(office: Office, settings: Any, tmp_path: Path) -> None:
    settings.EGRESS = (f"127.0.0.1:{office.server_port}",)
    word = tmp_path / "word"
    word.touch(mode=0o600)
    word.write_text("word")
    row = {"cd_operation": "I", "cd_key": "k", "cd_time": AT, "name": "甲"}
    batch = decode(encode("1/1@1", {"name": ItemType.TEXT}, [row]))
    place = Place("http", {"url": f"{office.url}/take", "token_file": str(word)})
    faults = put(place, Parcel(batch, "1/1", "police", "m1", 1))
    assert [(fault.row, fault.item) for fault in faults] == [(1, "name")]
    assert office.given[0]["message"] == "m1" and office.given[0]["rows"][0]["name"] == "甲"
    word.chmod(0o644)
    with pytest.raises(SourceUnreachable, match="chmod 600"):
        put(place, Parcel(batch, "1/1", "police", "m1", 1))

"""Short messages over HTTP, against a gateway on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest

from tongban.engine.notify import api, sms
from tongban.engine.notify.data import State
from tongban.engine.notify.sms import SmsError


@pytest.fixture
def gateway(settings: Any) -> Iterator[SimpleNamespace]:
    """A gateway that answers with `status` and keeps what it got."""
    heard = SimpleNamespace(status=200, got=[])

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.got.append((self.path, self.headers["Authorization"], body))
            self.send_response(heard.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Nothing on the screen of the tests."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    settings.TONGBAN_SMS = f"http://127.0.0.1:{server.server_port}/send?region=hainan"
    settings.TONGBAN_SMS_TOKEN, settings.TONGBAN_DEMO = "secret", False
    settings.EGRESS = ("127.0.0.1:*",)
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_text_reaches_the_gateway(
    people: SimpleNamespace, gateway: SimpleNamespace, run_jobs: Callable[[], int]
) -> None:
    api.send_text("sms", "13800000001", "您的验证码是 123456。")
    run_jobs()
    (delivery,) = api.outbox("sms")
    body = {"id": delivery.id, "phone": "13800000001", "text": "您的验证码是 123456。"}
    assert gateway.got == [("/send?region=hainan", "Bearer secret", body)]
    assert (delivery.state, delivery.text, delivery.address) == (State.SENT, "", "")


@pytest.mark.parametrize("status", [302, 400, 503])
def test_a_refusal_is_kept_without_the_words_and_can_be_tried_again(
    people: SimpleNamespace, gateway: SimpleNamespace, run_jobs: Callable[[], int], status: int
) -> None:
    gateway.status = status
    api.send_text("sms", "13800000001", "您的验证码是 123456。")
    with pytest.raises(SmsError, match=str(status)):
        run_jobs()
    (failed,) = api.failed()
    assert len(gateway.got) == 1 and "123456" not in failed.error and "13800000001" not in failed.error
    gateway.status = 202
    api.retry(failed.id)
    run_jobs()
    assert [body["id"] for _path, _token, body in gateway.got] == [failed.id] * 2 and api.failed() == []


def test_a_silent_or_absent_gateway_is_given_up(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "TIMEOUT", 0.1)
    settings.EGRESS = ("127.0.0.1:*",)
    letter: Any = SimpleNamespace(id="d", address="13800000001", text="x")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(SmsError, match="cannot be reached"):
            sms.Gateway(f"http://127.0.0.1:{port}/").send(letter)
    for url in (f"http://127.0.0.1:{port}/", "ftp://127.0.0.1/", "sms.example"):
        with pytest.raises(SmsError):
            sms.Gateway(url).send(letter)

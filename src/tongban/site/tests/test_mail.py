"""One address for the mail server, and a letter that arrives there."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.mail import EmailMessage

from tongban.site.mail import MEMORY, SMTP, MailServer, mail_server


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", MailServer(MEMORY)),
        ("smtp://127.0.0.1", MailServer(SMTP, "127.0.0.1", 25)),
        (
            "smtp+tls://no-reply%40example.gov.cn:p%3Aw@mail.example.gov.cn",
            MailServer(SMTP, "mail.example.gov.cn", 587, "no-reply@example.gov.cn", "p:w", starttls=True),
        ),
        ("smtps://u:p@mail.example:4650/", MailServer(SMTP, "mail.example", 4650, "u", "p", tls=True)),
    ],
)
def test_the_address_of_a_mail_server(url: str, server: MailServer) -> None:
    assert mail_server(url) == server


@pytest.mark.parametrize("url", ["mail.example", "http://u:secret@mail.example", "smtp://", "smtp://h:x", "smtp://h/x"])
def test_another_form_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(RuntimeError, match="TONGBAN_MAIL_URL") as refused:
        mail_server(url)
    assert "secret" not in str(refused.value)


class Postman(socketserver.StreamRequestHandler):
    """Just enough of SMTP to take one letter."""

    def handle(self) -> None:
        self.say(b"220 here")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.say(b"354 go on")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.letters.append(body)  # type: ignore[attr-defined]
            self.say(b"221 bye" if word == b"QUIT" else b"250 well")
            if word == b"QUIT":
                return

    def say(self, words: bytes) -> None:
        self.wfile.write(words + b"\r\n")


@pytest.fixture
def postman() -> Iterator[Any]:
    server: Any = socketserver.TCPServer(("127.0.0.1", 0), Postman)
    server.letters = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_letter_arrives(postman: Any, settings: Any) -> None:
    server = mail_server(f"smtp://127.0.0.1:{postman.server_address[1]}")
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = server.backend, server.host, server.port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    assert EmailMessage("subject", "text", "no-reply@tongban.invalid", ["wang@example.com"]).send() == 1
    (letter,) = postman.letters
    assert b"To: wang@example.com" in letter

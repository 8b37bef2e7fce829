"""The mail server, as one address: `smtp+tls://user:password@host:port`."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
SMTP = "django.core.mail.backends.smtp.EmailBackend"
MEMORY = "django.core.mail.backends.locmem.EmailBackend"


@dataclass(frozen=True)
class MailServer:
    """What Django asks of a mail server; without an address letters stay in memory."""

    backend: str = MEMORY
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_server(url: str) -> MailServer:
    """The server that `TONGBAN_MAIL_URL` names; user and password with %-escapes. `RuntimeError` for another form."""
    if not url:
        return MailServer()
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        if not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError(url)
    except (ValueError, KeyError):  # the address itself is not told: it has the password
        message = "TONGBAN_MAIL_URL is not smtp+tls://, smtps:// or smtp:// with user:password@host:port"
        raise RuntimeError(message) from None
    return MailServer(
        SMTP,
        parts.hostname,
        port,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme == "smtps",
    )

"""The work of a node process, in turns: sources that are due, what came for sinks, signs of life."""

from __future__ import annotations

import logging
import threading
import time

from django.db import DatabaseError, InterfaceError, close_old_connections, connection

from tongban.base.kernel.api import Refused, TongbanError, now
from tongban.data.transport import api as transport
from tongban.data.transport.data import Business

from . import models
from .beating import beat, renew
from .data import DiskFull
from .delivering import deliver
from .files import deliver_files, send_files
from .mapping import load_mapping
from .sending import load
from .taking import check_room, run_source
from .using import tell_uses

log = logging.getLogger("tongban.node")
BEAT = 60.0  # seconds between two signs of life
PAUSE = 3.0  # seconds after a failure of our own database
LAST_WORDS = 10.0  # seconds in which a full node still tells the centre before it goes silent


def work(stop: threading.Event) -> None:
    """Until `stop`. The database or the line may go away and come back."""
    line = _Line()
    beaten = 0.0
    try:
        while not stop.wait(1.0):
            try:
                close_old_connections()
                if time.monotonic() - beaten >= BEAT or not beaten:
                    beaten = time.monotonic()
                    beat()
                    tell_uses()
                    line.keep(renewing=True)
                if line.keep():
                    turn()
            except (DatabaseError, InterfaceError) as error:
                log.warning("node: %s", type(error).__name__)
                connection.close()
                stop.wait(PAUSE)
            except TongbanError as error:
                log.warning("node: %s", error)
    finally:
        line.stop()
        connection.close()


def turn() -> int:
    """One turn; answers how many sources were run and batches or files delivered and sent."""
    done = deliver() + deliver_files()
    for row in models.Source.objects.filter(due__lte=now()).order_by("due"):
        run = run_source(row.name)
        log.info("source %s: %s %s", row.name, run.state.value, run.text)
        done += 1
    for row in models.Source.objects.filter(due__gt=now()):
        if models.Grant.objects.filter(resource=row.resource, loaded__isnull=False, mode=Business.BATCH).exists():
            done += load(load_mapping(row.text, row.file))
    return done + send_files()


class _Line:
    """The loop of transport in its thread; it rests while the disk is nearly full (R25)."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.halt = threading.Event()
        self.full_since = 0.0

    def keep(self, *, renewing: bool = False) -> bool:
        """Keep it going, or resting; whether this node takes anything in now."""
        if renewing:
            self._renew()
        try:
            check_room()
        except DiskFull as full:
            if not self.full_since:
                self.full_since = time.monotonic()
                log.warning("node: %s", full)
                beat()
            if time.monotonic() - self.full_since > LAST_WORDS:
                self.stop()
            return False
        self.full_since = 0.0
        if self.thread is None or not self.thread.is_alive():
            self.halt = threading.Event()
            self.thread = threading.Thread(target=self._run, args=(self.halt,), name="transport", daemon=True)
            self.thread.start()
        return True

    def stop(self) -> None:
        self.halt.set()
        if self.thread:
            self.thread.join(20)
        self.thread = None

    @staticmethod
    def _run(halt: threading.Event) -> None:
        try:
            transport.run(halt)
        except (DatabaseError, InterfaceError, TongbanError) as error:
            log.warning("transport: %s", type(error).__name__)
        finally:
            connection.close()

    @staticmethod
    def _renew() -> None:
        try:
            renew()
        except Refused as refused:
            log.warning("node: no new certificate: %s", refused)

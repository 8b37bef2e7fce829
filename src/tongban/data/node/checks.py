"""The self-test: what is wrong with this node, in plain words, and what to do about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from tongban.base.kernel.api import Refused, TongbanError, local, now
from tongban.data.transport import api as transport
from tongban.data.transport.data import CENTRE, Business, Passage, Stage, language

from . import models
from .beating import RENEWED, certificate_until
from .data import Finding, Mapping, RunState
from .mapping import load_mapping
from .queries import runs, unclaimed
from .sending import unsendable
from .sources import open_source
from .taking import check_room, check_shape

SKEW = 30  # seconds a clock may differ
LAST = 200  # messages of a kind that are looked at
OLD = timedelta(hours=1)  # what waits longer than this is worth a word


def check() -> list[Finding]:
    """Every line of the self-test, in the order in which it is worth looking. Asks the centre and opens every source;
    changes nothing."""
    return [Finding(subject, not text, text or _("in order")) for subject, text in _found()]


def _found() -> Iterator[tuple[str, str]]:
    yield _("certificate"), _certificate()
    yield _("disk"), _disk()
    yield _("line"), _line()
    yield _("centre and clock"), _centre()
    yield _("outbox"), _outbox()
    yield _("receivers"), _receivers()
    yield _("inbox"), _inbox()
    for row in models.Source.objects.order_by("name"):
        yield _("source {name}").format(name=row.name), _source(row)
    for sink in models.Sink.objects.order_by("name"):
        yield _("sink {name}").format(name=sink.name), sink.trouble


def _certificate() -> str:
    until = certificate_until()
    if until < now():
        return _("It ended on {day}. Ask the centre for a new enrolment file.").format(day=local(until).date())
    if until < now() + RENEWED - timedelta(days=3):
        return _("It ends on {day} and could not be renewed yet.").format(day=local(until).date())
    return ""


def _disk() -> str:
    try:
        check_room()
    except TongbanError as full:
        return str(full)
    return ""


def _line() -> str:
    line = transport.line()
    if line.up:
        return ""
    if line.at is None:
        return _("It was never up. Is `tongban node run` started, and does the firewall let it out to the hub?")
    return _("It is down since {at} ({why}). What is to be sent waits here and goes out when it is back.").format(
        at=f"{local(line.at):%Y-%m-%d %H:%M}", why=line.text
    )


def _centre() -> str:
    asked = now()
    try:
        body = json.dumps(language.Moment(at=asked.isoformat())).encode()
        told: language.Moment = json.loads(transport.ask(CENTRE, Business.SELF_TEST, body).body)
    except Refused as refused:
        return _("The centre gives no answer: {why}").format(why=refused)
    off = (datetime.fromisoformat(told["at"]) - asked - (now() - asked) / 2).total_seconds()
    if abs(off) > SKEW:
        return _("Our clock is {seconds} seconds off the centre's. Set the time server right.").format(
            seconds=round(off)
        )
    return ""


def _outbox() -> str:
    late = [lag for lag in transport.lags() if lag.oldest and lag.oldest < now() - OLD and not lag.peer.blocked]
    return " ".join(
        _("{count} messages wait for {node}, the oldest since {at}.").format(
            count=lag.waiting + lag.sent, node=lag.peer.node, at=f"{local(lag.oldest):%Y-%m-%d %H:%M}"
        )
        for lag in late
        if lag.oldest
    )


def _receivers() -> str:
    """Who refused the last that we sent of a resource, and why."""
    last: dict[tuple[str, str], Passage] = {}
    for one in [
        *transport.outbox(business=Business.BATCH, most=LAST),
        *transport.outbox(business=Business.FILE, most=LAST),
    ]:
        if one.stage in (Stage.REFUSED, Stage.PROCESSED):
            last.setdefault((one.peer, one.resource), one)
    return " ".join(
        _("{node} refused the last of {resource}: {why}").format(
            node=one.peer, resource=one.resource, why=one.text or one.code
        )
        for one in last.values()
        if one.stage is Stage.REFUSED
    )


def _inbox() -> str:
    texts = [
        _("{count} messages of {node} could not be processed and wait for somebody to look.").format(
            count=lag.quarantined, node=lag.peer.node
        )
        for lag in transport.lags()
        if lag.quarantined
    ]
    texts += [
        _("{count} batches or files of {resource} came, and no sink takes them: `tongban node add-sink FILE`.").format(
            count=count, resource=resource
        )
        for resource, count in unclaimed().items()
    ]
    return " ".join(texts)


def _source(row: models.Source) -> str:
    mapping = load_mapping(row.text, row.file)
    try:
        with open_source(mapping.source, mapping.columns) as source:
            check_shape(mapping, source.shape(), row.shape)
    except TongbanError as wrong:
        return str(wrong)
    return " ".join([*_last(mapping), *unsendable(mapping)])


def _last(mapping: Mapping) -> Iterator[str]:
    last = next(iter(runs(mapping.name, 1)), None)
    if last is None:
        yield _("It has not been read yet.")
    elif last.state in (RunState.REFUSED, RunState.UNREACHABLE, RunState.FULL):
        yield last.text
    elif last.counts.faults:
        yield _("{count} rows could not be taken: `tongban node faults {name}` names them.").format(
            count=last.counts.faults, name=mapping.name
        )
    if last and last.counts.formulas:
        yield _("{count} cells hold formulas; the value stored beside each was taken.").format(
            count=last.counts.formulas
        )

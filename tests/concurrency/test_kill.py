"""Killing web, worker or PostgreSQL with -9 at any moment loses no acknowledged write, doubles no effect, leaves no
case stuck (issue section 6; R8, R9, R10, T36).

More than two hundred cases are handed in, accepted and decided over HTTP while processes of the installation are
killed at random. A client that gets no answer sends the very same thing again, as people do.
"""

from __future__ import annotations

import os
import queue
import random
import re
import shutil
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest

from .installation import Browser, Installation, kill

LONG = os.environ.get("TONGBAN_FAULTS") == "long"
ENTERPRISES, CARDS, WITHDRAWN = 15, 190, 8
CLIENTS = 3
ANSWERS = 2 * CARDS + 6 * ENTERPRISES  # at least: handed in, accepted, decided by one office or by four
KILLS = 60 if LONG else 12  # spread over all that is answered; a killed process takes seconds to come up again
STAFF = {"clerk": "accept", "commerce": "decide", "quality": "decide", "tax": "decide", "civil_affairs": "decide"}
ALL_ENDED = "SELECT count(*) FROM hall_case WHERE closed_at IS NULL"
LIVE_JOBS = "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'events' AND status IN ('todo', 'doing')"


@dataclass
class Acknowledged:
    """What clients were told is done."""

    cases: dict[str, str] = field(default_factory=dict)  # draft -> case
    decided: dict[str, str] = field(default_factory=dict)  # task -> opinion
    accepted: set[str] = field(default_factory=set)
    withdrawn: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)

    def number(self) -> int:
        return len(self.cases) + len(self.decided) + len(self.accepted)


@pytest.fixture(scope="module")
def installation() -> Iterator[Installation]:
    made = Installation(LOAD_ENTERPRISES=str(ENTERPRISES), LOAD_CARDS=str(CARDS))
    made.environment["TONGBAN_WEB_WORKERS"] = "1"
    yield made
    made.stop()
    shutil.rmtree(made.home, ignore_errors=True)


def test_killing_at_random_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    drafts = installation.fill()["drafts"]
    installation.serve()
    told, over = Acknowledged(), threading.Event()
    waiting: queue.Queue[dict[str, str]] = queue.Queue()
    for draft in random.sample(drafts, len(drafts)):
        waiting.put(draft)
    applicants = [threading.Thread(target=_apply, args=(installation, waiting, told, over)) for _ in range(CLIENTS)]
    offices = [threading.Thread(target=_work, args=(installation, who, told, over)) for who in STAFF]
    for thread in [*applicants, *offices]:
        thread.start()
    try:
        killed = _kill_at_random(installation, told)
        _settle(installation, stuck=240)
    finally:
        over.set()
        for thread in [*applicants, *offices]:
            thread.join(60)
    print(f"killed {dict(killed)}; {len(told.cases)} cases, {len(told.decided)} decisions acknowledged")
    assert set(killed) == set(WEIGHTS), "every kind of process was killed"
    assert told.strange == []
    assert len(told.cases) == len(drafts) >= 200
    _nothing_lost(installation, told)
    _nothing_doubled(installation)
    _nothing_stuck(installation)
    _nothing_told(installation)


def _apply(
    installation: Installation, waiting: queue.Queue[dict[str, str]], told: Acknowledged, over: threading.Event
) -> None:
    """An applicant hands in a finished draft, again and again until there is an answer. A few withdraw."""
    while not over.is_set():
        try:
            mine = waiting.get_nowait()
        except queue.Empty:
            return
        browser = Browser(installation, "public", {"tongban_public_session": mine["session"]})
        while not over.is_set():
            status, where, body = browser.post(f"/drafts/{mine['draft']}/review/")
            if status == 302 and (found := re.search(r"/my/cases/(\w+)/", where)):
                told.cases[mine["draft"]] = found[1]
                break
            if 0 < status < 500 or status == 302:
                told.strange.append(f"hand in: {status} {where} {_words(body)}")
                return
            time.sleep(0.2)
        if len(told.withdrawn) < WITHDRAWN and random.random() < 0.1:
            _withdraw(browser, told.cases.get(mine["draft"], ""), told, over)


def _withdraw(browser: Browser, case: str, told: Acknowledged, over: threading.Event) -> None:
    while case and not over.is_set():
        status, _where, _body = browser.post(f"/my/cases/{case}/withdraw/", reason="改主意了")
        if status == 302:
            told.withdrawn.add(case)
        if 0 < status < 500:  # 403: it had ended already
            return
        time.sleep(0.2)


def _work(installation: Installation, who: str, told: Acknowledged, over: threading.Event) -> None:
    """An office's officer works off the inbox until the test is over."""
    username = who
    browser = Browser(installation, "staff").sign_in(username, "Bu-Shi-Mi-Ma-1")
    verb = STAFF[who]
    while not over.is_set():
        status, _where, body = browser.ask("GET", f"/inbox/?kind={verb}")
        if status not in (0, 200) and status < 500:
            told.strange.append(f"inbox of {who}: {status} {_words(body)}")
            return
        tasks = re.findall(r'name="work" value="(\w+)"', body)
        if not tasks:
            time.sleep(0.5)
        for task in tasks:
            _do(browser, who, task, verb, told, over)
            if over.is_set():
                return


def _do(browser: Browser, who: str, task: str, verb: str, told: Acknowledged, over: threading.Event) -> None:
    opinion = f"经审查，同意。{who} {random.random()}"
    while not over.is_set():
        status, _where, body = browser.post(f"/work/{task}/{verb}/", outcome="grant", opinion=opinion)
        if status == 302:
            if verb == "accept":
                told.accepted.add(task)
            else:
                told.decided[task] = opinion
            return
        if status in (403, 404):  # done already: by the request whose answer got lost, or the case was withdrawn
            return
        if 0 < status < 500:
            told.strange.append(f"{verb} by {who}: {status} {_words(body)}")
            return
        time.sleep(0.2)


def _words(body: str) -> str:
    return " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", body, flags=re.S).split())[:400]


def _kill_at_random(installation: Installation, told: Acknowledged) -> Counter[str]:
    """One process of a random kind after a random number of answers, from the first case to the last decision.

    Counted in answers, not in seconds, so that a slow machine gets through as well.
    """
    killed: Counter[str] = Counter()
    between = 3 * ANSWERS // (2 * KILLS)
    while sum(killed.values()) < KILLS:
        _wait_for_answers(told, random.randint(1, between), 6)
        kinds: dict[str, list[int]] = {}
        for pid, (generation, command) in installation.processes().items():
            if kind := _kind(generation, command):
                kinds.setdefault(kind, []).append(pid)
        log = (installation.home / "serve.log").read_text()
        assert installation.supervisor and installation.supervisor.poll() is None, f"the supervisor died: {log[-800:]}"
        if kinds:
            fresh = [kind for kind in kinds if not killed[kind]] or [*kinds]  # each kind once, then as it comes
            kind = random.choices(fresh, [WEIGHTS[k] for k in fresh])[0]
            killed[kind] += kill(random.choice(kinds[kind]))
    return killed


def _wait_for_answers(told: Acknowledged, number: int, seconds: float) -> None:
    wanted, deadline = told.number() + number, time.monotonic() + seconds
    while told.number() < wanted and time.monotonic() < deadline:
        time.sleep(0.05)


WEIGHTS = {"web": 5, "web supervisor": 2, "worker": 4, "connection": 3, "postmaster": 2}


def _kind(generation: int, command: str) -> str:
    if "granian" in command:
        return "web supervisor" if generation == 1 else "web"
    if "tongban.site.worker" in command:
        return "worker"
    if command.startswith("postgres: tongban_"):
        return "connection"
    if "bin/postgres" in command:
        return "postmaster"
    return ""


def _settle(installation: Installation, stuck: float) -> None:
    """Wait until offices and workers have nothing left to do, or nothing has moved for so many seconds."""
    before, deadline = None, time.monotonic() + stuck
    while time.monotonic() < deadline:
        try:
            left = installation.rows(ALL_ENDED) + installation.rows(LIVE_JOBS)
        except psycopg.Error:  # it was killed a moment ago
            left = None
        if left == [(0,), (0,)]:
            return
        if left and left != before:
            before, deadline = left, time.monotonic() + stuck
        time.sleep(0.2)


def _nothing_lost(installation: Installation, told: Acknowledged) -> None:
    nonces = dict(installation.rows("SELECT nonce, public_id FROM hall_case"))
    assert {draft: nonces.get(draft) for draft in told.cases} == told.cases
    opinions = dict(
        installation.rows("SELECT w.public_id, d.opinion FROM hall_decision d JOIN hall_work w ON w.id = d.work_id")
    )
    assert {task: opinions.get(task) for task in told.decided} == told.decided
    closed = {row[0] for row in installation.rows("SELECT public_id FROM hall_work WHERE NOT open")}
    assert told.accepted <= closed
    withdrawn = {row[0] for row in installation.rows("SELECT public_id FROM hall_case WHERE state = 'withdrawn'")}
    assert told.withdrawn <= withdrawn


def _nothing_doubled(installation: Installation) -> None:
    """Every effect once: rows, ledger leaves, licences, register entries, documents and messages agree."""
    rows = installation.rows
    assert rows("SELECT filed_by, nonce FROM hall_case GROUP BY 1, 2 HAVING count(*) > 1") == []
    assert rows("SELECT work_id FROM hall_decision GROUP BY 1 HAVING count(*) > 1") == []
    cases = rows("SELECT public_id, item, state, accepted_at IS NOT NULL, licence FROM hall_case")
    leaves = Counter(
        (kind, subject)
        for kind, subject in rows("SELECT kind, subject_id FROM ledger_leaf WHERE subject_kind = 'hall.case'")
    )
    licences = Counter(row[0] for row in rows("SELECT subject_id FROM licences_token"))
    assert sum(licences.values()) == rows("SELECT count(*) FROM registers.licence")[0][0]
    entities = Counter(row[0] for row in rows("SELECT name FROM registers.legal_entity"))
    assert max(entities.values()) == 1
    decisions = Counter(
        row[0] for row in rows("SELECT c.public_id FROM hall_decision d JOIN hall_case c ON c.id = d.case_id")
    )
    receipts = Counter(row[0] for row in rows("SELECT subject_id FROM documents_document WHERE kind = 'receipt'"))
    messages = Counter(row[0] for row in rows("SELECT link FROM notify_message WHERE kind = 'hall.granted'"))
    for case, _item, state, accepted, licence in cases:
        granted = int(state == "granted")
        assert leaves["hall.case.submitted", case] == receipts[case] == 1
        assert leaves["hall.case.accepted", case] == int(accepted)
        assert leaves["hall.case.decided", case] == decisions[case]
        assert leaves["hall.case.granted", case] == granted
        assert leaves["hall.case.withdrawn", case] == int(state == "withdrawn")
        assert licences[case] == granted
        assert messages[f"/my/cases/{case}/"] == granted
        assert bool(licence) == bool(granted)
    enterprises = sum(
        1 for _case, item, state, *_rest in cases if item == "enterprise_registration" and state == "granted"
    )
    assert sum(entities.values()) == enterprises > 0


def _nothing_stuck(installation: Installation) -> None:
    rows = installation.rows
    stuck = rows(
        "SELECT c.case_no, c.state FROM hall_case c WHERE c.closed_at IS NULL "
        "AND NOT EXISTS (SELECT 1 FROM hall_work w WHERE w.case_id = c.id AND w.open)"
    )
    assert stuck == []
    assert rows("SELECT task_name, status, args FROM procrastinate_jobs WHERE status = 'failed'") == []
    assert rows(LIVE_JOBS) == [(0,)], rows(
        "SELECT task_name, status, attempts, args FROM procrastinate_jobs WHERE queue_name='events'"
    )
    assert rows("SELECT case_no, state FROM hall_case WHERE closed_at IS NULL") == []
    left_open = rows(
        "SELECT c.case_no FROM hall_case c JOIN hall_work w ON w.case_id = c.id "
        "WHERE w.open AND c.closed_at IS NOT NULL"
    )
    assert left_open == []
    assert rows("SELECT value FROM hall_reservation") == []


def _nothing_told(installation: Installation) -> None:
    """T41: with all these errors behind them, no log names anybody: no name, number, phone, address or code."""
    people = [f"139{number:08d}" for number in range(ENTERPRISES + CARDS)] + [
        "46010519500101",
        "11010519491231002X",
        "13800138000",
    ]
    planted = [*people, "海口并发", "测试", "龙华区示例路", "Bu-Shi-Mi-Ma-1"]
    logs = [
        *(installation.home / "log").glob("*.log"),
        installation.home / "serve.log",
        *installation.home.rglob("postgres/**/*.log"),
    ]
    assert len(logs) >= 6
    told = [(log.name, word) for log in logs for word in planted if word in log.read_text(errors="replace")]
    assert told == []

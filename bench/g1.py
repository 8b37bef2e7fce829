"""G1: POST one application over HTTP, signed in, checked against its form, committed with synchronous_commit on.

Ours: `POST /api/applications` of the public site, two workers unless told otherwise, wrk with one thread and four
connections. Each request writes the case, its answers, the office's task, the receipt to be drawn, two ledger leaves
and the jobs that follow. Limit: PostgreSQL (pgbench, four clients) writing the same rows in one statement. Floor: a
bare Django view that writes the same rows and does nothing else.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from .installation import PASSWORD, installation, web
from .measure import Result, say

ROUNDS, SECONDS = 3, 8
ANSWERS = {
    "holder_name": "测试甲",
    "id_number": "11010519491231002X",
    "division": "460100",
    "phone": "13800138000",
    "amount": "1000.00",
    "begins": "2026-01-01",
    "ends": "2026-12-31",
    "reason": "性能测试",
}


def main() -> int:
    if not shutil.which("wrk"):
        sys.stderr.write("g1 needs wrk (Debian: apt-get install wrk)\n")
        return 1
    with installation(pack=True) as server, web("public") as site, web("public", "bench.bare:application") as bare:
        home = Path(os.environ["TONGBAN_HOME"])
        ours = home / "ours.lua"
        ours.write_text(
            _script("/api/applications", _signed_in(site), {"item": "bench_case", "answers": ANSWERS, "papers": {}})
        )
        plain = home / "bare.lua"
        plain.write_text(_script("/", {}, {"answers": ANSWERS}))
        statement = home / "limit.sql"
        statement.write_text(STATEMENT)
        _once(site, ours)
        written = _rows_of_one_request(site, ours)
        say(f"one request writes {written}")
        result = Result("g1", "requests/s", "ours/PostgreSQL >= 0.04 and ours/bare Django >= 0.4")
        result.floor = {"bare Django view": []}
        ratios = []
        for number in range(ROUNDS):
            result.ours.append(_wrk(site, ours))
            result.limit.append(_pgbench(server, statement))
            result.floor["bare Django view"].append(_wrk(bare, plain))
            ratios.append(result.ours[-1] / result.floor["bare Django view"][-1])
            say(
                f"g1 round {number + 1}: ours {result.ours[-1]:.0f}/s, bare {result.floor['bare Django view'][-1]:.0f}/s"
            )
        to_bare = sorted(ratios)[len(ratios) // 2]
        result.extra = {"ours/bare Django": round(to_bare, 4), "rows": written}
        return 0 if result.finish(lambda ratio, _floor: ratio >= 0.04 and to_bare >= 0.4) else 1


def _signed_in(site: str) -> dict[str, str]:
    """Cookies and the forgery token of the founder's session."""
    from tongban.site.mainjob import Person

    person = Person("public")
    person.base = person.url = site
    person.go("/account/sign-in/").send({"login": "founder", "password": PASSWORD}, form="/account/sign-in/")
    person.go("/my/")
    jar: Any = next(h for h in person.opener.handlers if isinstance(h, urllib.request.HTTPCookieProcessor)).cookiejar
    cookies = {cookie.name: cookie.value for cookie in jar}
    token = next(iter(person.page.xpath("//input[@name='csrfmiddlewaretoken']/@value")), "")
    token = token or next((value for name, value in cookies.items() if "csrf" in name), "")
    return {
        "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()),
        "X-CSRFToken": token,
        "Referer": site,
        "Origin": site,
    }


def _script(path: str, headers: dict[str, str], body: dict[str, Any]) -> str:
    lines = [
        f'wrk.headers["{name}"] = "{value}"' for name, value in {**headers, "Content-Type": "application/json"}.items()
    ]
    text = json.dumps(body, ensure_ascii=False)
    return "\n".join(
        [
            'wrk.method = "POST"',
            f"wrk.body = [==[{text}]==]",
            *lines,
            "local n = 0",
            "math.randomseed(os.time() * 1000 + tonumber(tostring({}):sub(8), 16) % 100000)",
            "local mark = tostring(math.random(1, 1e9))",
            "request = function() n = n + 1",
            '  wrk.headers["Idempotency-Key"] = mark .. "-" .. n',
            f'  return wrk.format(nil, "{path}") end',
            "local bad = 0",
            "response = function(status) if status >= 300 then bad = bad + 1; if bad == 1 then print('BAD ' .. status) end end end",
        ]
    )


def _wrk(site: str, script: Path, seconds: int = SECONDS) -> float:
    done = subprocess.run(
        ["wrk", "-t1", "-c4", f"-d{seconds}s", "-s", str(script), site], capture_output=True, text=True, check=True
    )
    if "BAD" in done.stdout or "Non-2xx" in done.stdout:
        raise RuntimeError(f"wrk met refusals: {done.stdout}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    if not found:
        raise RuntimeError(done.stdout)
    return float(found[1])


def _once(site: str, script: Path) -> None:
    _wrk(site, script, 1)


COUNTED = ("hall_case", "hall_answers", "hall_work", "documents_document", "ledger_leaf", "procrastinate_jobs")


def _rows_of_one_request(site: str, script: Path) -> dict[str, int]:
    """Rows per request in each table, from a burst of requests."""
    from django.db import connection

    def counts() -> dict[str, int]:
        with connection.cursor() as cursor:
            found = {}
            for table in COUNTED:
                cursor.execute(f"SELECT count(*) FROM {table}")
                found[table] = cursor.fetchone()[0]
            return found

    before = counts()
    _wrk(site, script, 1)
    after = counts()
    cases = max(after["hall_case"] - before["hall_case"], 1)
    return {table: round((after[table] - before[table]) / cases) for table in COUNTED}


# The same rows by hand, in one statement. Ids are random as ours are, so the indexes work as hard.
STATEMENT = """
WITH c AS (INSERT INTO hall_case (item_version, public_id, case_no, query_hash, nonce, item, item_title, permit, form, channel,
    applicant,
    applicant_kind, applicant_name, agent, filed_by, division, first_office, accepted_by, state, round, submitted_at,
    licence, level, zone, version)
  VALUES (1, substr(md5(random()::text), 1, 26), md5(random()::text), md5(random()::text), md5(random()::text), 'bench_case',
    'Benchmark', false, md5('x'), '2', 'identity.person:limit', 'person', 'x', '', 'identity.person:limit', '460100', 'o', '',
    'submitted', 1, now(), '', 0, 'outer', 1) RETURNING id),
a AS (INSERT INTO hall_answers (case_id, round, nonce, answers, at) SELECT id, 1, '', '{"holder_name": "x", "id_number": "x",
    "division": "460100", "phone": "x", "amount": "1", "begins": "2026-01-01", "ends": "2026-12-31"}', now() FROM c),
w AS (INSERT INTO hall_work (public_id, case_id, kind, office, title, applicant_name, task, task_version, claimed_by, open, opened_at,
    suspended) SELECT substr(md5(random()::text), 1, 26), id, 'accept', 'o', 'Benchmark', 'x', '', 1, '', true, now(), false
    FROM c),
d AS (INSERT INTO documents_document (id, kind, title, number, language, subject_kind, subject_id, facts, state,
    requested_at, attempts, size, digest, error) VALUES (substr(md5(random()::text), 1, 26), 'receipt', 'Receipt', 'x', 'zh-hans', 'hall.case',
    substr(md5(random()::text), 1, 26), '{"case_no": "x", "item": "Benchmark", "addressee": "x"}', 'pending', now(), 0, 0, '', '')),
l AS (INSERT INTO ledger_leaf (kind, subject_kind, subject_id, "by", facts)
    SELECT 'hall.case.submitted', 'hall.case', substr(md5(random()::text), 1, 26), 'identity.person:limit',
    '{"office": "o", "item": "bench_case"}' FROM generate_series(1, 2)),
j AS (INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status, attempts)
    SELECT 'limit', 'limit', 0, '{"handler": "x"}', 'succeeded', 0 FROM generate_series(1, 2))
SELECT 1 FROM c;
"""


def _pgbench(server: Any, script: Path) -> float:
    from tongban.site.home import secret
    from tongban.site.postgres import DATABASE, _binaries

    command = [
        _binaries() / "pgbench",
        "-h",
        server.socket,
        "-U",
        "tongban_app",
        "-n",
        "-c4",
        "-j1",
        "-T",
        str(SECONDS),
    ]
    # By itself it works for nobody, and row security would refuse every row.
    environment = {**os.environ, "PGPASSWORD": secret("database_tongban_app"), "PGOPTIONS": "-c tongban.system=on"}
    done = subprocess.run(
        [str(part) for part in [*command, "-f", script, DATABASE]],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


if __name__ == "__main__":
    sys.exit(main())

"""G3: a million rows of ten columns into a base registry: received as CSV, judged by the rules of the definition, staged,
upserted with history, one ledger leaf, sealed.

Limit: COPY of the same bytes into a plain table without any key. Each round brings the rows into the emptied register,
then the same rows again, which must change nothing.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from .installation import ROOT, installation
from .measure import Result, say

ROWS, ROUNDS, PIECE = int(os.environ.get("TONGBAN_BENCH_ROWS", "1000000")), 3, 20_000
DEFINITION = """
key: bench_entity
title: {zh: 法人单位（测速）, en: Entities (benchmark)}
owner: commerce
level: internal
zone: outer
natural_key: [uscc]
fields:
  - {name: uscc, title: {zh: 统一社会信用代码, en: Code}, type: credit_code, required: true, search: exact}
  - {name: name, title: {zh: 名称, en: Name}, type: text, max_length: 200, required: true}
  - {name: type, title: {zh: 类型, en: Type}, type: code, codes: {"1": {zh: 企业, en: Firm}, "2": {zh: 个体, en: Person}}}
  - {name: status, title: {zh: 状态, en: Status}, type: code, codes: {"1": {zh: 存续, en: Live}, "2": {zh: 注销, en: Gone}}}
  - {name: representative, title: {zh: 法定代表人, en: Representative}, type: text, max_length: 50}
  - {name: address, title: {zh: 住所, en: Address}, type: text, max_length: 200}
  - {name: founded, title: {zh: 成立日期, en: Founded}, type: date}
  - {name: capital, title: {zh: 注册资本, en: Capital}, type: money}
  - {name: workers, title: {zh: 从业人数, en: Workers}, type: int}
  - {name: phone, title: {zh: 电话, en: Telephone}, type: phone}
"""
COLUMNS = ["uscc", "name", "type", "status", "representative", "address", "founded", "capital", "workers", "phone"]
PLAIN = """
CREATE TABLE bench_plain (uscc text, name text, type text, status text, representative text, address text,
    founded date, capital numeric, workers bigint, phone text);
GRANT ALL ON bench_plain TO tongban_app;
"""


def main() -> int:
    if sys.argv[1:] == ["define"]:
        return define()
    with installation():
        owner = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner"}
        subprocess.run([sys.executable, "-m", "bench.g3", "define"], env=owner, check=True, cwd=ROOT)
        from django.db import connection, transaction

        from tongban.base.kernel.api import system
        from tongban.engine.registers import api as registers
        from tongban.site.database import connect_owner
        from tongban.trust.witness import api as witness

        pieces = list(rows())
        say(f"g3: {ROWS} rows, {sum(map(len, pieces)) >> 20} MB")

        def copy() -> None:
            plain = "COPY bench_plain FROM STDIN (FORMAT csv)"
            with transaction.atomic(), connection.cursor() as cursor, cursor.copy(plain) as into:
                for piece in pieces:
                    into.write(piece)

        def deliver() -> object:
            with system():
                report = registers.bulk("bench_entity", COLUMNS, pieces, source="bench")
                witness.seal_leaves()
            return report

        result = Result("g3", "rows/s", "new >= 0.35 of COPY, unchanged >= 0.8")
        unchanged: list[float] = []
        for number in range(ROUNDS):
            with connect_owner() as owner_connection:
                owner_connection.execute(
                    "TRUNCATE bench_plain, registers.bench_entity, registers.bench_entity_history; CHECKPOINT"
                )
            result.limit.append(rate(copy))
            result.ours.append(rate(deliver))
            with connect_owner() as owner_connection:
                owner_connection.execute("VACUUM (ANALYZE) registers.bench_entity")
            unchanged.append(rate(deliver))
            say(
                f"g3 round {number + 1}: COPY {result.limit[-1]:.0f}, new {result.ours[-1]:.0f}, same {unchanged[-1]:.0f}"
            )
        same = sorted(a / b for a, b in zip(unchanged, result.limit, strict=True))[ROUNDS // 2]
        result.extra = {"unchanged": round(same, 4), "rows": ROWS}
        return 0 if result.finish(lambda ratio, _floor: ratio >= 0.35 and same >= 0.8) else 1


def define() -> int:
    """As the database's owner: the register and the plain table."""
    import django

    django.setup()
    from tongban.engine.registers import api as registers
    from tongban.site.database import connect_owner

    registers.apply([registers.parse(DEFINITION, "bench_entity.yaml")])
    with connect_owner() as owner:
        owner.execute(PLAIN)
    return 0


def rate(work: Callable[[], object]) -> float:
    """Rows a second."""
    start = time.perf_counter()
    work()
    return ROWS / (time.perf_counter() - start)


def rows() -> Iterator[bytes]:
    """The delivery as CSV, in pieces; codes have their check characters."""
    from tongban.base.kernel.identifiers import credit_check

    luck = random.Random(3)
    for start in range(0, ROWS, PIECE):
        lines = []
        for number in range(start, min(start + PIECE, ROWS)):
            code = f"91460100{number:09d}"
            day = f"{1990 + number % 36}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
            lines.append(
                f"{code}{credit_check(code)},海口第{number}号贸易有限公司,{number % 2 + 1},1,王{number % 977},"
                f"海口市龙华区滨海大道{number % 3000}号,{day},{luck.randrange(10, 90_000)}.50,{number % 500},"
                f"0898-6{number % 10_000_000:07d}\n"
            )
        yield "".join(lines).encode()


if __name__ == "__main__":
    sys.exit(main())

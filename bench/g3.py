"""G3: a million rows of ten columns into a register: received as CSV, judged by the rules of the definition, staged,
upserted with history, one ledger leaf, sealed.

Limit: COPY of the same bytes into a plain table of the same columns with the same primary key, committed durably; the
floor beside it has no key. Each round brings the rows into the emptied register, then the same rows again, which must
change nothing. Entities have no personal column, which is the goal's workload; persons have a number and a telephone
that are sealed, and say what sealing costs. With `TONGBAN_BENCH_PROCESSES=2`, so many processes bring rows of their own in
side by side. With `TONGBAN_BENCH_RESIDENTS=100000`, so many generated residents instead: sealed into the population
register, and linked out of three offices' extracts.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median

from .installation import ROOT, installation
from .measure import Result, say

ROWS, ROUNDS, PIECE = int(os.environ.get("TONGBAN_BENCH_ROWS", "1000000")), 3, 20_000
PROCESSES = int(os.environ.get("TONGBAN_BENCH_PROCESSES", "0"))
RESIDENTS = int(os.environ.get("TONGBAN_BENCH_RESIDENTS", "0"))
HEAD = """
owner: commerce
level: internal
zone: outer
"""
ENTITY = f"""
key: bench_entity
title: {{zh: 法人单位（测速）, en: Entities (benchmark)}}{HEAD}
natural_key: [uscc]
fields:
  - {{name: uscc, title: {{zh: 统一社会信用代码, en: Code}}, type: credit_code, required: true, search: exact}}
  - {{name: name, title: {{zh: 名称, en: Name}}, type: text, max_length: 200, required: true}}
  - {{name: type, title: {{zh: 类型, en: Type}}, type: code, codes: {{"1": {{zh: 企业, en: Firm}}, "2": {{zh: 个体, en: Person}}}}}}
  - {{name: status, title: {{zh: 状态, en: Status}}, type: code, codes: {{"1": {{zh: 存续, en: Live}}, "2": {{zh: 注销, en: Gone}}}}}}
  - {{name: industry, title: {{zh: 行业, en: Industry}}, type: text, max_length: 50}}
  - {{name: address, title: {{zh: 住所, en: Address}}, type: text, max_length: 200}}
  - {{name: founded, title: {{zh: 成立日期, en: Founded}}, type: date}}
  - {{name: capital, title: {{zh: 注册资本, en: Capital}}, type: money}}
  - {{name: workers, title: {{zh: 从业人数, en: Workers}}, type: int}}
  - {{name: website, title: {{zh: 网址, en: Website}}, type: text, max_length: 100}}
"""
PERSON = f"""
key: bench_person
title: {{zh: 自然人（测速）, en: Persons (benchmark)}}{HEAD}
natural_key: [number]
fields:
  - {{name: number, title: {{zh: 公民身份号码, en: Number}}, type: person_id, required: true}}
  - {{name: name, title: {{zh: 姓名, en: Name}}, type: text, max_length: 50, required: true}}
  - {{name: sex, title: {{zh: 性别, en: Sex}}, type: code, codes: {{"1": {{zh: 男性, en: Male}}, "2": {{zh: 女性, en: Female}}}}}}
  - {{name: status, title: {{zh: 状态, en: Status}}, type: code, codes: {{"1": {{zh: 正常, en: Living}}, "2": {{zh: 注销, en: Gone}}}}}}
  - {{name: school, title: {{zh: 学校, en: School}}, type: text, max_length: 50}}
  - {{name: address, title: {{zh: 住址, en: Address}}, type: text, max_length: 200}}
  - {{name: born, title: {{zh: 出生日期, en: Born}}, type: date}}
  - {{name: income, title: {{zh: 收入, en: Income}}, type: money}}
  - {{name: points, title: {{zh: 积分, en: Points}}, type: int}}
  - {{name: phone, title: {{zh: 电话, en: Telephone}}, type: phone}}
"""
COLUMNS = {
    "bench_entity": [
        "uscc", "name", "type", "status", "industry", "address", "founded", "capital", "workers", "website",
    ],
    "bench_person": ["number", "name", "sex", "status", "school", "address", "born", "income", "points", "phone"],
}  # fmt: skip
EXTRACTS = {
    "public_security": (
        "人员编号",
        {
            "姓名": "name", "性别": "sex", "公民身份号码": "id_number", "出生日期": "birth_date", "民族": "nation",
            "户籍地址": "address", "状态": "status",
        },
    ),
    "civil_affairs": (
        "登记号",
        {
            "姓名": "name", "身份证件号": "id_number", "出生日期": "birth_date", "婚姻状况": "marriage",
            "居住地址": "residence", "死亡日期": "death_date",
        },
    ),
    "social_security": (
        "个人编号", {"姓名": "name", "证件号码": "id_number", "手机号码": "phone", "联系地址": "residence"}
    ),
}  # fmt: skip
KINDS = "{} text {}, {} text, {} text, {} text, {} text, {} text, {} date, {} numeric(18,2), {} bigint, {} text"


def main() -> int:
    if sys.argv[1:] == ["define"]:
        return define()
    with installation():
        owner = {**os.environ, "TONGBAN_DATABASE_ROLE": "tongban_owner"}
        subprocess.run([sys.executable, "-m", "bench.g3", "define"], env=owner, check=True, cwd=ROOT)
        if RESIDENTS:
            return residents()
        if PROCESSES:
            return side_by_side()
        result = Result("g3", "rows/s", "new >= 0.35 of COPY, unchanged >= 0.8")
        entities, persons = Rounds("bench_entity"), Rounds("bench_person")
        for _round in range(ROUNDS):
            entities.run()
            persons.run()
        result.limit, result.ours = entities.keyed, entities.new
        result.floor = {"COPY without a key": entities.keyless}
        result.extra = {
            "rows": ROWS,
            "unchanged": entities.ratio(entities.same, entities.keyed),
            "to COPY without a key": {
                "new": entities.ratio(entities.new, entities.keyless),
                "unchanged": entities.ratio(entities.same, entities.keyless),
            },
            "two of ten columns sealed": {
                "new": persons.ratio(persons.new, persons.keyed),
                "unchanged": persons.ratio(persons.same, persons.keyed),
                "rows/s": round(median(persons.new)),
            },
        }
        same = float(str(result.extra["unchanged"]))
        return 0 if result.finish(lambda ratio, _floor: ratio >= 0.35 and same >= 0.8) else 1


class Rounds:
    """The figures of one register, in rows a second."""

    def __init__(self, key: str) -> None:
        self.key, self.pieces = key, list(rows(key))
        self.keyless, self.keyed, self.new, self.same = list[float](), list[float](), list[float](), list[float]()
        say(f"g3: {key}, {ROWS} rows, {sum(map(len, self.pieces)) >> 20} MB")

    def run(self) -> None:
        """One round: both limits, the rows into the emptied register, the same rows again."""
        from tongban.site.database import connect_owner

        with connect_owner() as owner:
            owner.execute(
                f"TRUNCATE {self.key}_plain, {self.key}_keyed, registers.{self.key}, registers.{self.key}_history"
            )
            owner.execute("CHECKPOINT")
        self.keyless.append(rate(lambda: self.copy("plain")))
        self.keyed.append(rate(lambda: self.copy("keyed")))
        self.new.append(rate(lambda: deliver(self.key, self.pieces)))
        with connect_owner() as owner:
            owner.execute(f"VACUUM (ANALYZE) registers.{self.key}")
        self.same.append(rate(lambda: deliver(self.key, self.pieces)))
        told = {"COPY": self.keyed, "without a key": self.keyless, "new": self.new, "same": self.same}
        say(f"g3 {self.key}: " + ", ".join(f"{name} {values[-1]:.0f}" for name, values in told.items()))

    def copy(self, table: str) -> None:
        """The limit."""
        from django.db import connection, transaction

        statement = f"COPY {self.key}_{table} FROM STDIN (FORMAT csv)"
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(statement) as into:
            for piece in self.pieces:
                into.write(piece)

    @staticmethod
    def ratio(ours: list[float], limit: list[float]) -> float:
        """The median of the rounds' ratios."""
        return round(median(a / b for a, b in zip(ours, limit, strict=True)), 4)


def deliver(key: str, pieces: Iterable[bytes]) -> None:
    """Ours: the delivery, and the seal over its leaf."""
    from tongban.base.kernel.api import system
    from tongban.engine.registers import api as registers
    from tongban.trust.witness import api as witness

    with system():
        registers.bulk(key, COLUMNS[key], pieces, source="bench")
        witness.seal_leaves()


def residents() -> int:
    """Seconds, and processor seconds of ours and of the database, for each delivery."""
    from tongban.site.database import connect_owner
    from tongban.site.demo.deliver import deliver as bring
    from tongban.site.demo.extracts import write_people
    from tongban.site.demo.persons import SEED, Residents, default_region

    people = Residents(RESIDENTS, SEED, default_region())
    line: dict[str, object] = {"id": "g3", "residents": RESIDENTS}
    line["sealed into the register"] = took(lambda: bring("population", people, RESIDENTS))
    with connect_owner() as owner, tempfile.TemporaryDirectory() as folder:
        owner.execute("TRUNCATE registers.population, registers.population_history")
        write_people(Path(folder), people)
        line["linked"] = {name: took(absorbed(rank, name, Path(folder))) for rank, name in enumerate(EXTRACTS, 1)}
    print(json.dumps(line, ensure_ascii=False))
    return 0


def absorbed(rank: int, name: str, folder: Path) -> Callable[[], object]:
    """An office's extract, which is declared and ready to be taken in."""
    from tongban.base.kernel.api import Ref
    from tongban.data.linkage import api as linkage
    from tongban.data.linkage.data import Source

    key, items = EXTRACTS[name]
    linkage.define_source(Source("population", name, name, Ref("identity.office", name), name, key, items, rank))
    return lambda: linkage.absorb("population", name, folder / f"{name}.csv")


def took(work: Callable[[], object]) -> dict[str, float]:
    """What it cost."""
    from django.db import connection

    def server() -> float:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            spent = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")

    start, ours, database = time.perf_counter(), time.process_time(), server()
    work()
    spent = (time.perf_counter() - start, time.process_time() - ours, server() - database)
    say(f"g3: {spent[0]:.1f} s, load {os.getloadavg()[0]:.1f}")
    return dict(zip(("seconds", "ours", "database"), (round(one, 1) for one in spent), strict=True))


def side_by_side() -> int:
    """Processes that bring rows of their own into one register at the same time."""
    command = [sys.executable, "-m", "bench.g3", "part"]
    parts = [
        subprocess.Popen([*command, str(n)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for n in range(PROCESSES)
    ]
    for part in parts:
        part.stdout.readline()  # type: ignore[union-attr]
    began = time.perf_counter()
    for part in parts:
        part.communicate(b"\n")
    took = time.perf_counter() - began
    print(f'{{"id": "g3", "processes": {PROCESSES}, "rows/s": {round(ROWS * PROCESSES / took)}}}')
    return 0 if all(part.returncode == 0 for part in parts) else 1


def part(number: int) -> int:
    """One of them: numbers that no other brings."""
    import django

    django.setup()
    pieces = list(rows("bench_entity", number * ROWS))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    deliver("bench_entity", pieces)
    return 0


def define() -> int:
    """As the database's owner: the registers and the plain tables."""
    import django

    django.setup()
    from tongban.engine.registers import api as registers
    from tongban.site.database import connect_owner, grant_rows

    population = (ROOT / "packs/base_registers/registers/population.yaml").read_text("utf-8")
    texts = {"entity": ENTITY, "person": PERSON, "population": population}
    registers.apply([registers.parse(text, f"{name}.yaml") for name, text in texts.items()])
    grant_rows()
    with connect_owner() as owner:
        for key, columns in COLUMNS.items():
            for table, primary in (("plain", ""), ("keyed", "PRIMARY KEY")):
                kinds = KINDS.format(columns[0], primary, *columns[1:])
                owner.execute(f"CREATE TABLE {key}_{table} ({kinds}); GRANT ALL ON {key}_{table} TO tongban_app")
    return 0


def rate(work: Callable[[], object]) -> float:
    """Rows a second."""
    start = time.perf_counter()
    work()
    return ROWS / (time.perf_counter() - start)


def rows(key: str, begin: int = 0) -> Iterator[bytes]:
    """The delivery as CSV, in pieces; numbers have their check characters."""
    from tongban.base.kernel.identifiers import credit_check, identity_check

    luck = random.Random(3)
    for start in range(begin, begin + ROWS, PIECE):
        lines = []
        for number in range(start, min(start + PIECE, begin + ROWS)):
            day = f"{1990 + number % 36}-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
            own = f"海口市龙华区滨海大道{number % 3000}号,{day},{luck.randrange(10, 90_000)}.50,{number % 500}"
            if key == "bench_entity":
                code = f"91460100{number:09d}"
                first, last = code + credit_check(code), f"www.e{number}.example.cn"
                name = f"海口第{number}号贸易有限公司,{number % 2 + 1},1,批发业{number % 977}"
            else:
                birth, turn = divmod(number, 1000)
                code = f"460100{1950 + birth // 336 % 70}{birth // 28 % 12 + 1:02d}{birth % 28 + 1:02d}{turn:03d}"
                first, last = code + identity_check(code), f"139{number * 7919 % 100_000_000:08d}"
                name = f"王{chr(0x4E00 + number % 5000)},{number % 2 + 1},1,第{number % 977}中学"
            lines.append(f"{first},{name},{own},{last}\n")
        yield "".join(lines).encode()


if __name__ == "__main__":
    sys.exit(part(int(sys.argv[2])) if sys.argv[1:2] == ["part"] else main())

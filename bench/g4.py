"""G4: rows from a department to the centre through a JetStream leaf, in signed and encrypted batches of 5,000 rows.

Ours: each batch is an Arrow file in the department's outbox (committed, durability on), sealed, sent through the leaf
into the hub's stream (synced always), taken into the centre's inbox, applied by a handler that copies the rows in the
transaction of inbox row and receipt, and acknowledged; the clock stops when the department holds the last signed
receipt. Limit: the same rows by one COPY from memory into the same kind of table. Once the centre's process is killed
with -9 in the middle: every batch must be applied exactly once.
"""

from __future__ import annotations

import io
import os
import sys
import time
from typing import Any

ROWS, BATCH, ROUNDS = 200_000, 5_000, 5
COLUMNS = "id, name, sex, born, division, address, phone, opened, amount, state"
TABLE = """
CREATE TABLE rows_{} (id text, name text, sex text, born date, division text, address text, phone text,
    opened timestamptz, amount numeric, state text)
"""
COPY = f"COPY rows_{{}} ({COLUMNS}) FROM STDIN WITH (FORMAT csv)"


def batch(number: int) -> Any:
    """Rows of a base registry: ten columns, generated."""
    import pyarrow as pa

    numbers = range(number * BATCH, (number + 1) * BATCH)
    return pa.table(
        {
            "id": [f"4601001990{n % 12 + 1:02}{n % 28 + 1:02}{n % 10000:04}" for n in numbers],
            "name": [f"测试{chr(0x4E00 + n * 7 % 5000)}{chr(0x4E00 + n * 13 % 5000)}" for n in numbers],
            "sex": [str(1 + n % 2) for n in numbers],
            "born": [f"19{50 + n % 50}-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in numbers],
            "division": [f"4601{n % 100:02}" for n in numbers],
            "address": [f"海口市龙华区示例路{n % 997}号{n % 31}室" for n in numbers],
            "phone": [f"139{n * 7919 % 100_000_000:08}" for n in numbers],
            "opened": [f"2026-01-{n % 28 + 1:02}T08:{n % 60:02}:00+08:00" for n in numbers],
            "amount": [f"{n * 37 % 1_000_000}.{n % 100:02}" for n in numbers],
            "state": ["valid" if n % 50 else "cancelled" for n in numbers],
        }
    )


def arrow(table: Any) -> bytes:
    """The batch as a file for the line."""
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def text(table: Any) -> bytes:
    """The batch as COPY reads it."""
    import pyarrow.csv

    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(include_header=False))
    return sink.getvalue()


def node() -> None:
    """The program of both nodes: the centre applies batches, the department makes and sends them."""
    import django

    from tests.faults import node as program

    django.setup()
    from tongban.data.transport import api as transport
    from tongban.data.transport.data import Kind, Message, Outcome

    @transport.receives("bench.rows")
    def take(message: Message) -> Outcome:
        import pyarrow as pa
        from django.db import connection

        table = pa.ipc.open_file(pa.BufferReader(message.body)).read_all()
        with connection.cursor() as cursor, cursor.copy(COPY.format("ours")) as copy:
            copy.write(text(table))
        return Outcome()

    def go(start: str, count: str) -> None:
        from django.db import transaction

        for number in range(int(start), int(start) + int(count)):
            with transaction.atomic():
                transport.send("centre", Kind.DATA, "bench.rows", arrow(batch(number)), schema="rows/1")

    def prepared(start: str, count: str) -> None:
        """As `go`, with the rows made before the clock starts: what a source gives is not ours to measure."""
        from django.db import connection, transaction

        tables = [batch(number) for number in range(int(start), int(start) + int(count))]
        connection.ensure_connection()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        for table in tables:
            with transaction.atomic():
                transport.send("centre", Kind.DATA, "bench.rows", arrow(table), schema="rows/1")
        sys.stdin.readline()  # the end of this process is not ours to measure either

    verb, *rest = sys.argv[1:]
    if verb in ("go", "prepared"):
        {"go": go, "prepared": prepared}[verb](*rest)
    else:
        program.main()


def main() -> int:
    """Rounds of the limit and ours in turn."""
    import subprocess

    import django
    import psycopg

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.faults.settings")
    django.setup()
    from tests.faults.province import ROOT, WORD, province

    from .measure import Result, say

    result = Result("g4", "rows/s", "ratio >= 0.5 of COPY, signed and encrypted; one kill -9: none lost, none doubled")
    with province("tax", program="bench.g4") as made:
        centre, tax = made.nodes["centre"], made.nodes["tax"]
        count = ROWS // BATCH
        whole = b"".join(text(batch(number)) for number in range(count))
        with (
            psycopg.connect(centre.server.url(password=WORD), autocommit=True) as connection,
            psycopg.connect(tax.server.url(password=WORD), autocommit=True) as outbox,
        ):
            connection.execute(TABLE.format("ours"))
            connection.execute(TABLE.format("plain"))

            def plain() -> float:
                connection.execute("TRUNCATE rows_plain")
                began = time.perf_counter()
                with connection.cursor() as cursor, cursor.copy(COPY.format("plain")) as copy:
                    copy.write(whole)
                return ROWS / (time.perf_counter() - began)

            def processed() -> int:
                ended = "SELECT count(*) FROM transport_outbox WHERE business = 'bench.rows' AND stage = 'processed'"
                (found,) = outbox.execute(ended).fetchall()
                return int(found[0])

            def ours(kill: bool = False) -> float:
                connection.execute("TRUNCATE rows_ours")
                before = processed()
                sender = subprocess.Popen(
                    tax.command("prepared", "0", str(count)), env=tax.environment, cwd=ROOT,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                )  # fmt: skip
                assert sender.stdin
                assert sender.stdout
                sender.stdout.readline()
                began = time.perf_counter()
                sender.stdin.write(b"\n")
                sender.stdin.flush()
                if kill:
                    time.sleep(0.4)
                    centre.kill()
                while processed() < before + count:
                    time.sleep(0.02)
                took = time.perf_counter() - began
                sender.communicate()
                (found,) = connection.execute("SELECT count(*) FROM rows_ours").fetchall()
                assert found == (ROWS,), f"{found[0]} rows of {ROWS}"
                return took

            ours()
            for number in range(ROUNDS):
                pair = [(result.limit, plain), (result.ours, lambda: ROWS / ours())]
                for into, work in pair if number % 2 else pair[::-1]:
                    into.append(work())
                say(f"g4 round {number + 1}: ours {result.ours[-1]:.0f}/s, COPY {result.limit[-1]:.0f}/s")
            killed = ours(kill=True)
            result.extra = {"killed once, seconds": round(killed, 1), "rows after kill -9": ROWS}
    return 0 if result.finish(lambda ratio, _floor: ratio >= 0.5) else 1


if __name__ == "__main__":
    if len(sys.argv) > 1:
        node()
    else:
        sys.exit(main())

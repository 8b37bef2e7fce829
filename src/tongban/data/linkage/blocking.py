"""Which pairs are worth comparing: candidates share something that few rows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from .records import Field, words_of

_MOST_SHARED = 60  # rows with the same word, above which the word says nothing
_RARE_WORDS = 6


@dataclass(frozen=True)
class Block:
    """A condition under which two rows of a table are compared: equal values of these SQL expressions of one row."""

    label: str
    expressions: tuple[str, ...]
    fields: frozenset[str]  # those that the expressions are made of: they cannot be learned there
    table: str = "rows"

    def keys(self, prefix: str = "") -> list[str]:
        """The expressions of the row that the prefix (`l.`) names."""
        return [f"({e.replace('@', prefix)})" for e in self.expressions]

    def pairs(self, linked: bool, table: str = "", share: int = 1) -> str:
        """SQL: the pairs `l`, `r` of rows of the table; or of those that one of so many parts of the keys has."""
        some = f"WHERE hash({', '.join(self.keys())}) % {share} = 0" if share > 1 else ""
        equal = [f"{a} = {b}" for a, b in zip(self.keys("l."), self.keys("r."), strict=True)]
        equal.append("l.side < r.side" if linked else "l.row < r.row")
        rows = f"(FROM {table or self.table} {some})"
        return f"SELECT l.row AS l, r.row AS r FROM {rows} l JOIN {rows} r ON {' AND '.join(equal)}"


RARE_WORD = Block("a rare word", ("@word",), frozenset(), "rare")


def candidates(fields: list[Field]) -> Iterator[Block]:
    """Blocks that these fields allow, strongest first. `@` in an expression stands for the row."""
    names = {f.name: f.compared for f in fields}
    alone = [n for n, kind in names.items() if kind in ("number", "email")]
    people = [n for n, kind in names.items() if kind in ("name", "organisation")]
    dates = [n for n, kind in names.items() if kind == "date"]
    places = [n for n, kind in names.items() if kind in ("code", "word")]
    texts = [n for n, kind in names.items() if kind == "text"]
    for name in alone + texts:
        yield Block(name, (f'@"{name}"',), frozenset({name}))
    for n, one in enumerate(people):
        for two in people[n + 1 :]:
            yield Block(f"{one} and {two}", (f'@"{one}"', f'@"{two}"'), frozenset({one, two}))
            yield Block(f"the sound of {one} and {two}", (f'@"{one}_sound"', f'@"{two}_sound"'), frozenset({one, two}))
    if {"given_name", "family_name"} <= names.keys():
        both = 'list_sort([@"given_name", @"family_name"])::VARCHAR'
        yield Block("the names in any order", (both,), frozenset({"given_name", "family_name"}))
    for one in people:
        for two in dates:
            yield Block(f"the sound of {one} and {two}", (f'@"{one}_sound"', f'@"{two}"'), frozenset({one, two}))
            begin = f'@"{one}"[1:2]'
            yield Block(f"the begin of {one} and {two}", (begin, f'@"{two}"'), frozenset({one, two}))
            yield Block(f"{one} and the year of {two}", (f'@"{one}"', f'@"{two}"[1:4]'), frozenset({one, two}))
            yield Block(f"{one} and the day of {two}", (f'@"{one}"', f'@"{two}"[5:]'), frozenset({one, two}))
        for two in texts:
            yield Block(f"the sound of {one} and {two}", (f'@"{one}_sound"', f'@"{two}"'), frozenset({one, two}))
        for two in places:
            yield Block(f"the sound of {one} and {two}", (f'@"{one}_sound"', f'@"{two}"'), frozenset({one, two}))
            yield Block(f"the begin of {one} and {two}", (f'@"{one}"[1:3]', f'@"{two}"'), frozenset({one, two}))
        yield Block(one, (f'@"{one}"',), frozenset({one}))
        yield Block(f"the sound of {one}", (f'@"{one}_sound"',), frozenset({one}))
    for one in dates:
        yield Block(one, (f'@"{one}"',), frozenset({one}))
        for two in texts + places:
            yield Block(f"{one} and {two}", (f'@"{one}"', f'@"{two}"'), frozenset({one, two}))
    for n, one in enumerate(places):
        for two in places[n + 1 :]:
            yield Block(f"{one} and {two}", (f'@"{one}"', f'@"{two}"'), frozenset({one, two}))
    yield RARE_WORD


def pairs_in(connection: duckdb.DuckDBPyConnection, block: Block, table: str, linked: bool) -> int:
    """How many pairs a block makes of the rows of the table."""
    keys = ", ".join(f"{key} AS k{n}" for n, key in enumerate(block.keys()))
    names = ", ".join(f"k{n}" for n in range(len(block.expressions)))
    known = " AND ".join(f"k{n} IS NOT NULL" for n in range(len(block.expressions)))
    count = "sum(a * b)" if linked else "sum((a + b) * (a + b - 1) / 2)"
    counted = (
        "SELECT count(*) FILTER (side = 0) AS a, count(*) FILTER (side = 1) AS b "
        f"FROM (SELECT side, {keys} FROM {table}) WHERE {known} GROUP BY {names}"
    )
    return int(connection.execute(f"SELECT {count} FROM ({counted})").fetchall()[0][0] or 0)


def pairs_of(connection: duckdb.DuckDBPyConnection, blocks: list[Block], linked: bool) -> int:
    """Makes the table `pairs` of the blocks, each pair once, as Splink wants it; answers how many they are."""
    each = " UNION ALL ".join(block.pairs(linked) for block in blocks)
    connection.execute(
        f"CREATE TABLE pairs AS SELECT '0' AS match_key, l AS join_key_l, r AS join_key_r FROM ({each}) GROUP BY l, r"
    )
    return int(connection.execute("SELECT count(*) FROM pairs").fetchall()[0][0])


def rare_words(connection: duckdb.DuckDBPyConnection, fields: list[Field]) -> None:
    """Makes the table `rare`: the rarest words of each row's names and texts that others have too."""
    sources = [words_of(f'"{f.name}"') for f in fields if f.compared in ("name", "organisation", "text")]
    sources += [f"string_split(\"{f.name}\", ' ')" for f in fields if f.compared == "word"]
    every = " UNION ALL ".join(f"SELECT row, side, unnest({source}) AS word FROM rows" for source in sources)
    connection.execute(f"""
        CREATE TABLE rare AS
        WITH every AS (SELECT DISTINCT row, side, word FROM ({every or "SELECT row, side, '' AS word FROM rows"})),
             counted AS (SELECT word, count(*) AS n FROM every GROUP BY word HAVING n BETWEEN 2 AND {_MOST_SHARED})
        SELECT row, side, word FROM every JOIN counted USING (word)
        QUALIFY row_number() OVER (PARTITION BY row ORDER BY n, word) <= {_RARE_WORDS}""")

"""Which pairs are worth comparing: candidates share something that few rows share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
from splink import block_on
from splink.internals.blocking_rule_creator import BlockingRuleCreator
from splink.internals.blocking_rule_library import CustomRule

from .records import Field, words_of

_MOST_SHARED = 60  # rows with the same word, above which the word says nothing
_RARE_WORDS = 6


@dataclass(frozen=True)
class Block:
    """A condition under which two rows are compared: equal values of these SQL expressions of one row."""

    label: str
    expressions: tuple[str, ...]
    fields: frozenset[str]  # those that agree for certain within the block: they cannot be learned there

    @property
    def rule(self) -> BlockingRuleCreator:
        """As Splink wants it."""
        if self is RARE_WORD:
            return block_on("rare", arrays_to_explode=["rare"])
        return CustomRule(
            " AND ".join(f"({e.replace('@', 'l.')}) = ({e.replace('@', 'r.')})" for e in self.expressions)
        )


RARE_WORD = Block("a rare word", ("unnest(@rare)",), frozenset())


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
            yield Block(f"the begin of {one} and {two}", (begin, f'@"{two}"'), frozenset({two}))
            yield Block(f"{one} and the year of {two}", (f'@"{one}"', f'@"{two}"[1:4]'), frozenset({one}))
            yield Block(f"{one} and the day of {two}", (f'@"{one}"', f'@"{two}"[5:]'), frozenset({one}))
        for two in places:
            yield Block(f"the sound of {one} and {two}", (f'@"{one}_sound"', f'@"{two}"'), frozenset({one, two}))
            yield Block(f"the begin of {one} and {two}", (f'@"{one}"[1:3]', f'@"{two}"'), frozenset({two}))
        yield Block(one, (f'@"{one}"',), frozenset({one}))
        yield Block(f"the sound of {one}", (f'@"{one}_sound"',), frozenset({one}))
    for one in dates:
        yield Block(one, (f'@"{one}"',), frozenset({one}))
        for two in places:
            yield Block(f"{one} and {two}", (f'@"{one}"', f'@"{two}"'), frozenset({one, two}))
    for n, one in enumerate(places):
        for two in places[n + 1 :]:
            yield Block(f"{one} and {two}", (f'@"{one}"', f'@"{two}"'), frozenset({one, two}))
    yield RARE_WORD


def pairs_in(connection: duckdb.DuckDBPyConnection, block: Block, tables: list[str]) -> int:
    """How many pairs a block makes."""
    keys = ", ".join(f"({e.replace('@', '')}) AS k{n}" for n, e in enumerate(block.expressions))
    names = ", ".join(f"k{n}" for n in range(len(block.expressions)))
    known = " AND ".join(f"k{n} IS NOT NULL" for n in range(len(block.expressions)))
    counted = [
        f"(SELECT {names}, count(*) AS n FROM (SELECT {keys} FROM {table}) WHERE {known} GROUP BY {names})"
        for table in tables
    ]
    if len(tables) == 1:
        sql = f"SELECT sum(n * (n - 1) / 2) FROM {counted[0]}"
    else:
        sql = f"SELECT sum(a.n * b.n) FROM {counted[0]} a JOIN {counted[1]} b USING ({names})"
    return int(connection.execute(sql).fetchall()[0][0] or 0)


def rare_words(
    connection: duckdb.DuckDBPyConnection, fields: list[Field], tables: list[str], wanted: bool = True
) -> None:
    """Give each row of the tables a list `rare`: the rarest words of its names and texts that others have too; an empty
    one where they are not `wanted`."""
    sources = [words_of(f) for f in fields if wanted and f.compared in ("name", "organisation", "text")]
    sources += [f"string_split(\"{f.name}\", ' ')" for f in fields if wanted and f.compared == "word"]
    every = (
        " UNION ALL ".join(
            f"SELECT '{table}' AS source, row, unnest({source}) AS word FROM {table}"
            for table in tables
            for source in sources
        )
        or "SELECT '' AS source, 0 AS row, '' AS word WHERE false"
    )
    connection.execute(f"""
        CREATE TEMP TABLE rare_words AS
        WITH every AS (SELECT DISTINCT source, row, word FROM ({every})),
             counted AS (SELECT word, count(*) AS n FROM every GROUP BY word HAVING n BETWEEN 2 AND {_MOST_SHARED})
        SELECT source, row, list(word ORDER BY n, word)[1:{_RARE_WORDS}] AS rare
        FROM every JOIN counted USING (word) GROUP BY source, row""").fetchall()
    for table in tables:
        connection.execute(f"""
            CREATE OR REPLACE TABLE {table} AS
            SELECT t.*, coalesce(r.rare, []::VARCHAR[]) AS rare
            FROM {table} t LEFT JOIN rare_words r ON r.source = '{table}' AND r.row = t.row""").fetchall()

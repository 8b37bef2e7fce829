"""Who compares: Splink on DuckDB in this process, or on Spark.

Either way DuckDB prepares the rows and finds the candidate pairs. What costs most and can be shared out, comparing the
pairs, is Spark's where it is asked for: rows and pairs go there and the evidence comes back as Arrow, so that its
machines need no folder in common with this one.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import duckdb
import pyarrow as pa
from django.utils.translation import gettext as _
from splink import DuckDBAPI, Linker, SettingsCreator

from .data import LinkError

if TYPE_CHECKING:
    from splink.internals.database_api import DatabaseAPI


class Engine(Protocol):
    """Where Splink compares."""

    def api(self) -> DatabaseAPI[Any]:
        """Splink's way to it."""

    def table(self, name: str) -> str:
        """The name there of a table of the preparing database."""

    def fetched(self, sql: str) -> pa.Table:
        """What a question in SQL answers."""

    def close(self) -> None:
        """Nothing more is asked."""


def compare(
    engine: Engine, rows: str, pairs: str, settings: SettingsCreator, wanted: str, common: Sequence[str] = ()
) -> pa.Table:
    """Splink's judgement of pairs of rows, both tables of the preparing database. `wanted` is SQL about the table `{}`
    of scored pairs; `common` the fields whose table `common_<field>` says how common each value is."""
    api = engine.api()
    judge = Linker([api.register(engine.table(rows))], settings, log_level=logging.CRITICAL)
    for name in common:
        judge.table_management.register_term_frequency_lookup(api.register(engine.table(f"common_{name}")), name)
    judge.table_management.register_blocked_pairs_for_predict(api.register(engine.table(pairs)))
    return engine.fetched(wanted.format(judge.inference.predict().physical_name))


class OnDuckDB:
    """The preparing database itself."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        for name, (ours, _theirs) in _LIKENESS.items():
            connection.execute(f"CREATE MACRO {name}(a, b) AS {ours}(a, b)")

    def api(self) -> DatabaseAPI[Any]:
        return DuckDBAPI(self.connection)

    def table(self, name: str) -> str:
        return name

    def fetched(self, sql: str) -> pa.Table:
        return self.connection.sql(sql).to_arrow_table()

    def close(self) -> None:
        pass


class OnSpark:
    """A session of Spark, with Splink's functions and ours. What a site wants of it otherwise (memory, shuffles) is
    said where Spark looks for it, in `spark-defaults.conf`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, master: str) -> None:
        self.connection = connection
        self.session = _session("local[*]" if master == "spark" else master)
        from splink import SparkAPI

        self.splink = SparkAPI(spark_session=self.session, break_lineage_method="persist")  # type: ignore[no-untyped-call]
        for name, (_ours, theirs) in _LIKENESS.items():
            self.session.sql(
                f"CREATE OR REPLACE TEMPORARY FUNCTION {name}(a STRING, b STRING) RETURNS DOUBLE "
                f"RETURN {theirs}({_BYTES})"
            )

    def api(self) -> DatabaseAPI[Any]:
        return self.splink

    def table(self, name: str) -> str:
        rows = self.connection.table(name).to_arrow_table()
        self.session.createDataFrame(rows).createOrReplaceTempView(name)
        return name

    def fetched(self, sql: str) -> pa.Table:
        return self.session.sql(sql).toArrow()

    def close(self) -> None:
        self.session.stop()


def _session(master: str) -> Any:
    try:
        from pyspark.sql import SparkSession  # type: ignore[import-not-found]
        from splink.internals.spark.jar_location import similarity_jar_location
    except ImportError as error:
        raise LinkError(_("Spark is not installed: pip install -r requirements/spark.txt")) from error
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise LinkError(_("Spark needs Java 17 or newer, which is not installed: apt install openjdk-17-jre-headless"))
    wanted = {
        "spark.jars": similarity_jar_location(),
        "spark.sql.ansi.enabled": "false",  # nothing divided by nothing is unknown, as in DuckDB
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        wanted |= {"spark.sql.shuffle.partitions": str(2 * (os.cpu_count() or 1)), "spark.driver.memory": "2g"}
    try:
        return SparkSession.builder.appName("tongban link").master(master).config(map=wanted).getOrCreate()
    except Exception as error:  # of many kinds: an old Java, no such master
        raise LinkError(_("Spark cannot be started: {error}").format(error=error)) from error


# What comparing calls, and what it is in DuckDB and in Spark. DuckDB measures likeness in bytes, of which a Chinese
# character has three; Spark's functions measure characters.
_LIKENESS = {
    "bytes_jaro_winkler": ("jaro_winkler_similarity", "jaro_winkler"),
    "bytes_jaro": ("jaro_similarity", "jaro_sim"),
    "bytes_jaccard": ("jaccard", "jaccard"),
    "bytes_levenshtein": ("levenshtein", "levenshtein"),
    "bytes_damerau": ("damerau_levenshtein", "damerau_levenshtein"),
}
_BYTES = ", ".join(f"decode(encode({each}, 'UTF-8'), 'ISO-8859-1')" for each in "ab")


def engine(connection: duckdb.DuckDBPyConnection, name: str) -> Engine:
    """The engine of this name."""
    return OnDuckDB(connection) if name == "duckdb" else OnSpark(connection, name)

"""Tables and views of a department's database, read as a stream; no SQL of ours but plain selections."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ..data import BATCH_ROWS, Change, ChangeBy, Counts, Place, Row, SourceChanged
from ..databases import engine, kind_of, reflected
from ..mapping import CONTROL
from . import Numbered, Source, sources
from .headers import gone

WAITING, DONE, FAILED, TAKING = 0, 1, 2, 3  # cd_status; the fourth while a run takes them


class Sql(Source):
    """One table or view."""

    def __init__(self, engine: sa.Engine, table: sa.Table) -> None:
        self.engine, self.table = engine, table

    def shape(self) -> dict[str, str]:
        return {column.name: kind_of(column) for column in self.table.columns}

    def rows(self, columns: Sequence[str], counts: Counts, change: Change, mark: Any) -> Iterator[Numbered]:
        known = self.table.columns.keys()
        wanted = [*columns, *(CONTROL if change.by is ChangeBy.CONTROL else [change.column] if change.column else [])]
        if missing := [name for name in wanted if name not in known]:
            raise SourceChanged(gone(self.table.name, missing, [name for name in known if name not in wanted]))
        chosen = sa.select(*(self.table.c[name] for name in dict.fromkeys(wanted)))
        if change.by is ChangeBy.CONTROL:
            self._take()
            chosen = chosen.where(self.table.c.cd_status == TAKING)
            chosen = chosen.order_by(self.table.c.cd_time, self.table.c.cd_batch)
        elif change.by is ChangeBy.COLUMN:
            column = self.table.c[change.column]
            if mark is not None:
                chosen = chosen.where(column >= _before(_marked(column, mark), change.overlap))
            chosen = chosen.order_by(column)
        with self.engine.connect() as connection:
            found = connection.execution_options(stream_results=True, yield_per=BATCH_ROWS).execute(chosen)
            for number, row in enumerate(found.mappings(), 1):
                yield number, dict(row)

    def _take(self) -> None:
        """Rows that wait are marked first, so that those added while we read are not taken for read."""
        status = self.table.c.cd_status
        with self.engine.begin() as connection:
            connection.execute(self.table.update().where(status == WAITING).values(cd_status=TAKING))

    def taken(self, faulty: Sequence[Row]) -> None:
        status = self.table.c.cd_status
        with self.engine.begin() as connection:
            for row in faulty:
                own = [self.table.c[name] == cell for name, cell in row.items() if name != "cd_status"]
                connection.execute(self.table.update().where(status == TAKING, *own).values(cd_status=FAILED))
            connection.execute(self.table.update().where(status == TAKING).values(cd_status=DONE))


def _marked(column: sa.Column[Any], mark: str | int) -> Any:
    kind = column.type.python_type
    if kind is datetime:
        return datetime.fromisoformat(str(mark))
    if kind is date:
        return date.fromisoformat(str(mark))
    return kind(mark)


def _before(mark: Any, overlap: int) -> Any:
    if isinstance(mark, date):  # and a datetime, which is one
        return mark - timedelta(seconds=overlap)
    return mark - overlap if overlap and not isinstance(mark, str) else mark


@sources("sql")
@contextmanager
def open_sql(place: Place, columns: Collection[str]) -> Iterator[Sql]:
    """A table of a database."""
    with engine(place) as found:
        yield Sql(found, reflected(found, place.get("table")))

"""A block of a delivery on its way to the database: what is there already is left out, the rest is judged and sealed.

    lines -> changed lines -> columns -> good rows, one a number -> sealed -> CSV for COPY

A line that wrote a row has left its keyed hash with it (`line_hash`). Whoever changes the row afterwards removes it, so
a line whose hash is in the register would change nothing: it is not even taken apart.
"""

from __future__ import annotations

import hashlib
import secrets
from binascii import hexlify
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from tongban.base.kernel.api import mask
from tongban.trust.identity.api import index_of, indexes_of
from tongban.trust.keys.api import Sealer

from .data import BulkFinding, RegisterDefinition
from .lines import Unreadable, lines_of, table_of
from .quality import SAMPLES, Mask, Rules

HASH = 16  # bytes


class Hashes:
    """A set of keyed hashes, 16 bytes each: a tenth of what Python's own set would take."""

    def __init__(self, joined: bytes = b"") -> None:
        pairs = _pairs(joined)
        self._first, self._second = pairs[pairs[:, 0].argsort()].T

    def __len__(self) -> int:
        return len(self._first)

    def have(self, joined: bytes) -> Mask:
        """Which of these hashes are in the set. (Two with the same first half: one of them is not found.)"""
        pairs = _pairs(joined)
        if not len(self):
            return np.zeros(len(pairs), np.bool_)
        at = self._first.searchsorted(pairs[:, 0]).clip(max=len(self) - 1)
        found: Mask = (self._first[at] == pairs[:, 0]) & (self._second[at] == pairs[:, 1])
        return found


def _pairs(joined: bytes) -> NDArray[np.uint64]:
    return np.frombuffer(joined, np.uint64).reshape(-1, 2)


@dataclass(frozen=True)
class Block:
    """Rows ready for COPY, `numbers` saying which of the delivery's they are, and what became of the others."""

    received: int
    refused: int
    repeated: int
    findings: list[BulkFinding]
    numbers: NDArray[np.intp]
    text: bytes


class Stage:
    """What the blocks of one delivery go through, to the columns of the staging table: those delivered, the look-up
    hashes of sealed ones, `id`, `line_hash`."""

    def __init__(self, register: RegisterDefinition, delivered: Sequence[str]) -> None:
        self.register, self.delivered = register, list(delivered)
        self.sealed = [field for field in register.sealed if field.name in delivered]
        # Keys are opened here: the rest is done beside the database's connection, which is then busy.
        self.sealers = {field.name: Sealer(field.sealed) for field in self.sealed}
        self.rules = Rules(register, dict.fromkeys(delivered))
        self.known, self.ids, self.seen = Hashes(), Ids(), 0
        # The hash of a line holds for these columns under this definition, and for nobody without the key (T39).
        meaning = f"{register.key}|{register.text}|{self.rules.codes}|{self.delivered}"
        self._hash = hashlib.blake2b(key=index_of("line", meaning), digest_size=HASH)

    def block(self, text: bytes) -> Block:
        """The next whole lines of the delivery. `Unreadable` with the line."""
        lines, start = lines_of(text), self.seen + 1
        self.seen += len(lines)
        hashes = self._hashes(lines)
        numbers = np.flatnonzero(~self.known.have(hashes))
        if not len(numbers):
            return Block(len(lines), 0, 0, [], numbers, b"")
        table = self._table([lines[at] for at in numbers] if len(numbers) < len(lines) else lines, numbers + start)
        findings, bad = self._judged(table)
        good = np.flatnonzero(~bad)
        made = self._looked_up(table.take(good) if bad.any() else table)
        if (order := self._order(made)) is not None:
            made, good = made.take(order), good[order]
        made, numbers = self._sealed(made), numbers[good]
        own = np.frombuffer(hashes, f"V{HASH}")[numbers].tobytes()
        made = made.append_column("id", _fixed(self.ids.draw(len(good)), Ids.SIZE))
        made = made.append_column("line_hash", _bytea(_fixed(own, HASH)))
        refused = int(bad.sum())
        repeated = len(table) - refused - len(good)
        return Block(len(lines), refused, repeated, findings, numbers + start, _csv(made))

    def _hashes(self, lines: list[bytes]) -> bytes:
        begin, made = self._hash.copy, []
        for line in lines:
            one = begin()
            one.update(line)
            made.append(one.digest())
        return b"".join(made)

    def _table(self, lines: list[bytes], numbers: NDArray[np.intp]) -> pa.Table:
        try:
            return table_of(lines, self.delivered)
        except Unreadable as error:
            (at,) = error.args
            raise Unreadable(f"row {numbers[at - 1]}" if isinstance(at, int) else at) from None

    def _judged(self, table: pa.Table) -> tuple[list[BulkFinding], Mask]:
        """What is wrong, and which rows are kept out for it."""
        bad = np.zeros(len(table), np.bool_)
        findings = []
        for field, rule, level, broken in self.rules.broken(table):
            rows = np.flatnonzero(broken)
            samples = tuple(self._samples(table.take(rows[:SAMPLES])))
            findings.append(BulkFinding(field.name, rule, level, len(rows), samples))
            if level == "error":
                bad |= broken
        return findings, bad

    def _samples(self, table: pa.Table) -> Iterator[str]:
        """What tells the sender which row it was; masked where it is sealed, for reports are kept and passed on."""
        field = self.register.field(self.register.natural_key[0])
        for text in table[field.name].to_pylist():
            yield mask(text, "number") if text and field.sealed else text or ""

    def _looked_up(self, table: pa.Table) -> pa.Table:
        """With the look-up hashes of sealed fields, in hexadecimal digits."""
        for field in self.sealed:
            texts = table[field.name].combine_chunks()
            hashes = indexes_of(field.sealed, texts.drop_null().to_pylist())
            table = table.append_column(field.lookup, _hex(b"".join(hashes), _sizes(texts, hashes)))
        return table

    def _order(self, table: pa.Table) -> NDArray[np.intp] | None:
        """Rows by their natural key, of several with one number the last; None where they are so already. An index
        takes neighbours at half the price, and look-up hashes come in no order."""
        keys = self._keys(table, "\0")  # which stands in no text of PostgreSQL
        if pc.all(pc.less(keys[:-1], keys[1:]), min_count=0).as_py():
            return None
        order = pc.sort_indices(keys)
        keys = keys.take(order)
        last = np.append(pc.not_equal(keys[:-1], keys[1:]).to_numpy(zero_copy_only=False), True)
        chosen: NDArray[np.intp] = order.to_numpy()[last]
        return chosen

    def _keys(self, table: pa.Table, between: str) -> pa.Array:
        return pc.binary_join_element_wise(*(table[name] for name in self.register.keys), between).combine_chunks()

    def _sealed(self, table: pa.Table) -> pa.Table:
        """Sealed fields as ciphertext, bound to the row."""
        rows, place = self._keys(table, "|"), f"registers.{self.register.key}"
        for field in self.sealed:
            texts = table[field.name].combine_chunks()
            named, present = rows.filter(texts.is_valid()), texts.drop_null()
            cells = self.sealers[field.name].seal(place, field.name, _bytes(named), _bytes(present))
            table = _with(table, field.name, _bytea(_hex(b"".join(cells), _sizes(texts, cells))))
            table = _with(table, field.lookup, _bytea(table[field.lookup]))
        return table


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, column)


def _bytes(texts: pa.Array) -> list[bytes]:
    made: list[bytes] = texts.cast(pa.binary()).to_pylist()
    return made


def _sizes(texts: pa.Array, cells: list[bytes]) -> NDArray[np.int32]:
    """How many bytes there are for each text; -1 where there is none."""
    sizes = np.full(len(texts), -1, np.int32)
    sizes[texts.is_valid().to_numpy(zero_copy_only=False)] = list(map(len, cells))
    return sizes


def _hex(joined: bytes, sizes: NDArray[np.int32]) -> pa.Array:
    """Values that stand one behind the other, each of so many bytes, in hexadecimal digits."""
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes.clip(0) * 2, out=offsets[1:])
    there = np.packbits(sizes >= 0, bitorder="little")
    return pa.StringArray.from_buffers(len(sizes), *map(pa.py_buffer, (offsets, hexlify(joined), there)))


def _fixed(joined: bytes, size: int) -> pa.Array:
    return _hex(joined, np.full(len(joined) // size, size, np.int32))


def _bytea(digits: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise("\\x", digits, "")


class Ids:
    """Opaque ids of 26 characters. A delivery begins anywhere among 2^103, each next id is a random step of up to 2^64
    further: nobody guesses one from another, and an index takes neighbours at half the price."""

    SIZE = 13  # bytes

    def __init__(self) -> None:
        self._high, self._low = np.uint64(secrets.randbits(39)), np.uint64(secrets.randbits(64))

    def draw(self, count: int) -> bytes:
        """The next ids, ascending, one behind the other."""
        made = np.empty((count, 2), ">u8")
        low = np.frombuffer(secrets.token_bytes(8 * count), np.uint64).cumsum() + self._low
        carried = (low < np.concatenate(([self._low], low[:-1]))).cumsum(dtype=np.uint64)
        made[:, 0], made[:, 1] = self._high + carried, low
        if count:
            self._high, self._low = self._high + carried[-1], low[-1]
        return made.view(np.uint8).reshape(count, 16)[:, 16 - self.SIZE :].tobytes()


def _csv(table: pa.Table) -> bytes:
    """As CSV, without quotes where no value needs them: they are a tenth of what the database has to read."""
    try:
        return _written(table, "none")
    except pa.ArrowInvalid:
        return _written(table, "needed")


def _written(table: pa.Table, quoting: Literal["none", "needed"]) -> bytes:
    sink = pa.BufferOutputStream()
    pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(include_header=False, quoting_style=quoting))
    text: bytes = sink.getvalue().to_pybytes()
    return text

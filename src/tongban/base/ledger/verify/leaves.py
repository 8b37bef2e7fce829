"""Leaves against what was sealed: which one was altered, is missing, was put in, moved or back-dated."""

from __future__ import annotations

import bisect
import hashlib
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .heads import Head
from .report import SLACK, Report
from .tree import SIZE, Tree

EVENT, INDEX, SEQ = b'{"event":', b',"index":', b',"seq":'


@dataclass
class Leaves:
    """What was read of the leaves: their hashes as recomputed, and where each claims to stand."""

    hashes: bytearray = field(default_factory=bytearray)
    places: array[int] = field(default_factory=lambda: array("q"))
    seqs: array[int] = field(default_factory=lambda: array("q"))

    def read(self, lines: Iterable[bytes], algorithm: str, heads: Sequence[Head], report: Report) -> None:
        """One line is `{"event":{...},"index":12,"seq":15}`; its event is hashed as it stands."""
        new = hashlib.sha256 if algorithm == "sha256" else lambda data: hashlib.new("sm3", data)
        step = _Moments(heads, report)
        for line in lines:
            cut = line.rfind(INDEX)
            if not line.startswith(EVENT) or not line.endswith(b"}\n"):
                raise ValueError("a line of the leaves is broken")
            index, seq = map(int, line[cut + len(INDEX) : -2].split(SEQ))
            event = line[len(EVENT) : cut]
            if event == b"null":
                self.hashes += bytes(SIZE)
            else:
                self.hashes += new(b"\x00" + event).digest()
                step.check(event[7:34], index, seq)
            self.places.append(index)
            self.seqs.append(seq)


class _Moments:
    """Whether each leaf's moment and number fit the heads around it: what a back-dated insertion cannot do.

    A head says which numbers had been given out (`drawn`) and up to which none could come any more (`complete`).
    """

    def __init__(self, heads: Sequence[Head], report: Report) -> None:
        self.heads, self.report, self.at = heads, report, 0
        self.sizes, self.drawn = [h.size for h in heads], [h.drawn for h in heads]
        self.times = [(h.at - SLACK).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode() for h in heads]
        self.ends = [(h.at + SLACK * 12).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode() for h in heads]

    def check(self, at: bytes, index: int, seq: int) -> None:
        while self.at < len(self.sizes) and self.sizes[self.at] <= index:
            self.at += 1
        here = self.at
        if here < len(self.ends) and at > self.ends[here]:
            self.report.add("leaf.postdated", f"leaf {index} bears a time after it was sealed", index, seq)
        if not here or here > len(self.times) or (self.times[here - 1] <= at and seq > self.heads[here - 1].complete):
            return
        if seq <= self.heads[here - 1].complete:
            text = f"leaf {index} was put in afterwards: its number {seq} could not come any more"
            self.report.add("leaf.inserted", text, index, seq)
        earlier = bisect.bisect_left(self.drawn, seq, hi=here)
        if earlier and at < self.times[earlier - 1]:
            text = f"leaf {index} is back-dated: number {seq} was given out after the time it bears"
            self.report.add("leaf.backdated", text, index, seq)


def check_numbers(read: Leaves, begin: int, numbers: str, heads: Sequence[Head], report: Report) -> None:
    """Whether the leaves bear the numbers that were signed: each head carries a running hash over them."""
    seqs = array("q", read.seqs)
    if sys.byteorder == "little":
        seqs.byteswap()
    packed, at = seqs.tobytes(), begin
    for head in heads:
        part = packed[(at - begin) * 8 : (head.size - begin) * 8]
        numbers = hashlib.sha256(bytes.fromhex(numbers) + part).hexdigest()
        if numbers != head.numbers:
            report.add(
                "leaf.numbers", f"the numbers of the leaves from {at} to {head.size - 1} are not those signed", at
            )
            return
        at = head.size


def compare(read: Leaves, sealed: bytes, begin: int, report: Report) -> None:
    """Name each leaf that is not what was sealed: altered, missing, extra or moved."""
    if read.hashes == sealed and read.places == array("q", range(begin, begin + len(read.places))):
        return
    found = [bytes(read.hashes[i : i + SIZE]) for i in range(0, len(read.hashes), SIZE)]
    wanted = [sealed[i : i + SIZE] for i in range(0, len(sealed), SIZE)]
    home = {each: begin + i for i, each in enumerate(wanted)}
    spare, present, claimed = Counter(found) - Counter(wanted), set(found), set()
    order = [home[each] for each in found if each in home]
    moved = order != sorted(order)
    for each, index, seq in zip(found, read.places, read.seqs, strict=True):
        if not spare[each]:
            if moved and home[each] != index:
                report.add("leaf.moved", f"leaf {home[each]} stands in the place of leaf {index}", home[each], seq)
            continue
        spare[each] -= 1
        if each == bytes(SIZE):
            report.add("leaf.missing", f"leaf {index} (number {seq}) is missing", index, seq)
        elif begin <= index < begin + len(wanted) and wanted[index - begin] not in present and index not in claimed:
            report.add("leaf.altered", f"leaf {index} (number {seq}) was altered", index, seq)
        else:
            report.add("leaf.extra", f"a leaf that was never sealed calls itself {index} (number {seq})", index, seq)
        claimed.add(index)
    for at, each in enumerate(wanted, begin):
        if each not in present and at not in claimed:
            report.add("leaf.missing", f"leaf {at} is missing", at)
    if report.valid:
        report.add("leaf.moved", "leaves call themselves by other places than those they were sealed at")


def roots(sealed: bytes, tree: Tree, heads: Sequence[Head], report: Report | None, begin: int) -> bool:
    """Whether these hashes lead to the root of every head; the report names the span in which they cease to."""
    good = begin
    for head in sorted(heads, key=lambda each: each.size):
        if head.size < tree.size:
            continue
        part = sealed[(tree.size - begin) * SIZE : (head.size - begin) * SIZE]
        if len(part) != (head.size - tree.size) * SIZE:
            break
        tree.extend(part)
        if tree.root() != head.root:
            if report is not None:
                text = f"the leaves from {good} to {head.size - 1} do not lead to the root that was signed"
                report.add("tree.root", text, good)
            return False
        good = head.size
    return True

"""The tree of RFC 6962, as a verifier needs it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

SIZE = 32


def digest(algorithm: str) -> Callable[[bytes], bytes]:
    """SHA-256 or SM3. `ValueError` for anything else."""
    if algorithm not in ("sha256", "sm3"):
        raise ValueError(f"unknown hash {algorithm!r}")
    new = hashlib.sha256 if algorithm == "sha256" else lambda data: hashlib.new("sm3", data)
    return lambda data: new(data).digest()


class Tree:
    """A tree that grows to the right; it keeps one hash for each perfect subtree."""

    def __init__(self, algorithm: str, frontier: Sequence[bytes] = (), size: int = 0) -> None:
        self.hash = digest(algorithm)
        self.size = size
        levels = [level for level in range(size.bit_length() - 1, -1, -1) if size >> level & 1]
        self.stack = list(zip(levels, frontier, strict=True))

    def extend(self, leaves: bytes) -> None:
        """Append leaf hashes lying side by side, in the largest aligned blocks."""
        at, count = 0, len(leaves) // SIZE
        while at < count:
            level = (count - at).bit_length() - 1
            if self.size:
                level = min(level, (self.size & -self.size).bit_length() - 1)
            block = leaves[at * SIZE : (at + (1 << level)) * SIZE]
            while len(block) > SIZE:
                block = b"".join([self.hash(b"\x01" + block[i : i + 64]) for i in range(0, len(block), 64)])
            self._push(level, block)
            at += 1 << level

    def _push(self, level: int, node: bytes) -> None:
        self.size += 1 << level
        while self.stack and self.stack[-1][0] == level:
            node = self.hash(b"\x01" + self.stack.pop()[1] + node)
            level += 1
        self.stack.append((level, node))

    def root(self) -> bytes:
        nodes = [node for _level, node in self.stack]
        root = nodes.pop() if nodes else self.hash(b"")
        while nodes:
            root = self.hash(b"\x01" + nodes.pop() + root)
        return root


def root_of_path(algorithm: str, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that an audit path leads to (RFC 9162, 2.1.3.2). `ValueError` for a path of the wrong length."""
    combine, root, last, rest = digest(algorithm), leaf, size - 1, list(path)
    if not 0 <= index < size:
        raise ValueError("no such leaf in this tree")
    while last:
        if index & 1 or index < last:
            if not rest:
                raise ValueError("the path is too short")
            pair = rest.pop(0)
            root = combine(b"\x01" + pair + root) if index & 1 else combine(b"\x01" + root + pair)
        index, last = index >> 1, last >> 1
    if rest:
        raise ValueError("the path is too long")
    return root


def consistent(algorithm: str, old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new` leaves begins with that of `old` (RFC 9162, 2.1.4.2)."""
    if old == new:
        return old_root == new_root and not proof
    if old == 0:
        return not proof
    if old > new or not proof:
        return False
    combine, rest = digest(algorithm), list(proof)
    if old & (old - 1) == 0:
        rest.insert(0, old_root)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    left = right = rest[0]
    for node in rest[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            left, right = combine(b"\x01" + node + left), combine(b"\x01" + node + right)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            right = combine(b"\x01" + right + node)
        place, last = place >> 1, last >> 1
    return last == 0 and left == old_root and right == new_root

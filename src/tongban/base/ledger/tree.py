"""The Merkle tree of RFC 6962 (RFC 9162, 2.1) as arithmetic: which hashes make a root, a path, a proof.

Nothing here reads anything. A proof is a list of ranges of leaves; whoever keeps the hashes gives the root of each.
A range is answered from its perfect subtrees (`cover`), so every proof costs O(log n) hashes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

Range = tuple[int, int]  # leaves from, up to but without
Node = tuple[int, int]  # level (0: leaves) and index within the level: a perfect subtree of 2^level leaves

ALGORITHMS: dict[str, Callable[[bytes], bytes]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sm3": lambda data: hashlib.new("sm3", data).digest(),
}
SIZE = 32  # bytes of a hash, both algorithms


def leaf_hash(event: bytes, algorithm: str = "sha256") -> bytes:
    """Hash of one leaf: the prefix 0x00 keeps a leaf from passing for a node."""
    return ALGORITHMS[algorithm](b"\x00" + event)


def node_hash(left: bytes, right: bytes, algorithm: str = "sha256") -> bytes:
    """Hash of an inner node."""
    return ALGORITHMS[algorithm](b"\x01" + left + right)


def inclusion(index: int, size: int) -> list[Range]:
    """The audit path of a leaf, leaf to root (RFC 6962, 2.1.1). `ValueError` when there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    path: list[Range] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((begin, middle))
            begin = middle
    return path[::-1]


def consistency(old: int, new: int) -> list[Range]:
    """That the first `old` leaves of `new` are the tree of `old` (RFC 6962, 2.1.2). `ValueError` unless old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"no proof from a tree of {old} to one of {new}")
    proof: list[Range] = []
    begin, end, whole = 0, new, True
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append((middle, end))
            end = middle
        else:
            proof.append((begin, middle))
            begin, whole = middle, False
    if not whole:
        proof.append((begin, end))
    return proof[::-1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def cover(begin: int, end: int) -> list[Node]:
    """The largest perfect subtrees that together are the leaves from `begin` up to `end`, left to right."""
    nodes: list[Node] = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        if begin:
            level = min(level, (begin & -begin).bit_length() - 1)
        nodes.append((level, begin >> level))
        begin += 1 << level
    return nodes


def fold(hashes: Sequence[bytes], algorithm: str = "sha256") -> bytes:
    """The root over perfect subtrees of falling size: a range's `cover`, in its order. Of nothing: the empty hash."""
    if not hashes:
        return ALGORITHMS[algorithm](b"")
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root, algorithm)
    return root


def perfect(hashes: bytes, algorithm: str = "sha256") -> bytes:
    """The root over 2^k hashes lying side by side in one string."""
    digest = ALGORITHMS[algorithm]
    while len(hashes) > SIZE:
        pairs = range(0, len(hashes), 2 * SIZE)
        hashes = b"".join([digest(b"\x01" + hashes[at : at + 2 * SIZE]) for at in pairs])
    return hashes

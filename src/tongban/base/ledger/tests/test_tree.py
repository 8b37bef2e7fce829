"""The tree of RFC 6962 against a direct reading of its definition, and its proofs against an independent verifier."""

import hashlib
from itertools import pairwise

import pytest

from tongban.base.ledger.tree import ALGORITHMS, consistency, cover, fold, inclusion, leaf_hash, node_hash, perfect
from tongban.base.ledger.verify.tree import Tree, consistent, root_of_path

LEAVES = [leaf_hash(bytes([number])) for number in range(67)]


def root_by_definition(leaves: list[bytes]) -> bytes:
    if len(leaves) <= 1:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    cut = 1
    while cut * 2 < len(leaves):
        cut *= 2
    return node_hash(root_by_definition(leaves[:cut]), root_by_definition(leaves[cut:]))


def root_of(begin: int, end: int) -> bytes:
    return fold([perfect(b"".join(LEAVES[i << level : (i + 1) << level])) for level, i in cover(begin, end)])


def test_the_vectors_of_certificate_transparency() -> None:
    """Known answers used across implementations of RFC 6962."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = b"".join(leaf_hash(bytes.fromhex(text)) for text in inputs)
    tree = Tree("sha256")
    assert tree.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    tree.extend(leaves[:32])
    assert tree.root().hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    tree.extend(leaves[32:])
    assert tree.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def test_roots_paths_and_proofs_of_every_small_tree() -> None:
    for size in range(1, len(LEAVES) + 1):
        root = root_by_definition(LEAVES[:size])
        grown = Tree("sha256")
        grown.extend(b"".join(LEAVES[: size // 3]))
        grown.extend(b"".join(LEAVES[size // 3 : size]))
        assert root_of(0, size) == root == grown.root()
        for index in range(size):
            path = [root_of(*each) for each in inclusion(index, size)]
            assert root_of_path("sha256", LEAVES[index], index, size, path) == root
            proof = [root_of(*each) for each in consistency(index + 1, size)]
            assert consistent("sha256", index + 1, root_of(0, index + 1), size, root, proof)


def test_wrong_proofs_are_refused() -> None:
    old, new = root_of(0, 21), root_of(0, 50)
    proof = [root_of(*each) for each in consistency(21, 50)]
    wrong = [proof[:-1], [*proof, old], proof[::-1], [new, *proof[1:]], []]
    assert not any(consistent("sha256", 21, old, 50, new, each) for each in wrong)
    assert not consistent("sha256", 20, old, 50, new, proof)
    assert not consistent("sha256", 50, new, 21, old, proof)
    path = [root_of(*each) for each in inclusion(21, 50)]
    assert root_of_path("sha256", LEAVES[20], 21, 50, path) != new
    for each in (path[:-1], [*path, old]):
        with pytest.raises(ValueError):
            root_of_path("sha256", LEAVES[21], 21, 50, each)


def test_a_proof_costs_a_logarithm() -> None:
    size = 1_000_003
    for index in (0, 1, 524_287, 524_288, size - 1):
        assert sum(len(cover(*each)) for each in inclusion(index, size)) <= 40
        assert sum(len(cover(*each)) for each in consistency(index + 1, size)) <= 60
    assert all(one[0] > other[0] for one, other in pairwise(cover(0, size)))


def test_sm3_gives_the_standards_own_digest() -> None:
    assert ALGORITHMS["sm3"](b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"

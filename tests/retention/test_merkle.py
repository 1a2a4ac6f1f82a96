"""The Merkle tree against known answers, RFC 6962 section 2.1 written down naively, and forged proofs."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retention.errors import ProofError, TreeError
from retention.merkle import (
    EMPTY_ROOT,
    Fetch,
    Frontier,
    Node,
    consistency_proof,
    fetch_from_leaves,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)
from tests.retention.strategies import unhurried

# ------------------------------------------------------------------------- the reference: RFC 6962 2.1, word for word


def split(size: int) -> int:
    power = 1
    while power * 2 < size:
        power *= 2
    return power


def reference_root(entries: Sequence[bytes]) -> bytes:
    if not entries:
        return hashlib.sha256().digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + reference_root(entries[:k]) + reference_root(entries[k:])).digest()


def reference_path(m: int, entries: Sequence[bytes]) -> list[bytes]:
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*reference_path(m, entries[:k]), reference_root(entries[k:])]
    return [*reference_path(m - k, entries[k:]), reference_root(entries[:k])]


def reference_proof(m: int, entries: Sequence[bytes]) -> list[bytes]:
    return reference_subproof(m, entries, known=True) if m else []


def reference_subproof(m: int, entries: Sequence[bytes], *, known: bool) -> list[bytes]:
    if m == len(entries):
        return [] if known else [reference_root(entries)]
    k = split(len(entries))
    if m <= k:
        return [*reference_subproof(m, entries[:k], known=known), reference_root(entries[k:])]
    return [*reference_subproof(m - k, entries[k:], known=False), reference_root(entries[:k])]


# -------------------------------------------------------------------------------------------------------- known answers

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The inputs of the certificate-transparency project's reference tree."""

ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
H01 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
H23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
H47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
H4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
H45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
H67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"

INCLUSION = [
    (0, 1, []),
    (0, 2, [H01]),
    (1, 2, [ROOTS[1]]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [ROOTS[1], H23, H4]),
    (0, 8, [H01, H23, H47]),
    (5, 8, [H4, H67, ROOTS[4]]),
]
CONSISTENCY = [
    (1, 1, []),
    (0, 5, []),
    (1, 8, [H01, H23, H47]),
    (2, 5, [H23, H4]),
    (6, 8, [H45, H67, ROOTS[4]]),
]


def hashed(entries: Iterable[bytes]) -> list[bytes]:
    return [leaf_hash(entry) for entry in entries]


def fetch_of(entries: Sequence[bytes]) -> Fetch:
    leaves = hashed(entries)
    return fetch_from_leaves(lambda begin, end: leaves[begin:end])


def test_the_empty_tree() -> None:
    assert EMPTY_ROOT.hex() == root([]).hex() == Frontier().root().hex() == ROOTS[0]


@pytest.mark.parametrize("size", range(9))
def test_reference_tree_roots(size: int) -> None:
    assert root(hashed(LEAVES[:size])).hex() == ROOTS[size]
    assert reference_root(LEAVES[:size]).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSION)
def test_reference_tree_inclusion_proofs(index: int, size: int, proof: list[str]) -> None:
    found = inclusion_proof(index, size, fetch_of(LEAVES))
    assert [one.hex() for one in found] == proof
    verify_inclusion(leaf_hash(LEAVES[index]), index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_reference_tree_consistency_proofs(first: int, second: int, proof: list[str]) -> None:
    found = consistency_proof(first, second, fetch_of(LEAVES))
    assert [one.hex() for one in found] == proof
    verify_consistency(first, second, found, bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second]))


def test_a_leaf_is_not_a_node() -> None:
    """Without the two prefixes an inner node could be passed off as an entry (second preimage)."""
    left, right = hashed([b"a", b"b"])
    assert leaf_hash(left + right) != node_hash(left, right)
    assert leaf_hash(b"a") != hashlib.sha256(b"a").digest()


# ------------------------------------------------------------------------------------------------ against the reference

ENTRIES = st.lists(st.binary(max_size=8), max_size=70)


@unhurried
@given(ENTRIES)
def test_roots_are_the_references(entries: list[bytes]) -> None:
    assert root(hashed(entries)) == reference_root(entries)


@unhurried
@given(ENTRIES.filter(bool), st.data())
def test_inclusion_proofs_are_the_references_and_verify(entries: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    proof = inclusion_proof(index, len(entries), fetch_of(entries))
    assert proof == reference_path(index, entries)
    verify_inclusion(leaf_hash(entries[index]), index, len(entries), proof, reference_root(entries))


@unhurried
@given(ENTRIES, st.data())
def test_consistency_proofs_are_the_references_and_verify(entries: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(entries)))
    proof = consistency_proof(first, len(entries), fetch_of(entries))
    assert proof == reference_proof(first, entries)
    verify_consistency(first, len(entries), proof, reference_root(entries[:first]), reference_root(entries))


@unhurried
@given(ENTRIES, st.integers(0, 70))
def test_a_tree_goes_on_from_its_stored_state(entries: list[bytes], stop: int) -> None:
    stored = Frontier().extend(hashed(entries[:stop])).to_bytes()
    resumed = Frontier.from_bytes(stored).extend(hashed(entries[stop:]))
    assert resumed == Frontier().extend(hashed(entries))
    assert resumed.root() == reference_root(entries)
    assert resumed.size == len(entries)


@unhurried
@given(ENTRIES.filter(bool), st.data())
def test_stored_nodes_prove_the_same_as_leaves(entries: list[bytes], data: st.DataObject) -> None:
    """Proofs need only nodes that appending has reported as completed, and ask for them in one go."""
    tree, stored, asked = Frontier(), dict[Node, bytes](), list[Sequence[Node]]()
    for leaf in hashed(entries):
        tree, completed = tree.append(leaf)
        assert not stored.keys() & {node for node, _ in completed}
        stored.update(completed)

    def fetch(nodes: Sequence[Node]) -> list[bytes]:
        asked.append(nodes)
        return [stored[node] for node in nodes]

    size = data.draw(st.integers(1, len(entries)))
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert inclusion_proof(index, size, fetch) == reference_path(index, entries[:size])
    assert consistency_proof(first, size, fetch) == reference_proof(first, entries[:size])
    assert len(asked) <= 2
    assert sum(map(len, asked)) <= 4 * size.bit_length()


def test_a_large_tree_needs_few_hashes() -> None:
    tree = Frontier().extend(leaf_hash(b"%d" % n) for n in range(5_000))
    assert len(tree.hashes) == 5  # 5000 = 0b1001110001000
    assert len(tree.to_bytes()) == 8 + 5 * 32


# --------------------------------------------------------------------------------------------------------------- probes


@dataclass(frozen=True)
class Inclusion:
    leaf: bytes
    index: int
    size: int
    proof: tuple[bytes, ...]
    root: bytes

    def verify(self) -> None:
        verify_inclusion(self.leaf, self.index, self.size, self.proof, self.root)


@dataclass(frozen=True)
class Consistency:
    first: int
    second: int
    proof: tuple[bytes, ...]
    first_root: bytes
    second_root: bytes

    def verify(self) -> None:
        verify_consistency(self.first, self.second, self.proof, self.first_root, self.second_root)


def flips(value: bytes) -> list[bytes]:
    return [value[:at] + bytes([value[at] ^ 1 << bit]) + value[at + 1 :] for at in range(32) for bit in range(8)]


def altered_proofs(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """Every bit flipped, every hash left out, doubled or cut, neighbours swapped, something added."""
    found: list[tuple[bytes, ...]] = [(*proof, bytes(32)), (bytes(32), *proof), (*proof, EMPTY_ROOT)]
    for at, one in enumerate(proof):
        before, after = proof[:at], proof[at + 1 :]
        found += [(*before, other, *after) for other in (*flips(one), one[:-1], one + b"\x00", b"")]
        found += [(*before, *after), (*before, one, one, *after)]
        if after:
            found.append((*before, after[0], one, *after[1:]))
    return found


def path(index: int, size: int) -> list[bytes]:
    return reference_path(index, [b""] * size)


def refused(claim: Inclusion | Consistency) -> bool:
    try:
        claim.verify()
    except ProofError:
        return True
    return False


@pytest.mark.parametrize(("index", "size"), [(index, size) for size in range(1, 9) for index in range(size)])
def test_every_altered_inclusion_proof_is_refused(index: int, size: int) -> None:
    proof = tuple(inclusion_proof(index, size, fetch_of(LEAVES)))
    good = Inclusion(leaf_hash(LEAVES[index]), index, size, proof, reference_root(LEAVES[:size]))
    good.verify()
    probes = [Inclusion(good.leaf, index, size, other, good.root) for other in altered_proofs(proof)]
    probes += [Inclusion(other, index, size, proof, good.root) for other in (*flips(good.leaf), b"", good.leaf[1:])]
    probes += [Inclusion(good.leaf, index, size, proof, other) for other in (*flips(good.root), EMPTY_ROOT, b"")]
    probes += [Inclusion(good.leaf, other, size, proof, good.root) for other in range(-2, 20) if other != index]
    other_lengths = [other for other in range(-2, 20) if index >= other or len(path(index, other)) != len(proof)]
    probes += [Inclusion(good.leaf, index, other, proof, good.root) for other in other_lengths]
    assert [probe for probe in probes if not refused(probe)] == []


@pytest.mark.parametrize(("first", "second"), [(first, second) for second in range(9) for first in range(second + 1)])
def test_every_altered_consistency_proof_is_refused(first: int, second: int) -> None:
    proof = tuple(consistency_proof(first, second, fetch_of(LEAVES)))
    old, new = reference_root(LEAVES[:first]), reference_root(LEAVES[:second])
    Consistency(first, second, proof, old, new).verify()
    probes = [Consistency(first, second, other, old, new) for other in altered_proofs(proof)]
    probes += [Consistency(first, second, proof, other, new) for other in (*flips(old), b"", old[1:])]
    if first:  # whatever a tree is, it begins with the empty one: then the later root says nothing
        probes += [Consistency(first, second, proof, old, other) for other in (*flips(new), b"", new[1:])]
    probes += [Consistency(-1, second, proof, old, new), Consistency(second + 1, second, proof, old, new)]
    if first not in (0, second):
        probes += [Consistency(other, second, proof, old, new) for other in range(second + 2) if other != first]
        probes += [Consistency(first, second, proof, new, old), Consistency(second, first, proof, new, old)]
    assert [probe for probe in probes if not refused(probe)] == []


def test_bytes_moved_from_one_hash_to_its_neighbour_are_found() -> None:
    """They are hashed as one text: without a check of lengths 33 and 31 bytes verify where 32 and 32 do."""
    (sibling,) = inclusion_proof(0, 2, fetch_of(LEAVES))
    leaf, root_of_two = leaf_hash(LEAVES[0]), reference_root(LEAVES[:2])
    assert node_hash(leaf + sibling[:1], sibling[1:]) == root_of_two
    with pytest.raises(ProofError):
        verify_inclusion(leaf + sibling[:1], 0, 2, [sibling[1:]], root_of_two)
    with pytest.raises(ProofError):
        verify_consistency(1, 2, [sibling[1:]], leaf + sibling[:1], root_of_two)


@unhurried
@given(st.lists(st.binary(max_size=4), min_size=2, max_size=40, unique=True), st.data())
def test_an_entry_removed_changed_or_moved_is_found_by_the_old_head(entries: list[bytes], data: st.DataObject) -> None:
    first = data.draw(st.integers(1, len(entries)))
    victim = data.draw(st.integers(0, first - 1))
    tampered = data.draw(
        st.sampled_from(
            [
                [*entries[:victim], *entries[victim + 1 :], b"filler"],
                [*entries[:victim], entries[victim] + b"x", *entries[victim + 1 :]],
                [*entries[:victim], *reversed(entries[victim:])],
            ]
        )
    )
    if tampered[:first] == entries[:first]:
        return
    proof = consistency_proof(first, len(tampered), fetch_of(tampered))
    with pytest.raises(ProofError):
        verify_consistency(first, len(tampered), proof, reference_root(entries[:first]), reference_root(tampered))


# ------------------------------------------------------------------------------------------------------------ wrong use


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(TreeError):
        inclusion_proof(index, size, fetch_of(LEAVES))


@pytest.mark.parametrize(("first", "second"), [(-1, 3), (4, 3)])
def test_there_is_no_proof_for_a_tree_that_shrank(first: int, second: int) -> None:
    with pytest.raises(TreeError):
        consistency_proof(first, second, fetch_of(LEAVES))


@pytest.mark.parametrize(
    "answer",
    [lambda _: [], lambda nodes: [b"short" for _ in nodes], lambda nodes: [bytes(32) for _ in nodes] + [bytes(32)]],
)
def test_a_store_that_answers_nonsense_is_found_before_it_becomes_a_proof(answer: Fetch) -> None:
    with pytest.raises(TreeError):
        inclusion_proof(2, 5, answer)


@pytest.mark.parametrize("read", [lambda _begin, _end: [], lambda begin, end: [bytes(32)] * (end - begin + 1)])
def test_leaves_that_are_missing_or_too_many_are_found(read: Callable[[int, int], Iterable[bytes]]) -> None:
    with pytest.raises(TreeError, match="instead of"):
        inclusion_proof(2, 5, fetch_from_leaves(read))


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        bytes(7),
        (3).to_bytes(8, "big") + bytes(32),
        (3).to_bytes(8, "big") + bytes(95),
        (3).to_bytes(8, "big") + bytes(63),
        bytes(8) + bytes(32),
        (2).to_bytes(8, "big"),
    ],
)
def test_a_stored_state_that_was_cut_or_does_not_fit_its_size_is_refused(stored: bytes) -> None:
    with pytest.raises(TreeError):
        Frontier.from_bytes(stored)


def test_a_leaf_must_be_a_hash() -> None:
    with pytest.raises(TreeError):
        Frontier().append(b"the entry itself instead of its hash")

"""The audit log's Merkle tree: RFC 6962 section 2.1, RFC 9162 section 2.1, with SHA-256.

Leaves and inner nodes are hashed with different prefixes, so that neither can be passed off as the other; children keep
their order. This is not the hash tree of evidence records (RFC 4998), which sorts: do not mix them.

Nothing here holds the whole tree. A `Frontier` (the roots of the perfect subtrees, one for each one bit of the size) is
enough to go on appending; proofs fetch the few node hashes they need.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, NamedTuple, Self

from retention.errors import ProofError, TreeError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_SIZE_BYTES: Final = 8


class Node(NamedTuple):
    """A perfect subtree: at ``level`` 0 one leaf, above it the leaves position·2^level to (position+1)·2^level - 1."""

    level: int
    position: int


Fetch = Callable[[Sequence[Node]], Sequence[bytes]]
"""Answers the hashes of perfect subtrees, in the order asked. It is called once for each proof."""


def leaf_hash(entry: bytes) -> bytes:
    """H(0x00 ‖ entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """H(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """A tree as far as appending needs it: its size and the roots of its perfect subtrees, the largest first.

    A value: `append` and `extend` answer a new one. Store `to_bytes` and resume with `from_bytes`.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise TreeError(f"a tree of {self.size} leaves does not have {len(self.hashes)} perfect subtrees")
        if any(len(one) != HASH_BYTES for one in self.hashes):
            raise TreeError(f"a hash has {HASH_BYTES} bytes")

    def append(self, leaf: bytes) -> tuple["Frontier", list[tuple[Node, bytes]]]:
        """Add one leaf hash.

        Returns:
            The new frontier, and the perfect subtrees that this leaf completed (itself first, one for each trailing one
            bit of the old size). Whoever stores them can answer `Fetch` without reading leaves again.
        """
        hashes, node, carried = list(self.hashes), Node(0, self.size), leaf
        completed = [(node, carried)]
        while node.position & 1:
            node, carried = Node(node.level + 1, node.position >> 1), node_hash(hashes.pop(), carried)
            completed.append((node, carried))
        return Frontier(self.size + 1, (*hashes, carried)), completed

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """Add leaf hashes in order."""
        return reduce(lambda tree, leaf: tree.append(leaf)[0], leaves, self)

    def root(self) -> bytes:
        """The tree head's hash; `EMPTY_ROOT` for no leaves."""
        return _fold(self.hashes) if self.hashes else EMPTY_ROOT

    def to_bytes(self) -> bytes:
        """The size as eight bytes, big-endian, then the hashes."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """Resume from what `to_bytes` wrote.

        Raises:
            TreeError: The bytes are cut off or do not fit the size they name. That they are the *right* hashes only a
                comparison with a signed head can tell.
        """
        if len(stored) < _SIZE_BYTES or (len(stored) - _SIZE_BYTES) % HASH_BYTES:
            raise TreeError(f"a stored frontier cannot have {len(stored)} bytes")
        hashes = tuple(stored[at : at + HASH_BYTES] for at in range(_SIZE_BYTES, len(stored), HASH_BYTES))
        return cls(int.from_bytes(stored[:_SIZE_BYTES], "big"), hashes)


def root(leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in one pass with a frontier's memory."""
    return Frontier().extend(leaves).root()


def inclusion_proof(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """PATH(index, D[size]) of RFC 6962 section 2.1.1: the siblings from the leaf up to the root.

    Raises:
        TreeError: There is no such leaf in a tree of that size, or ``fetch`` answered something else than hashes.
    """
    if not 0 <= index < size:
        raise TreeError(f"a tree of {size} leaves has no leaf {index}")
    siblings: list[tuple[int, int]] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((begin, middle))
            begin = middle
    return _roots(siblings[::-1], fetch)


def consistency_proof(first: int, second: int, fetch: Fetch) -> list[bytes]:
    """PROOF(first, D[second]) of RFC 6962 section 2.1.2: the later tree begins with the earlier one.

    Empty where there is nothing to show: equal sizes, or an earlier tree without leaves.

    Raises:
        TreeError: The sizes are not those of an earlier and a later tree.
    """
    if not 0 <= first <= second:
        raise TreeError(f"a tree of {first} leaves cannot have grown to {second}")
    if first in (0, second):
        return []
    parts: list[tuple[int, int]] = []
    begin, end = 0, second
    while end != first:
        middle = begin + _split(end - begin)
        if first <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((begin, middle))
            begin = middle
    if begin:  # the earlier tree's right edge; when it is the whole earlier tree (begin 0), the verifier has its root
        parts.append((begin, end))
    return _roots(parts[::-1], fetch)


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """RFC 9162 section 2.1.3.2: the leaf hash is number ``index`` in the tree of that size and root.

    Take size and root from one signed head: a proof alone does not tell sizes apart that give the leaf the same path.

    Raises:
        ProofError: It is not, or the proof is not for this place, or has a wrong length.
    """
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    _check_hashes([leaf, *proof, expected_root])
    computed = leaf
    for sibling, is_left in _climb(index, size - 1, proof):
        computed = node_hash(sibling, computed) if is_left else node_hash(computed, sibling)
    if computed != expected_root:
        raise ProofError("the proof leads to another root")


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """RFC 9162 section 2.1.4.2: the tree of ``second`` leaves begins with the tree of ``first`` leaves.

    Raises:
        ProofError: It does not, or the proof has a wrong length.
    """
    if not 0 <= first <= second:
        raise ProofError(f"a tree of {first} leaves cannot have grown to {second}")
    _check_hashes([*proof, first_root, second_root])
    if first in (0, second):
        if proof or first_root != (EMPTY_ROOT if first == 0 else second_root):
            raise ProofError("nothing is to be shown, yet there is a proof or the roots differ")
        return
    hashes = [first_root, *proof] if first.bit_count() == 1 else list(proof)
    if not hashes:
        raise ProofError("the proof is too short")
    position, last = first - 1, second - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old = new = hashes[0]
    for sibling, is_left in _climb(position, last, hashes[1:]):
        if is_left:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    if (old, new) != (first_root, second_root):
        raise ProofError("the proof leads to other roots")


def _climb(position: int, last: int, siblings: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Walk from a node to the root and say for each sibling whether it stands on the left.

    ``position`` and ``last`` are RFC 9162's fn and sn: where the node and the level's last node stand. A node at the
    end of its level without a right sibling is carried upwards unchanged.
    """
    for sibling in siblings:
        if last == 0:
            raise ProofError("the proof is too long")
        is_left = bool(position & 1) or position == last
        while is_left and position and not position & 1:
            position, last = position >> 1, last >> 1
        yield sibling, is_left
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("the proof is too short")


def fetch_from_leaves(read: Callable[[int, int], Iterable[bytes]]) -> Fetch:
    """A `Fetch` for those who store leaf hashes only: ``read(begin, end)`` answers them in order.

    Costs a hash for each leaf of the tree and proof; store completed nodes (`Frontier.append`) where that is too much.
    The answer raises `TreeError` where ``read`` gave fewer or more leaves than asked for.
    """

    def fetch(nodes: Sequence[Node]) -> list[bytes]:
        found = []
        for level, position in nodes:
            tree = Frontier().extend(read(position << level, (position + 1) << level))
            if tree.size != 1 << level:
                raise TreeError(f"{tree.size} leaf hashes instead of {1 << level} from leaf {position << level} on")
            found.append(tree.root())
        return found

    return fetch


def _split(size: int) -> int:
    """The largest power of two smaller than ``size`` (RFC 6962: k < n <= 2k)."""
    return 1 << ((size - 1).bit_length() - 1)


def _perfect_subtrees(begin: int, end: int) -> Iterator[Node]:
    """What a range is made of, from left to right. ``begin`` is a multiple of the range's largest subtree."""
    while begin < end:
        level = (end - begin).bit_length() - 1
        yield Node(level, begin >> level)
        begin += 1 << level


def _roots(ranges: Sequence[tuple[int, int]], fetch: Fetch) -> list[bytes]:
    parts = [list(_perfect_subtrees(begin, end)) for begin, end in ranges]
    wanted = [node for nodes in parts for node in nodes]
    hashes = list(fetch(wanted)) if wanted else []
    if len(hashes) != len(wanted) or any(len(one) != HASH_BYTES for one in hashes):
        raise TreeError(f"{len(wanted)} node hashes were asked for, and something else was answered")
    answers = iter(hashes)
    return [_fold([next(answers) for _ in nodes]) for nodes in parts]


def _fold(hashes: Sequence[bytes]) -> bytes:
    """The root over neighbouring perfect subtrees, the largest first: the small ones on the right are joined first."""
    return reduce(lambda right, left: node_hash(left, right), reversed(hashes))


def _check_hashes(hashes: Sequence[bytes]) -> None:
    if any(len(one) != HASH_BYTES for one in hashes):
        raise ProofError(f"a hash has {HASH_BYTES} bytes")

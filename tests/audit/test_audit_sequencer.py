"""The sequencer: numbers without gaps while acts go on, heads in two places, proofs that a stranger can check."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from eakte.audit import Tag
from eakte.errors import InvalidInput, NotFound
from eakte.operations import auditing
from eakte.operations.auditing import HEADS, continues, export, list_entries, publish_heads, sequence
from eakte.operations.proving import Proof, prove
from eakte.terms import SYSTEM, new_id
from eakte.verifier import Tree
from storage.errors import StorageUnavailable
from tests.audit.trail import Trail, kept, leaf_hash, verify
from tests.operations.office import Office


def numbers(office: Office) -> list[int | None]:
    return [row[0] for row in office.sql("SELECT number FROM audit_entry ORDER BY number")]


def follows(number: int, leaf: bytes, size: int, root: bytes, hashes: Sequence[bytes]) -> bool:
    """RFC 9162, section 2.1.3.2, written from its text alone. Numbers count from 1, the RFC from 0."""
    fn, sn, value = number - 1, size - 1, leaf
    for sibling in hashes:
        if sn == 0:
            return False
        if fn % 2 == 1 or fn == sn:
            value = hashlib.sha256(b"\x01" + sibling + value).digest()
            while fn % 2 == 0 and fn != 0:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = hashlib.sha256(b"\x01" + value + sibling).digest()
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and value == root


def signed(office: Office, proof: Proof) -> None:
    """Raise InvalidSignature unless the head of a proof is signed by this service's key."""
    body = f"eakte tree head v1\n{proof.size}\n{proof.root.hex()}\n{proof.signed_at}\n".encode()
    public = Ed25519PublicKey.from_public_bytes(office.backends.transactions.ledger.public_key)
    public.verify(proof.signature, body)


def test_entries_get_numbers_from_one_without_gaps(office: Office) -> None:
    assert set(numbers(office)) == {None}
    placed = sequence(office.backends.transactions, office.backends.blobs)
    assert numbers(office) == list(range(1, placed + 1))
    assert sequence(office.backends.transactions, office.backends.blobs) == 0
    assert office.count("audit_head") == 1


class Slip(Exception):
    """An act that does not come to its end."""


def test_numbers_stay_whole_while_clerks_write_and_two_sequencers_run(office: Office) -> None:
    backends, writing = office.backends, threading.Event()
    writing.set()

    def act(turn: int, slips: bool) -> None:
        with suppress(Slip), backends.transactions.begin(SYSTEM) as tx:
            tx.record(Tag.SIGN_OUT, new_id(), {"turn": turn})
            if slips and turn % 2:
                raise Slip

    def write(slips: bool) -> None:
        for turn in range(25):
            act(turn, slips)

    def place() -> None:
        while writing.is_set():
            sequence(backends.transactions, backends.blobs)

    with ThreadPoolExecutor(6) as pool:
        placing = [pool.submit(place) for _ in range(2)]
        for done in [pool.submit(write, turn == 0) for turn in range(4)]:
            done.result()
        writing.clear()
        for done in placing:
            done.result()
    sequence(backends.transactions, backends.blobs)
    found = numbers(office)
    assert found == list(range(1, len(found) + 1))
    assert office.sql("SELECT count(*) FROM audit_entry WHERE tag = 'access:session:sign-out'") == [(25 * 3 + 13,)]
    report = verify(office)
    assert report.errors == []
    assert report.entries == len(found)


def test_a_large_backlog_is_placed_batch_by_batch(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "BATCH", 4)
    waiting = office.count("audit_entry")
    assert sequence(office.backends.transactions, office.backends.blobs) == waiting
    assert numbers(office) == list(range(1, waiting + 1))
    assert office.count("audit_head") == -(-waiting // 4)


class Down:
    """A blob store that does not answer."""

    def put(self, *_given: object, **_named: object) -> object:
        raise StorageUnavailable("down")


def test_a_head_whose_blob_was_not_written_is_written_by_the_next_run(office: Office) -> None:
    """The head is committed first; between the two the store fails or the process dies."""
    with pytest.raises(StorageUnavailable):
        sequence(office.backends.transactions, Down())  # type: ignore[arg-type] # all that is called
    assert kept(office) == {}
    assert office.sql("SELECT published FROM audit_head") == [(False,)]
    assert verify(office).ok, "a head that waits to be kept is no damage"
    sequence(office.backends.transactions, office.backends.blobs)
    assert len(kept(office)) == 1
    assert office.sql("SELECT published FROM audit_head") == [(True,)]
    assert verify(office).ok


def test_a_crash_after_the_blob_and_before_its_note_writes_the_same_bytes_again(office: Office) -> None:
    sequence(office.backends.transactions, office.backends.blobs)
    before = kept(office)
    office.sql("UPDATE audit_head SET published = false")
    publish_heads(office.backends.transactions, office.backends.blobs)
    assert kept(office) == before
    assert office.sql("SELECT published FROM audit_head") == [(True,)]


def test_who_verifies_sees_that_the_database_is_older_than_the_kept_heads(office: Office) -> None:
    trail = Trail(office)
    assert continues(office.backends.transactions, list(trail.blobs))
    assert continues(office.backends.transactions, [])
    office.sql("DELETE FROM audit_head WHERE size = %s", trail.sizes[-1])
    assert not continues(office.backends.transactions, list(trail.blobs))


class TestProofs:
    @pytest.mark.parametrize("more", [0, 1, 6])
    def test_every_act_on_a_document_is_proved_to_a_stranger(self, office: Office, more: int) -> None:
        document = office.file(dossier=office.dossier())
        office.read(document, "Bescheid")
        for _ in range(more):
            office.dossier()
        sequence(office.backends.transactions, office.backends.blobs)
        with office.backends.transactions.read() as session:
            proofs = prove(session, document)
            lines = {line["number"]: line for line in export(session)}
        assert len(proofs) == 2
        for proof in proofs:
            signed(office, proof)
            leaf = leaf_hash(lines[proof.number])
            assert leaf == proof.leaf_hash
            assert follows(proof.number, leaf, proof.size, proof.root, proof.hashes)

    def test_the_check_of_this_test_refuses_what_is_wrong(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        sequence(office.backends.transactions, office.backends.blobs)
        with office.backends.transactions.read() as session:
            (proof,) = prove(session, document)
        other = hashlib.sha256(b"other").digest()
        hashes = list(proof.hashes)
        assert follows(proof.number, proof.leaf_hash, proof.size, proof.root, hashes)
        assert not follows(proof.number, other, proof.size, proof.root, hashes)
        assert not follows(proof.number - 1, proof.leaf_hash, proof.size, proof.root, hashes)
        assert not follows(proof.number, proof.leaf_hash, proof.size, other, hashes)
        assert not follows(proof.number, proof.leaf_hash, proof.size, proof.root, hashes[:-1])
        assert not follows(proof.number, proof.leaf_hash, proof.size, proof.root, [*hashes, other])

    def test_what_has_no_entry_or_no_head_has_no_proof(self, office: Office) -> None:
        document = office.file(dossier=office.dossier())
        with office.backends.transactions.read() as session:
            for subject in (document, new_id()):
                with pytest.raises(NotFound):
                    prove(session, subject)


class TestListing:
    @pytest.fixture(autouse=True)
    def _sequenced(self, shared_office: Office) -> None:
        sequence(shared_office.backends.transactions, shared_office.backends.blobs)

    @pytest.mark.parametrize("size", [1, 2, 7, 1000])
    def test_pages_together_are_the_whole_log_newest_first(self, shared_office: Office, size: int) -> None:
        seen: list[int | None] = []
        after = None
        with shared_office.backends.transactions.read() as session:
            while True:
                rows, after = list_entries(session, after=after, limit=size)
                seen += [row.number for row in rows]
                if after is None:
                    break
        assert seen == list(range(shared_office.count("audit_entry"), 0, -1))

    @pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "²", "٣", "9" * 19, " 1"])
    def test_a_mark_that_is_none_is_refused(self, shared_office: Office, after: str) -> None:
        with shared_office.backends.transactions.read() as session, pytest.raises(InvalidInput):
            list_entries(session, after=after)

    def test_the_export_is_enough_to_recompute_the_signed_root(self, shared_office: Office) -> None:
        tree = Tree()
        with shared_office.backends.transactions.read() as session:
            for line in export(session):
                tree.add(leaf_hash(line))
        assert shared_office.sql("SELECT size, root FROM audit_head") == [(tree.size, tree.root())]


def test_the_tree_follows_the_known_answers_of_certificate_transparency() -> None:
    leaves = [b"", b"\x00", b"\x10", b" !", b"01", b"@ABC", b"PQRSTUVW", b"`abcdefghijklmno"]
    roots = [
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
    tree = Tree()
    assert tree.root().hex() == roots[0]
    for leaf, root in zip(leaves, roots[1:], strict=True):
        tree.add(hashlib.sha256(b"\x00" + leaf).digest())
        assert tree.root().hex() == root


def test_heads_are_named_so_that_their_names_sort_by_size(office: Office) -> None:
    trail = Trail(office)
    assert sorted(trail.blobs) == [f"{HEADS}/{size:015}.json" for size in trail.sizes]

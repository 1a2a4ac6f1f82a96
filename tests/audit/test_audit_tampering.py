"""Whoever can write the database, and even the store, changes the log: the verifier says so. Each row is one attack."""

# ruff: noqa: S608 - the attacks are SQL, put together from parts of this file

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from eakte import verifier
from eakte.operations.auditing import publish_heads, sequence
from tests.audit.trail import Trail, key_of, recomputed
from tests.operations.office import Office

Kept = dict[str, bytes]


@dataclass(frozen=True)
class Attack:
    """`sql` may name the sizes of the three heads as {a}, {b}, {c}; `kept` changes the heads in the blob store."""

    what: str
    sql: tuple[str, ...] = ()
    kept: Callable[[Kept], Kept] = dict
    says: str = ""
    by_public_key: bool = True


def _newest(kept: Kept) -> str:
    return max(kept)


def _without_newest(kept: Kept) -> Kept:
    return {name: content for name, content in kept.items() if name != _newest(kept)}


def _newest_with(**values: object) -> Callable[[Kept], Kept]:
    def change(kept: Kept) -> Kept:
        name = _newest(kept)
        return kept | {name: json.dumps(json.loads(kept[name]) | values).encode()}

    return change


def _newest_says_the_oldest(kept: Kept) -> Kept:
    return kept | {_newest(kept): kept[min(kept)]}


COPY = (
    "INSERT INTO audit_entry SELECT gen_random_uuid(), {number}, at, kind, actor, tag, subject, details, leaf_hash, mac"
    " FROM audit_entry WHERE number = 3"
)
REPLAYED = COPY.replace("gen_random_uuid()", "id").replace("{number}", "NULL")
SECOND = "WHERE number = 2"
CONTENT = "sein Inhalt ergibt nicht seine Prüfsumme"
STRANGE = "nicht das Zeichen dieses Dienstes"
ROOT = "ergeben nicht die unterschriebene Wurzel"

ATTACKS = [
    # Each column of an entry.
    Attack("id of an entry", (f"UPDATE audit_entry SET id = gen_random_uuid() {SECOND}",), says=CONTENT),
    Attack("time of an entry", (f"UPDATE audit_entry SET at = at + interval '1 us' {SECOND}",), says=CONTENT),
    Attack("time without end", (f"UPDATE audit_entry SET at = 'infinity' {SECOND}",), says=CONTENT),
    Attack("time in the year 20000", (f"UPDATE audit_entry SET at = '20000-01-01' {SECOND}",), says=CONTENT),
    Attack("kind of an entry", (f"UPDATE audit_entry SET kind = 'access' {SECOND}",), says=CONTENT),
    Attack("actor of an entry", (f"UPDATE audit_entry SET actor = 'nobody' {SECOND}",), says=CONTENT),
    Attack("tag of an entry", (f"UPDATE audit_entry SET tag = 'record:unit:change' {SECOND}",), says=CONTENT),
    Attack("subject of an entry", (f"UPDATE audit_entry SET subject = gen_random_uuid() {SECOND}",), says=CONTENT),
    Attack("no subject", (f"UPDATE audit_entry SET subject = NULL {SECOND}",), says=CONTENT),
    Attack("detail added", (f"UPDATE audit_entry SET details = details || '{{\"x\": 1}}' {SECOND}",), says=CONTENT),
    Attack("details emptied", (f"UPDATE audit_entry SET details = '{{}}' {SECOND}",), says=CONTENT),
    Attack("details are no object", (f"UPDATE audit_entry SET details = '\"subjects\"' {SECOND}",), says=CONTENT),
    Attack("subjects are no list", (f"UPDATE audit_entry SET details = '{{\"subjects\": 1}}' {SECOND}",), says=CONTENT),
    Attack(
        "subjects are no ids", (f'UPDATE audit_entry SET details = \'{{"subjects": ["x"]}}\' {SECOND}',), says=CONTENT
    ),
    Attack(
        "a number that Python refuses",
        (f"UPDATE audit_entry SET details = ('{{\"n\": 1' || repeat('0', 5000) || '}}')::jsonb {SECOND}",),
        says=CONTENT,
    ),
    Attack("leaf hash of an entry", (f"UPDATE audit_entry SET leaf_hash = mac {SECOND}",), says=CONTENT),
    Attack(
        "mark of an entry", (f"UPDATE audit_entry SET mac = leaf_hash {SECOND}",), says=STRANGE, by_public_key=False
    ),
    Attack(
        "number of the last entry", ("UPDATE audit_entry SET number = number + 5 WHERE number = {c}",), says="folgt"
    ),
    Attack(
        "number taken away", ("UPDATE audit_entry SET number = NULL WHERE number = {c}",), says="Unterschrieben sind"
    ),
    Attack("number below all", ("UPDATE audit_entry SET number = 0 WHERE number = 2",), says="folgt Eintrag 0"),
    Attack(
        "two entries change places",
        (
            "UPDATE audit_entry SET number = -1 WHERE number = 4",
            "UPDATE audit_entry SET number = 4 WHERE number = 3",
            "UPDATE audit_entry SET number = 3 WHERE number = -1",
        ),
        says=ROOT,
    ),
    # Entries that go and come.
    Attack("first entry deleted", ("DELETE FROM audit_entry WHERE number = 1",), says="Auf Eintrag 0 folgt Eintrag 2"),
    Attack("entry in the middle deleted", ("DELETE FROM audit_entry WHERE number = 5",), says="folgt Eintrag 6"),
    Attack("last entry deleted", ("DELETE FROM audit_entry WHERE number = {c}",), says="Unterschrieben sind"),
    Attack(
        "entry in the middle deleted and the rest moved up",
        (
            "DELETE FROM audit_entry WHERE number = 5",
            "UPDATE audit_entry SET number = number + 1000 WHERE number > 5",
            "UPDATE audit_entry SET number = number - 1001 WHERE number > 1000",
        ),
        says=ROOT,
    ),
    Attack("entry inserted with a number", (COPY.replace("{number}", "{c} + 1"),), says="von keinem Kopf"),
    Attack("entry inserted without a number", (COPY.replace("{number}", "NULL"),), says=CONTENT),
    Attack("an entry inserted a second time", (REPLAYED,), says="steht mehrfach", by_public_key=True),
    # Everything or the end.
    Attack(
        "the whole log emptied, heads too",
        ("TRUNCATE audit_subject, audit_head, audit_entry, former_value",),
        says="vorhanden sind 0",
    ),
    Attack(
        "the end cut off with its head",
        ("DELETE FROM audit_entry WHERE number > {b} OR number IS NULL", "DELETE FROM audit_head WHERE size > {b}"),
        says="Unterschrieben sind",
    ),
    Attack(
        "put back to the first head, as from an old backup",
        ("DELETE FROM audit_entry WHERE number > {a} OR number IS NULL", "DELETE FROM audit_head WHERE size > {a}"),
        says="fehlt in der Datenbank",
    ),
    # Heads in the database.
    Attack("root of a head", ("UPDATE audit_head SET root = sha256('x') WHERE size = {b}",), says="Unterschrift"),
    Attack(
        "signature of a head", ("UPDATE audit_head SET signature = sha512('x') WHERE size = {b}",), says="Unterschrift"
    ),
    Attack("signature cut", ("UPDATE audit_head SET signature = '' WHERE size = {b}",), says="Unterschrift"),
    Attack("size of a head", ("UPDATE audit_head SET size = size - 1 WHERE size = {b}",), says="Unterschrift"),
    Attack("time of a head", ("UPDATE audit_head SET signed_at = 'infinity' WHERE size = {b}",), says="Unterschrift"),
    Attack("newest head deleted", ("DELETE FROM audit_head WHERE size = {c}",), says="fehlt in der Datenbank"),
    Attack("head in the middle deleted", ("DELETE FROM audit_head WHERE size = {b}",), says="fehlt in der Datenbank"),
    # Heads in the blob store.
    Attack("newest kept head deleted", kept=_without_newest, says="fehlt in der Ablage"),
    Attack("all kept heads deleted", kept=lambda _kept: {}, says="fehlt in der Ablage"),
    Attack("root of a kept head", kept=_newest_with(root="00" * 32), says="Unterschrift"),
    Attack("size of a kept head", kept=_newest_with(size=1), says="Unterschrift"),
    Attack("kept size without end", kept=_newest_with(size=float("inf")), says="nicht lesbar"),
    Attack("signature is no text", kept=_newest_with(signature=7), says="Unterschrift"),
    Attack("signature is no number in hexadecimals", kept=_newest_with(signature="zz"), says="Unterschrift"),
    Attack("kept head is no JSON", kept=lambda kept: kept | {_newest(kept): b"\xff"}, says="nicht lesbar"),
    Attack("kept head is another kept head", kept=_newest_says_the_oldest, says="fehlt in der Ablage"),
    # The table by which an act is found under its other subjects.
    Attack("subject of an act hidden", ("DELETE FROM audit_subject",), says="Gegenstände"),
    Attack(
        "subject of an act invented",
        ("INSERT INTO audit_subject SELECT gen_random_uuid(), id FROM audit_entry WHERE number = 2",),
        says="Gegenstände",
    ),
    Attack(
        "subject of an act exchanged", ("UPDATE audit_subject SET subject = gen_random_uuid()",), says="Gegenstände"
    ),
]


@pytest.fixture(scope="module")
def trail(shared_office: Office) -> Trail:
    return Trail(shared_office)


@pytest.fixture(autouse=True)
def restored(trail: Trail) -> Iterator[None]:
    with trail.untouched_afterwards():
        yield
    for name in set(trail.kept()) - set(trail.blobs):
        trail.office.backends.blobs.delete(name)


def test_a_log_that_nobody_touched_is_whole(trail: Trail) -> None:
    for public in (False, True):
        report = trail.verify(public=public)
        assert report.errors == []
        assert report.ok
        assert report.entries == trail.sizes[-1]
        assert report.waiting == 1
        head = json.loads(trail.blobs[_newest(trail.blobs)])
        assert (report.root, report.signed_head_at) == (head["root"], head["signed_at"])


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.what)
def test_found(trail: Trail, attack: Attack) -> None:
    sizes = dict(zip("abc", trail.sizes, strict=True))
    for statement in attack.sql:
        trail.office.sql(re.sub(r"\{([abc])\}", lambda letter: str(sizes[letter[1]]), statement))
    kept = attack.kept(trail.blobs)
    report = trail.verify(blobs=kept)
    assert not report.ok
    assert any(attack.says in sentence for sentence in report.errors), report.errors
    assert trail.verify(blobs=kept, public=True).ok is not attack.by_public_key


@pytest.mark.parametrize("condition", ["number = 4", "number IS NULL"])
def test_an_entry_rewritten_by_the_book_without_the_key_is_found(trail: Trail, condition: str) -> None:
    """Details changed, leaf and mark recomputed: what is missing is the key, and for signed entries the root."""
    trail.office.sql(f"UPDATE audit_entry SET details = '{{\"n\": 1}}' WHERE {condition}")
    leaf = recomputed(trail.office, condition)
    forged = hmac.digest(b"not the key", leaf, "sha256")
    trail.office.sql(f"UPDATE audit_entry SET leaf_hash = %s, mac = %s WHERE {condition}", leaf, forged)
    report = trail.verify()
    assert any(STRANGE in sentence for sentence in report.errors)
    assert not any(CONTENT in sentence for sentence in report.errors)


def test_an_entry_slipped_in_is_still_found_after_the_service_has_numbered_and_signed_it(trail: Trail) -> None:
    trail.office.sql(COPY.replace("{number}", "NULL"))
    trail.office.sql(
        "UPDATE audit_entry SET details = '{}' WHERE number IS NULL AND leaf_hash IN"
        " (SELECT leaf_hash FROM audit_entry WHERE number = 3)"
    )
    forged = "number IS NULL AND details = '{}'"
    leaf = recomputed(trail.office, forged)
    trail.office.sql(f"UPDATE audit_entry SET leaf_hash = %s, mac = %s WHERE {forged}", leaf, leaf)
    sequence(trail.office.backends.transactions, trail.office.backends.blobs)
    report = trail.verify()
    assert [sentence for sentence in report.errors if STRANGE in sentence]


def test_a_forged_frontier_is_found_as_soon_as_the_next_head_is_signed(trail: Trail) -> None:
    trail.office.sql(
        "UPDATE audit_head SET frontier = set_byte(frontier, length(frontier) - 1,"
        " 255 - get_byte(frontier, length(frontier) - 1)) WHERE size = %s",
        trail.sizes[-1],
    )
    assert trail.verify().ok
    sequence(trail.office.backends.transactions, trail.office.backends.blobs)
    report = trail.verify()
    assert any(ROOT in sentence for sentence in report.errors)


def test_after_a_rollback_new_acts_do_not_paint_over_it(trail: Trail) -> None:
    """An old backup is put back and the service goes on: its new head of an old size contradicts the kept one."""
    office, (_a, b, c) = trail.office, trail.sizes
    office.sql("DELETE FROM audit_subject")
    office.sql("DELETE FROM audit_entry WHERE number > %s OR number IS NULL", b)
    office.sql("DELETE FROM audit_head WHERE size > %s", b)
    for _ in range(c - b):
        office.dossier()
    sequence(office.backends.transactions, office.backends.blobs)
    assert office.sql("SELECT published FROM audit_head WHERE size = %s", c) == [(False,)]
    report = trail.verify()
    assert any(ROOT in sentence and "Ablage" in sentence for sentence in report.errors), report.errors
    publish_heads(office.backends.transactions, office.backends.blobs)
    assert trail.kept() == trail.blobs


class TestNotFound:
    """What the verifier cannot know, as docs/audit.md says. When one of these fails, the document is too modest."""

    def test_waiting_entries_that_are_deleted_before_they_are_signed(self, trail: Trail) -> None:
        trail.office.sql(
            "DELETE FROM audit_subject WHERE entry_id IN (SELECT id FROM audit_entry WHERE number IS NULL)"
        )
        trail.office.sql("DELETE FROM audit_entry WHERE number IS NULL")
        assert trail.verify().ok

    def test_the_end_cut_off_in_the_database_and_in_a_store_that_lets_its_heads_be_deleted(self, trail: Trail) -> None:
        for table, column in (("audit_entry", "number"), ("audit_head", "size")):
            trail.office.sql(
                "DELETE FROM audit_subject WHERE entry_id IN"
                f" (SELECT id FROM audit_entry WHERE number > {trail.sizes[1]} OR number IS NULL)"
            )
            trail.office.sql(f"DELETE FROM {table} WHERE {column} > {trail.sizes[1]} OR {column} IS NULL")
        assert trail.verify(blobs=_without_newest(trail.blobs)).ok
        assert not trail.verify(blobs=trail.blobs).ok


def test_many_errors_are_counted_and_not_all_listed(trail: Trail) -> None:
    trail.office.sql(
        "INSERT INTO audit_entry SELECT gen_random_uuid(), NULL, at, kind, actor, tag, subject, details, leaf_hash, mac"
        " FROM audit_entry, generate_series(1, 300) WHERE number = 3"
    )
    report = trail.verify()
    assert not report.ok
    assert len(report.errors) == 200


def test_a_head_made_while_the_verifier_reads_is_no_error(trail: Trail) -> None:
    """The heads in the store are listed after the database's snapshot was taken; a sequencer runs in between."""
    office = trail.office

    def listing() -> Iterator[tuple[str, bytes]]:
        office.dossier()
        sequence(office.backends.transactions, office.backends.blobs)
        yield from trail.kept().items()

    report = verifier.verify(office.url, listing(), key_of(office))
    assert report.errors == []

"""The verifier of the audit log: everything recomputed from raw rows, nothing shared with the writer.

It reads the tables by plain SQL, builds the leaves after docs/audit.md, grows an RFC 6962 tree of its own, checks every
signed head of the database and of the blob store, and compares. An import-linter contract keeps it from importing the
writer, the models and the merkle engine: a fault there must not hide itself here.

What it cannot find: entries deleted after the last signed head. `Report.signed_head_at` says when that was.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg.rows import namedtuple_row

MOST_ERRORS = 200
"""Errors that are reported one by one; a destroyed log would fill pages."""


@dataclass(slots=True)
class Report:
    """The verdict. `ok` is true only when no error was found and every entry was looked at."""

    entries: int = 0
    root: str = ""
    signed_head_at: str | None = None
    waiting: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the log is whole."""
        return not self.errors

    def wrong(self, sentence: str) -> None:
        """Note an error."""
        if len(self.errors) < MOST_ERRORS:
            self.errors.append(sentence)


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head as found, in the database or as a blob."""

    where: str
    size: int
    root: str
    signed_at: str
    signature: str


class Tree:
    """RFC 6962 section 2.1, as a row of perfect subtrees: a leaf is added by merging equal heights."""

    def __init__(self) -> None:
        self._perfect: list[tuple[int, bytes]] = []
        self.size = 0

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        height, value = 0, leaf
        while self._perfect and self._perfect[-1][0] == height:
            value = hashlib.sha256(b"\x01" + self._perfect.pop()[1] + value).digest()
            height += 1
        self._perfect.append((height, value))
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves so far; the hash of nothing for the empty tree."""
        if not self._perfect:
            return hashlib.sha256(b"").digest()
        value = self._perfect[-1][1]
        for _height, left in reversed(self._perfect[:-1]):
            value = hashlib.sha256(b"\x01" + left + value).digest()
        return value


def verify(
    url: str,
    head_blobs: Iterable[tuple[str, bytes]],
    key: Ed25519PrivateKey | Ed25519PublicKey,
    *,
    progress: Callable[[int], None] = lambda _entries: None,
) -> Report:
    """Check the whole log of the database at a libpq URL.

    Args:
        url: the database.
        head_blobs: name and bytes of every head in the blob store.
        key: the private key checks entries' marks too; the public one only heads.
        progress: called now and then with the number of entries checked.
    """
    report = Report()
    public = key.public_key() if isinstance(key, Ed25519PrivateKey) else key
    mark_key = _mark_key(key) if isinstance(key, Ed25519PrivateKey) else None
    with psycopg.connect(url, row_factory=namedtuple_row, options="-c timezone=UTC") as connection:
        # One snapshot for all questions: acts go on while the log is read.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        heads = [*_heads_of_database(connection), *_heads_of_blobs(head_blobs, report)]
        good = [head for head in heads if _signed(head, public, report)]
        by_size: dict[int, list[Head]] = {}
        for head in good:
            by_size.setdefault(head.size, []).append(head)
        tree = Tree()
        for row in _rows(connection, "number IS NOT NULL ORDER BY number"):
            _check_entry(row, report, mark_key)
            if row.number != tree.size + 1:
                report.wrong(f"Auf Eintrag {tree.size} folgt Eintrag {row.number}.")
            tree.add(_leaf(row))
            for head in by_size.pop(tree.size, []):
                _compare(head, tree, report)
            if tree.size % 1000 == 0:
                progress(tree.size)
        for size, unmatched in sorted(by_size.items()):
            where = ", ".join(head.where for head in unmatched)
            report.wrong(f"Unterschrieben sind {size} Einträge ({where}), vorhanden sind {tree.size}.")
        _check_end(tree, good, report)
        for row in _rows(connection, "number IS NULL ORDER BY id"):
            _check_entry(row, report, mark_key)
            report.waiting += 1
        _check_subjects(connection, report)
    report.entries, report.root = tree.size, tree.root().hex()
    return report


def _check_end(tree: Tree, heads: list[Head], report: Report) -> None:
    newest = max(heads, key=lambda head: head.size, default=None)
    report.signed_head_at = newest.signed_at if newest else None
    signed = newest.size if newest else 0
    if tree.size > signed:
        report.wrong(f"Die Einträge {signed + 1} bis {tree.size} sind nummeriert, aber von keinem Kopf unterschrieben.")


def _heads_of_database(connection: psycopg.Connection[Any]) -> list[Head]:
    rows = connection.execute("SELECT size, root, signed_at, signature FROM audit_head ORDER BY size").fetchall()
    return [
        Head(f"Datenbank, Kopf {row.size}", row.size, row.root.hex(), _time(row.signed_at), row.signature.hex())
        for row in rows
    ]


def _heads_of_blobs(blobs: Iterable[tuple[str, bytes]], report: Report) -> Iterator[Head]:
    for name, content in blobs:
        try:
            value = json.loads(content)
            yield Head(f"Ablage, {name}", int(value["size"]), value["root"], value["signed_at"], value["signature"])
        except (ValueError, KeyError, TypeError):
            report.wrong(f"Der abgelegte Kopf {name} ist nicht lesbar.")


def _signed(head: Head, public: Ed25519PublicKey, report: Report) -> bool:
    body = f"eakte tree head v1\n{head.size}\n{head.root}\n{head.signed_at}\n".encode()
    try:
        public.verify(bytes.fromhex(head.signature), body)
    except (InvalidSignature, ValueError):
        report.wrong(f"Die Unterschrift stimmt nicht: {head.where}.")
        return False
    return True


def _compare(head: Head, tree: Tree, report: Report) -> None:
    if tree.root().hex() != head.root:
        report.wrong(f"Die Einträge bis {head.size} ergeben nicht die unterschriebene Wurzel ({head.where}).")


def _rows(connection: psycopg.Connection[Any], condition: str) -> Iterator[Any]:
    with connection.cursor(name="eakte_verify") as cursor:
        cursor.itersize = 2000
        query = "SELECT id, number, at, kind, actor, tag, subject, details, leaf_hash, mac FROM audit_entry WHERE "
        yield from cursor.execute(query + condition)


def _check_entry(row: Any, report: Report, mark_key: bytes | None) -> None:
    name = f"Eintrag {row.number}" if row.number else f"Der wartende Eintrag {row.id}"
    leaf = _leaf(row)
    if leaf != row.leaf_hash:
        report.wrong(f"{name} wurde verändert: sein Inhalt ergibt nicht seine Prüfsumme.")
    if mark_key is not None and not hmac.compare_digest(hmac.digest(mark_key, leaf, "sha256"), row.mac):
        report.wrong(f"{name} trägt nicht das Zeichen dieses Dienstes: er wurde verändert oder eingefügt.")


def _leaf(row: Any) -> bytes:
    value = {
        "v": 1,
        "id": str(row.id),
        "at": _time(row.at),
        "kind": row.kind,
        "actor": row.actor,
        "tag": row.tag,
        "subject": None if row.subject is None else str(row.subject),
        "details": row.details,
    }
    body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"\x00" + body.encode()).digest()


def _check_subjects(connection: psycopg.Connection[Any], report: Report) -> None:
    """The table that finds acts by their other subjects must say what the entries say."""
    rows = connection.execute(
        """
        WITH said AS (
            SELECT id, jsonb_array_elements_text(details->'subjects')::uuid AS subject
            FROM audit_entry WHERE details ? 'subjects'
        )
        SELECT coalesce(said.id, audit_subject.entry_id) AS entry
        FROM said FULL JOIN audit_subject ON said.id = entry_id AND said.subject = audit_subject.subject
        WHERE said.id IS NULL OR entry_id IS NULL LIMIT 20
        """
    ).fetchall()
    for row in rows:
        report.wrong(f"Die Gegenstände des Eintrags {row.entry} stimmen nicht mit ihm überein.")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _mark_key(key: Ed25519PrivateKey) -> bytes:
    return hmac.digest(key.private_bytes_raw(), b"eakte audit entry mac v1", "sha256")

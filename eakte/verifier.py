"""The verifier of the audit log: everything recomputed from raw rows, nothing shared with the writer.

It reads the tables by plain SQL, builds the leaves after docs/audit.md, grows an RFC 6962 tree of its own, checks every
signed head of the database and of the blob store, and compares. An import-linter contract keeps it from importing the
writer, the models and the merkle engine: a fault there must not hide itself here.

Whatever stands in the tables, the answer is a report: values are read as text and understood here, so that none of them
can end the check.

What it cannot find is listed in docs/audit.md: above all entries deleted after the last signed head, whose time
`Report.signed_head_at` says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from psycopg.rows import namedtuple_row

from eakte.language import _, ngettext

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
    """A signed head as found, in the database or as a blob. `published`: the database says that it is a blob too."""

    where: str
    size: int
    root: str
    signed_at: str
    signature: str
    published: bool = True


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
    with psycopg.connect(url, row_factory=namedtuple_row) as connection:
        # One snapshot for all questions: acts go on while the log is read.
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        rows = _heads_of_database(connection)
        kept = _without_newer(url, rows, list(_heads_of_blobs(head_blobs, report)))
        _check_both_places(rows, kept, report)
        good = [head for head in (*rows, *kept) if _signed(head, public, report)]
        by_size: dict[int, list[Head]] = {}
        for head in good:
            by_size.setdefault(head.size, []).append(head)
        tree = Tree()
        for row in _rows(connection, "number IS NOT NULL ORDER BY number"):
            leaf = _check_entry(row, report, mark_key)
            if row.number != tree.size + 1:
                report.wrong(_("Auf Eintrag %(size)s folgt Eintrag %(number)s.", size=tree.size, number=row.number))
            tree.add(leaf)
            for head in by_size.pop(tree.size, []):
                _compare(head, tree, report)
            if tree.size % 1000 == 0:
                progress(tree.size)
        for size, unmatched in sorted(by_size.items()):
            where = ", ".join(head.where for head in unmatched)
            report.wrong(
                ngettext(
                    "Unterschrieben ist %(num)s Eintrag (%(where)s), vorhanden sind %(found)s.",
                    "Unterschrieben sind %(num)s Einträge (%(where)s), vorhanden sind %(found)s.",
                    size,
                    where=where,
                    found=tree.size,
                )
            )
        _check_end(tree, good, report)
        for row in _rows(connection, "number IS NULL ORDER BY id"):
            _check_entry(row, report, mark_key)
            report.waiting += 1
        _check_repeated(connection, report)
        _check_subjects(connection, report)
    report.entries, report.root = tree.size, tree.root().hex()
    return report


def _check_end(tree: Tree, heads: list[Head], report: Report) -> None:
    newest = max(heads, key=lambda head: head.size, default=None)
    report.signed_head_at = newest.signed_at if newest else None
    signed = newest.size if newest else 0
    if tree.size > signed:
        report.wrong(
            _(
                "Die Einträge %(first)s bis %(last)s sind nummeriert, aber von keinem Kopf unterschrieben.",
                first=signed + 1,
                last=tree.size,
            )
        )


# Times as the leaf spells them, made by PostgreSQL: it knows some that Python does not (infinity, the year 10000).
_HEADS = """
    SELECT size, root, to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS signed_at,
           signature, published
    FROM audit_head ORDER BY size
"""
_ENTRIES = """
    SELECT id, number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at,
           kind, actor, tag, subject, details::text AS details, leaf_hash, mac
    FROM audit_entry WHERE
"""


def _heads_of_database(connection: psycopg.Connection[Any]) -> list[Head]:
    rows = connection.execute(_HEADS).fetchall()
    return [
        Head(
            _("Datenbank, Kopf %(size)s", size=row.size),
            row.size,
            row.root.hex(),
            str(row.signed_at),
            row.signature.hex(),
            row.published,
        )
        for row in rows
    ]


def _heads_of_blobs(blobs: Iterable[tuple[str, bytes]], report: Report) -> Iterator[Head]:
    for name, content in blobs:
        try:
            value = json.loads(content)
            size, root, signed_at, signature = (value[key] for key in ("size", "root", "signed_at", "signature"))
            yield Head(_("Ablage, %(name)s", name=name), int(size), str(root), str(signed_at), str(signature))
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
            report.wrong(_("Der abgelegte Kopf %(name)s ist nicht lesbar.", name=name))


def _without_newer(url: str, rows: list[Head], kept: list[Head]) -> list[Head]:
    """Leave out heads that were made since the snapshot: their rows, committed before their blobs, are there by now."""
    newest = max((head.size for head in rows), default=0)
    with psycopg.connect(url) as connection:
        now = {size for (size,) in connection.execute("SELECT size FROM audit_head WHERE size > %s", (newest,))}
    return [head for head in kept if head.size not in now]


def _check_both_places(rows: list[Head], kept: list[Head], report: Report) -> None:
    """A head is committed first and kept outside the database next: none is outside only, none gets lost there."""
    in_database, outside = {head.size for head in rows}, {head.size for head in kept}
    for head in kept:
        if head.size not in in_database:
            report.wrong(_("Der Kopf %(size)s fehlt in der Datenbank (%(where)s).", size=head.size, where=head.where))
    for head in rows:
        if head.published and head.size not in outside:
            report.wrong(_("Der Kopf %(size)s fehlt in der Ablage.", size=head.size))


def _signed(head: Head, public: Ed25519PublicKey, report: Report) -> bool:
    body = f"eakte tree head v1\n{head.size}\n{head.root}\n{head.signed_at}\n".encode()
    try:
        public.verify(bytes.fromhex(head.signature), body)
    except (InvalidSignature, ValueError):
        report.wrong(_("Die Unterschrift stimmt nicht: %(where)s.", where=head.where))
        return False
    return True


def _compare(head: Head, tree: Tree, report: Report) -> None:
    if tree.root().hex() != head.root:
        report.wrong(
            _(
                "Die Einträge bis %(size)s ergeben nicht die unterschriebene Wurzel (%(where)s).",
                size=head.size,
                where=head.where,
            )
        )


def _rows(connection: psycopg.Connection[Any], condition: str) -> Iterator[Any]:
    with connection.cursor(name="eakte_verify") as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(_ENTRIES + condition)


def _check_entry(row: Any, report: Report, mark_key: bytes | None) -> bytes:
    """Compare an entry with what it says of itself, and return its leaf as it should be."""
    leaf = _leaf(row)
    if leaf != row.leaf_hash:
        report.wrong(_("%(name)s wurde verändert: sein Inhalt ergibt nicht seine Prüfsumme.", name=_name(row)))
    if mark_key is not None and not hmac.compare_digest(hmac.digest(mark_key, leaf, "sha256"), row.mac):
        report.wrong(
            _("%(name)s trägt nicht das Zeichen dieses Dienstes: er wurde verändert oder eingefügt.", name=_name(row))
        )
    return leaf


def _name(row: Any) -> str:
    if row.number is None:
        return _("Der wartende Eintrag %(id)s", id=row.id)
    return _("Eintrag %(number)s", number=row.number)


def _leaf(row: Any) -> bytes:
    try:
        details = json.loads(row.details)
    except (ValueError, RecursionError):
        # JSON that PostgreSQL stores and Python refuses (a number of 5,000 digits): no entry of ours holds such.
        details = row.details
    value = {
        "v": 1,
        "id": str(row.id),
        "at": row.at,
        "kind": row.kind,
        "actor": row.actor,
        "tag": row.tag,
        "subject": None if row.subject is None else str(row.subject),
        "details": details,
    }
    body = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(b"\x00" + body.encode()).digest()


def _check_repeated(connection: psycopg.Connection[Any], report: Report) -> None:
    """The primary key forbids it, but who can write the log can drop keys: a copied entry bears a true mark."""
    rows = connection.execute("SELECT id FROM audit_entry GROUP BY id HAVING count(*) > 1 LIMIT 20").fetchall()
    for row in rows:
        report.wrong(_("Der Eintrag %(id)s steht mehrfach im Protokoll.", id=row.id))


def _check_subjects(connection: psycopg.Connection[Any], report: Report) -> None:
    """The table that finds acts by their other subjects must say what the entries say."""
    rows = connection.execute(
        """
        WITH said AS (
            SELECT id, jsonb_array_elements_text(details->'subjects') AS subject
            FROM audit_entry WHERE jsonb_typeof(details->'subjects') = 'array'
        )
        SELECT coalesce(said.id, audit_subject.entry_id) AS entry
        FROM said FULL JOIN audit_subject ON said.id = entry_id AND said.subject = audit_subject.subject::text
        WHERE said.id IS NULL OR entry_id IS NULL LIMIT 20
        """
    ).fetchall()
    for row in rows:
        report.wrong(_("Die Gegenstände des Eintrags %(entry)s stimmen nicht mit ihm überein.", entry=row.entry))


def _mark_key(key: Ed25519PrivateKey) -> bytes:
    return hmac.digest(key.private_bytes_raw(), b"eakte audit entry mac v1", "sha256")

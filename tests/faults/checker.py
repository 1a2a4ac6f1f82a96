"""An independent judge of what is left after faults: it shares no code with what wrote the data.

It imports nothing of eakte and of its engines, reads tables by plain SQL, blobs by their path or by plain HTTP, the
search server and the service over HTTP, and knows the uploads only from the client's own journal. What it finds it says
in sentences; no sentence means that every promise was kept.
"""

from __future__ import annotations

import functools
import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import psycopg
from psycopg.rows import dict_row

from tests.faults.shelves import Shelf

Rows = list[dict[str, Any]]
SETTLED = {"ready", "failed"}


@dataclass(frozen=True, slots=True)
class Receipt:
    """An upload that the service acknowledged, as its client knows it: what was sent, and what was answered."""

    number: int
    word: str
    key: str
    sha256: str
    size: int
    document: str
    at: float


def read_journal(path: Path) -> list[Receipt]:
    """The client's journal: one JSON object a line."""
    return [Receipt(**json.loads(line)) for line in path.read_text().splitlines()]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is left: the database, the folder or bucket of the blobs, and the client's journal."""

    database_url: str
    blobs: Shelf
    journal: Sequence[Receipt]


def check(state: State) -> list[str]:
    """Compare journal, database and files. Returns what is wrong; nothing when all is well."""
    with psycopg.connect(state.database_url, row_factory=dict_row, options="-c timezone=UTC") as connection:
        connection.read_only = True
        return [
            *_journal(state),
            *_documents(connection, state),
            *_versions(connection),
            *_blobs(connection, state),
            *_keys(connection, state),
            *_jobs(connection),
            *_entries(connection),
            *_log(connection, state.blobs),
        ]


def check_http(url: str, token: str, journal: Sequence[Receipt]) -> list[str]:
    """Ask for every acknowledged document over HTTP: its state, its bytes, and that its own word finds it alone."""
    found = []
    with httpx2.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        for receipt in journal:
            path = f"/api/v1/documents/{receipt.document}"
            shown = client.get(path)
            if shown.status_code != httpx2.codes.OK:
                found.append(f"upload {receipt.number}: document {receipt.document} answers {shown.status_code}")
                continue
            if shown.json()["state"] not in SETTLED:
                found.append(f"upload {receipt.number}: state {shown.json()['state']} over HTTP")
            content = client.get(f"{path}/content").content
            if hashlib.sha256(content).hexdigest() != receipt.sha256 or len(content) != receipt.size:
                found.append(f"upload {receipt.number}: other bytes over HTTP")
            answer = client.get("/api/v1/search", params={"q": receipt.word}).json()
            hits = [hit["document"]["id"] for hit in answer.get("hits", [])]
            if hits != [receipt.document]:
                found.append(f"upload {receipt.number}: its word {receipt.word} finds {hits}")
    return found


def check_index(database_url: str, server: str, alias: str) -> list[str]:
    """Compare what a search server holds with the rows: each document once with its revision, and nothing else.

    Args:
        server: `http://HOST:PORT`.
        alias: The name under which the index answers.
    """
    question = {
        "size": 10_000,
        "query": {"exists": {"field": "scope"}},
        "stored_fields": "_none_",
        "docvalue_fields": ["document", "revision"],
    }
    answer = httpx2.post(f"{server}/{alias}/_search", json=question, timeout=60).raise_for_status().json()
    fields = [hit["fields"] for hit in answer["hits"]["hits"]]
    shown = [(str(uuid.UUID(hex=each["document"][0])), each["revision"][0]) for each in fields]
    with psycopg.connect(database_url, row_factory=dict_row) as connection:
        rows = _select(connection, "SELECT id::text, revision FROM document")
    known = [(row["id"], row["revision"]) for row in rows]
    found = [
        f"the index does not show document {name} of revision {revision}" for name, revision in set(known) - set(shown)
    ]
    found += [
        f"the index shows {name} of revision {revision}, which is not" for name, revision in set(shown) - set(known)
    ]
    return found + [f"the index shows {twice} twice" for twice in set(shown) if shown.count(twice) > 1]


def _journal(state: State) -> Iterator[str]:
    for name in ("number", "key", "document", "sha256"):
        values = [getattr(receipt, name) for receipt in state.journal]
        for value in {value for value in values if values.count(value) > 1}:
            yield f"the service acknowledged {name} {value} more than once"


def _documents(connection: psycopg.Connection[dict[str, Any]], state: State) -> Iterator[str]:
    """Exactly the acknowledged documents, each once, all settled and shown by the index."""
    rows = _select(connection, "SELECT id::text, title, state, revision, indexed_revision FROM document")
    known = {row["id"]: row for row in rows}
    receipts = {receipt.document: receipt for receipt in state.journal}
    for missing in receipts.keys() - known.keys():
        yield f"upload {receipts[missing].number}: acknowledged document {missing} is gone"
    for extra in known.keys() - receipts.keys():
        yield f"document {extra} ({known[extra]['title']}) belongs to no acknowledged upload"
    for receipt in state.journal:
        named = [row["id"] for row in rows if receipt.word in row["title"]]
        if len(named) > 1:
            yield f"upload {receipt.number} is there {len(named)} times: {sorted(named)}"
    for row in rows:
        if row["state"] not in SETTLED:
            yield f"document {row['id']} is half visible: state {row['state']}"
        if row["indexed_revision"] != row["revision"]:
            yield f"document {row['id']}: the index shows {row['indexed_revision']} of revision {row['revision']}"


def _versions(connection: psycopg.Connection[dict[str, Any]]) -> Iterator[str]:
    """A version for every document, its blob's row, and one run whose results count."""
    rows = _select(
        connection,
        "SELECT document.id::text AS document, document.state, version.*,"
        " blob.sha256 AS blob_sha256, blob.size AS blob_size"
        " FROM document LEFT JOIN document_version AS version ON version.document_id = document.id"
        " AND version.number = document.version LEFT JOIN blob ON blob.name = version.original",
    )
    for row in rows:
        name = f"document {row['document']}"
        if row["number"] is None:
            yield f"{name} has no version"
            continue
        if row["blob_sha256"] != row["sha256"] or row["blob_size"] != row["size"]:
            yield f"{name}: version and blob name different bytes"
        if row["state"] == "ready" and row["processed_at"] is None:
            yield f"{name} is ready without results"
        results = {kind: row[kind] for kind in ("words", "images", "terms") if row[kind]}
        if row["processed_at"] is not None and len(results) != len(("words", "images", "terms")):
            yield f"{name}: processed, but it has only {sorted(results)}"
        runs = {blob.rpartition(".")[2] for blob in results.values()}
        if row["rendition"] and row["rendition"] != row["original"]:
            runs.add(row["rendition"].rpartition(".")[2])
        if len(runs) > 1:
            yield f"{name}: results of {len(runs)} runs are mixed"


def _blobs(connection: psycopg.Connection[dict[str, Any]], state: State) -> Iterator[str]:
    """Every blob of a row is a file with its bytes; the client's digests are those of the files."""
    digests = {}
    for row in _select(connection, "SELECT name, size, sha256 FROM blob"):
        content = state.blobs.read(row["name"])
        if content is None:
            yield f"blob {row['name']} is gone"
            continue
        digests[row["name"]] = hashlib.sha256(content).hexdigest()
        if len(content) != row["size"] or digests[row["name"]] != row["sha256"].hex():
            yield f"blob {row['name']} has other bytes than its row says"
    originals = _select(connection, "SELECT document_id::text AS document, original FROM document_version")
    by_document = {row["document"]: digests.get(row["original"]) for row in originals}
    for receipt in state.journal:
        if by_document.get(receipt.document) != receipt.sha256:
            yield f"upload {receipt.number}: the file is not what was sent"
    sent = [digest for digest in by_document.values() if digest]
    for digest in {digest for digest in sent if sent.count(digest) > 1}:
        yield f"the bytes {digest[:12]} were filed {sent.count(digest)} times"


def _keys(connection: psycopg.Connection[dict[str, Any]], state: State) -> Iterator[str]:
    """An idempotency key keeps the document that its client was told."""
    rows = _select(connection, "SELECT key, body->>'id' AS document FROM idempotency_key")
    answered = {row["key"]: row["document"] for row in rows}
    for receipt in state.journal:
        if answered.get(receipt.key) != receipt.document:
            yield f"upload {receipt.number}: its key answers {answered.get(receipt.key)}, not {receipt.document}"


def _jobs(connection: psycopg.Connection[dict[str, Any]]) -> Iterator[str]:
    for row in _select(
        connection,
        "SELECT id, status::text, args FROM procrastinate_jobs WHERE task_name = 'eakte.process'"
        " AND status::text <> 'succeeded'",
    ):
        yield f"job {row['id']} of document {row['args'].get('document')} is left over: {row['status']}"


def _entries(connection: psycopg.Connection[dict[str, Any]]) -> Iterator[str]:
    """One entry of filing a document, one of its processing; none for what does not exist."""
    rows = _select(
        connection,
        "SELECT document.id::text AS document, document.state, version.processed_at,"
        " count(*) FILTER (WHERE tag = 'record:document:file') AS filed,"
        " count(*) FILTER (WHERE tag = 'record:document:process') AS processed"
        " FROM document LEFT JOIN audit_entry ON subject = document.id"
        " LEFT JOIN document_version AS version ON version.document_id = document.id GROUP BY 1, 2, 3",
    )
    for row in rows:
        if row["filed"] != 1:
            yield f"document {row['document']} was filed {row['filed']} times in the log"
        if row["processed"] != int(row["processed_at"] is not None):
            yield f"document {row['document']} has {row['processed']} results that count in the log"
    for row in _select(
        connection,
        "SELECT subject::text FROM audit_entry WHERE tag = 'record:document:file'"
        " AND subject NOT IN (SELECT id FROM document)",
    ):
        yield f"the log files document {row['subject']}, which does not exist"


def _log(connection: psycopg.Connection[dict[str, Any]], blobs: Shelf) -> Iterator[str]:
    """Every entry in its place and unchanged, every head the root of the raw rows, the newest over all of them."""
    rows = _select(connection, "SELECT * FROM audit_entry WHERE number IS NOT NULL ORDER BY number")
    leaves = [_leaf(row) for row in rows]
    for place, (row, leaf) in enumerate(zip(rows, leaves, strict=True), start=1):
        if row["number"] != place:
            yield f"entry {row['number']} stands at place {place} of the log"
        if row["leaf_hash"] != leaf:
            yield f"entry {row['number']} was changed"
    for row in _select(connection, "SELECT id FROM audit_entry WHERE number IS NULL"):
        yield f"entry {row['id']} has no place in the log"
    in_sql = {
        row["size"]: (row["root"].hex(), row["signature"].hex())
        for row in _select(connection, "SELECT * FROM audit_head")
    }
    in_blobs = {}
    for name in blobs.names("audit/heads/"):
        head = json.loads(blobs.read(name) or b"")
        in_blobs[head["size"]] = (head["root"], head["signature"])
    if in_sql != in_blobs:
        yield f"heads differ between database and blobs: sizes {sorted(in_sql.keys() ^ in_blobs.keys()) or 'equal'}"
    yield from _heads("database", in_sql, leaves)
    yield from _heads("blobs", in_blobs, leaves)


def _heads(where: str, heads: dict[int, tuple[str, str]], leaves: list[bytes]) -> Iterator[str]:
    """RFC 6962 section 2.1, straight from its definition, compared with every head."""

    @functools.cache
    def root(start: int, end: int) -> bytes:
        """MTH(D[start:end]): split at the largest power of two that is smaller than the number of leaves."""
        if end - start == 1:
            return leaves[start]
        half = 1 << (end - start - 1).bit_length() - 1
        return hashlib.sha256(b"\x01" + root(start, start + half) + root(start + half, end)).digest()

    for size, (signed, _signature) in heads.items():
        if size > len(leaves):
            yield f"the head of {size} entries ({where}) is longer than the log of {len(leaves)}"
        elif root(0, size).hex() != signed:
            yield f"the head of {size} entries ({where}) is not the root of the log"
    if leaves and max(heads, default=0) != len(leaves):
        yield f"the newest head ({where}) covers {max(heads, default=0)} of {len(leaves)} entries"


def _leaf(row: dict[str, Any]) -> bytes:
    """The hash of an entry: 0x00 and its JSON, keys sorted, without spaces, times in microseconds."""
    at: datetime = row["at"]
    value = {
        "actor": row["actor"],
        "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "details": row["details"],
        "id": str(row["id"]),
        "kind": row["kind"],
        "subject": str(row["subject"]) if row["subject"] else None,
        "tag": row["tag"],
        "v": 1,
    }
    content = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return hashlib.sha256(b"\x00" + content).digest()


def _select(connection: psycopg.Connection[dict[str, Any]], statement: str) -> Rows:
    # The statements are this module's own words.
    return connection.execute(statement.encode()).fetchall()

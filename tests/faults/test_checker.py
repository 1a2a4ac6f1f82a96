"""The checker can fail: every kind of damage, done to a copy of a sound state, is found and named."""

from __future__ import annotations

import dataclasses
import fnmatch
import hashlib
import json
import secrets
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from psycopg import sql

from tests.faults.checker import Receipt, State, check, check_http, check_index
from tests.faults.clients import make, word
from tests.faults.shelves import Bucket, Folder
from tests.storage.s3_support import S3Raw, fresh_location
from tests.support.postgres import drop_database, new_database
from tests.support.service import Municipality, Service, data_folder, upload

pytestmark = [pytest.mark.fault, pytest.mark.long]
UPLOADS = 4


@dataclasses.dataclass(frozen=True)
class Sound:
    """A state without any fault, its service at rest, and what the checker said over HTTP while it ran."""

    admin: str
    state: State
    over_http: list[str]
    over_http_about_lies: list[str]
    search: str


@pytest.fixture(scope="module")
def sound(postgres_admin: str, opensearch: str) -> Iterator[Sound]:
    url, search = new_database(postgres_admin), f"{opensearch}/eakte-{secrets.token_hex(6)}"
    with data_folder() as folder:
        service = Service(folder, EAKTE_DATABASE_URL=url, EAKTE_SEARCH_URL=search)
        service.command("migrate")
        with service.backends() as opened:
            token = Municipality(opened).tokens["clerk63"]
        service.start()
        try:
            journal = _uploaded(service, token)
            # Twice: processing asks for indexing when the other queue may have been found empty already.
            service.command("work", "--until-empty")
            service.command("work", "--until-empty")
            over_http = check_http(service.url, token, journal)
            first, second = journal[0], journal[1]
            lies = [
                dataclasses.replace(first, word="gibtesnicht"),
                dataclasses.replace(first, document=second.document),
                dataclasses.replace(first, document="019a0000-0000-7000-8000-000000000000"),
            ]
            about_lies = check_http(service.url, token, lies)
        finally:
            assert service.stop() == 0
        service.command("audit", "verify")
        yield Sound(
            postgres_admin, State(url, Folder(folder / "blobs" / "blobs"), journal), over_http, about_lies, search
        )
    drop_database(postgres_admin, url)


def _uploaded(service: Service, token: str) -> list[Receipt]:
    with service.client(token) as clerk:
        made = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Prüfstein"}).json()
        journal = []
        for number in range(UPLOADS):
            content, filename = make(number, 0)
            metadata = {"dossier": made["id"], "title": f"Ablage {number} {word(number)}"}
            answer = upload(clerk, metadata, content, filename, **{"Idempotency-Key": f"upload-{number}"})
            digest = hashlib.sha256(content).hexdigest()
            document = answer.raise_for_status().json()["id"]
            journal.append(Receipt(number, word(number), f"upload-{number}", digest, len(content), document, 0.0))
    return journal


def files_of(state: State) -> Path:
    """The folder of a state's blobs."""
    assert isinstance(state.blobs, Folder)
    return state.blobs.path


@pytest.fixture
def copy(sound: Sound, tmp_path: Path) -> Iterator[State]:
    """A copy of database and blobs, to be damaged."""
    name = f"{urlsplit(sound.state.database_url).path[1:]}_copy"
    url = urlsplit(sound.state.database_url)._replace(path=f"/{name}").geturl()
    with psycopg.connect(sound.admin, autocommit=True) as connection:
        template = sql.Identifier(urlsplit(sound.state.database_url).path[1:])
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    blobs = tmp_path / "blobs"
    shutil.copytree(files_of(sound.state), blobs)
    yield dataclasses.replace(sound.state, database_url=url, blobs=Folder(blobs))
    drop_database(sound.admin, url)


def test_a_sound_state_has_no_findings(sound: Sound) -> None:
    assert len(sound.state.journal) == UPLOADS
    assert sound.over_http == []
    assert check(sound.state) == []


def test_over_http_other_bytes_an_unknown_document_and_an_unfindable_word_are_found(sound: Sound) -> None:
    first, second = sound.state.journal[:2]
    assert sound.over_http_about_lies == [
        "upload 0: its word gibtesnicht finds []",
        "upload 0: other bytes over HTTP",
        f"upload 0: its word {first.word} finds ['{first.document}']",
        "upload 0: document 019a0000-0000-7000-8000-000000000000 answers 404",
    ]
    assert second.sha256 != first.sha256


FIRST = "CREATE TEMP TABLE first AS SELECT * FROM document ORDER BY id LIMIT 1"
SQL_DAMAGE = {
    "a document is deleted": (
        "is gone",
        FIRST,
        "DELETE FROM document_version",
        "DELETE FROM document WHERE id IN (SELECT id FROM first)",
    ),
    "a version is deleted": ("has no version", "DELETE FROM document_version"),
    "a document is there twice": (
        "is there 2 times",
        FIRST,
        "UPDATE first SET id = gen_random_uuid()",
        "INSERT INTO document SELECT * FROM first",
    ),
    "bytes are filed twice": (
        "were filed 4 times",
        "UPDATE document_version SET original = (SELECT min(original) FROM document_version)",
    ),
    "a blob's row is changed": (
        "has other bytes than its row says",
        "UPDATE blob SET sha256 = sha256('x') WHERE name LIKE '%original%'",
    ),
    "a version names other bytes": (
        "version and blob name different bytes",
        "UPDATE document_version SET sha256 = sha256('x')",
    ),
    "a document hangs": ("is half visible: state processing", "UPDATE document SET state = 'processing'"),
    "the index is behind": ("of revision", "UPDATE document SET revision = revision + 1"),
    "a document is ready without results": (
        "is ready without results",
        "UPDATE document_version SET processed_at = NULL",
    ),
    "results are missing": ("processed, but it has only", "UPDATE document_version SET terms = NULL"),
    "results of two runs are mixed": (
        "results of 2 runs are mixed",
        "INSERT INTO blob SELECT name || 'x', size, sha256, blocks, created_at FROM blob WHERE name LIKE '%terms%'",
        "UPDATE document_version SET terms = terms || 'x'",
    ),
    "a key answers another document": (
        "its key answers",
        "UPDATE idempotency_key SET body = jsonb_set(body, '{id}', '1')",
    ),
    "a key is forgotten": ("its key answers None", "DELETE FROM idempotency_key"),
    "a job is left over": (
        "is left over: doing",
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status) VALUES ('process', 'eakte.process', 'doing')",
    ),
    "an entry is changed": ("was changed", "UPDATE audit_entry SET actor = 'jemand' WHERE number = 3"),
    "an entry's hash is changed": (
        "entry 3 was changed",
        "UPDATE audit_entry SET leaf_hash = sha256('x') WHERE number = 3",
    ),
    "an entry in the middle is deleted": (
        "stands at place 5",
        "DELETE FROM audit_subject",
        "DELETE FROM audit_entry WHERE number = 5",
    ),
    "the last entry is deleted": (
        "is longer than the log",
        "DELETE FROM audit_subject",
        "DELETE FROM audit_entry WHERE number = (SELECT max(number) FROM audit_entry)",
    ),
    "an act without entry": (
        "was filed 0 times in the log",
        "DELETE FROM audit_subject",
        "DELETE FROM audit_entry WHERE tag = 'record:document:file'",
    ),
    "a result is logged twice": (
        "has 2 results that count in the log",
        "UPDATE audit_entry SET tag = 'record:document:process' WHERE tag = 'record:document:file'",
    ),
    "an entry without act": (
        "which does not exist",
        "UPDATE audit_entry SET subject = gen_random_uuid() WHERE tag = 'record:document:file'",
    ),
    "an entry waits for its place": (
        "has no place in the log",
        "UPDATE audit_entry SET number = NULL WHERE number = 7",
    ),
    "a head is deleted": ("heads differ between database and blobs", "DELETE FROM audit_head"),
    "a head is changed": ("(database) is not the root of the log", "UPDATE audit_head SET root = sha256('x')"),
}


@pytest.mark.parametrize("damage", sorted(SQL_DAMAGE))
def test_damage_in_the_database_is_found(copy: State, damage: str) -> None:
    expected, *statements = SQL_DAMAGE[damage]
    with psycopg.connect(copy.database_url) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    assert any(expected in finding for finding in check(copy)), check(copy)


def _delete(path: Path) -> None:
    path.unlink()


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def _other_root(path: Path) -> None:
    head = json.loads(path.read_bytes())
    path.chmod(0o600)
    path.write_text(json.dumps({**head, "root": "00" * 32}))


FILE_DAMAGE: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "an original is deleted": ("*/1/original.*", _delete, "is gone"),
    "an original is changed": ("*/1/original.*", _flip, "the file is not what was sent"),
    "a rendition is changed": ("*/1/rendition.*", _flip, "has other bytes than its row says"),
    "a head's blob is deleted": ("audit/heads/*.json", _delete, "heads differ between database and blobs"),
    "a head's blob is changed": ("audit/heads/*.json", _other_root, "(blobs) is not the root of the log"),
}


@pytest.mark.parametrize("damage", sorted(FILE_DAMAGE))
def test_damage_in_the_files_is_found(copy: State, damage: str) -> None:
    pattern, harm, expected = FILE_DAMAGE[damage]
    harm(min(files_of(copy).glob(pattern)))
    assert any(expected in finding for finding in check(copy)), check(copy)


# What the checker reads of an entry, by the place at which it is put; None takes away what lies there.
INDEX_DAMAGE: dict[str, tuple[str, str, Callable[[dict[str, Any]], dict[str, Any] | None]]] = {
    "an entry is missing": ("the index does not show document {document}", "{place}", lambda _entry: None),
    "an entry is too much": ("which is not", "extra", lambda entry: {**entry, "document": uuid.uuid4().hex}),
    "an entry is old": ("shows {document} of revision 77,", "{place}", lambda entry: {**entry, "revision": 77}),
    "an entry is there twice": ("twice", "extra", lambda entry: entry),
}


@pytest.mark.parametrize("damage", sorted(INDEX_DAMAGE))
def test_damage_in_the_index_is_found_and_without_it_there_is_none(sound: Sound, damage: str) -> None:
    expected, where, harm = INDEX_DAMAGE[damage]
    base, _, prefix = sound.search.replace("opensearch", "http", 1).rpartition("/")
    alias = f"{prefix}-s1a1"
    assert check_index(sound.state.database_url, base, alias) == []
    with httpx2.Client(base_url=base) as server:
        fields = {"docvalue_fields": ["scope", "document", "revision"], "query": {"exists": {"field": "scope"}}}
        hit = server.post(f"/{alias}/_search", json=fields).raise_for_status().json()["hits"]["hits"][0]
        entry = {name: values[0] for name, values in hit["fields"].items()}
        place = where.format(place=hit["_id"])
        put(server, f"/{alias}/_doc/{place}", harm(entry))
        try:
            found = check_index(sound.state.database_url, base, alias)
        finally:
            put(server, f"/{alias}/_doc/{place}", None if place == "extra" else entry)
    document = uuid.UUID(hex=entry["document"])
    assert any(expected.format(document=document) in finding for finding in found), found


def put(server: httpx2.Client, address: str, entry: dict[str, Any] | None) -> None:
    """Write or delete past the product, and let it be seen."""
    answer = server.delete(address) if entry is None else server.put(address, json=entry)
    answer.raise_for_status()
    server.post(f"{address.partition('/_doc')[0]}/_refresh").raise_for_status()


@pytest.fixture
def in_bucket(copy: State, minio: str) -> State:
    """The same state with its blobs on an S3 server."""
    location = fresh_location(minio)
    raw = S3Raw(location)
    raw.client.make_bucket(location.bucket, object_lock=True)
    for name in copy.blobs.names(""):
        raw.write(name, copy.blobs.read(name) or b"")
    return dataclasses.replace(copy, blobs=Bucket(f"{minio}/{location.bucket}"))


def test_a_sound_state_in_a_bucket_has_no_findings(in_bucket: State) -> None:
    assert in_bucket.blobs.names("audit/heads/")
    assert check(in_bucket) == []


@pytest.mark.parametrize("damage", sorted(FILE_DAMAGE))
def test_damage_in_a_bucket_is_found(in_bucket: State, minio: str, tmp_path: Path, damage: str) -> None:
    pattern, harm, expected = FILE_DAMAGE[damage]
    assert isinstance(in_bucket.blobs, Bucket)
    raw = S3Raw(fresh_location(minio, in_bucket.blobs.url.rpartition("/")[2]))
    name = min(name for name in in_bucket.blobs.names("") if fnmatch.fnmatch(name, pattern))
    file = tmp_path / "damaged"
    file.write_bytes(in_bucket.blobs.read(name) or b"")
    harm(file)
    if file.exists():
        raw.write(name, file.read_bytes())
    else:
        raw.hide(name)
    assert any(expected in finding for finding in check(in_bucket)), check(in_bucket)


def test_an_acknowledgement_given_twice_is_found(copy: State) -> None:
    twice = dataclasses.replace(copy, journal=[*copy.journal, copy.journal[0]])
    assert f"the service acknowledged key {copy.journal[0].key} more than once" in check(twice)


def test_a_document_nobody_was_told_of_is_found(copy: State) -> None:
    forgotten = copy.journal[-1]
    found = check(dataclasses.replace(copy, journal=copy.journal[:-1]))
    assert found == [f"document {forgotten.document} (Ablage 3 {forgotten.word}) belongs to no acknowledged upload"]

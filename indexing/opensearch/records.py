"""From a document's entries to records on the server, and the rule that the last revision wins.

The revision of the row is the record's external version, so the server itself turns late writers away. What it turns
away is looked at, because a version tells less than the rule: a document that was removed comes back with the revision
that it had, and a sign of removal gives way to a put and to nothing else. Then the record is written on the condition
that nobody has touched it since the look.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.helpers import streaming_bulk

from indexing import ranking
from indexing.opensearch.connection import BULK_SECONDS, Connection, Missing
from indexing.search import MAX_REVISION, DocumentEntries, Facet, whole
from indexing.search_errors import SearchError, SearchUnavailable

logger = logging.getLogger(__name__)

Record = dict[str, Any]

MARK_VERSION = MAX_REVISION + 1
"""Version of the sign of a removal: above every revision that a fill could bring."""

NOTHING = "\x01"
"""Stands in a field that has no terms, so that every document counts when the engine weighs how rare a word is. No
analyser makes it."""

CHUNK_BYTES = 16 << 20
LONGEST_RECORD = 90 << 20
"""Bytes of one document's record: the server takes 100 MiB a request unless it is told otherwise."""

ATTEMPTS = 8
"""Rounds of looking and writing again while others write the same documents."""

_FULL_RETRIES = 2
_CONFLICT = 409
_NOT_FOUND = 404
_WRONG = 400


@dataclass(frozen=True, slots=True)
class Stored:
    """What the server has under a document's id."""

    revision: int
    mark: bool
    sequence: int
    term: int


Beats = Callable[[Stored | None, Record], bool]
"""Whether a record replaces what is stored although the version was turned away."""


def put_beats(stored: Stored | None, record: Record) -> bool:
    """A put replaces the same and lower revisions and brings back what was removed."""
    return stored is None or stored.mark or stored.revision <= record["revision"]


def fill_beats(stored: Stored | None, record: Record) -> bool:
    """A fill replaces lower revisions only: what was put or removed since the start is newer."""
    return stored is None or (not stored.mark and stored.revision < record["revision"])


def _mark_beats(_stored: Stored | None, _record: Record) -> bool:
    return True


def newest(documents: Iterable[DocumentEntries]) -> dict[str, Record]:
    """The records of documents by id, of each document the highest revision."""
    found: dict[uuid.UUID, DocumentEntries] = {}
    for entries in documents:
        known = found.get(entries.document)
        if known is None or known.revision <= entries.revision:
            found[entries.document] = entries
    return {document.hex: _record(entries) for document, entries in found.items()}


def write(
    connection: Connection, alias: str, records: Mapping[str, Record], *, beats: Beats, version_type: str
) -> None:
    """Store records through an alias, by the rule `beats`.

    Args:
        connection: the server.
        alias: must exist; an index of that name is never created.
        records: by id.
        beats: decides where the server turned a version away.
        version_type: `external_gte` where the same revision is written again, `external` where it stays.
    """
    actions = [
        {
            "_op_type": "index",
            "_id": name,
            "version": MARK_VERSION if record.get("mark") else record["revision"],
            "version_type": version_type,
            "_source": record,
        }
        for name, record in records.items()
    ]
    for _ in range(ATTEMPTS):
        turned_away = _send(connection, alias, actions)
        if not turned_away:
            return
        stored = _look(connection, alias, turned_away)
        actions = [
            {"_id": name, "_source": records[name], **_unless_touched(stored.get(name))}
            for name in turned_away
            if beats(stored.get(name), records[name])
        ]
        if not actions:
            return
    raise SearchUnavailable("Others keep changing the same documents of the index.")


def mark_removed(connection: Connection, alias: str, documents: Iterable[uuid.UUID]) -> None:
    """Leave signs that documents were removed, so that a late fill does not bring them back."""
    marks: dict[str, Record] = {document.hex: {"mark": True, "revision": 0} for document in documents}
    write(connection, alias, marks, beats=_mark_beats, version_type="external_gte")


def delete(connection: Connection, alias: str, documents: Iterable[uuid.UUID]) -> None:
    """Take documents out; unknown ones are fine."""
    _send(connection, alias, [{"_op_type": "delete", "_id": document.hex} for document in documents])


def _unless_touched(stored: Stored | None) -> Record:
    if stored is None:
        return {"_op_type": "create"}
    return {"_op_type": "index", "if_seq_no": stored.sequence, "if_primary_term": stored.term}


def _look(connection: Connection, alias: str, names: Sequence[str]) -> dict[str, Stored]:
    answer = connection.ask(lambda client: client.mget(index=alias, body={"ids": list(names)}))
    return {
        found["_id"]: Stored(
            found["_source"]["revision"],
            bool(found["_source"].get("mark")),
            found["_seq_no"],
            found["_primary_term"],
        )
        for found in answer["docs"]
        if found.get("found")
    }


def _send(connection: Connection, alias: str, actions: Sequence[Record]) -> list[str]:
    """Send actions in bulk and answer the ids whose version was turned away; every other failure is an error."""
    if not actions:
        return []
    return connection.once(lambda client: _turned_away(client, alias, actions))


def _turned_away(client: OpenSearch, alias: str, actions: Sequence[Record]) -> list[str]:
    conflicts = []
    for ok, outcome in streaming_bulk(
        client,
        actions,
        index=alias,
        max_chunk_bytes=CHUNK_BYTES,
        raise_on_error=False,
        max_retries=_FULL_RETRIES,
        initial_backoff=1,
        max_backoff=4,
        params={"require_alias": "true", "request_timeout": BULK_SECONDS},
    ):
        ((operation, item),) = outcome.items()
        if ok or (operation == "delete" and item["status"] == _NOT_FOUND and "error" not in item):
            continue
        if item["status"] == _CONFLICT:
            conflicts.append(str(item["_id"]))
            continue
        raise _meaning(item)
    return conflicts


def _meaning(item: Mapping[str, Any]) -> Exception:
    error = item.get("error") or {}
    kind = error.get("type", "unknown") if isinstance(error, Mapping) else str(error)
    reason = f"OpenSearch does not store {item.get('_id')}: {item['status']} {kind}"
    if item["status"] == _NOT_FOUND:
        return Missing(reason)
    return SearchError(reason) if item["status"] == _WRONG else SearchUnavailable(reason)


def _record(entries: DocumentEntries) -> Record:
    document, day = entries.document, entries.day
    all_of_it = whole(entries.entries)
    record: Record = {
        "document": document.hex,
        "revision": entries.revision,
        "scope": entries.scope,
        "date": day.toordinal(),
        "newest": ranking.newest_key(day.toordinal(), document),
        "reference": ranking.reference_key(entries.reference_key, document),
        **{facet.value: label for facet, label in _labels(entries).items()},
        "stems": all_of_it.stems or NOTHING,
        "pieces": all_of_it.pieces or NOTHING,
        "title_stems": entries.description.stems or NOTHING,
        "title_pieces": entries.description.pieces or NOTHING,
        "exact": list(entries.description.exact),
        "windows": list(_windows(entries)),
    }
    places = {"dossier": entries.dossier, "case": entries.case}
    record |= {field: number for field, number in places.items() if number}
    record["shared"] = [number for number in places.values() if number]
    return _cut(record)


def _windows(entries: DocumentEntries) -> Iterator[Record]:
    for entry in entries.entries:
        yield {"page": entry.page, "stems": entry.stems or NOTHING, "pieces": entry.pieces or NOTHING}


def _cut(record: Record) -> Record:
    """A record that the server takes: the text of a document of some ten thousand pages is cut at its end."""
    size = len(json.dumps(record, ensure_ascii=False).encode())
    if size <= LONGEST_RECORD:
        return record
    share = LONGEST_RECORD / size
    kept = record["windows"][: int(len(record["windows"]) * share * 0.9)]
    logger.warning(
        "text of a document is too long for one request and is cut",
        extra={"document": record["document"], "windows": len(record["windows"]), "kept": len(kept)},
    )
    joined = {field: " ".join(window[field] for window in kept) or NOTHING for field in ("stems", "pieces")}
    return _cut({**record, **joined, "windows": kept})


def _labels(entries: DocumentEntries) -> dict[Facet, str]:
    return {
        Facet.PLAN_CLASS: entries.plan_class,
        Facet.UNIT: entries.unit,
        Facet.KIND: entries.kind,
        Facet.STATE: entries.state,
        Facet.YEAR: str(entries.day.year),
    }

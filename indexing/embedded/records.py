"""From a document's entries to tantivy's records, and the rule that the last revision wins."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import tantivy
from tantivy import DocAddress, Occur, Searcher
from tantivy import Query as Clause

from indexing import ranking
from indexing.embedded.files import Generation, damage_reported, open_generation, writer_of
from indexing.search import DocumentEntries, Facet, whole

NOTHING = "\x01"
"""Stands in a field that has no terms, so that every document counts when the engine weighs how rare a word is. No
analyser makes it."""

_REMOVED = 2**63
"""Revision of a mark in a generation under construction: this document was removed meanwhile."""


def name_of(document: uuid.UUID) -> str:
    """The term that stands for a document."""
    return f"d{document.hex}"


def number_of(document: uuid.UUID) -> int:
    """64 bits that stand for a document in its windows; equal ones would only mix up two orders."""
    return int.from_bytes(blake2b(document.bytes, digest_size=8).digest(), "big")


def ids_of(searcher: Searcher, addresses: list[DocAddress]) -> list[uuid.UUID]:
    """The documents of some records, from their two halves."""
    high, low = (searcher.fast_field_values(field, addresses) for field in ("high", "low"))
    return [uuid.UUID(int=(int(h or 0) << 64) | int(n or 0)) for h, n in zip(high, low, strict=True)]


def _stored_revisions(index: tantivy.Index, documents: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    searcher = index.searcher()
    names = [name_of(document) for document in documents]
    if not names:
        return {}
    result = searcher.search(
        Clause.boolean_query(
            [
                (Occur.Must, Clause.term_set_query(index.schema, "document", names)),
                (Occur.Must, Clause.exists_query("revision")),
            ]
        ),
        len(names),
        count=False,
    )
    addresses = [address for _, address in result.hits]
    revisions = searcher.fast_field_values("revision", addresses)
    return {d: int(n or 0) for d, n in zip(ids_of(searcher, addresses), revisions, strict=True)}


def write(path: Path, documents: Sequence[DocumentEntries], *, keep_equal: bool) -> None:
    """Store what is newer than what is there; with `keep_equal` the same revision, or a removal, stays as it is."""
    newest: dict[uuid.UUID, DocumentEntries] = {}
    for entries in documents:
        known = newest.get(entries.document)
        if known is None or known.revision <= entries.revision:
            newest[entries.document] = entries
    if not newest:
        return
    generation = open_generation(path)
    with damage_reported():
        stored = _stored_revisions(generation.documents, newest)
    wanted = []
    for document, entries in newest.items():
        revision = stored.get(document, -1)
        if revision == _REMOVED and not keep_equal:
            revision = -1
        if revision < entries.revision or (revision == entries.revision and not keep_equal):
            wanted.append(entries)
    if not wanted:
        return
    _change_windows(generation, [entries.document for entries in wanted], wanted)
    with writer_of(generation.documents) as writer:
        for entries in wanted:
            writer.delete_documents_by_term("document", name_of(entries.document))
            writer.add_document(_record(entries))


def _change_windows(
    generation: Generation, documents: Iterable[uuid.UUID], instead: Iterable[DocumentEntries] = ()
) -> None:
    """Take the windows of documents out, and put others in.

    They go first: a kill between the two commits leaves a document whose windows are newer or gone, which costs it a
    place in an order until the same call comes again, and never an answer.
    """
    with writer_of(generation.windows) as writer:
        for document in documents:
            writer.delete_documents_by_term("document", name_of(document))
        for entries in instead:
            for record in _windows(entries):
                writer.add_document(record)


def remove(path: Path, documents: Sequence[uuid.UUID], *, mark: bool) -> None:
    """Take documents out; with `mark` leave a sign, so that a late fill does not bring them back."""
    generation = open_generation(path)
    _change_windows(generation, documents)
    with writer_of(generation.documents) as writer:
        for document in documents:
            writer.delete_documents_by_term("document", name_of(document))
            if mark:
                record = tantivy.Document()
                record.add_text("document", name_of(document))
                record.add_unsigned("whole", 0)
                _add_identity(record, document, _REMOVED)
                writer.add_document(record)


def drop_marks(path: Path) -> None:
    """Take the signs of removed documents out of a generation that is about to serve."""
    index = open_generation(path).documents
    marks = Clause.term_query(index.schema, "whole", 0)
    with damage_reported():
        none = not index.searcher().search(marks, 1, count=False).hits
    if none:
        return
    with writer_of(index) as writer:
        writer.delete_documents_by_query(marks)


def _add_identity(record: tantivy.Document, document: uuid.UUID, revision: int) -> None:
    record.add_unsigned("high", document.int >> 64)
    record.add_unsigned("low", document.int & (2**64 - 1))
    record.add_unsigned("revision", revision)


def _record(entries: DocumentEntries) -> tantivy.Document:
    document = entries.document
    all_of_it = whole(entries.entries)
    record = tantivy.Document()
    record.add_text("document", name_of(document))
    record.add_unsigned("whole", 1)
    _add_identity(record, document, entries.revision)
    record.add_unsigned("scope", entries.scope)
    for field, value in (("dossier", entries.dossier), ("case", entries.case)):
        if value:
            record.add_unsigned(field, value)
            record.add_unsigned("shared", value)
    record.add_unsigned("date", entries.day.toordinal())
    record.add_text("newest", ranking.newest_key(entries.day.toordinal(), document))
    record.add_text("reference", ranking.reference_key(entries.reference_key, document))
    for facet, label in _labels(entries).items():
        record.add_text(facet, label)
    record.add_text("stems", all_of_it.stems or NOTHING)
    record.add_text("pieces", all_of_it.pieces or NOTHING)
    record.add_text("title_stems", entries.description.stems or NOTHING)
    record.add_text("title_pieces", entries.description.pieces or NOTHING)
    for form in entries.description.exact:
        record.add_text("exact", form)
    return record


def _windows(entries: DocumentEntries) -> Iterator[tantivy.Document]:
    name, number = name_of(entries.document), number_of(entries.document)
    for entry in entries.entries:
        record = tantivy.Document()
        record.add_text("document", name)
        record.add_unsigned("of", number)
        record.add_unsigned("page", entry.page)
        record.add_text("stems", entry.stems or NOTHING)
        record.add_text("pieces", entry.pieces or NOTHING)
        yield record


def _labels(entries: DocumentEntries) -> dict[Facet, str]:
    return {
        Facet.PLAN_CLASS: entries.plan_class,
        Facet.UNIT: entries.unit,
        Facet.KIND: entries.kind,
        Facet.STATE: entries.state,
        Facet.YEAR: str(entries.day.year),
    }

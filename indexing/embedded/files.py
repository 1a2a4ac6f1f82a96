"""How a generation lies on disk: schema, opening, one writer a batch, and every fault of tantivy as `IndexDamaged`.

Windows have an index of their own, because the engine counts all records of an index when it weighs how rare a word and
how long a text is: windows among the documents would make every document look long and every word rare.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import tantivy

from indexing.generations import LAYOUT, sync_folder, write_durably
from indexing.search import Facet
from indexing.search_errors import IndexDamaged, IndexOutdated
from indexing.terms import ANALYSER_VERSION

SCHEMA_VERSION = 2
"""Grows with every change of the schemas and of what is in their fields."""

_HEAP = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Generation:
    """The two indexes of a generation: one record a document, and one record a window of its text."""

    documents: tantivy.Index
    windows: tantivy.Index


def _document_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("stems", "pieces", "title_stems", "title_pieces"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("exact", tokenizer_name="raw", index_option="basic")
    for name in ("document", "newest", "reference", *Facet):
        builder.add_text_field(str(name), tokenizer_name="raw", index_option="basic", fast=True)
    for name in ("whole", "scope", "dossier", "date"):
        builder.add_unsigned_field(name, indexed=True, fast=True)
    # Dossier and case once more, together: whoever shares 50,000 of them pays for one look-up a question, not for two.
    builder.add_unsigned_field("shared", indexed=True)
    for name in ("high", "low", "revision", "case"):
        builder.add_unsigned_field(name, fast=True)
    return builder.build()


def _window_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("stems", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("pieces", tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("of", indexed=True, fast=True)
    builder.add_unsigned_field("page", fast=True)
    return builder.build()


def parts_of(path: Path) -> tuple[Path, Path]:
    """The folders of a generation's documents and windows."""
    return path / "documents", path / "windows"


def _layout() -> bytes:
    """What a generation must have been made by to be read."""
    index_format = str(vars(tantivy)["__version__"]).rpartition("index_format ")[2]
    made_by = {"schema": SCHEMA_VERSION, "analyser": ANALYSER_VERSION, "tantivy": index_format}
    return json.dumps(made_by, sort_keys=True).encode()


def create_generation(path: Path) -> None:
    """Make an empty generation in an empty folder."""
    for part, schema in zip(parts_of(path), (_document_schema(), _window_schema()), strict=True):
        part.mkdir(mode=0o700)
        tantivy.Index(schema, path=str(part))
        sync_folder(part)
    write_durably(path / LAYOUT, _layout())
    sync_folder(path)


def open_generation(path: Path) -> Generation:
    """Open a generation.

    Raises:
        IndexOutdated: made by another version.
        IndexDamaged: cannot be read.
    """
    try:
        made_by = (path / LAYOUT).read_bytes()
    except FileNotFoundError as error:
        raise IndexDamaged("The search index does not say what made it.") from error
    if made_by != _layout():
        raise IndexOutdated("The search index was made by another version; build it anew.")
    with damage_reported():
        documents, windows = (tantivy.Index.open(str(part)) for part in parts_of(path))
        for index in (documents, windows):
            # No watcher thread: every question looks at the files itself.
            index.config_reader("manual")
        return Generation(documents, windows)


@contextmanager
def damage_reported() -> Iterator[None]:
    """Turn what tantivy says of broken files, a panic of its Rust code too, into `IndexDamaged`."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise IndexDamaged(f"The search index cannot be read: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise IndexDamaged(f"The search index cannot be read: {error}") from error


@contextmanager
def writer_of(index: tantivy.Index) -> Iterator[tantivy.IndexWriter]:
    """A writer that commits at the end, or changes nothing, and is gone afterwards."""
    with damage_reported():
        writer = index.writer(_HEAP, 1)
        try:
            yield writer
            writer.commit()
        except BaseException:
            writer.rollback()
            raise
        finally:
            writer.wait_merging_threads()

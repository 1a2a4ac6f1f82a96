"""The driver itself: `SearchIndex` in a folder."""

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy
from tantivy import Occur, Order
from tantivy import Query as Clause

from indexing import ranking
from indexing.embedded.allowed import Allowed
from indexing.embedded.answers import Searchers, by_key, by_relevance, facets_of
from indexing.embedded.clauses import count_of
from indexing.embedded.files import Generation, create_generation, damage_reported, open_generation, parts_of
from indexing.embedded.questions import Question
from indexing.embedded.records import drop_marks, name_of, remove, write
from indexing.generations import Generations, files_intact
from indexing.german import analyse_query
from indexing.ranking import Cursor
from indexing.search import Answer, Condition, DocumentEntries, Query, Rebuild, Rights, Sort
from indexing.search_errors import IndexAbsent, IndexDamaged, IndexOutdated, IndexUnusable


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One committed state of one generation."""

    path: Path
    meta: tuple[tuple[int, int, int], ...]
    generation: Generation
    searchers: Searchers

    @property
    def schema(self) -> tantivy.Schema:
        """The schema of documents."""
        return self.generation.documents.schema


class EmbeddedIndex:
    """A `SearchIndex` in a folder on a local disk (flock and mmap: not on a network share)."""

    def __init__(self, folder: Path) -> None:
        self._generations = Generations(folder)
        self._mutex = threading.Lock()
        self._latest: _Snapshot | None = None
        self._allowed = Allowed()

    # ------------------------------------------------------------------------------------------------------- writing

    def put(self, documents: Sequence[DocumentEntries]) -> None:
        """See `SearchIndex.put`."""
        with self._generations.writing():
            for path in self._targets():
                write(path, documents, keep_equal=False)

    def remove(self, documents: Sequence[uuid.UUID]) -> None:
        """See `SearchIndex.remove`."""
        with self._generations.writing():
            building = self._generations.building()
            for path in self._targets():
                remove(path, documents, mark=path == building)

    def start_rebuild(self) -> str:
        """See `SearchIndex.start_rebuild`."""
        with self._generations.writing():
            path = self._generations.begin()
            create_generation(path)
            self._generations.announce(path)
            return path.name

    def fill(self, rebuild: str, documents: Sequence[DocumentEntries]) -> None:
        """See `SearchIndex.fill`."""
        with self._generations.writing():
            path = self._generations.require_building(rebuild)
            write(path, documents, keep_equal=True)
            if documents:
                filled = {entries.document for entries in documents}
                self._generations.note_progress(path, max(filled), len(filled))

    def finish_rebuild(self, rebuild: str) -> None:
        """See `SearchIndex.finish_rebuild`."""
        with self._generations.writing():
            path = self._generations.require_building(rebuild)
            drop_marks(path)
            self._generations.swap(path)

    def abandon_rebuild(self, rebuild: str) -> None:
        """See `SearchIndex.abandon_rebuild`."""
        with self._generations.writing():
            building = self._generations.building()
            if building is not None and building.name == rebuild:
                self._generations.give_up()

    def rebuilding(self) -> Rebuild | None:
        """See `SearchIndex.rebuilding`."""
        try:
            path = self._generations.building()
            if path is None:
                return None
            open_generation(path)
        except (IndexUnusable, FileNotFoundError):
            # Nobody can go on with it; whoever starts anew drops it.
            return None
        return self._generations.progress(path)

    def generation(self) -> str | None:
        """See `SearchIndex.generation`."""
        try:
            return self._generations.current().name
        except IndexUnusable:
            return None

    def _targets(self) -> list[Path]:
        """Where a change goes: the generation that serves and the one being built; the latter alone if need be."""
        building = self._generations.building()
        try:
            current = self._generations.current()
            open_generation(current)
        except IndexUnusable:
            if building is None:
                raise
            return [building]
        return [current] if building is None else [current, building]

    # ------------------------------------------------------------------------------------------------------- reading

    def query(self, query: Query, *, content: Rights, metadata: Rights) -> Answer:
        """See `SearchIndex.query`."""
        terms = analyse_query(query.text)
        cursor = Cursor.decode(query)
        snapshot = self._snapshot()
        by_words = ranking.order_of(query, terms) is Sort.RELEVANCE
        ways = ranking.strictness(len(terms.words))
        level = cursor.level if cursor else 0
        with damage_reported():
            while True:
                question = Question(
                    snapshot.searchers.documents,
                    snapshot.schema,
                    snapshot.generation.windows.schema,
                    terms,
                    query,
                    content,
                    metadata,
                    level=level,
                    allowed=self._allowed,
                )
                if by_words:
                    page = by_relevance(snapshot.searchers, question, cursor)
                else:
                    page = by_key(snapshot.generation.documents, snapshot.searchers, question, cursor)
                if cursor or not terms.words or page.total >= ways[level].enough:
                    break
                level += 1
            facets = facets_of(snapshot.searchers.documents, question.found)
        mark = page.mark.encode(query) if page.mark else None
        return Answer(page.hits, page.total, total_exact=True, facets=facets, next=mark)

    def count(self) -> int:
        """See `SearchIndex.count`."""
        snapshot = self._snapshot()
        with damage_reported():
            return count_of(snapshot.searchers.documents, Clause.term_query(snapshot.schema, "whole", 1))

    def revisions(self, after: uuid.UUID | None, limit: int) -> Sequence[tuple[uuid.UUID, int]]:
        """See `SearchIndex.revisions`."""
        snapshot = self._snapshot()
        with damage_reported():
            clauses = [(Occur.Must, Clause.term_query(snapshot.schema, "whole", 1))]
            if after is not None:
                clauses.append(
                    (
                        Occur.Must,
                        snapshot.generation.documents.parse_query(f"document:{{{name_of(after)} TO *]", ["document"]),
                    )
                )
            result = snapshot.searchers.documents.search(
                Clause.boolean_query(clauses), limit, count=False, order_by_field="document", order=Order.Asc
            )
            stored = snapshot.searchers.documents.fast_field_values("revision", [address for _, address in result.hits])
        return [(uuid.UUID(hex=name[1:]), int(n or 0)) for (name, _), n in zip(result.hits, stored, strict=True)]

    def check(self, *, thorough: bool = False) -> Condition:
        """See `SearchIndex.check`."""
        try:
            snapshot = self._snapshot()
            with damage_reported():
                facets_of(snapshot.searchers.documents, Clause.all_query())
            if thorough and not all(files_intact(part) for part in parts_of(snapshot.path)):
                return Condition.DAMAGED
        except IndexAbsent:
            return Condition.ABSENT
        except IndexOutdated:
            return Condition.OUTDATED
        except (IndexDamaged, FileNotFoundError):
            return Condition.DAMAGED
        return Condition.READY

    def close(self) -> None:
        """See `SearchIndex.close`."""
        with self._mutex:
            self._latest = None

    def _snapshot(self) -> _Snapshot:
        """The newest committed state; opened anew only when another process or thread has changed it."""
        with self._mutex:
            for attempt in (1, 2):
                path = self._generations.current()
                try:
                    found = [(part / "meta.json").stat() for part in parts_of(path)]
                    meta = tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in found)
                    if self._latest is None or (self._latest.path, self._latest.meta) != (path, meta):
                        opened = open_generation(path)
                        searchers = Searchers(opened.documents.searcher(), opened.windows.searcher())
                        self._latest = _Snapshot(path, meta, opened, searchers)
                except (IndexDamaged, FileNotFoundError) as error:
                    # A swap between the two looks takes the files away; then the pointer names another folder now.
                    if attempt == 1 and self._generations.current() != path:
                        continue
                    raise IndexDamaged("A file of the search index is missing or damaged.") from error
                return self._latest
            raise IndexDamaged("The search index changes faster than it can be opened.")

"""The driver itself: `SearchIndex` on an OpenSearch server."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from indexing import ranking
from indexing.german import analyse_query
from indexing.opensearch.answers import Reader, by_key, by_relevance
from indexing.opensearch.connection import Address, Conflict, Connection, Missing
from indexing.opensearch.generations import Generations
from indexing.opensearch.layout import fill_alias
from indexing.opensearch.questions import Clause, Question
from indexing.opensearch.records import delete, fill_beats, mark_removed, newest, put_beats, write
from indexing.ranking import Cursor
from indexing.search import Answer, Condition, DocumentEntries, Query, Rebuild, Rights, Sort
from indexing.search_errors import (
    IndexAbsent,
    IndexDamaged,
    IndexOutdated,
    RebuildLost,
    SearchError,
    SearchUnavailable,
)

_DOCUMENTS: Clause = {"exists": {"field": "scope"}}
"""All documents; signs of removal and the mark of progress have no scope."""

_SWAPS = 5
"""How often a change is sent again because a generation began or ended to serve meanwhile."""


class OpenSearchIndex:
    """A `SearchIndex` on a server. Any number of processes on any number of machines."""

    def __init__(self, address: Address) -> None:
        self._connection = Connection(address)
        self._generations = Generations(self._connection, address.prefix)
        self._names = self._generations.names
        self._reader = Reader(self._connection, self._names.serving)

    # ------------------------------------------------------------------------------------------------------- writing

    def put(self, documents: Sequence[DocumentEntries]) -> None:
        """See `SearchIndex.put`."""
        records = newest(documents)
        if records:
            self._change(
                lambda alias, _building: write(
                    self._connection, alias, records, beats=put_beats, version_type="external_gte"
                )
            )

    def remove(self, documents: Sequence[uuid.UUID]) -> None:
        """See `SearchIndex.remove`."""
        if documents:
            self._change(
                lambda alias, building: (mark_removed if building else delete)(self._connection, alias, documents)
            )

    def _change(self, change: Callable[[str, bool], None]) -> None:
        """Apply a change to the generation under construction, then to the one that serves, and let it be seen.

        In this order a swap in between loses nothing: what came too late for the one is in the other, and what could
        be found in the old one can be found in the new one at the moment it begins to serve.
        """
        for _ in range(_SWAPS):
            aliases = self._generations.targets()
            if not aliases:
                self._not_there()
            try:
                for alias in aliases:
                    change(alias, alias == self._names.building)
                    self._generations.refresh(alias)
            except Missing:
                continue
            return
        raise SearchUnavailable("The generations of the index change faster than they can be written.")

    def start_rebuild(self) -> str:
        """See `SearchIndex.start_rebuild`."""
        return self._generations.begin()

    def fill(self, rebuild: str, documents: Sequence[DocumentEntries]) -> None:
        """See `SearchIndex.fill`."""
        self._generations.require_building(rebuild)
        records = newest(documents)
        if not records:
            return
        try:
            write(self._connection, fill_alias(rebuild), records, beats=fill_beats, version_type="external")
            self._generations.note_progress(rebuild, max(records), len(records))
        except Missing as error:
            raise RebuildLost(f"The rebuild {rebuild} was given up.") from error

    def finish_rebuild(self, rebuild: str) -> None:
        """See `SearchIndex.finish_rebuild`."""
        self._generations.require_building(rebuild)
        try:
            self._generations.swap(rebuild)
        except (Missing, Conflict) as error:
            raise RebuildLost(f"The rebuild {rebuild} was given up.") from error

    def abandon_rebuild(self, rebuild: str) -> None:
        """See `SearchIndex.abandon_rebuild`."""
        if self._generations.building() == rebuild:
            self._generations.drop(rebuild)

    def rebuilding(self) -> Rebuild | None:
        """See `SearchIndex.rebuilding`."""
        building = self._generations.building()
        return self._generations.progress(building) if building else None

    # ------------------------------------------------------------------------------------------------------- reading

    def query(self, query: Query, *, content: Rights, metadata: Rights) -> Answer:
        """See `SearchIndex.query`."""
        terms = analyse_query(query.text)
        cursor = Cursor.decode(query)
        by_words = ranking.order_of(query, terms) is Sort.RELEVANCE
        level = cursor.level if cursor else 0
        try:
            while True:
                question = Question(terms, query, content, metadata, level=level)
                page = (by_relevance if by_words else by_key)(self._reader, question, cursor)
                enough = ranking.strictness(len(terms.words))[level].enough
                if cursor or not terms.words or page.total >= enough:
                    break
                level += 1
        except Missing:
            self._not_there()
        mark = page.mark.encode(query) if page.mark else None
        return Answer(page.hits, page.total, total_exact=True, facets=page.facets, next=mark)

    def count(self) -> int:
        """See `SearchIndex.count`."""
        try:
            return self._reader.count(_DOCUMENTS)
        except Missing:
            self._not_there()

    def revisions(self, after: uuid.UUID | None, limit: int) -> Sequence[tuple[uuid.UUID, int]]:
        """See `SearchIndex.revisions`."""
        options: dict[str, Any] = {} if after is None else {"search_after": [after.hex]}
        try:
            answer = self._reader.search(
                _DOCUMENTS,
                limit,
                sort=[{"document": "asc"}],
                stored_fields="_none_",
                docvalue_fields=["document", "revision"],
                **options,
            )
        except Missing:
            self._not_there()
        found: Sequence[Mapping[str, Any]] = [hit["fields"] for hit in answer["hits"]["hits"]]
        return [(uuid.UUID(hex=fields["document"][0]), int(fields["revision"][0])) for fields in found]

    def check(self, *, thorough: bool = False) -> Condition:
        """See `SearchIndex.check`. The server compares checksums itself; thorough also walks through all documents."""
        condition = self._generations.condition()
        if condition is not Condition.READY:
            return condition
        try:
            found = self._reader.count(_DOCUMENTS)
            if thorough:
                after, walked = None, 0
                while page := self.revisions(after, 1_000):
                    after, walked = page[-1][0], walked + len(page)
                return Condition.READY if walked >= found else Condition.DAMAGED
        except (Missing, IndexAbsent):
            return self._generations.condition()
        except SearchUnavailable:
            raise
        except SearchError:
            return Condition.DAMAGED
        return Condition.READY

    def generation(self) -> str | None:
        """See `SearchIndex.generation`."""
        return self._generations.serving()

    def close(self) -> None:
        """See `SearchIndex.close`."""
        self._connection.close()

    def _not_there(self) -> NoReturn:
        """Say why the alias that serves is missing."""
        condition = self._generations.condition()
        if condition is Condition.OUTDATED:
            raise IndexOutdated("The search index was made by another version; build it anew.")
        if condition is Condition.ABSENT:
            raise IndexAbsent("There is no search index yet.")
        if condition is Condition.DAMAGED:
            raise IndexDamaged("The search index is not as it was made.")
        raise SearchUnavailable("The search index was not there for a moment.")

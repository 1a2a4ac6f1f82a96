"""What fifty thousand shares cost: lists and search by whole HTTP requests, against somebody who sees all by unit.

Ours: a clerk to whom a quarter as many dossiers were shared one by one as there are documents, so that half of the
documents are visible, and nothing else. Baseline: a clerk of the unit that has all of them. Both ask the same of the
same `eakte serve` in turn; first with the embedded index, then with OpenSearch. The ratio is the worst of all: of lists
of dossiers, lists of documents and searches, at the median and at the 95th percentile, with both drivers.

`--documents` and `--questions` make it smaller than 200,000 documents and 200 turns a round.
"""

from __future__ import annotations

import argparse
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx2
import psycopg

from benchmarks.archive import questions, words
from benchmarks.measuring import Figure, progress, report
from benchmarks.search_drivers import opensearch_address
from eakte.bootstrap import Backends
from eakte.operations.references import normalised_spelling, sort_key
from eakte.operations.units import scope_number
from eakte.terms import Level, new_id, today
from indexing import passages
from indexing.search import Description, DocumentEntries, Entry
from tests.support.service import Municipality, Service, data_folder

SHARED, EVERYTHING = "clerk10", "clerk63"
FIRST_PAGE = "/api/v1/dossiers?limit=50&class=632.2"
CONTENTS = 1_999
"""Different letters; with more of them the making would take longer than the measuring. An odd number, so that each
lies in shared dossiers and in others: else a question of few letters would find none for one of the two people, be
asked again less strictly, and be another question."""

BATCH = 5_000
"""Documents of one fill, which is one commit: here it is not the making of the index that is measured."""

VOCABULARY = words()

Content = tuple[str, Description, tuple[Entry, ...]]


@dataclass(frozen=True)
class Holding:
    """What was made: documents with their dossiers, and the keys of the two accounts."""

    documents: int
    shares: int
    tokens: dict[str, str]
    dossiers: list[uuid.UUID]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few documents; its figures mean nothing")
    parser.add_argument("--documents", type=int, default=200_000)
    parser.add_argument("--questions", type=int, default=200, help="turns of a round: a page, a dossier, a search")
    parser.add_argument("--rounds", type=int, default=3)
    said = parser.parse_args()
    documents, asked, rounds = (400, 10, 1) if said.quick else (said.documents, said.questions, said.rounds)
    figures: dict[str, Figure] = {"documents": documents, "questions": asked, "rounds": rounds}
    ratios: dict[str, float] = {}
    with data_folder() as folder, opensearch_address() as address:
        holding = None
        for driver, environment in (
            ("embedded", {}),
            ("opensearch", {"EAKTE_SEARCH_URL": f"opensearch://{address.host}:{address.port}/{address.prefix}"}),
        ):
            service = Service(folder, **environment)
            with service.backends() as backends:
                holding = holding or make_rows(backends, documents)
                fill_index(backends, holding)
            service.start()
            try:
                ratios |= measure(driver, service, holding, questions(asked), rounds, figures)
            finally:
                service.stop()
    worst = max(ratios, key=lambda name: ratios[name])
    figures |= {name: round(ratio, 2) for name, ratio in ratios.items()} | {"worst": worst}
    figures["shares"] = holding.shares if holding else 0
    baseline = "the same requests by a clerk who sees all documents by unit"
    report("rights", ratio=ratios[worst], baseline=baseline, better="lower", figures=figures)


def make_rows(backends: Backends, documents: int) -> Holding:
    """Two documents in each dossier of unit 63; every second dossier is shared. By COPY: no act makes so many."""
    town = Municipality(backends)
    progress(f"{documents} documents, {documents // 4} shares")
    with backends.transactions.read() as session:
        scope = scope_number(session, uuid.UUID(town.units["63"]), Level.INTERNAL)
    dossiers = [new_id() for _ in range(documents // 2)]
    now, until = datetime.now(UTC), today() + timedelta(days=30)
    with psycopg.connect(backends.database.url) as connection:
        cursor = connection.cursor()
        (plan_class,) = cursor.execute("SELECT id FROM plan_class WHERE number = '632.2'").fetchone() or (None,)
        blob = ("bench", 1, b"", b"", now)
        cursor.execute("INSERT INTO blob (name, size, sha256, blocks, created_at) VALUES (%s, %s, %s, %s, %s)", blob)
        with copying(
            cursor,
            "dossier (id, number, reference_number, reference_key, reference_sort, plan_class_id, title,"
            " confidentiality, scope_number, medium, state, opened_on, retention_state, created_at, revision)",
        ) as write:
            for number, each in enumerate(dossiers, 1):
                reference = f"632.2-{number:06}/2024"
                names = (reference, normalised_spelling(reference), sort_key(reference))
                title = f"Bauantrag {number}"
                rest = (plan_class, title, 1, scope, "electronic", "open", date(2024, 1, 2), "open", now, 1)
                write((each, number, *names, *rest))
        cursor.execute("SELECT setval('container_number', %s)", (len(dossiers),))
        with copying(
            cursor,
            "document (id, dossier_id, title, kind, version, state, revision, indexed_revision, created_at)",
        ) as write:
            for number in range(documents):
                title = title_of(number)
                write((document_id(number), dossiers[number // 2], title, "incoming", 1, "ready", 1, 1, now))
        with copying(
            cursor,
            "document_version (id, document_id, number, filename, media_type, size, sha256, original, created_at,"
            " processed_at, pages, page_sizes, text_state, rendition_state, warnings)",
        ) as write:
            for number in range(documents):
                received = ("brief.pdf", "application/pdf", 1, b"", "bench", now)
                read: tuple[Any, ...] = (now, 1, [1000, 1400], "born-digital", "none", [])
                write((new_id(), document_id(number), 1, *received, *read))
        with copying(cursor, "dossier_share (id, user_id, dossier_id, until, given_at)") as write:
            for each in dossiers[::2]:
                write((new_id(), uuid.UUID(town.users[SHARED]), each, until, now))
        connection.commit()
        connection.autocommit = True
        cursor.execute("VACUUM ANALYZE")
    tokens = {login: town.tokens[login] for login in (SHARED, EVERYTHING)}
    return Holding(documents, len(dossiers[::2]), tokens, dossiers)


def fill_index(backends: Backends, holding: Holding) -> None:
    """The entries of all documents, as the product's rebuild puts them."""
    progress(f"filling {type(backends.search).__name__}")
    contents = letters()
    with psycopg.connect(backends.database.url) as connection:
        ((scope, unit),) = connection.execute(
            "SELECT number, unit_id FROM access_scope WHERE number = (SELECT min(scope_number) FROM dossier)"
        ).fetchall()
    rebuild = backends.search.start_rebuild()
    numbers = sorted(range(holding.documents), key=document_id)
    for start in range(0, len(numbers), BATCH):
        batch = [entries(number, scope, str(unit), contents) for number in numbers[start : start + BATCH]]
        backends.search.fill(rebuild, batch)
    backends.search.finish_rebuild(rebuild)


def letters() -> list[Content]:
    """Titles, descriptions and entries of the different letters."""
    found: list[Content] = []
    for number in range(CONTENTS):
        # The beginning of the vocabulary is in many letters, its end in few.
        chosen = [VOCABULARY[(number * step + step * step) % (20 * step)] for step in range(1, 27)]
        title = title_of(number)
        text = passages.windows([" und ".join(chosen)])
        found.append((title, passages.describe(exact=[title], others=[]), text))
    return found


def title_of(number: int) -> str:
    """The title of a document."""
    return f"Schreiben zur {VOCABULARY[number % 300]}"


def document_id(number: int) -> uuid.UUID:
    """The id of a document: in the order of their making, as real ones."""
    return uuid.UUID(int=(0x0190A000_0000_7000_8000 << 48) + number)


def entries(number: int, scope: int, unit: str, contents: list[Content]) -> DocumentEntries:
    """What the index holds of a document."""
    _title, description, text = contents[number % CONTENTS]
    return DocumentEntries(
        document=document_id(number),
        revision=1,
        scope=scope,
        dossier=number // 2 + 1,
        case=0,
        plan_class="632.2",
        unit=unit,
        kind="incoming",
        state="open",
        day=date(2015, 1, 1) + timedelta(days=number % 3_000),
        reference_key=sort_key(f"632.2-{number // 2 + 1:06}/2024"),
        description=description,
        entries=text,
    )


@contextmanager
def copying(cursor: psycopg.Cursor[Any], columns: str) -> Iterator[Callable[[tuple[Any, ...]], None]]:
    """Rows into a table by COPY."""
    with cursor.copy(f"COPY {columns} FROM STDIN".encode()) as copy:
        yield copy.write_row


def measure(
    driver: str, service: Service, holding: Holding, asked: list[str], rounds: int, figures: dict[str, Figure]
) -> dict[str, float]:
    """Ask the same as both people in turn; the ratios of their times."""
    taken: dict[tuple[str, str], list[float]] = {}
    with service.client(holding.tokens[SHARED]) as shared, service.client(holding.tokens[EVERYTHING]) as everything:
        people = {SHARED: Person(shared), EVERYTHING: Person(everything)}
        begin = time.perf_counter()
        total = ask(shared, "/api/v1/search?q=&limit=1")["total"]
        figures[f"{driver}_first_search_ms"] = round(1000 * (time.perf_counter() - begin), 1)
        assert total == 2 * holding.shares, total
        assert ask(everything, "/api/v1/search?q=&limit=1")["total"] == holding.documents
        for number in range(rounds + 1):
            progress(f"{driver}: round {number} of {rounds}")
            for place, question in enumerate(asked):
                dossier = holding.dossiers[len(holding.dossiers) * place // len(asked) // 2 * 2]
                for who, person in sorted(people.items(), reverse=bool(place % 2)):
                    for kind, request in person.requests(dossier, question):
                        begin = time.perf_counter()
                        request()
                        if number:  # the first round warms up
                            seconds = time.perf_counter() - begin
                            taken.setdefault((kind, who), []).append(1000 * seconds)
    ratios = {}
    for kind in ("list", "documents", "search"):
        quantiles = {who: statistics.quantiles(taken[kind, who], n=20) for who in people}
        for name, place in (("p50", 9), ("p95", 18)):
            for who, label in ((SHARED, "shared"), (EVERYTHING, "everything")):
                figures[f"{driver}_{kind}_{label}_{name}_ms"] = round(quantiles[who][place], 1)
            ratios[f"{driver}_{kind}_{name}_ratio"] = quantiles[SHARED][place] / quantiles[EVERYTHING][place]
            progress(f"{driver} {kind} {name}: {quantiles[SHARED][place]:.1f} / {quantiles[EVERYTHING][place]:.1f} ms")
    return ratios


@dataclass
class Person:
    """A client, and where it is in the list of dossiers."""

    client: httpx2.Client
    at: str = FIRST_PAGE

    def requests(self, dossier: uuid.UUID, question: str) -> Iterator[tuple[str, Callable[[], None]]]:
        """What one turn asks: the next page of the list of dossiers, the documents of one of them, a search."""
        search = f"/api/v1/search?{httpx2.QueryParams({'q': question, 'limit': 20})}"
        yield "list", self.turn_page
        yield "documents", lambda: ask(self.client, f"/api/v1/documents?dossier={dossier}&limit=50")
        yield "search", lambda: ask(self.client, search)

    def turn_page(self) -> None:
        """The next page; after the last one the first."""
        self.at = ask(self.client, self.at).get("next") or FIRST_PAGE


def ask(client: httpx2.Client, path: str) -> Any:
    """The answer, whole."""
    return client.get(path).raise_for_status().json()


if __name__ == "__main__":
    main()

"""How long an answer takes at 10,000 generated documents, both drivers, against the bare engine.

Ours: `SearchIndex.query` with the rights of a clerk: analysis of the question, the ways of loosening it, the order by
whole and best window, facets, total and the best pages of 20 hits. Baseline: the main query of the same question, made
outside the clock with the same rights, sent to the same index for its 20 best and nothing else. The ratio is the
embedded driver's median; the other driver's is among the figures.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.archive import SOMEWHERE, documents, questions
from benchmarks.measuring import Figure, interleaved, progress, report, rounded, wants_quick
from benchmarks.search_drivers import embedded, fill, opensearch_address, server
from indexing.embedded import EmbeddedIndex
from indexing.embedded.allowed import Allowed
from indexing.embedded.questions import Question as EmbeddedQuestion
from indexing.german import analyse_query
from indexing.opensearch import OpenSearchIndex
from indexing.opensearch.questions import Question
from indexing.search import Query, SearchIndex

HITS = 20
Ask = Callable[[], object]


def main() -> None:
    """Measure and report."""
    quick = wants_quick(__doc__)
    count, asked, rounds = (300, 10, 1) if quick else (10_000, 200, 5)
    archive = list(documents(count))
    figures: dict[str, Figure] = {"documents": count, "questions": asked, "rounds": rounds}
    with tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder, opensearch_address() as address:
        index, other = embedded(Path(folder) / "index"), server(address)
        for each in (index, other):
            progress(f"filling {type(each).__name__}")
            fill(each, archive)
        texts = questions(asked)
        ratio, figures["ratios"] = measure("embedded", index, bare_embedded(index, texts), texts, rounds, figures)
        theirs = measure("opensearch", other, bare_opensearch(other, texts), texts, rounds, figures)
        figures["opensearch_ratio"], figures["opensearch_ratios"] = round(theirs[0], 3), theirs[1]
        rebuild = other.generation()
        other.close()
        index.close()
        if rebuild is not None:
            progress(f"left on the server: {rebuild}")
    baseline = "the main query of each question, built before, sent to the same engine for its 20 best"
    report("search", ratio=ratio, baseline=baseline, better="lower", figures=figures)


def measure(
    name: str, index: SearchIndex, bare: list[Ask], texts: list[str], rounds: int, figures: dict[str, Figure]
) -> tuple[float, list[float]]:
    """Ask everything both ways in turn; the ratio of the times and those of the rounds."""
    ours: list[Ask] = [
        lambda text=text: index.query(Query(text, limit=HITS), content=SOMEWHERE, metadata=SOMEWHERE)  # type: ignore[misc]
        for text in texts
    ]
    taken: dict[str, list[float]] = {"": [], "_bare": []}

    def all_of(asks: list[Ask], side: str) -> Callable[[int], None]:
        def round_(_number: int) -> None:
            for ask in asks:
                begin = time.perf_counter()
                ask()
                taken[side].append(1000 * (time.perf_counter() - begin))

        return round_

    for ask in (*ours[:10], *bare[:10]):
        ask()
    times = interleaved(all_of(ours, ""), all_of(bare, "_bare"), rounds=rounds)
    for side, milliseconds in taken.items():
        figures[f"{name}{side}_p50_ms"] = round(statistics.median(milliseconds), 2)
        figures[f"{name}{side}_p95_ms"] = round(statistics.quantiles(milliseconds, n=20)[-1], 2)
    ratios = [1 / ratio for ratio in times.ratios]
    return statistics.median(ratios), rounded(ratios)


def bare_embedded(index: EmbeddedIndex, texts: list[str]) -> list[Ask]:
    """The main query of each question on the bare searcher."""
    snapshot = index._snapshot()  # noqa: SLF001 - the same open files as ours
    searcher = snapshot.searchers.documents
    opened = (searcher, snapshot.schema, snapshot.generation.windows.schema)
    clauses = [
        EmbeddedQuestion(
            *opened, analyse_query(text), Query(text), SOMEWHERE, SOMEWHERE, level=0, allowed=Allowed()
        ).scored
        for text in texts
    ]
    return [lambda clause=clause: searcher.search(clause, HITS, count=True) for clause in clauses]  # type: ignore[misc]


def bare_opensearch(index: OpenSearchIndex, texts: list[str]) -> list[Ask]:
    """The main query of each question by the bare client."""
    client, name = index._connection.client, index.generation()  # noqa: SLF001 - the same connections as ours
    bodies = [
        {
            "query": Question(analyse_query(text), Query(text), SOMEWHERE, SOMEWHERE, level=0).scored(),
            "size": HITS,
            "track_total_hits": True,
            "_source": False,
        }
        for text in texts
    ]
    return [lambda body=body: client.search(index=name, body=body) for body in bodies]  # type: ignore[misc]


if __name__ == "__main__":
    main()

"""Documents indexed a second, both drivers, against the bare engine's own bulk of the same terms.

Ours: a rebuild of generated documents as the product makes it: batches, revisions compared, each batch committed and
marked as done, the swap at the end. Baseline: the same records handed to the bare engine without any of that: one
writer and one commit with tantivy, the library's bulk helper and one refresh with OpenSearch. The ratio is the embedded
driver's; the other driver's is among the figures.
"""

from __future__ import annotations

import statistics
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from opensearchpy.helpers import bulk

from benchmarks.archive import documents
from benchmarks.measuring import Figure, Rounds, interleaved, report, rounded, wants_quick
from benchmarks.search_drivers import embedded, fill, opensearch_address, server
from indexing.embedded.files import create_generation, open_generation, writer_of
from indexing.embedded.records import _record, _windows
from indexing.opensearch import OpenSearchIndex
from indexing.opensearch.layout import MAPPING, SETTINGS
from indexing.opensearch.records import newest
from indexing.search import DocumentEntries


def main() -> None:
    """Measure and report."""
    quick = wants_quick(__doc__)
    count, rounds = (100, 1) if quick else (3_000, 3)
    archive = list(documents(count))
    with tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder, opensearch_address() as address:
        local, other = embedded(Path(folder) / "index"), server(address)
        mine = interleaved(
            lambda _number: fill(local, archive),
            lambda number: bare_embedded(Path(folder), number, archive),
            rounds=rounds,
        )
        theirs = interleaved(
            lambda _number: fill(other, archive), lambda _number: bare_opensearch(other, archive), rounds=rounds
        )
        other.close()
    windows = sum(len(entries.entries) for entries in archive)
    figures: dict[str, Figure] = {"documents": count, "windows": windows, "rounds": rounds}
    for name, times in (("embedded", mine), ("opensearch", theirs)):
        figures |= speeds(name, times, count)
    baseline = "the same records by one tantivy writer with one commit (and by OpenSearch's bulk helper)"
    report("indexing", ratio=mine.ratio, baseline=baseline, better="higher", figures=figures)


def speeds(name: str, times: Rounds, count: int) -> dict[str, Figure]:
    """Documents a second of both sides, and the ratios."""
    return {
        f"{name}_per_second": round(count / statistics.median(times.ours), 1),
        f"{name}_bare_per_second": round(count / statistics.median(times.baseline), 1),
        f"{name}_ratio": round(times.ratio, 3),
        f"{name}_ratios": rounded(times.ratios),
    }


def bare_embedded(folder: Path, number: int, archive: Sequence[DocumentEntries]) -> None:
    """The same records, one writer and one commit each for documents and windows."""
    path = folder / f"bare{number}"
    path.mkdir()
    create_generation(path)
    generation = open_generation(path)
    with writer_of(generation.documents) as writer:
        for entries in archive:
            writer.add_document(_record(entries))
    with writer_of(generation.windows) as writer:
        for entries in archive:
            for record in _windows(entries):
                writer.add_document(record)


def bare_opensearch(index: OpenSearchIndex, archive: Sequence[DocumentEntries]) -> None:
    """The same records by the library's helper into a plain index with the same mapping."""
    client, name = index._connection.client, f"bench-bare-{uuid.uuid4().hex[:8]}"  # noqa: SLF001 - the same connection
    client.indices.create(index=name, body={"mappings": MAPPING, "settings": SETTINGS})
    records = newest(archive)
    bulk(client, ({"_id": key, "_source": record} for key, record in records.items()), index=name, request_timeout=120)
    client.indices.refresh(index=name)
    client.indices.delete(index=name)


if __name__ == "__main__":
    main()

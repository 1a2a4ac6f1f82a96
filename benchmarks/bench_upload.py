"""From upload to findable: the product over HTTP against the bare engines on the same documents.

Ours: `eakte serve` with its default settings and embedded database; four clients upload, the clock stops when the last
document is `ready`, which means that a search finds it (asked afterwards). Baseline: reading, recognition, rendition
and analysis alone, by the same engines with as many threads and processes, without service, database, blob store, log
and index. The ratio says how much of the engines' speed the product keeps: 1 would be a product that costs nothing.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.measuring import Figure, interleaved, progress, report, rounded, wants_quick
from eakte.sample.town import town
from eakte.sample.values import SampleDocument
from eakte.settings import Settings
from indexing.passages import windows
from indexing.processing import process
from indexing.recognition import Recogniser
from indexing.words import page_text, read_pages
from tests.support.service import Municipality, Service, data_folder, until, upload

CLIENTS = 4
SEED = 7


class Product:
    """A running service, and one dossier a round."""

    def __init__(self, client: httpx2.Client, documents: list[SampleDocument]) -> None:
        self._client = client
        self._documents = documents

    def round(self, number: int) -> None:
        """File all documents and wait until the last can be found."""
        mark = f"messrunde{number}"
        dossier = self._client.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": mark}).json()["id"]

        def file(document: SampleDocument) -> None:
            metadata = {"dossier": dossier, "title": f"{document.title} {mark}"}
            upload(self._client, metadata, document.content, document.filename).raise_for_status()

        with ThreadPoolExecutor(CLIENTS) as clients:
            list(clients.map(file, self._documents))
        # The limit is for a product that hangs, not a goal.
        until(lambda: self._all_ready(dossier), seconds=60 * len(self._documents), what="all documents ready")

    def found(self, number: int) -> int:
        """How many documents of a round a search finds."""
        answer = self._client.get("/api/v1/search", params={"q": f"messrunde{number}", "limit": 1})
        return int(answer.raise_for_status().json()["total"])

    def one(self, document: SampleDocument, number: int) -> float:
        """Seconds from the upload of a single document to `ready`, nothing else being done."""
        begin = time.perf_counter()
        self._documents, all_of_them = [document], self._documents
        self.round(number)
        self._documents = all_of_them
        return time.perf_counter() - begin

    def _all_ready(self, dossier: str) -> bool:
        answer = self._client.get("/api/v1/documents", params={"dossier": dossier, "limit": len(self._documents)})
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        failed = [f"{item['filename']}: {item['state_reason']}" for item in items if item["state"] == "failed"]
        assert not failed, failed
        return [item["state"] for item in items] == ["ready"] * len(self._documents)


class Engines:
    """The same work without the product around it."""

    def __init__(self, recogniser: Recogniser, documents: list[SampleDocument], threads: int) -> None:
        self._recogniser = recogniser
        self._documents = documents
        self._threads = threads

    def round(self, _number: int) -> None:
        """Process and analyse all documents."""
        with ThreadPoolExecutor(self._threads) as threads:
            list(threads.map(self._one, self._documents))

    def _one(self, document: SampleDocument) -> None:
        with tempfile.TemporaryDirectory(prefix="eakte-bench-") as folder:
            source, work = Path(folder) / "original", Path(folder) / "work"
            source.write_bytes(document.content)
            work.mkdir()
            done = process(source, filename=document.filename, workdir=work, recogniser=self._recogniser)
            with done.words.open("rb") as words:
                windows([page_text(page) for page in read_pages(words)])


def main() -> None:
    """Measure and report."""
    quick = wants_quick(__doc__)
    count, rounds = (3, 1) if quick else (30, 3)
    documents = list(town(SEED, count).documents())
    settings = Settings()
    progress(f"{count} documents, {sum(document.pages for document in documents)} pages; starting the service")
    with data_folder() as folder:
        service = Service(folder)
        service.start()
        recogniser = Recogniser(settings.recognition_processes)
        try:
            with service.backends() as backends:
                token = Municipality(backends).tokens["clerk63"]
            engines = Engines(recogniser, documents, settings.work_concurrency)
            with service.client(token) as client:
                measure(Product(client, documents), engines, documents, rounds)
        finally:
            recogniser.close()
            service.stop()


def measure(product: Product, engines: Engines, documents: list[SampleDocument], rounds: int) -> None:
    """Warm both sides up, time them in turn, and report."""
    scan = next(document for document in documents if document.scan)
    letter = next(document for document in documents if not document.scan)
    product.one(scan, rounds)
    engines.round(0)
    times = interleaved(product.round, engines.round, rounds=rounds)
    found = [product.found(number) for number in range(rounds)]
    assert found == [len(documents)] * rounds, found
    minutes = [seconds / 60 for seconds in times.ours]
    figures: dict[str, Figure] = {
        "documents": len(documents),
        "pages": sum(document.pages for document in documents),
        "scans": sum(document.scan for document in documents),
        "rounds": rounds,
        "documents_per_minute": round(rounds * len(documents) / sum(minutes), 1),
        "pages_per_minute": round(rounds * sum(document.pages for document in documents) / sum(minutes), 1),
        "engines_documents_per_minute": round(60 * rounds * len(documents) / sum(times.baseline), 1),
        "ratios": rounded(times.ratios),
        "one_letter_seconds": round(product.one(letter, rounds + 1), 2),
        "one_scan_seconds": round(product.one(scan, rounds + 2), 2),
        "one_scan_pages": scan.pages,
    }
    baseline = "the same engines in one process, without service, database, blob store, log and index"
    report("upload", ratio=times.ratio, baseline=baseline, better="higher", figures=figures)


if __name__ == "__main__":
    main()

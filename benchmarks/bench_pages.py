"""What a page costs in a large archive: each page at 100,000 documents against the same page at 1,000.

Two towns, each served by an `eakte serve` of its own on the embedded backends, asked in turn by a signed-in clerk for
the same pages as whole HTTP requests. The ratio is the worst of all pages, at the median: near one means that what a
clerk sees does not get slower as the archive grows. The document that is opened has 500 close-printed pages in both;
`found` is the same, opened from a hit, with a word on every fourth page; `text` is a stretch of its text. The figures
have the times at both percentiles, and how many bytes of HTML a page is as sent (`bytes`) and packed by gzip (`gzip`),
as a proxy in front sends it.
"""

from __future__ import annotations

import argparse
import gzip
import io
import re
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import httpx2
from reportlab.pdfgen.canvas import Canvas

from benchmarks.archive import questions
from benchmarks.bench_rights import EVERYTHING, VOCABULARY, Holding, fill_index, make_rows
from benchmarks.measuring import Figure, progress, report
from tests.support.service import PASSWORD, Service, data_folder, upload, wait_ready

LARGE, SMALL = 100_000, 1_000
SHEETS = 500
LINES = 40
WANTED = "Straßenausbaubeitragssatzung"
"""Stands on every fourth sheet of the long document."""
TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass(frozen=True)
class Town:
    """A served town: a browser that is signed in, and the addresses of its pages."""

    browser: httpx2.Client
    addresses: dict[str, list[str]]


def main() -> None:
    """Measure and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few documents; its figures mean nothing")
    parser.add_argument("--documents", type=int, default=LARGE)
    parser.add_argument("--turns", type=int, default=100, help="how often each page is asked for in each town")
    said = parser.parse_args()
    large, small, turns, sheets = (200, 100, 5, 3) if said.quick else (said.documents, SMALL, said.turns, SHEETS)
    with ExitStack() as open_towns:
        towns = {size: open_towns.enter_context(town(size, sheets)) for size in (large, small)}
        taken: dict[int, dict[str, list[float]]] = {
            size: {name: [] for name in towns[size].addresses} for size in towns
        }
        weights = {name: opened(towns[large].browser, found[0])[1] for name, found in towns[large].addresses.items()}
        for turn in range(turns):
            for size in sorted(towns, reverse=bool(turn % 2)):
                for name, found in towns[size].addresses.items():
                    taken[size][name].append(opened(towns[size].browser, found[turn % len(found)])[0])
    figures: dict[str, Figure] = {"documents": large, "documents_of_baseline": small, "turns": turns}
    ratios = {}
    for name, page in weights.items():
        mine, theirs = (statistics.quantiles(taken[size][name], n=20) for size in (large, small))
        ratios[name] = mine[9] / theirs[9]
        figures |= {f"{name}_p50_ms": round(mine[9], 1), f"{name}_p95_ms": round(mine[18], 1)}
        figures |= {f"{name}_ratio": round(ratios[name], 2), f"{name}_bytes": len(page)}
        figures[f"{name}_gzip"] = len(gzip.compress(page))
        progress(
            f"{name}: {mine[9]:.1f} ms, at the 95th percentile {mine[18]:.1f}; {theirs[9]:.1f} at {small} documents"
        )
    worst = max(ratios, key=lambda name: ratios[name])
    baseline = f"the same pages of a town with {small} documents"
    report("pages", ratio=ratios[worst], baseline=baseline, better="lower", figures={**figures, "worst": worst})


@contextmanager
def town(size: int, sheets: int) -> Iterator[Town]:
    """A town of so many documents, served."""
    with data_folder() as folder:
        service = Service(folder)
        with service.backends() as backends:
            holding = make_rows(backends, size)
            fill_index(backends, holding)
        service.start()
        try:
            with service.client(holding.tokens[EVERYTHING]) as client, service.client() as browser:
                document = filed(client, holding, sheets)
                sign_in(browser)
                yield Town(browser, addresses(holding, document))
        finally:
            service.stop()


def filed(client: httpx2.Client, holding: Holding, sheets: int) -> str:
    """One long document with pages to look at; the others have rows and entries only."""
    progress(f"a document of {sheets} pages")
    out = io.BytesIO()
    canvas = Canvas(out)
    for number in range(1, sheets + 1):
        canvas.drawString(70, 780, f"Niederschrift, Blatt {number}: {'Der Rat beschließt.' if number % 4 else WANTED}")
        for line in range(LINES):
            chosen = [VOCABULARY[(number * line + 7 * place) % len(VOCABULARY)] for place in range(5)]
            canvas.drawString(70, 760 - 17 * line, " ".join(chosen))
        canvas.showPage()
    canvas.save()
    answer = upload(client, {"dossier": str(holding.dossiers[0]), "title": "Niederschriften"}, out.getvalue())
    document = answer.raise_for_status().json()["id"]
    assert wait_ready(client, document, seconds=900)["state"] == "ready"
    return str(document)


def sign_in(browser: httpx2.Client) -> None:
    """By the form, as a person does."""
    token = TOKEN.search(browser.get("/anmelden").text)
    assert token
    fields = {"csrf": token[1], "username": EVERYTHING, "password": PASSWORD}
    assert browser.post("/anmelden", data=fields).status_code == 303


def addresses(holding: Holding, document: str) -> dict[str, list[str]]:
    """The pages a clerk sees, each with its addresses in turn."""
    some = holding.dossiers[:: max(1, len(holding.dossiers) // 50)]
    asked = [f"/suche?{httpx2.QueryParams({'q': question})}" for question in questions(50)]
    return {
        "start": ["/"],
        "plan": ["/plan/632.2"],
        "dossier": [f"/akten/{each}" for each in some],
        "history": [f"/akten/{each}/verlauf" for each in some],
        "document": [f"/dokumente/{document}"],
        "found": [f"/dokumente/{document}?{httpx2.QueryParams({'q': WANTED})}"],
        "text": [f"/dokumente/{document}/text"],
        "search": asked,
        "inbox": ["/posteingang"],
        "resubmissions": ["/wiedervorlagen"],
        "account": ["/konto"],
    }


def opened(browser: httpx2.Client, address: str) -> tuple[float, bytes]:
    """Milliseconds until the page is there, and its HTML."""
    begin = time.perf_counter()
    answer = browser.get(address)
    taken = 1000 * (time.perf_counter() - begin)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return taken, answer.content


if __name__ == "__main__":
    main()

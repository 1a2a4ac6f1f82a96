"""Text recognition: `indexing.processing.process` against ocrmypdf, the same pages, the same cores, both warmed up.

Both turn one scanned PDF into PDF/A with a text layer by the same German Tesseract data. Ours also makes page images
and the word layer; ocrmypdf's start of about a second is spread over all pages of the one file. The pages: the degraded
scans of the test corpora where they are, else scans of the sample municipality. Beside the speed: the order-free
character error, which asks whether the letters were read, not in which order a table was.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf

from benchmarks.measuring import Figure, cores, interleaved, progress, report, rounded, wants_quick
from eakte.sample.town import town
from indexing.processing import Processed, process
from indexing.recognition import Recogniser
from indexing.words import page_text, read_pages
from tests.indexing.documents.material import order_free_errors

OPTIONS = ["--language", "deu", "--jobs", str(cores()), "--output-type", "pdfa", "--quiet"]
ROOT = Path(__file__).resolve().parent.parent
SEED = 7
SAMPLE_PAGES = 12


@dataclass(frozen=True, slots=True)
class Material:
    """A scanned PDF and what stands on its pages."""

    name: str
    pdf: Path
    truth: tuple[str, ...]


def main() -> None:
    """Measure and report."""
    quick = wants_quick(__doc__)
    program = ocrmypdf()
    with tempfile.TemporaryDirectory(prefix="eakte-bench-") as name, recogniser() as reader:
        folder = Path(name)
        material = gather(folder / "scans.pdf", pages=2 if quick else SAMPLE_PAGES)
        rounds = 1 if quick else 3
        progress(f"{len(material.truth)} pages of {material.name}")
        read: dict[str, str] = {}

        def ours(number: int) -> None:
            read["ours"] = recognise(material, reader, folder / f"ours{number}")

        def theirs(number: int) -> None:
            output, text = folder / f"theirs{number}.pdf", folder / f"theirs{number}.txt"
            subprocess.run([program, *OPTIONS, "--sidecar", text, material.pdf, output], check=True)
            read["ocrmypdf"] = text.read_text(encoding="utf-8")

        warm_up(ours, theirs)
        times = interleaved(ours, theirs, rounds=rounds)
    wrong = {side: order_free_errors("".join(material.truth), text) for side, text in read.items()}
    pages = len(material.truth) * rounds
    figures: dict[str, Figure] = {
        "pages": len(material.truth),
        "material": material.name,
        "rounds": rounds,
        "pages_per_second": round(pages / sum(times.ours), 3),
        "ocrmypdf_pages_per_second": round(pages / sum(times.baseline), 3),
        "ratios": rounded(times.ratios),
        "character_error_percent": percent(wrong["ours"]),
        "ocrmypdf_character_error_percent": percent(wrong["ocrmypdf"]),
    }
    baseline = f"ocrmypdf {version(program)} {' '.join(OPTIONS[:-1])}"
    report("recognition", ratio=times.ratio, baseline=baseline, better="higher", figures=figures)


def recognise(material: Material, reader: Recogniser, folder: Path) -> str:
    """Process the PDF as the product does; the text that was read."""
    folder.mkdir()
    done: Processed = process(material.pdf, filename="scans.pdf", workdir=folder, recogniser=reader)
    assert done.text_state == "recognised", done.text_reason
    assert done.rendition_state == "conforming", done.rendition_reason
    with done.words.open("rb") as words:
        text = "\n".join(page_text(page) for page in read_pages(words))
    shutil.rmtree(folder)
    return text


def warm_up(*sides: Callable[[int], None]) -> None:
    """Everything is read from disk once before the clock runs."""
    for side in sides:
        side(-1)


def gather(target: Path, *, pages: int) -> Material:
    """Put the scans into one PDF of at most so many pages."""
    corpus = Path(os.environ.get("EAKTE_CORPORA", ROOT.parent / "shared" / "corpora")) / "scans"
    if corpus.is_dir():
        name, sources = "corpora/scans", corpus_scans(corpus)
    else:
        name, sources = "scans of the sample municipality", sample_scans()
    truth: list[str] = []
    with pikepdf.new() as whole:
        for content, texts in sources:
            with pikepdf.open(BytesIO(content)) as part:
                whole.pages.extend(list(part.pages)[: pages - len(truth)])
            truth += texts[: pages - len(truth)]
            if len(truth) == pages:
                break
        whole.save(target)
    return Material(name, target, tuple(truth))


def corpus_scans(folder: Path) -> Iterator[tuple[bytes, list[str]]]:
    """The corpus's PDFs with the truth of each page."""
    for path in sorted(folder.glob("*.pdf")):
        truths = sorted(folder.glob(f"{path.stem}.page*.txt"), key=lambda each: int(each.stem.rpartition("page")[2]))
        yield path.read_bytes(), [truth.read_text(encoding="utf-8") for truth in truths]


def sample_scans() -> Iterator[tuple[bytes, list[str]]]:
    """Scans that the program makes itself, for machines without the corpora."""
    for document in town(SEED, 200).documents():
        if document.scan and document.media_type == "application/pdf":
            yield document.content, list(document.truth)


@contextmanager
def recogniser() -> Iterator[Recogniser]:
    """As many recognition processes as cores."""
    reader = Recogniser(cores())
    try:
        yield reader
    finally:
        reader.close()


def ocrmypdf() -> str:
    """The program of our development environment; ends with a sentence where something is missing."""
    program = Path(sys.executable).with_name("ocrmypdf")
    missing = [name for name in ("tesseract", "gs") if shutil.which(name) is None]
    if missing or not program.is_file():
        raise SystemExit(f"ocrmypdf cannot run: {', '.join(missing) or program} missing; tools/test-servers --bench")
    return str(program)


def version(program: str) -> str:
    """The baseline's version."""
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def percent(errors: tuple[int, int]) -> float:
    """Wrong characters of a hundred."""
    wrong, total = errors
    return round(100 * wrong / total, 2)


if __name__ == "__main__":
    main()

"""Each limit of the throw-away process is hit by a file, and costs that file alone.

Memory, pixels and pages have theirs in `test_document_processing.py`; hostile programs in place of files in
`test_untrusted_processes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from indexing import forking
from indexing.errors import ProcessingFailed
from indexing.processing import Processed, process
from indexing.recognition import Recogniser
from indexing.untrusted import Limits
from tests.indexing.documents import hostile_files
from tests.indexing.documents.material import written_pdf

CPU = "Die Datei braucht beim Lesen mehr Rechenzeit als erlaubt."
MEMORY = "Die Datei braucht beim Lesen mehr Arbeitsspeicher als erlaubt."
OUTPUT = "Die Datei erzeugt beim Lesen mehr Daten als erlaubt."


def run(source: Path, recogniser: Recogniser, limits: Limits) -> Processed:
    workdir = source.with_name(f"work-{source.name}")
    workdir.mkdir()
    return process(source, filename=source.name, workdir=workdir, recogniser=recogniser, limits=limits)


def test_a_page_that_takes_hours_to_draw_costs_its_processor_time(recogniser: Recogniser, tmp_path: Path) -> None:
    hostile_files.slow_pdf(tmp_path / "slow.pdf")
    assert (tmp_path / "slow.pdf").stat().st_size < 10_000
    result = run(tmp_path / "slow.pdf", recogniser, Limits(cpu_seconds=1))
    assert (result.media_type, result.pages, result.text_reason) == ("application/pdf", 0, CPU)
    assert result.rendition_reason == CPU


def test_a_page_that_eats_memory_until_its_reader_gives_up_is_named(recogniser: Recogniser, tmp_path: Path) -> None:
    hostile_files.hungry_pdf(tmp_path / "hungry.pdf")
    assert (tmp_path / "hungry.pdf").stat().st_size < 10_000
    result = run(tmp_path / "hungry.pdf", recogniser, Limits(memory_bytes=512 << 20))
    # pdfium aborts where it is given no more memory: a signal that would otherwise be taken for a broken file.
    assert (result.pages, result.text_reason, result.rendition_reason) == (0, MEMORY, MEMORY)


def test_by_the_clock_the_machine_may_be_to_blame_so_it_is_tried_again(recogniser: Recogniser, tmp_path: Path) -> None:
    hostile_files.slow_pdf(tmp_path / "slow.pdf")
    with pytest.raises(ProcessingFailed) as caught:
        run(tmp_path / "slow.pdf", recogniser, Limits(wall_seconds=3))
    assert caught.value.retryable
    assert caught.value.sentence == "Das Lesen der Datei hat zu lange gedauert."


def test_a_page_that_becomes_a_large_file_is_stopped_while_it_is_written(
    recogniser: Recogniser, tmp_path: Path
) -> None:
    hostile_files.noisy_tiff(tmp_path / "noise.tiff")
    result = run(tmp_path / "noise.tiff", recogniser, Limits(file_bytes=100 << 10))
    # By the kernel: without its limit the page would pass and only what is made of it would be found too long.
    assert (result.pages, result.text_reason, result.rendition_reason) == (0, OUTPUT, OUTPUT)


def test_many_files_are_stopped_by_their_sum(recogniser: Recogniser, tmp_path: Path) -> None:
    hostile_files.noisy_tiff(tmp_path / "noise.tiff", frames=6)
    result = run(tmp_path / "noise.tiff", recogniser, Limits(output_bytes=700 << 10))
    assert OUTPUT in {result.text_reason, result.rendition_reason}


def test_a_file_that_needs_more_descriptors_than_there_are_ends(recogniser: Recogniser, tmp_path: Path) -> None:
    written_pdf(tmp_path / "letter.pdf")
    result = run(tmp_path / "letter.pdf", recogniser, Limits(open_files=4))  # those of the process itself
    assert result.pages == 0
    assert result.text_reason


@pytest.mark.parametrize(
    "make",
    [
        hostile_files.nested_arrays_pdf,
        hostile_files.nested_operands_pdf,
        hostile_files.endless_page_tree_pdf,
        hostile_files.many_filters_pdf,
        hostile_files.nested_html,
    ],
    ids=lambda make: make.__name__,
)
def test_nesting_ends_with_pages_or_a_reason(
    recogniser: Recogniser, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "nested")
    result = run(tmp_path / "nested", recogniser, Limits(cpu_seconds=5))
    assert result.pages == 1 or result.text_reason
    assert result.rendition or result.rendition_reason


def test_others_do_not_notice(recogniser: Recogniser, tmp_path: Path) -> None:
    """Letters and hostile files at once: each hostile one ends for its own reason, each letter is read."""
    limits = Limits(cpu_seconds=4)  # a letter needs less than one, also where others press
    for number in range(3):
        hostile_files.slow_pdf(tmp_path / f"slow-{number}.pdf")
        hostile_files.nested_arrays_pdf(tmp_path / f"nested-{number}.pdf")
        written_pdf(tmp_path / f"letter-{number}.pdf")
    sources = sorted(path for path in tmp_path.iterdir() if path.is_file())
    with ThreadPoolExecutor(4) as threads:
        results = dict(zip(sources, threads.map(lambda source: run(source, recogniser, limits), sources), strict=True))
    for source, result in results.items():
        if source.name.startswith("letter"):
            assert (result.text_state, result.rendition_state) == ("born-digital", "conforming")
        elif source.name.startswith("slow"):
            assert result.text_reason == CPU
    assert forking._nursery._process is not None
    assert forking._nursery._process.poll() is None

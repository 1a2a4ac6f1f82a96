from collections.abc import Iterator
from pathlib import Path

import pytest

from indexing.processing import Processed, process
from indexing.recognition import Recogniser
from indexing.untrusted import Limits
from tests.indexing.documents.material import Run


@pytest.fixture(scope="session")
def recogniser() -> Iterator[Recogniser]:
    pool = Recogniser(2)
    yield pool
    pool.close()


@pytest.fixture
def run(recogniser: Recogniser, tmp_path: Path) -> Run:
    """Process a file; it stays as it is, and only results are left in the folder."""

    def processed(source: Path, limits: Limits = Limits(), **more: object) -> Processed:  # noqa: B008 - frozen
        workdir = tmp_path / f"work-{source.name}"
        workdir.mkdir()
        before = source.read_bytes()
        result = process(source, filename=source.name, workdir=workdir, recogniser=recogniser, limits=limits, **more)  # type: ignore[arg-type]
        assert source.read_bytes() == before
        parts = {part.path for part in result.parts}
        left = set(workdir.iterdir())
        assert left == {result.words, result.images} | parts | ({result.rendition} if result.rendition else set())
        return result

    return processed

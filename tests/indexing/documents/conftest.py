from collections.abc import Iterator

import pytest

from indexing.recognition import Recogniser


@pytest.fixture(scope="session")
def recogniser() -> Iterator[Recogniser]:
    pool = Recogniser(2)
    yield pool
    pool.close()

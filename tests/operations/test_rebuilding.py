"""Rebuilding the index while people file and search, with both drivers."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eakte.operations import entries
from eakte.operations.entries import rebuild, status
from indexing.search import Condition, Query, Rights
from tests.operations.office import Office, opened_office

UPLOADS = 200
SEARCHES = 1_000
SEARCHERS = 4
BEFORE = 40
EVERYWHERE = Rights(frozenset(range(1, 100)))


pytestmark = pytest.mark.journey


@pytest.fixture(params=["embedded", "opensearch"])
def office(
    request: pytest.FixtureRequest, postgres_admin: str, prepared_office: tuple[str, Path], tmp_path: Path
) -> Iterator[Office]:
    url = None
    if request.param == "opensearch":
        url = f"{request.getfixturevalue('opensearch')}/{tmp_path.name.replace('[', '-').strip(']').lower()}"
    with opened_office(postgres_admin, prepared_office, url) as opened:
        opened.index()
        yield opened


def filed(office: Office, word: str) -> None:
    """A small text document with a word of its own, read but not indexed."""
    document = office.file(inbox=True, title=f"Brief {word}")
    office.read(document, f"Der Rat berät über {word} und die Gebühren.")


def hits(office: Office, text: str) -> int:
    """What the index itself finds; to ask as a person a thousand times would test the database."""
    return office.backends.search.query(Query(text, limit=5), content=EVERYWHERE, metadata=EVERYWHERE).total


def word(number: int) -> str:
    """A word that no other document has, also after its ending was taken off."""
    return "zeichen" + "".join("bcdfgklpqx"[int(digit)] for digit in f"{number:04}")


def test_a_rebuild_is_noticed_by_nobody(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "BATCH", 10)
    backends = office.backends
    for number in range(BEFORE):
        filed(office, word(number))
    office.index()
    former = backends.search.generation()
    findable = [word(number) for number in range(BEFORE)]
    step, done = threading.Semaphore(0), threading.Event()

    def upload() -> None:
        for number in range(BEFORE, BEFORE + UPLOADS, 10):
            words = [word(each) for each in range(number, number + 10)]
            for each in words:
                filed(office, each)
            office.index()
            findable.extend(words)
            step.release()

    def search(seed: int) -> list[str]:
        chance = random.Random(seed)  # noqa: S311 - a fixed seed, so that a failure comes again
        wanted = (chance.choice(findable) for _ in range(SEARCHES // SEARCHERS))
        return [each for each in wanted if hits(office, each) != 1]

    def build() -> None:
        for _ in rebuild(backends.transactions, backends.blobs, backends.search):
            # One batch for each of the uploaders', so that the rebuild lasts as long as they do.
            step.acquire()
        done.set()

    with ThreadPoolExecutor(SEARCHERS + 1) as threads:
        building = threads.submit(build)
        searching = [threads.submit(search, seed) for seed in range(SEARCHERS)]
        try:
            upload()
        finally:
            # The rebuild may end now; it also must where the test fails.
            step.release(1_000)
        missed = [each for searcher in searching for each in searcher.result()]
        building.result()
    assert missed == []
    assert done.is_set()
    assert backends.search.generation() not in {former, None}
    assert backends.search.count() == BEFORE + UPLOADS
    assert [each for each in findable if hits(office, each) != 1] == []
    assert office.titles("clerk63", findable[-1]) == [f"Brief {findable[-1]}"]


def test_a_rebuild_that_was_broken_off_goes_on_where_it_was(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "BATCH", 5)
    backends = office.backends
    for number in range(20):
        filed(office, word(number))
    office.index()
    broken_off = rebuild(backends.transactions, backends.blobs, backends.search)
    assert [next(broken_off), next(broken_off)] == [(5, 20), (10, 20)]
    # Its process is gone; what happens now reaches both generations.
    filed(office, word(20))
    office.index()
    said = status(backends.transactions, backends.search)
    assert (said.waiting, said.indexed, said.condition) == (0, 21, Condition.READY)
    assert said.rebuild is not None
    assert (said.rebuild.done, said.rebuild.name != said.generation) == (10, True)
    steps = list(rebuild(backends.transactions, backends.blobs, backends.search))
    assert steps == [(15, 21), (20, 21), (21, 21)]
    assert backends.search.generation() == said.rebuild.name
    assert all(office.titles("clerk63", word(number)) for number in range(21))
    assert backends.search.rebuilding() is None


def test_the_status_says_since_when_a_document_waits(office: Office) -> None:
    before = datetime.now(UTC)
    filed(office, word(1))
    said = status(office.backends.transactions, office.backends.search)
    assert (said.documents, said.waiting, said.indexed) == (1, 1, 0)
    assert said.waiting_since is not None
    assert before - timedelta(seconds=1) <= said.waiting_since <= datetime.now(UTC)
    office.index()
    assert status(office.backends.transactions, office.backends.search).waiting_since is None

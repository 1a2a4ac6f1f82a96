from pathlib import Path

import pytest

from indexing import ranking
from indexing.embedded import EmbeddedIndex
from indexing.search import Query
from tests.indexing.search.contract import SearchIndexContract
from tests.indexing.search.samples import EVERYONE, build, document, number


class TestEmbeddedIndex(SearchIndexContract):
    @classmethod
    def open(cls, place: Path) -> EmbeddedIndex:
        return EmbeddedIndex(place / "index")


@pytest.mark.parametrize("limit", [1, 3, 5, 8, 30])
def test_pages_go_on_over_the_borders_of_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(ranking, "BLOCK", 5)
    index = EmbeddedIndex(tmp_path)
    build(index, [document(n, "Gebühr " * (1 + n % 7)) for n in range(23)])
    seen, after = [], None
    while True:
        answer = index.query(Query("Gebühr", limit=limit, after=after), content=EVERYONE, metadata=EVERYONE)
        seen += [hit.document for hit in answer.hits]
        after = answer.next
        if after is None:
            break
    assert sorted(seen) == sorted(number(n) for n in range(23))

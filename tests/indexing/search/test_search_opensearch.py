"""The contract on a real OpenSearch."""

from pathlib import Path

import pytest

from indexing.opensearch import OpenSearchIndex
from tests.indexing.search.contract import SearchIndexContract
from tests.indexing.search.servers import open_on


class TestOpenSearchIndex(SearchIndexContract):
    _url = ""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _server(cls, opensearch: str) -> None:
        cls._url = opensearch

    @classmethod
    def open(cls, place: Path) -> OpenSearchIndex:
        return open_on(cls._url, f"{place.parent.name}-{place.name}")

"""Both search drivers for the benchmarks, each beside its bare engine."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from indexing.embedded import EmbeddedIndex
from indexing.opensearch import Address, OpenSearchIndex
from indexing.search import DocumentEntries, SearchIndex
from tests.support.servers import opensearch_server

BATCH = 500


@contextmanager
def opensearch_address() -> Iterator[Address]:
    """A place on the server that EAKTE_TEST_OPENSEARCH_URL names, or on one of our own."""
    prefix = f"bench-{uuid.uuid4().hex[:8]}"
    given = os.environ.get("EAKTE_TEST_OPENSEARCH_URL")
    if given:
        yield _address(given, prefix)
        return
    with opensearch_server(thorough=True) as server:
        yield _address(server.url, prefix)


def _address(url: str, prefix: str) -> Address:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return Address(parts.hostname, parts.port, prefix, tls=False)


def fill(index: SearchIndex, documents: Sequence[DocumentEntries]) -> None:
    """Build the index as the product's rebuild does."""
    rebuild = index.start_rebuild()
    for start in range(0, len(documents), BATCH):
        index.fill(rebuild, documents[start : start + BATCH])
    index.finish_rebuild(rebuild)


def embedded(folder: Path) -> EmbeddedIndex:
    """An embedded index."""
    return EmbeddedIndex(folder)


def server(address: Address) -> OpenSearchIndex:
    """An index on OpenSearch."""
    return OpenSearchIndex(address)

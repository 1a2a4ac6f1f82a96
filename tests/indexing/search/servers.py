"""Indexes on a test server, each under a prefix of its own."""

import re
from urllib.parse import urlsplit

from indexing.opensearch import Address, OpenSearchIndex


def address_on(url: str, name: str) -> Address:
    """The address of the index of this name on a test server."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    prefix = re.sub("[^a-z0-9]+", "-", name.lower())[-80:].strip("-")
    return Address(parts.hostname, parts.port, f"t-{prefix}", tls=False)


def open_on(url: str, name: str) -> OpenSearchIndex:
    """The index of this name on a test server, as a new process opens it."""
    return OpenSearchIndex(address_on(url, name))

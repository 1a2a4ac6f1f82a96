"""One municipality for the page tests of a file: each makes its own dossiers, so none stands in another's way.

Not one for all files: lists get longer with each test, and which files share a process is chance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from eakte.bootstrap import Backends
from tests.pages.pages_support import Pages
from tests.support.backends import fresh_backends
from tests.support.service import Municipality


@pytest.fixture(scope="module")
def pages(postgres_admin: str, migrated: str) -> Iterator[Pages]:
    """The application with its pages over fresh backends on the real server; no worker runs."""
    with fresh_backends(postgres_admin, migrated, upload_limit_bytes=1_000_000) as opened:
        yield Pages(opened, Municipality(opened))


@pytest.fixture
def fresh(backends: Backends, town: Municipality) -> Pages:
    """A municipality of a test's own, to be damaged."""
    return Pages(backends, town)

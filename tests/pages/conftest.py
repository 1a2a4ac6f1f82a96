"""One municipality for the page tests of a file: each makes its own dossiers, so none stands in another's way.

Not one for all files: lists get longer with each test, and which files share a process is chance."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eakte.bootstrap import Backends, open_backends, update_index
from eakte.settings import Settings
from tests.pages.pages_support import Pages
from tests.support.postgres import drop_database, new_database
from tests.support.service import Municipality


@pytest.fixture(scope="module")
def pages(postgres_admin: str, migrated: str) -> Iterator[Pages]:
    """The application with its pages over fresh backends on the real server; no worker runs."""
    url = new_database(postgres_admin, copy_of=migrated)
    with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=url, upload_limit_bytes=1_000_000)
        with open_backends(settings, say=lambda _sentence: None) as opened:
            update_index(opened)
            yield Pages(opened, Municipality(opened))
    drop_database(postgres_admin, url)


@pytest.fixture
def fresh(backends: Backends, town: Municipality) -> Pages:
    """A municipality of a test's own, to be damaged."""
    return Pages(backends, town)

"""One municipality for a module of API tests: each makes its own dossiers, so none stands in another's way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eakte.bootstrap import open_backends, update_index
from eakte.settings import Settings
from tests.api.world import World
from tests.support.postgres import drop_database, new_database
from tests.support.service import Municipality


@pytest.fixture(scope="module")
def world(postgres_admin: str, migrated: str) -> Iterator[World]:
    """The application over fresh backends on the real server; no worker runs."""
    url = new_database(postgres_admin, copy_of=migrated)
    with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
        settings = Settings(data_dir=Path(folder), database_url=url, upload_limit_bytes=5_000_000)
        with open_backends(settings, say=lambda _sentence: None) as opened:
            update_index(opened)
            yield World(opened, Municipality(opened))
    drop_database(postgres_admin, url)


@pytest.fixture
def fresh(backends: object, town: Municipality) -> World:
    """A municipality of a test's own, to be damaged."""
    return World(backends, town)  # type: ignore[arg-type] # the fixture's type is Backends

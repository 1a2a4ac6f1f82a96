"""One municipality for a module of API tests: each makes its own dossiers, so none stands in another's way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.world import World
from tests.support.backends import fresh_backends
from tests.support.service import Municipality


@pytest.fixture(scope="module")
def world(postgres_admin: str, migrated: str) -> Iterator[World]:
    """The application over fresh backends on the real server; no worker runs."""
    with fresh_backends(postgres_admin, migrated, upload_limit_bytes=5_000_000) as opened:
        yield World(opened, Municipality(opened))


@pytest.fixture
def fresh(backends: object, town: Municipality) -> World:
    """A municipality of a test's own, to be damaged."""
    return World(backends, town)  # type: ignore[arg-type] # the fixture's type is Backends

"""Backends of a municipality of its own, in this process: database on the real server, blobs, index; no worker."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eakte.bootstrap import Backends, open_backends, update_index
from eakte.settings import Settings
from tests.support.postgres import drop_database, new_database


@contextmanager
def fresh_backends(admin: str, migrated: str, **settings: Any) -> Iterator[Backends]:
    """Over a copy of the migrated database, with these settings besides; gone afterwards."""
    url = new_database(admin, copy_of=migrated)
    with tempfile.TemporaryDirectory(prefix="eakte-test-") as folder:
        composed = Settings(data_dir=Path(folder), database_url=url, **settings)
        with open_backends(composed, say=lambda _sentence: None) as opened:
            update_index(opened)
            yield opened
    drop_database(admin, url)

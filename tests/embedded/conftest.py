from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eakte.embedded import PrivateDatabase
from tests.embedded.embedded_support import kill_server


@pytest.fixture
def empty_dir() -> Iterator[Path]:
    """A data folder to be.

    Not under pytest's tmp_path: every other pytest of root sets that one's parent back to 0700, and PostgreSQL's user
    has to pass through.
    """
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-"))
    yield folder / "data"
    kill_server(folder / "data")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template() -> Iterator[Path]:
    """A folder whose database was made and stopped: copying it is quicker than initdb."""
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-template-"))
    with PrivateDatabase(folder / "data", say=print):
        pass
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def data_dir(template: Path, empty_dir: Path) -> Path:
    subprocess.run(["cp", "-a", template, empty_dir], check=True)
    return empty_dir

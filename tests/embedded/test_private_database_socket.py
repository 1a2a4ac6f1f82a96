from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from eakte.embedded import PrivateDatabase
from eakte.embedded.errors import SocketFailed
from tests.embedded.embedded_support import children, execute, kill_server

DEEP = "/".join(["ein-sehr-langer-Ordnername-der-Gemeinde-Ümlautingen"] * 3)


@pytest.fixture
def deep_dir(data_dir: Path) -> Iterator[Path]:
    deep = data_dir.parent / DEEP
    deep.mkdir(parents=True)
    data_dir.rename(deep / "data")
    yield deep / "data"
    kill_server(deep / "data")


def short_folder(data_dir: Path) -> Path:
    return Path((data_dir / "database/socket-folder").read_text())


def test_a_deep_folder_is_reached_by_a_short_private_way_that_goes_with_the_server(deep_dir: Path) -> None:
    with PrivateDatabase(deep_dir, say=print) as database:
        short = short_folder(deep_dir)
        assert str(short) in database.url
        assert stat.S_IMODE(short.stat().st_mode) == 0o700
        assert execute(database.url, "SELECT 1") == [(1,)]
        with children(deep_dir, 1) as [other]:
            assert other.read()["url"] == database.url
            other.close()
        assert short.exists()
    assert not short.exists()


def test_a_tidied_away_short_way_is_made_again_under_the_same_address(deep_dir: Path) -> None:
    with PrivateDatabase(deep_dir, say=print) as database:
        short = short_folder(deep_dir)
        (short / "run").unlink()
        short.rmdir()
        assert database.ensure_running() is False
        assert execute(database.url, "SELECT 1") == [(1,)]


def test_a_short_way_that_somebody_else_made_is_not_taken(deep_dir: Path) -> None:
    with PrivateDatabase(deep_dir, say=print) as database:
        short = short_folder(deep_dir)
        (short / "run").unlink()
        short.chmod(0o777)
        with pytest.raises(SocketFailed):
            database.ensure_running()
        with children(deep_dir, 1) as [other]:  # a newcomer takes a way of its own
            url = other.read()["url"]
            assert str(short) not in url
            assert execute(url, "SELECT 1") == [(1,)]
            other.close()
        short.rmdir()
        assert database.ensure_running() is False


def test_a_recorded_way_that_leads_elsewhere_is_not_followed(deep_dir: Path, tmp_path: Path) -> None:
    bait = tmp_path / "bait"
    bait.mkdir(mode=0o700)
    (bait / "run").symlink_to(tmp_path)
    (deep_dir / "database/socket-folder").write_text(str(bait))
    with PrivateDatabase(deep_dir, say=print) as database:
        assert str(bait) not in database.url
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert (bait / "run").exists()

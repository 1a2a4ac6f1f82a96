from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from eakte.embedded import DataFolderInUse, serve_lock
from eakte.embedded.errors import DataFolderUnusable, LockTimeout
from eakte.embedded.locks import FileLock
from tests.embedded.embedded_support import ROOT

SERVES = """
import sys
from pathlib import Path
from eakte.embedded import serve_lock
with serve_lock(Path(sys.argv[1])):
    print("serving", flush=True)
    sys.stdin.read()
"""


def test_a_second_serve_is_told_who_serves_and_since_when(tmp_path: Path) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", SERVES, tmp_path], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdin is not None
    assert first.stdout is not None
    assert first.stdout.readline() == "serving\n"
    with (
        pytest.raises(DataFolderInUse, match=rf"Prozess {first.pid}, seit \d\d\.\d\d\.\d{{4}} \d\d:\d\d Uhr"),
        serve_lock(tmp_path),
    ):
        pass
    first.kill()
    first.wait(timeout=10)
    first.stdin.close()
    first.stdout.close()
    with serve_lock(tmp_path):  # a killed one holds nothing, whatever its file says
        pass


def test_one_process_cannot_serve_a_folder_twice_but_two_folders(tmp_path: Path) -> None:
    with (
        serve_lock(tmp_path / "a"),
        serve_lock(tmp_path / "b"),
        pytest.raises(DataFolderInUse, match=str(os.getpid())),
        serve_lock(tmp_path / "a"),
    ):
        pass
    with serve_lock(tmp_path / "a"):
        pass


def test_a_data_folder_of_ours_is_closed_to_others_and_an_existing_one_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o750)
    for folder, mode in ((tmp_path / "new" / "data", 0o700), (shared, 0o750)):
        with serve_lock(folder):
            assert stat.S_IMODE(folder.stat().st_mode) == mode
            assert stat.S_IMODE((folder / "serve.lock").stat().st_mode) == 0o600


def test_a_lock_without_a_readable_line_still_holds(tmp_path: Path) -> None:
    with serve_lock(tmp_path):
        (tmp_path / "serve.lock").write_text("")
        with pytest.raises(DataFolderInUse, match="gerade gestartet"), serve_lock(tmp_path):
            pass


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(DataFolderUnusable, match="data"), serve_lock(tmp_path / "data"):
        pass


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "serve.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataFolderUnusable), serve_lock(tmp_path):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_whoever_waits_for_a_lock_gives_up_with_an_error(tmp_path: Path) -> None:
    with FileLock(tmp_path / "lock") as one, FileLock(tmp_path / "lock") as other:
        one.exclusive(seconds=1)
        with pytest.raises(LockTimeout):
            other.share(seconds=0.1)


def test_a_child_that_inherits_a_lock_keeps_it(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.try_exclusive()
    child = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=(lock.fileno(),))
    lock.close()
    with FileLock(tmp_path / "lock") as other:
        assert not other.try_exclusive()
        child.communicate()
        assert other.try_exclusive()

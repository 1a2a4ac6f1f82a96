from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from eakte.embedded import PrivateDatabase, server
from eakte.embedded.errors import ServerOfAnother
from eakte.embedded.owner import choose_owner
from eakte.embedded.processes import is_alive
from eakte.embedded.programs import programs_for
from tests.embedded.embedded_support import (
    ROOT,
    Child,
    children,
    execute,
    kill_server,
    postmaster,
    postmasters,
    server_processes,
    wait_for,
)

PARENT_THAT_DOES_NOT_REAP = """
import ctypes, subprocess, sys
PR_SET_CHILD_SUBREAPER = 36
assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
subprocess.Popen([sys.executable, "-m", "tests.embedded.embedded_child", sys.argv[1]])
import signal
signal.pause()
"""


def test_a_killed_server_comes_back_with_everything_that_was_committed(data_dir: Path) -> None:
    with PrivateDatabase(data_dir, say=print) as database:
        url = database.url
        execute(url, "CREATE TABLE kept (n int)", "INSERT INTO kept SELECT generate_series(1, 1000)")
        kill_server(data_dir)
        assert database.ensure_running() is True
        assert database.url == url
        assert execute(url, "SELECT count(*) FROM kept") == [(1000,)]
        assert database.ensure_running() is False
    assert server_processes(data_dir) == []


def test_a_server_that_outlives_its_users_is_adopted(data_dir: Path) -> None:
    with children(data_dir, 1) as [child]:
        child.read()
        pid = postmaster(data_dir)
        child.kill()
    assert is_alive(pid)
    with PrivateDatabase(data_dir, say=print) as database:
        assert postmasters(data_dir) == [pid]
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert not is_alive(pid)


def test_after_everything_was_killed_the_next_start_works_beside_zombies(data_dir: Path) -> None:
    """A container without a reaping init: dead processes stay as zombies, and kill(pid, 0) calls them alive."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT_THAT_DOES_NOT_REAP, data_dir],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdin is not None
    assert parent.stdout is not None
    try:
        assert '"url"' in parent.stdout.readline()
        pid = postmaster(data_dir)
        [user] = [int(child) for child in _children_of(parent.pid) if int(child) != pid]
        os.kill(user, signal.SIGKILL)
        kill_server(data_dir)
        wait_for(lambda: not is_alive(pid))  # one that is ending has no command line any more and no end yet
        os.kill(pid, 0)  # the zombie: still there for whoever asks this way
        assert (data_dir / "database/cluster/postmaster.pid").exists()
        with PrivateDatabase(data_dir, say=print) as database:
            assert execute(database.url, "SELECT 1") == [(1,)]
            os.kill(pid, 0)
    finally:
        parent.kill()
        parent.wait(timeout=10)
        parent.stdin.close()
        parent.stdout.close()


def test_a_process_id_that_belongs_to_a_stranger_now_stops_nobody(data_dir: Path) -> None:
    pid_file = data_dir / "database/cluster/postmaster.pid"
    with PrivateDatabase(data_dir, say=print):
        lines = pid_file.read_text().splitlines()
        kill_server(data_dir)
    owner = choose_owner(data_dir / "database/cluster", print)
    stranger = subprocess.Popen(["sleep", "60"], user=owner.uid if owner.other else None)
    try:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with PrivateDatabase(data_dir, say=print) as database:
            assert execute(database.url, "SELECT 1") == [(1,)]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait(timeout=10)


def test_orphans_of_a_killed_postmaster_are_ended_before_a_new_one_starts(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "_ORPHAN_SECONDS", 0.5)
    with (
        PrivateDatabase(data_dir, say=print) as database,
        contextlib.closing(psycopg.connect(database.url)) as connection,
    ):
        orphan = connection.info.backend_pid
        os.kill(orphan, signal.SIGSTOP)  # as if deep in a long computation: it does not see its postmaster die
        killed = postmaster(data_dir)
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: not is_alive(killed))
        assert is_alive(orphan)
        assert database.ensure_running() is True
        assert not is_alive(orphan)
        assert len(postmasters(data_dir)) == 1


def test_a_server_started_by_hand_is_neither_disturbed_nor_doubled(data_dir: Path) -> None:
    folder = data_dir / "database"
    with PrivateDatabase(data_dir, say=print):
        pass  # it has opened the way for PostgreSQL's user
    programs = programs_for(choose_owner(folder / "cluster", print), folder / "programs", print)
    unlocked = os.open(os.devnull, os.O_RDONLY)
    by_hand = ["-D", "cluster", "-w", "-o", "-c listen_addresses= -c unix_socket_directories=../run"]
    assert programs.run("pg_ctl", "start", *by_hand, "-l", "log/hand", cwd=folder, hold=unlocked).returncode == 0
    before = postmasters(data_dir)
    with pytest.raises(ServerOfAnother, match=str(before[0])), PrivateDatabase(data_dir, say=print):
        pass
    assert postmasters(data_dir) == before
    programs.run("pg_ctl", "stop", "-D", "cluster", "-m", "fast", "-w", cwd=folder, hold=unlocked)
    os.close(unlocked)


def test_a_first_start_killed_in_the_middle_leaves_nothing_half_made(empty_dir: Path) -> None:
    folder = empty_dir / "database"
    with children(empty_dir, 1) as [child]:
        wait_for(lambda: list(folder.glob("cluster.new-*/base")))
        child.kill()
    assert not (folder / "cluster").exists()
    with PrivateDatabase(empty_dir, say=print) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert not list(folder.glob("*.new-*"))


def test_a_start_given_up_with_ctrl_c_leaves_no_server_behind(empty_dir: Path) -> None:
    for seen in ("cluster.new-*/base", "run/.s.PGSQL.5432"):
        child = Child(empty_dir, stderr=subprocess.DEVNULL)
        wait_for(lambda: list((empty_dir / "database").glob(seen)))  # noqa: B023 - used at once
        child.process.send_signal(signal.SIGINT)
        child.ended()
        assert server_processes(empty_dir) == []
        assert not list((empty_dir / "database").glob("*.new-*"))


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_user_leaves_a_server_that_the_next_one_adopts(
    data_dir: Path, signal_number: signal.Signals
) -> None:
    child = Child(data_dir, stderr=subprocess.DEVNULL)
    child.read()
    child.process.send_signal(signal_number)
    child.kill()
    with PrivateDatabase(data_dir, say=print) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]
    assert server_processes(data_dir) == []


def _children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

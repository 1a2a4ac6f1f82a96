from __future__ import annotations

import os
import stat
import subprocess
import threading
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from eakte.embedded import PrivateDatabase, client_program
from eakte.embedded.errors import DataFolderUnusable, EmbeddedError, PasswordLost, StartFailed, VersionDiffers
from eakte.embedded.server import diagnose
from tests.embedded.embedded_support import (
    children,
    execute,
    kill_server,
    postmaster,
    postmasters,
    server_processes,
)


def test_the_first_one_in_starts_the_server_and_the_last_one_out_stops_it(data_dir: Path) -> None:
    with children(data_dir, 1) as [first]:
        url = first.read()["url"]
        started = postmasters(data_dir)
        assert len(started) == 1
        with children(data_dir, 1) as [second]:
            assert second.read()["url"] == url
            assert postmasters(data_dir) == started
            first.close()
            assert postmasters(data_dir) == started
            assert second.tell("ensure") == {"started": False}
            assert execute(url, "SELECT 1") == [(1,)]
            second.close()
    assert server_processes(data_dir) == []
    assert not (data_dir / "database/cluster/postmaster.pid").exists()


def test_five_processes_at_once_on_an_empty_folder_make_one_server(empty_dir: Path) -> None:
    with children(empty_dir, 5) as started:
        assert len({child.read()["url"] for child in started}) == 1
        assert len(postmasters(empty_dir)) == 1
        for child in started:
            child.send("close")
        assert [child.read() for child in started] == [{"closed": True}] * 5
    assert server_processes(empty_dir) == []


def test_coming_and_going_never_leaves_anyone_without_a_server(data_dir: Path) -> None:
    for _ in range(3):
        with PrivateDatabase(data_dir, say=print), children(data_dir, 1) as [other]:
            url = other.read()["url"]
            assert execute(url, "SELECT 1") == [(1,)]
            other.close()
    assert server_processes(data_dir) == []


def test_a_supervisor_never_restarts_what_is_being_closed(data_dir: Path) -> None:
    looked, ended = threading.Event(), threading.Event()

    def supervise(database: PrivateDatabase) -> None:
        try:
            while True:
                database.ensure_running()
                looked.set()
                ended.wait(0.02)  # locks are polled: whoever never pauses starves the others
        except RuntimeError:
            ended.set()

    with PrivateDatabase(data_dir, say=print) as database:
        supervisor = threading.Thread(target=supervise, args=(database,))
        supervisor.start()
        assert looked.wait(10)
    assert ended.wait(10)
    supervisor.join()
    assert server_processes(data_dir) == []


def test_what_the_service_gets(data_dir: Path) -> None:
    with PrivateDatabase(data_dir, say=print) as database:
        [row] = execute(
            database.url,
            """SELECT current_user, rolsuper OR rolcreaterole OR rolbypassrls, pg_encoding_to_char(encoding),
               datcollate, pg_get_userbyid(datdba)
               FROM pg_database, pg_roles WHERE datname = current_database() AND rolname = current_user""",
        )
        assert row == ("eakte", False, "UTF8", "C.UTF-8", "eakte")
        names = (
            "data_checksums",
            "fsync",
            "synchronous_commit",
            "full_page_writes",
            "listen_addresses",
            "log_statement",
        )
        values = [execute(database.url, f"SHOW {name}")[0][0] for name in names]
        assert values == ["on", "on", "on", "on", "", "none"]
        engine = sqlalchemy.create_engine(database.url.replace("postgresql:", "postgresql+psycopg:"))
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 'ä'")) == "ä"
        engine.dispose()
        without_password = database.url.replace(database.url.split(":")[2].split("@")[0], "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(without_password)


def test_secrets_are_for_us_alone_and_the_log_holds_no_data(data_dir: Path) -> None:
    with PrivateDatabase(data_dir, say=print) as database:
        execute(database.url, "CREATE TABLE person (name text UNIQUE)", "INSERT INTO person VALUES ('Müller-Geheim')")
        with pytest.raises(psycopg.errors.UniqueViolation, match="Müller-Geheim"):
            execute(database.url, "INSERT INTO person VALUES ('Müller-Geheim')")
        with psycopg.connect(database.url) as connection, pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT length(%s) / 0", ["Müller-Geheim"])
    folder = data_dir / "database"
    log = "".join(path.read_text() for path in (folder / "log").iterdir())
    assert "duplicate key" in log
    assert "division by zero" in log
    assert "SELECT" not in log
    assert "Müller-Geheim" not in log
    for name in ("eakte.password", "postgres.password"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
        assert (folder / name).read_text() not in log
    assert stat.S_IMODE((folder / "cluster").stat().st_mode) == 0o700


def test_ctrl_c_in_the_terminal_does_not_reach_the_server(data_dir: Path) -> None:
    with PrivateDatabase(data_dir, say=print):
        pid = postmaster(data_dir)
        assert os.getsid(pid) != os.getsid(0)
        assert os.getpgid(pid) != os.getpgid(0)


@pytest.mark.parametrize("name", ["Akten & Daten, $HOME", "Straße \"x\" 'y' `id`", "100%+eakte@host?a=b"])
def test_any_folder_name_will_do(template: Path, empty_dir: Path, name: str) -> None:
    folder = empty_dir / name
    empty_dir.mkdir()
    subprocess.run(["cp", "-a", template, folder], check=True)
    with PrivateDatabase(folder, say=print) as database:
        assert execute(database.url, "SELECT current_database()") == [("eakte",)]
        assert (
            sqlalchemy.make_url(database.url).query["host"] == psycopg.conninfo.conninfo_to_dict(database.url)["host"]
        )
    kill_server(folder)


def test_the_callers_environment_does_not_reach_the_server(data_dir: Path) -> None:
    environment = {**os.environ, "PGPORT": "1", "PGDATA": "/nowhere", "PGHOST": "nowhere", "LC_ALL": "C"}
    with children(data_dir, 1, env=environment) as [child]:
        assert "url" in child.read()
        child.close()


def test_another_version_is_refused_with_advice_and_left_alone(data_dir: Path) -> None:
    version = data_dir / "database/cluster/PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(VersionDiffers, match="eakte backup"), PrivateDatabase(data_dir, say=print):
        pass
    version.write_text("18\n")
    with PrivateDatabase(data_dir, say=print) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("damage", ["gone", "wrong"])
def test_a_lost_password_is_named_and_leaves_no_server_behind(data_dir: Path, damage: str) -> None:
    password = data_dir / "database/eakte.password"
    kept = password.read_text()
    password.unlink() if damage == "gone" else password.write_text("wrong")
    with pytest.raises(PasswordLost), PrivateDatabase(data_dir, say=print):
        pass
    assert server_processes(data_dir) == []
    password.write_text(kept)
    with PrivateDatabase(data_dir, say=print) as database:
        assert execute(database.url, "SELECT 1") == [(1,)]


def test_a_broken_setting_is_shown_with_postgresqls_own_words(data_dir: Path) -> None:
    config = data_dir / "database/cluster/postgresql.conf"
    config.write_text(f"{config.read_text()}\nshared_buffers = 'many'\n")
    with pytest.raises(StartFailed, match="shared_buffers"), PrivateDatabase(data_dir, say=print):
        pass


def test_a_file_in_the_way_is_named_and_not_touched(data_dir: Path) -> None:
    way = data_dir / "database/run"
    way.rmdir()
    way.write_text("not ours")
    with pytest.raises(DataFolderUnusable, match="database/run"), PrivateDatabase(data_dir, say=print):
        pass
    assert way.read_text() == "not ours"


def test_outside_of_the_context_there_is_nothing_to_supervise(data_dir: Path) -> None:
    with PrivateDatabase(data_dir, say=print) as database:
        pass
    assert database.url == ""
    with pytest.raises(RuntimeError):
        database.ensure_running()
    assert server_processes(data_dir) == []


def test_a_full_disk_is_recognised_in_what_postgresql_writes() -> None:
    output = 'FATAL:  could not write lock file "postmaster.pid": No space left on device'
    assert type(diagnose(output, Path("log"))).__name__ == "DiskFull"
    assert isinstance(diagnose("FATAL:  something else", Path("log")), StartFailed)


def test_client_programs_are_of_the_servers_version() -> None:
    shown = subprocess.run([client_program("psql"), "--version"], capture_output=True, text=True, check=True)
    assert " 18." in shown.stdout


def test_every_error_has_its_own_message() -> None:
    for kind in EmbeddedError.__subclasses__():
        assert kind.__doc__
        assert kind.__doc__ != EmbeddedError.__doc__
        assert str(kind("(Ordner x)")).startswith(kind.__doc__)

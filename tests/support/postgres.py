"""A real PostgreSQL server for tests: Debian's, or the one that EAKTE_TEST_DATABASE_URL names."""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.support.needs import free_port, missing
from tests.support.servers import RealServer

OLDEST = 15
"""What production may run; nothing older is looked at."""

_ROLE = "eakte_test"
_START_POLLS = 600  # of 0.05 s
_INSTALLED = Path("/usr/lib/postgresql")


@contextlib.contextmanager
def debian_postgres() -> Iterator[str]:
    """The URL of a fresh database on a real server, over TCP with a password; its role, no superuser, may create more.

    The server ends with the context, or with this process however it dies. Without a server a test is skipped, in CI it
    fails.
    """
    given = os.environ.get("EAKTE_TEST_DATABASE_URL")
    if given:
        url = new_database(given)
        try:
            yield url
        finally:
            drop_database(given, url)
        return
    with new_postgres() as superuser_url:
        yield new_database(_with_role(superuser_url))


@contextlib.contextmanager
def new_postgres() -> Iterator[str]:
    """The URL of an empty server of Debian's PostgreSQL, for its superuser; it ends as `debian_postgres` says."""
    binaries = postgres_programs()
    with _temporary_folder() as folder:
        password = secrets.token_hex(16)
        _initdb(binaries, folder, password)
        with _running(binaries, folder, password) as superuser_url:
            yield superuser_url


@contextlib.contextmanager
def postgres_server(disk: Path | None = None) -> Iterator[RealServer]:
    """A server to be killed: it keeps what it committed. Its URL is that of an empty database, as of `debian_postgres`.

    Args:
        disk: An empty folder, such as a small disk, in which the database lies; the server's own files do not.
    """
    binaries = postgres_programs()
    with _temporary_folder() as folder:
        password = secrets.token_hex(16)
        _initdb(binaries, folder, password)
        port = free_port()
        admin = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        options = [part for setting in _listening(port) for part in ("-c", setting)]
        server = RealServer(
            name="PostgreSQL",
            url=admin,
            folder=folder,
            command=_as_account([str(binaries / "postgres"), "-D", str(folder / "cluster"), *options]),
            answers=lambda: _answers(admin),
        )
        try:
            server.start()
            if disk is not None:
                _make_tablespace(admin, disk)
            server.url = new_database(_with_role(admin), tablespace=_TABLESPACE if disk else None)
            yield server
        finally:
            server.kill()


_TABLESPACE = "disk"


def _make_tablespace(admin: str, disk: Path) -> None:
    account = _account()
    if account is not None:
        os.chown(disk, account.pw_uid, account.pw_gid)
    with psycopg.connect(admin, autocommit=True) as connection:
        where = sql.SQL("CREATE TABLESPACE {} LOCATION {}")
        connection.execute(where.format(sql.Identifier(_TABLESPACE), sql.Literal(str(disk))))
        connection.execute(sql.SQL("GRANT CREATE ON TABLESPACE {} TO PUBLIC").format(sql.Identifier(_TABLESPACE)))


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def new_database(admin_url: str, *, tablespace: str | None = None, copy_of: str | None = None) -> str:
    """Create an empty database as production has it (UTF-8) and answer its URL.

    Args:
        admin_url: Any database on the server, with a role that may create databases; the role owns the new one.
        tablespace: Where its files lie, if not where the server has its own.
        copy_of: The URL of a database to copy instead, to which nobody is connected.
    """
    name = f"test_{secrets.token_hex(8)}"
    template = urlsplit(copy_of).path.removeprefix("/") if copy_of else "template0"
    # Files are copied, not logged page by page: half the time where nobody waits for the disk.
    statement = sql.SQL(
        "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8'"
    )
    where = sql.SQL(" TABLESPACE {}").format(sql.Identifier(tablespace)) if tablespace else sql.SQL("")
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)) + where)
    return urlsplit(admin_url)._replace(path=f"/{name}").geturl()


def drop_database(admin_url: str, url: str) -> None:
    """Remove a database that `new_database` made, whoever is still connected to it."""
    name = urlsplit(url).path.removeprefix("/")
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def postgres_programs() -> Path:
    """The folder of the oldest PostgreSQL here that we promise to work with. Without one a test is skipped or fails."""
    found = {
        int(server.parent.parent.name): server.parent
        for server in _INSTALLED.glob("*/bin/postgres")
        if server.parent.parent.name.isdecimal()
    }
    fitting = [version for version in found if version >= OLDEST]
    if not fitting:
        missing(f"PostgreSQL {OLDEST} or newer (none under {_INSTALLED}; tools/test-servers installs it)")
    return found[min(fitting)]


def _account() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="eakte-test-postgres-"))
    account = _account()
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_account(command: list[str]) -> list[str]:
    """The command as PostgreSQL's user; it gets SIGQUIT when we die, so that a killed test run leaves no server."""
    account = _account()
    change = [] if account is None else [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    return ["setpriv", *change, "--pdeathsig=QUIT", "--", *command]


def _initdb(binaries: Path, folder: Path, password: str) -> None:
    password_file = folder / "password"
    password_file.touch(mode=0o644)  # in a folder that only PostgreSQL's user can enter
    password_file.write_text(password)
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--username=postgres"]
    command = [str(binaries / "initdb"), "-D", str(folder / "cluster"), f"--pwfile={password_file}", *options]
    made = subprocess.run(_as_account(command), cwd=folder, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise RuntimeError(f"initdb failed: {made.stderr}")


def _listening(port: int) -> list[str]:
    return [
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "unix_socket_directories=",
        "max_connections=100",
        "timezone=UTC",
    ]


@contextlib.contextmanager
def _running(binaries: Path, folder: Path, password: str) -> Iterator[str]:
    port = free_port()
    # Durability is what fault tests check, on servers of their own; here only speed counts.
    settings = [*_listening(port), "fsync=off", "synchronous_commit=off", "full_page_writes=off"]
    options = [part for setting in settings for part in ("-c", setting)]
    log_path = folder / "log"
    with log_path.open("wb") as log:
        server = subprocess.Popen(
            _as_account([str(binaries / "postgres"), "-D", str(folder / "cluster"), *options]),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        _wait_until_answering(server, url, log_path)
        yield url
    finally:
        server.send_signal(signal.SIGQUIT)  # at once, without a last write: the folder goes anyway
        server.wait(timeout=30)


def _wait_until_answering(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(_START_POLLS):
        try:
            server.wait(timeout=0.05)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5):
                return
        else:
            break
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text()}")


def _with_role(superuser_url: str) -> str:
    """The same server for a role as production has it: it owns its databases and is no superuser."""
    password = secrets.token_hex(16)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(
            # The right to signal: without it a database cannot be dropped while autovacuum is at work in it.
            sql.SQL("CREATE ROLE {} LOGIN CREATEDB IN ROLE pg_signal_backend PASSWORD {}").format(
                sql.Identifier(_ROLE), sql.Literal(password)
            )
        )
    host = urlsplit(superuser_url).netloc.rpartition("@")[2]
    return urlsplit(superuser_url)._replace(netloc=f"{_ROLE}:{password}@{host}").geturl()

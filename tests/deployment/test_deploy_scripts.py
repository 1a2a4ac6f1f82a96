"""The scripts that start the servers of compose.yaml, run with real servers of the same versions."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from tests.support.needs import free_port, missing, start_bound
from tests.support.postgres import new_postgres, postgres_programs
from tests.support.servers import cache
from tests.support.service import until

DEPLOY = Path(__file__).parents[2] / "deploy"


def test_the_objects_script_serves_locks_to_the_keys_in_its_files(tmp_path: Path) -> None:
    if not (cache() / "bin" / "versitygw").is_file():
        missing("versitygw (tools/test-servers gets it)")
    (tmp_path / "key").write_text("thekey")
    (tmp_path / "secret").write_text("the secret/of+this")
    port = free_port()
    process = start_bound(
        ["/bin/sh", DEPLOY / "objects.sh"],
        folder=tmp_path,
        log=tmp_path / "log",
        PATH=f"{cache() / 'bin'}:{os.environ['PATH']}",
        OBJECTS_FOLDER=str(tmp_path / "objects"),
        OBJECTS_LISTEN=f"127.0.0.1:{port}",
        ROOT_ACCESS_KEY_FILE=str(tmp_path / "key"),
        ROOT_SECRET_KEY_FILE=str(tmp_path / "secret"),
    )
    try:
        until(lambda: _answers(port), what="versitygw answers")
        client = Minio(f"127.0.0.1:{port}", "thekey", "the secret/of+this", secure=False, region="us-east-1")
        client.make_bucket("eakte", object_lock=True)
        client.put_object("eakte", "a", io.BytesIO(b"abc"), 3)
        assert (tmp_path / "objects" / "data" / "eakte").is_dir()
        stranger = Minio(f"127.0.0.1:{port}", "thekey", "guessed", secure=False, region="us-east-1")
        with pytest.raises(S3Error):
            stranger.stat_object("eakte", "a")
    finally:
        process.kill()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/health").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_database_script_makes_a_role_that_owns_its_database_and_nothing_else(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("it's 'quoted' \\ \"twice\"")
    with new_postgres() as url:
        server = urlsplit(url)
        environment = {
            **os.environ,
            "PATH": f"{postgres_programs()}:{os.environ['PATH']}",
            "PGHOST": str(server.hostname),
            "PGPORT": str(server.port),
            "PGPASSWORD": str(server.password),
            "DATABASE_PASSWORD_FILE": str(password),
        }
        subprocess.run(["/bin/sh", DEPLOY / "database.sh"], env=environment, check=True)
        as_eakte = psycopg.connect(
            host=server.hostname, port=server.port, user="eakte", password=password.read_text(), dbname="eakte"
        )
        with as_eakte as connection:
            rights = "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
            assert connection.execute(rights).fetchone() == (False, False, False)
            connection.execute("CREATE TABLE t (x text)")
            encoding = "SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = 'eakte'"
            assert connection.execute(encoding).fetchone() == ("UTF8", "C.UTF-8")

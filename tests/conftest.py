"""What all tests share: how property tests run, the two databases, a town in memory and one as a real service."""

from __future__ import annotations

import gc
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from eakte.bootstrap import Backends
from eakte.database import Database
from eakte.operations import passwords
from eakte.operations.schema import migrate
from tests.support.backends import fresh_backends
from tests.support.clamd import debian_clamd
from tests.support.postgres import debian_postgres, new_database
from tests.support.servers import minio_server, opensearch_server, versitygw_server
from tests.support.service import Municipality, Service, data_folder

# A property test proves a rule, not the speed of a machine that does other things too.
hypothesis_settings.register_profile("eakte", deadline=None, print_blob=True)
hypothesis_settings.load_profile("eakte")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--kills`: how often the fault tests kill. `--clients`, `--dossiers`: the load on reference numbers.

    `--examples`: requests of each kind that are made up for each operation, at random; without it few and the same.
    """
    parser.addoption("--kills", type=int, default=20, help="kills of a fault test")
    parser.addoption("--clients", type=int, default=20, help="clients that open dossiers at once")
    parser.addoption("--dossiers", type=int, default=200, help="dossiers that they open")
    parser.addoption("--examples", type=int, default=0, help="made-up requests of each operation, at random")


# Fixtures that start a server, and folders and files whose tests start programs in other ways.
_OUTSIDE = {"postgres_admin", "minio", "versitygw", "opensearch", "clamd"}
_OUTSIDE_PLACES = (
    "tests/embedded/",
    "tests/indexing/documents/",
    "tests/indexing/search/test_search_opensearch_faults.py",
    "tests/storage/test_s3_",
    "tests/bootstrap/test_storage_url.py",
    "tests/deployment/test_deploy_scripts.py",
    "tests/pages/test_viruses.py",
)


_WHOLE = {"journey", "fault", "browser"}
_WHOLE_PLACES = (
    "tests/journeys/",
    "tests/faults/",
    "tests/browser/",
    "tests/operations/test_rebuilding.py",
    "tests/web/test_preview_browser.py",
)

_LONGEST = (
    "tests/faults/test_kills.py",
    "tests/journeys/test_corpora.py",
    "tests/journeys/test_workers_die.py",
    "tests/web/test_preview_browser.py",
    "tests/faults/test_real_servers.py",
    "tests/journeys/test_commands.py",
    "tests/faults/test_outages.py",
    "tests/operations/test_rebuilding.py",
)
"""Files that take minutes each begin first, so that no processor is left with one of them at the end."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs more than Python, so that `make check` can answer within two minutes without it."""
    rank = {file: number for number, file in enumerate(_LONGEST)}
    items.sort(key=lambda item: rank.get(item.nodeid.partition("::")[0], len(rank)))
    for item in items:
        if _OUTSIDE & set(getattr(item, "fixturenames", ())) or item.nodeid.startswith(_OUTSIDE_PLACES):
            item.add_marker(pytest.mark.outside)
        marks = {mark.name for mark in item.iter_markers()}
        if marks & _WHOLE and "long" not in marks and not item.nodeid.startswith(_WHOLE_PLACES):
            raise pytest.UsageError(f"{item.nodeid}: Makefile does not look for tests of the whole product here.")


def pytest_collection() -> None:
    """Nothing is garbage while tests are loaded."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end; nobody need look through it for garbage again and again."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """The same function of passwords with less work: what it costs otherwise is a quarter of a second for each person.

    Services that tests start as processes of their own check with what each hash says it was made with.
    """
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
        patch.setattr(passwords, "PASSWORDS", cheap)
        yield


@pytest.fixture(scope="session")
def minio() -> Iterator[str]:
    """MinIO: `s3://KEY:SECRET@HOST:PORT`, to which a test appends a bucket of its own."""
    given = os.environ.get("EAKTE_TEST_MINIO_URL")
    if given:
        yield given
        return
    with minio_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def versitygw() -> Iterator[str]:
    """versitygw, an S3 server of another make: `s3://KEY:SECRET@HOST:PORT`."""
    given = os.environ.get("EAKTE_TEST_VERSITYGW_URL")
    if given:
        yield given
        return
    with versitygw_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def opensearch() -> Iterator[str]:
    """OpenSearch: `opensearch://HOST:PORT`, to which a test appends a prefix of its own."""
    given = os.environ.get("EAKTE_TEST_OPENSEARCH_URL")
    if given:
        yield given
        return
    with opensearch_server() as server:
        yield server.url


@pytest.fixture(scope="session")
def postgres_admin() -> Iterator[str]:
    """A real PostgreSQL server (Debian's, 15 or newer) for the whole session."""
    with debian_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def clamd() -> Iterator[str]:
    """The URL of a real ClamAV daemon that knows the EICAR test file."""
    with debian_clamd() as url:
        yield url


@pytest.fixture(scope="session")
def migrated(postgres_admin: str) -> str:
    """A database with the schema and nothing in it, to be copied: five times as fast as migrating each."""
    url = new_database(postgres_admin)
    database = Database(url)
    migrate(database)
    database.close()
    return url


@pytest.fixture
def backends(postgres_admin: str, migrated: str) -> Iterator[Backends]:
    """Fresh backends on the real server: own database, blobs and index; no worker runs."""
    with fresh_backends(postgres_admin, migrated) as opened:
        yield opened


@pytest.fixture
def town(backends: Backends) -> Municipality:
    """A small municipality in fresh backends."""
    return Municipality(backends)


@pytest.fixture(scope="module")
def service_settings() -> dict[str, str]:
    """Settings of the real service beside those of its servers; a module of tests may say others."""
    return {}


@pytest.fixture(scope="module", params=["embedded", "real"])
def service(request: pytest.FixtureRequest, service_settings: dict[str, str]) -> Iterator[Service]:
    """The real service: all embedded, and on PostgreSQL, S3 and OpenSearch with a worker beside it."""
    with data_folder() as folder:
        if request.param == "embedded":
            running = Service(folder, **service_settings)
        else:
            running = Service(folder, **real_servers(request), **service_settings)
            running.start_worker()
        running.start()
        yield running
        running.stop_worker()
        assert running.stop() == 0, running.log.read_text()[-3000:]


def real_servers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Settings of a municipality of its own on the session's real servers; its database has the schema."""
    name = f"eakte-{secrets.token_hex(6)}"
    return {
        "EAKTE_DATABASE_URL": new_database(
            request.getfixturevalue("postgres_admin"), copy_of=request.getfixturevalue("migrated")
        ),
        "EAKTE_STORAGE_URL": f"{request.getfixturevalue('minio')}/{name}",
        "EAKTE_SEARCH_URL": f"{request.getfixturevalue('opensearch')}/{name}",
    }


@pytest.fixture(scope="module")
def municipality(service: Service) -> Municipality:
    """The small municipality inside the running service."""
    with service.backends() as opened:
        return Municipality(opened)


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real documents. Missing in CI it is a failure, elsewhere a loud skip."""
    folder = Path(os.environ.get("EAKTE_CORPORA", Path(__file__).parents[2] / "shared" / "corpora"))
    if folder.is_dir():
        return folder
    if os.environ.get("CI") == "true":
        pytest.fail(f"the corpora are missing: {folder}")
    pytest.skip(f"the corpora are missing: {folder}")

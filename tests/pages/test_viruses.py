"""A file with a virus, by API and by page: refused, nothing kept but the fact; without a scanner nothing is filed."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from typing import Any

import pytest

from eakte.api.app import create_app
from eakte.bootstrap import open_scanner
from eakte.errors import FileInfected, ScannerUnavailable, SetupFailed
from eakte.operations.filing import store_original
from eakte.operations.health import checks
from eakte.settings import Settings
from eakte.terms import SYSTEM
from eakte.web.pages import install
from indexing.clamav import Clamd
from tests.api.world import API, done, places, problem
from tests.pages.pages_support import Pages
from tests.support.clamd import EICAR, STREAM_LIMIT
from tests.support.service import upload

INFECTED = b"Sehr geehrte Damen und Herren,\r\n" + EICAR


@pytest.fixture
def guarded(pages: Pages, clamd: str) -> Iterator[Pages]:
    yield from behind(pages, clamd)


@pytest.fixture
def stranded(pages: Pages) -> Iterator[Pages]:
    """A service whose scanner is away."""
    yield from behind(pages, "unix:///nowhere/clamd.sock")


def behind(pages: Pages, url: str) -> Iterator[Pages]:
    plain = pages.backends, pages.app
    pages.backends = dataclasses.replace(pages.backends, scanner=Clamd(url))
    pages.app = create_app(pages.backends)
    install(pages.app)
    yield pages
    pages.backends, pages.app = plain


def kept(pages: Pages) -> tuple[set[str], int]:
    """Every blob but those of the log, and the number of documents."""
    names = {stat.name for stat in pages.backends.blobs.names() if not stat.name.startswith("audit/")}
    with pages.backends.database.engine.begin() as connection:
        return names, connection.exec_driver_sql("SELECT count(*) FROM document").scalar_one()


def refusals(pages: Pages, subject: str) -> list[dict[str, object]]:
    return pages.audit(tag="record:file:refuse-infected", subject=subject)


def test_an_infected_upload_is_refused_and_only_the_fact_is_kept(guarded: Pages) -> None:
    dossier = guarded.dossier()["id"]
    before = kept(guarded)
    answer = problem(upload(guarded.client("clerk63"), {"dossier": dossier}, INFECTED), 422, "file-infected")
    assert "Schadsoftware" in answer["title"]
    assert "Eicar-Test-Signature" in answer["detail"]
    assert places(answer) == {"file"}
    assert kept(guarded) == before
    (entry,) = refusals(guarded, dossier)
    assert entry["actor"] == guarded.town.users["clerk63"]
    details = entry["details"]
    assert isinstance(details, dict)
    assert set(details) == {"signature", "sha256", "subjects"}
    assert details["sha256"] == hashlib.sha256(INFECTED).hexdigest()


def test_an_infected_version_leaves_the_document_as_it_was(guarded: Pages) -> None:
    document = guarded.document({"dossier": guarded.dossier()["id"]})
    before = kept(guarded)
    files: Any = {"metadata": (None, "{}", "application/json"), "file": ("a.txt", INFECTED, "text/plain")}
    path = f"{API}/documents/{document['id']}"
    problem(guarded.client("clerk63").post(f"{path}/versions", files=files), 422, "file-infected")
    assert kept(guarded) == before
    assert done(guarded.client("clerk63").get(path), 200)["version"] == 1
    assert len(refusals(guarded, document["id"])) == 1


def test_the_form_says_it_at_the_field(guarded: Pages) -> None:
    dossier = guarded.dossier()["id"]
    clerk = guarded.sign_in("clerk63")
    answer = clerk.post(f"/akten/{dossier}/ablegen", files={"file": ("a.txt", INFECTED, "text/plain")}, title="Brief")
    assert answer.status == 422
    assert "Schadsoftware" in answer.errors["file"]
    assert "Schadsoftware" in clerk.get(f"/akten/{dossier}").text  # and the dossier's history knows
    filed = clerk.post(f"/akten/{dossier}/ablegen", files={"file": ("a.txt", b"Brief", "text/plain")}, title="Brief")
    assert filed.status == 303


def test_what_the_scanner_does_not_look_at_is_not_filed(guarded: Pages) -> None:
    dossier = guarded.dossier()["id"]
    before = kept(guarded)
    for size in (4 * STREAM_LIMIT, STREAM_LIMIT - 1000):
        answer = upload(guarded.client("clerk63"), {"dossier": dossier}, bytes(size))
        if size > guarded.backends.settings.upload_limit_bytes:
            problem(answer, 413, "too-large")
        else:
            assert "Virenprüfung" in problem(answer, 413, "too-large")["detail"]
    assert kept(guarded) == before


def test_without_the_scanner_nothing_is_filed_and_the_rest_goes_on(stranded: Pages) -> None:
    dossier = stranded.dossier()["id"]
    before = kept(stranded)
    answer = upload(stranded.client("clerk63"), {"dossier": dossier}, b"Brief")
    assert answer.headers["retry-after"]
    assert problem(answer, 503, "scanner-unavailable")["title"] == "Die Virenprüfung ist nicht erreichbar."
    clerk = stranded.sign_in("clerk63")
    form = clerk.post(f"/akten/{dossier}/ablegen", files={"file": ("a.txt", b"Brief", "text/plain")}, title="Brief")
    assert form.errors["file"].startswith("Die Virenprüfung ist nicht erreichbar.")
    assert kept(stranded) == before
    assert clerk.get(f"/akten/{dossier}").status == 200
    ready = stranded.client("admin").get("/readyz")
    assert (ready.status_code, ready.json()["missing"]) == (200, ["scanner"])


def test_what_a_worker_files_passes_the_same_check(pages: Pages, clamd: str) -> None:
    for url, error in ((clamd, FileInfected), ("unix:///nowhere/clamd.sock", ScannerUnavailable)):
        backends = dataclasses.replace(pages.backends, scanner=Clamd(url))
        with pytest.raises(error):
            store_original(
                backends.blobs,
                iter([INFECTED]),
                screen=backends.screen(SYSTEM),
                filename="anlage.txt",
                media_type="text/plain",
                limit=10**6,
            )


@pytest.mark.parametrize("there", [True, False])
def test_the_doctor_has_the_test_file_found(pages: Pages, clamd: str, there: bool) -> None:
    opened = pages.backends
    scanner = Clamd(clamd if there else "unix:///nowhere/clamd.sock")
    looked = checks(
        opened.database, opened.transactions, opened.blobs, opened.search, opened.settings.data_dir, scanner
    )
    (check,) = [each for each in looked if each.name == "Virenprüfung"]
    assert check.ok is there
    assert ("EICAR" in check.detail) is there
    assert bool(check.advice) is not there


def test_an_address_of_another_form_is_refused_at_the_start() -> None:
    assert open_scanner(Settings()) is None
    with pytest.raises(SetupFailed, match="EAKTE_CLAMAV_URL"):
        open_scanner(Settings(clamav_url="http://localhost"))

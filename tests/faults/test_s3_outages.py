"""The S3 server is killed under load: uploads are refused whole, processing waits, nothing acknowledged is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from minio import Minio

from eakte.bootstrap import s3_location
from tests.faults.checker import State, check, check_http, read_journal
from tests.faults.clients import Clients
from tests.faults.running import database_url, serving, settled
from tests.support.servers import minio_server
from tests.support.service import until

pytestmark = pytest.mark.fault


def test_storage_killed_twice_under_load_and_started_again_loses_nothing(tmp_path: Path) -> None:
    with minio_server() as server, serving(EAKTE_STORAGE_URL=f"{server.url}/akten") as (service, token, dossier):
        journal = service.folder / "journal.jsonl"
        clients = Clients(service, token, dossier, journal, seed=9)
        clients.start()
        try:
            for _ in range(2):
                _more(clients, "201", what="uploads")
                server.kill()
                _more(clients, "503", what="uploads are refused")
                with service.client() as anybody:
                    assert anybody.get("/readyz").status_code == 503
                    assert anybody.get("/healthz").status_code == 200
                server.start()
            _more(clients, "201", what="uploads go on")
        finally:
            clients.stop()
        url = database_url(service)
        until(settled(url), seconds=240, what="everything processed")
        receipts = read_journal(journal)
        found = check_http(service.url, token, receipts)
        for command in (("storage", "verify"), ("audit", "verify")):
            service.command(*command)
        assert service.stop() == 0, service.log.read_text()[-3000:]
        assert (found, clients.surprises) == ([], [])
        assert set(clients.answers) <= {"201", "503"}
        # The checker knows nothing of S3: it gets what the bare SDK finds in the bucket.
        location = s3_location(f"{server.url}/akten")
        bare = Minio(location.host, location.access_key, location.secret_key, secure=False)
        for blob in bare.list_objects(location.bucket, recursive=True):
            bare.fget_object(location.bucket, str(blob.object_name), str(tmp_path / str(blob.object_name)))
        with service.backends() as opened:
            assert check(State(opened.database.url, tmp_path, receipts)) == []


def _more(clients: Clients, answer: str, *, what: str) -> None:
    """Wait for three more answers of a kind."""
    before = clients.answers[answer]
    until(lambda: clients.answers[answer] > before + 2, what=what)

"""The main job, end to end: a letter is filed, read, found, and its term and trail are known."""

from __future__ import annotations

import pytest

from eakte.sample.town import town as sample_town
from tests.support.service import Municipality, Service, upload, wait_ready

pytestmark = pytest.mark.journey


def test_a_scanned_letter_goes_all_the_way(service: Service, municipality: Municipality) -> None:
    scan = next(document for document in sample_town(3, 12).documents() if document.scan)
    word = max((w for w in scan.truth[1].split() if w.isalpha()), key=len)
    with service.client(municipality.tokens["clerk63"]) as clerk:
        dossier = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Lindenweg 12"}).json()
        filed = upload(clerk, {"dossier": dossier["id"], "title": "Schreiben"}, scan.content, scan.filename)
        assert filed.status_code == 201
        document = wait_ready(clerk, filed.json()["id"])
        assert document["state"] == "ready"
        assert document["text"]["state"] == "recognised"
        assert document["rendition"]["state"] == "conforming"
        content = clerk.get(f"/api/v1/documents/{document['id']}/content")
        assert content.content == scan.content
        found = clerk.get("/api/v1/search", params={"q": word}).json()
        assert [hit["document"]["id"] for hit in found["hits"]] == [document["id"]]
        assert any(passage["page"] == 2 for passage in found["hits"][0]["passages"])
        closed = clerk.post(f"/api/v1/dossiers/{dossier['id']}/close", json={}).json()
        assert closed["retention"]["end"] is not None

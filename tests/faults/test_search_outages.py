"""OpenSearch is killed, frozen and started again: filing goes on, pages and API say so, the index catches up."""

from __future__ import annotations

import httpx2
import pytest

from tests.faults.clients import make
from tests.faults.running import serving
from tests.support.servers import opensearch_server
from tests.support.service import PASSWORD, until, upload, wait_ready

pytestmark = [pytest.mark.fault, pytest.mark.long]


def test_filing_goes_on_without_the_search_and_the_index_catches_up_by_itself() -> None:
    with (
        opensearch_server() as server,
        serving(EAKTE_SEARCH_URL=f"{server.url}/rodenbeck") as (service, token, dossier),
        service.client(token) as clerk,
        service.client() as browser,
    ):
        page = browser.get("/anmelden").text
        mark = page.split('name="csrf" value="')[1].split('"')[0]
        entered = browser.post("/anmelden", data={"csrf": mark, "username": "clerk63", "password": PASSWORD})
        assert entered.status_code == httpx2.codes.SEE_OTHER

        def find(word: str) -> httpx2.Response:
            return clerk.get("/api/v1/search", params={"q": word})

        def file(title: str) -> str:
            answer = upload(clerk, {"dossier": dossier, "title": title}, *make(0, 0))
            return str(answer.raise_for_status().json()["id"])

        wait_ready(clerk, file("Laternenumzug"))
        assert find("Laternenumzug").json()["total"] == 1

        server.kill()
        refused = find("Laternenumzug")
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.json()["type"].endswith("search-unavailable")
        shown = browser.get("/suche", params={"q": "Laternenumzug"})
        assert (shown.status_code, "Die Suche ist gerade nicht verfügbar" in shown.text) == (200, True)
        ready = clerk.get("/readyz")
        assert (ready.status_code, ready.json()["missing"]) == (200, ["search"])
        later = file("Martinsgans")
        assert clerk.get(f"/api/v1/documents/{later}").json()["state"] in {"received", "processing"}
        assert service.command("doctor", check=False).returncode == 1

        server.start()
        assert wait_ready(clerk, later, seconds=120)["state"] == "ready"
        assert find("Martinsgans").json()["total"] == find("Laternenumzug").json()["total"] == 1

        server.freeze()
        try:
            assert find("Martinsgans").status_code == httpx2.codes.SERVICE_UNAVAILABLE
        finally:
            server.thaw()
        until(lambda: find("Martinsgans").status_code == httpx2.codes.OK, what="the search answers again")
        assert service.stop() == 0

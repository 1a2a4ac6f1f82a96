"""A mail comes in: its attachments are documents beside it, found by their own words, and both name each other."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from tests.support.service import Municipality, Service, until, upload, wait_ready

pytestmark = pytest.mark.journey


def test_a_word_in_an_attachment_finds_it_and_leads_to_its_mail(service: Service, municipality: Municipality) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "Jürgen Köhler <j@example.org>", "bauamt@rodenbeck.example"
    mail["Date"], mail["Subject"] = "Thu, 12 Mar 2026 10:00:00 +0100", "Nachreichung Statik"
    mail.set_content("Anbei die Berechnung.")
    mail.add_attachment("Die Tragfähigkeit der Zwischendecke.\n", filename="Berechnung.txt")
    with service.client(municipality.tokens["clerk63"]) as clerk:
        dossier = clerk.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": "Lindenweg 12"}).json()
        filed = upload(clerk, {"dossier": dossier["id"]}, mail.as_bytes(), "nachricht.eml").json()
        ready = wait_ready(clerk, filed["id"])
        assert (ready["title"], ready["source"]) == ("Nachreichung Statik", None)
        (attached,) = clerk.get("/api/v1/documents", params={"source": filed["id"]}).json()["items"]
        assert (attached["source"], attached["dossier"], attached["filename"]) == (
            filed["id"],
            dossier["id"],
            "Berechnung.txt",
        )
        wait_ready(clerk, attached["id"])
        found = until(
            lambda: clerk.get("/api/v1/search", params={"q": "Tragfähigkeit"}).json()["hits"], what="the attachment"
        )
        assert [hit["document"]["id"] for hit in found] == [attached["id"]]
        assert clerk.get(f"/api/v1/documents/{attached['id']}/content").text.startswith("Die Tragfähigkeit")
    with service.client(municipality.tokens["clerk10"]) as stranger:
        assert stranger.get("/api/v1/documents", params={"source": filed["id"]}).status_code == 404

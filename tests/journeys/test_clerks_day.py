"""What a clerk does with a file from the first letter to the end of its term, over HTTP alone."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from eakte.terms import today
from tests.journeys import papers
from tests.support.service import Municipality, Service, until, upload, wait_ready

pytestmark = pytest.mark.journey
API = "/api/v1"


@dataclass(frozen=True)
class Day:
    """A dossier with a case, and every kind of document in it, processed."""

    dossier: dict[str, Any]
    case: dict[str, Any]
    documents: dict[str, dict[str, Any]]
    sent: dict[str, bytes]


@pytest.fixture(scope="module")
def day(service: Service, municipality: Municipality, corpora: Path) -> Day:
    sent = {
        "Bescheid.pdf": papers.written_pdf(),
        "Scan.pdf": papers.scanned_pdf(),
        "Vermerk.txt": papers.TEXT,
        "Anfrage.html": papers.HTML,
        "Aushang.png": papers.photo(),
        "IMG_2041.heic": papers.phone_photo(corpora),
    }
    with service.client(municipality.tokens["registrar"]) as registrar:
        body = {
            "parent": "63",
            "number": "633",
            "title": "Brandschutz",
            "unit": "63",
            "retention": {"term": "P12Y", "legal_basis": "§ 9 Satzung"},
        }
        assert registrar.post(f"{API}/plan-classes", json=body).raise_for_status().status_code == 201
    with service.client(municipality.tokens["clerk63"]) as clerk:
        dossier = clerk.post(f"{API}/dossiers", json={"plan_class": "633", "title": "Schule am Wall"}).json()
        case = clerk.post(f"{API}/cases", json={"dossier": dossier["id"], "title": "Brandschau"}).json()
        filed = {
            name: upload(clerk, {"case": case["id"], "received_on": today().isoformat()}, content, name)
            .raise_for_status()
            .json()
            for name, content in sent.items()
        }
        documents = {name: wait_ready(clerk, document["id"], seconds=180) for name, document in filed.items()}
    return Day(dossier, case, documents, sent)


@pytest.fixture
def clerk(service: Service, municipality: Municipality) -> Any:
    with service.client(municipality.tokens["clerk63"]) as client:
        yield client


def test_every_kind_becomes_ready(day: Day) -> None:
    assert {name: document["state"] for name, document in day.documents.items()} == dict.fromkeys(day.sent, "ready")
    texts = {name: document["text"]["state"] for name, document in day.documents.items()}
    assert texts["Bescheid.pdf"] == texts["Vermerk.txt"] == texts["Anfrage.html"] == "born-digital"
    assert texts["Scan.pdf"] == texts["Aushang.png"] == "recognised"
    assert day.documents["Bescheid.pdf"]["pages"] == day.documents["Scan.pdf"]["pages"] == 2
    for document in day.documents.values():
        assert document["rendition"]["state"] in {"conforming", "claimed", "raster", "none"}
        assert document["rendition"]["state"] != "none" or document["rendition"]["reason"]


def test_the_original_stays_as_it_came(day: Day, clerk: Any) -> None:
    for name, document in day.documents.items():
        answer = clerk.get(f"{API}/documents/{document['id']}/content")
        assert answer.content == day.sent[name]
        assert int(answer.headers["content-length"]) == document["size"] == len(day.sent[name])


@pytest.mark.parametrize("name", ["Bescheid.pdf", "Scan.pdf"])
def test_the_words_of_the_second_page_lie_where_they_are(day: Day, clerk: Any, name: str) -> None:
    document = day.documents[name]["id"]
    layer = clerk.get(f"{API}/documents/{document}/pages/2/words").raise_for_status().json()
    words = {word["text"].strip(".:,"): word["box"] for word in layer["words"]}
    assert {"Auflagen", "jährlich", "prüfen", "Gebühr", "§"} <= set(words)
    assert all(
        0 <= left < right <= layer["width"] and 0 <= top < bottom <= layer["height"]
        for left, top, right, bottom in words.values()
    )
    assert words["Auflagen"][3] <= words["jährlich"][1]  # lines from top to bottom
    assert words["jährlich"][2] <= words["prüfen"][0]  # words from left to right
    # There is ink where the box says so, and none in the margin beside it.
    image = Image.open(io.BytesIO(clerk.get(f"{API}/documents/{document}/pages/2/image").content)).convert("L")
    scale = image.width / layer["width"]
    left, top, right, bottom = (round(edge * scale) for edge in words["Auflagen"])
    ink = min(image.crop((left, top, right, bottom)).tobytes())
    assert ink < 120
    margin = image.crop((round(left * 0.1), top, round(left * 0.7), bottom)).tobytes()
    assert sum(margin) / len(margin) > ink + 60


def test_the_page_image_is_a_small_picture(day: Day, clerk: Any) -> None:
    for name, document in day.documents.items():
        answer = clerk.get(f"{API}/documents/{document['id']}/pages/1/image")
        assert answer.headers["content-type"] == "image/webp", name
        image = Image.open(io.BytesIO(answer.content))
        assert (image.format, image.width) == ("WEBP", 1000), name


def test_the_rendition_is_a_pdf_with_its_text(day: Day, clerk: Any) -> None:
    for name, expected in (("Bescheid.pdf", "Auflagen"), ("Scan.pdf", "Auflagen"), ("Vermerk.txt", "Anwohner")):
        document = day.documents[name]
        content = clerk.get(f"{API}/documents/{document['id']}/rendition").raise_for_status().content
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert len(pdf.pages) == document["pages"]
            assert b"pdfaid" in pdf.Root.Metadata.read_bytes()
        opened = pypdfium2.PdfDocument(content)
        text = "".join(opened[number].get_textpage().get_text_range() for number in range(len(opened)))
        opened.close()
        assert expected in text, name


@pytest.mark.parametrize(
    ("question", "found", "word", "page"),
    [
        ("Rückhaltebecken prüfen", {"Bescheid.pdf", "Scan.pdf"}, "prüfen", 2),
        ("Genehmigungen", {"Bescheid.pdf", "Scan.pdf"}, "Genehmigung", 1),
        ("Geschwindigkeitsbegrenzungen", {"Vermerk.txt"}, "Geschwindigkeitsbegrenzung", 1),
        ("Spielgerät", {"Anfrage.html"}, "Spielgeräte", 1),
        ("spielgeraete", {"Anfrage.html"}, "Spielgeräte", 1),
    ],
)
def test_an_inflected_word_is_found_and_marked(
    day: Day, clerk: Any, question: str, found: set[str], word: str, page: int
) -> None:
    names = {document["id"]: name for name, document in day.documents.items()}
    answer = clerk.get(f"{API}/search", params={"q": question}).raise_for_status().json()
    hits = {names[hit["document"]["id"]]: hit for hit in answer["hits"] if hit["document"]["id"] in names}
    assert set(hits) == found
    for hit in hits.values():
        assert hit["dossier"]["reference_number"] == day.dossier["reference_number"]
        marked = {
            passage["text"][start:end]
            for passage in hit["passages"]
            if passage["page"] == page
            for start, end in passage["marks"]
        }
        assert word in marked, hit["passages"]
    assert answer["facets"]["class"] == [{"value": "633", "label": "633 Brandschutz", "count": len(found)}]


def test_the_command_finds_what_the_person_finds(day: Day, service: Service, clerk: Any) -> None:
    by_http = clerk.get(f"{API}/search", params={"q": "Genehmigungen"}).json()
    by_command = json.loads(service.command("search", "Genehmigungen", "--as", "clerk63", "--json").stdout)
    assert by_command == by_http
    nothing = json.loads(service.command("search", "Genehmigungen", "--as", "clerk10", "--json").stdout)
    assert (nothing["total"], nothing["hits"]) == (0, [])
    assert day.dossier["reference_number"] in service.command("search", "Genehmigungen", "--as", "clerk63").stdout


def test_closing_counts_the_term(day: Day, clerk: Any, service: Service, municipality: Municipality) -> None:
    path = f"{API}/dossiers/{day.dossier['id']}"
    refused = clerk.post(f"{path}/close", json={})
    assert (refused.status_code, refused.json()["errors"][0]["message"]) == (409, "Brandschau")
    closed = clerk.post(f"{path}/close", json={"close_cases": True}).raise_for_status().json()
    assert closed["closed_on"] == today().isoformat()
    # Counted from the end of the year of the closing: § 9, twelve years (year is the default rounding).
    assert closed["retention"]["end"] == f"{today().year + 12}-12-31"
    assert closed["retention"]["legal_basis"] == "§ 9 Satzung"
    assert clerk.get(path).json() == closed
    assert upload(clerk, {"dossier": day.dossier["id"]}, b"x").status_code == 409

    document = day.documents["Scan.pdf"]["id"]
    with service.client(municipality.tokens["auditor"]) as auditor:

        def acts() -> set[str]:
            entries = auditor.get(f"{API}/audit", params={"subject": day.dossier["id"]}).json()["entries"]
            return {entry["tag"] for entry in entries}

        wanted = {"record:dossier:create", "record:document:file", "record:dossier:close"}
        until(lambda: wanted <= acts(), seconds=120, what="the entries sequenced")
    report = json.loads(service.command("audit", "verify", "--json").stdout)
    assert (report["ok"], report["errors"]) == (True, [])
    proof = json.loads(service.command("audit", "prove", document, "--json").stdout)
    tags = [each["entry"]["tag"] for each in proof["proofs"]]
    assert tags == ["record:document:file", "record:document:process"]

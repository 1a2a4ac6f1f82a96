"""What registrar and clerk do with plan, dossiers and documents, step by step, each through the API of a service."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from eakte.client import Client, EakteProblem, File
from eakte.client.shapes import Dossier
from eakte.operations.auditing import sequence
from eakte.terms import today
from tests.journeys import papers
from tests.journeys.doors import enter
from tests.support.service import PASSWORD, Municipality, Service, until

FIELDS = [
    {"name": "material", "label": "Material", "type": "text", "required": True},
    {"name": "breite", "label": "Breite", "type": "number", "minimum": 1},
]
WORD = "Kupferblechtafel"
"""Stands in no text, only in a data field."""


@dataclass(frozen=True)
class Office:
    """A running service, its town, the clerk of unit 63 with the client, and the registrar."""

    service: Service
    town: Municipality
    clerk: Client
    registrar: httpx2.Client

    def client(self, login: str) -> Client:
        """The client of another account."""
        return Client(self.service.url, self.town.tokens[login])

    def says(self, path: str, status: int = 201, /, **body: Any) -> Any:
        """An act of the registrar."""
        answer = self.registrar.post(f"/api/v1/{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def plan(self, on: str | None = None) -> list[dict[str, Any]]:
        """All classes, as they are on a day."""
        asked = {"on": on} if on else {}
        return list(self.registrar.get("/api/v1/plan-classes", params=asked).raise_for_status().json()["items"])

    @staticmethod
    def wait(condition: Callable[[], bool]) -> None:
        """For what a worker does."""
        until(condition, what="the worker")


def make_classes_and_templates(office: Office) -> tuple[str, str]:
    """A class with data fields, another that is divided; templates of a dossier with cases, and of a case."""
    new = office.says("plan-classes", number="997", title="Werbeanlagen", fields=FIELDS)
    schema = office.registrar.get(f"/api/v1/plan-classes/{new['id']}/fields").json()["json_schema"]
    assert (schema["required"], set(schema["properties"])) == (["material"], {"material", "breite"})
    old = office.says("plan-classes", number="998", title="Schilder", fields=FIELDS)
    parts = [{"number": "998.1", "title": "Leuchtschilder"}, {"number": "998.2", "title": "Andere"}]
    assert office.says(f"plan-classes/{old['id']}/divide", 200, parts=parts)["state"] == "divided"
    with pytest.raises(EakteProblem, match="plan_class"):
        office.clerk.dossiers.create("998", "x")
    cases = [{"title": "Prüfung", "cases": [{"title": "Denkmalpflege"}]}]
    roles = [{"role": "Antragstellerin", "required": True}]
    said = {"name": "Werbeanlage", "kind": "dossier", "title": "Werbeanlage {ort}", "plan_class": "997", "unit": "63"}
    of_case = {"name": "Anhörung", "kind": "case", "title": "Anhörung {wen}", "cases": [{"title": "Frist"}]}
    made = [office.says("templates", **said, cases=cases, roles=roles), office.says("templates", **of_case)]
    return str(made[0]["id"]), str(made[1]["id"])


def open_from_the_templates(office: Office, template: str, of_case: str) -> Dossier:
    """Fields are checked, told and listed, party and cases are there; moved it is found by both its numbers."""
    clerk = office.clerk
    party: Any = {"role": "Antragstellerin", "name": "Şebnem Kaya"}
    with pytest.raises(EakteProblem) as refused:
        clerk.templates.make(template, {"ort": "Markt 1"}, fields={"breite": 0}, parties=[party])
    assert {fault.at for fault in refused.value.faults} == {"fields.material", "fields.breite"}
    made = clerk.templates.make(template, {"ort": "Markt 1"}, fields={"material": WORD}, parties=[party])
    opened, (case, below) = made["dossier"], made["cases"]
    assert (opened["title"], below["parent"]) == ("Werbeanlage Markt 1", case["id"])
    assert [each["dossier"] for each in clerk.parties.list(name="sebnem kaya")] == [opened["id"]]
    heard = clerk.templates.make(of_case, {"wen": "der Nachbarn"}, dossier=opened["id"])["cases"]
    assert [(each["title"], each["ordinal"]) for each in heard] == [("Anhörung der Nachbarn", 3), ("Frist", 4)]
    listed = {each["id"]: each["fields"] for each in clerk.dossiers.list(plan_class="997")}
    assert listed[opened["id"]] == {"material": WORD}, "fields go along in every list that another program reads"
    moved = office.says(f"dossiers/{opened['id']}/move", 200, plan_class="998.1", reason="Leuchtet")
    assert moved["reference_number"].startswith("998.1-")
    for number in (opened["reference_number"], moved["reference_number"].replace("-", " – ")):
        assert [each["id"] for each in clerk.dossiers.list(reference=number)] == [opened["id"]]
    assert clerk.dossiers.letter_reference(opened["id"]) == f"63/{moved['reference_number']}"
    other = clerk.dossiers.create("632.2", "Nachbarsache")["id"]
    # Back and forth once more: it has its old numbers again, and nobody else got them meanwhile.
    for plan_class, number in (("997", opened["reference_number"]), ("998.1", moved["reference_number"])):
        order = {"plan_class": plan_class, "reason": "Prüfung"}
        assert office.says(f"dossiers/{opened['id']}/move", 200, **order)["reference_number"] == number
    with office.service.client(office.town.tokens["clerk63"]) as raw:
        said = {"source": {"dossier": opened["id"]}, "target": {"dossier": other}, "note": "siehe auch"}
        assert raw.post("/api/v1/cross-references", json=said).status_code == 201
        assert raw.post(f"/api/v1/dossiers/{opened['id']}/volumes", json={"title": "ab 2026"}).status_code == 201
        listed = raw.get("/api/v1/cross-references", params={"dossier": other}).json()["items"]
    assert [(each["outgoing"], each["other"]["title"]) for each in listed] == [(False, "Werbeanlage Markt 1")]
    return clerk.dossiers.get(opened["id"])


def write_documents(office: Office, dossier: Dossier) -> list[str]:
    """Dates and names; one at a time writes; old states are refused; an earlier version holds again; final is final."""
    clerk, place = office.clerk, dossier["id"]
    said: Any = {"kind": "outgoing", "written_on": "2026-03-01", "sent_on": "2026-03-02", "addressee": "Şebnem Kaya"}
    letter = clerk.documents.wait(clerk.documents.file(File(papers.TEXT, "a.txt"), dossier=place, **said)["id"])
    came: Any = {"kind": "incoming", "received_on": "2026-02-27", "sender": "Şebnem Kaya"}
    came |= {"further_senders": ["Jürgen Köhler"], "further_addressees": ["Bauamt"], "addressee": "Stadt"}
    note: Any = {"kind": "internal", "written_on": "2026-02-28"}
    for one in (came, note):
        filed = clerk.documents.file(File(b"Kurz.", "b.txt"), dossier=place, **one)
        assert {name: dict(filed)[name] for name in one} == one
        clerk.documents.cancel(filed["id"], "Nur zum Vergleich")
    assert {name: dict(letter)[name] for name in said} == said
    assert letter["volume"] is not None
    out = clerk.documents.check_out(letter["id"], revision=letter["revision"])
    with office.client("head63") as head, pytest.raises(EakteProblem, match="bearbeitet es seit"):
        head.documents.add_version(letter["id"], File(b"anders", "b.txt"))
    with pytest.raises(EakteProblem) as stale:
        clerk.documents.change(letter["id"], revision=letter["revision"], title="x")
    assert stale.value.status == 412
    clerk.documents.add_version(letter["id"], File(b"zwei", "a.txt"), revision=out["revision"])
    back = clerk.documents.restore(letter["id"], 1, comment="doch so")
    assert (back["version"], back["checked_out"]) == (3, None)
    assert [each["restored_from"] for each in clerk.documents.versions(letter["id"])] == [1, None, None]
    clerk.documents.finalize(letter["id"])
    with pytest.raises(EakteProblem) as final:
        clerk.documents.add_version(letter["id"], File(b"drei", "a.txt"))
    assert final.value.kind == "document-final"
    waiting = clerk.documents.file(File(papers.TEXT, "Eingang.txt"), inbox=True, sender="Şebnem Kaya")
    for each in (letter, waiting):
        assert clerk.documents.wait(each["id"])["state"] == "ready"
    assert letter["id"] in found(clerk, WORD), "by the data field of its dossier"
    with office.service.client() as browser:
        enter(browser, PASSWORD, "clerk63")
        table = browser.get("/suche/treffer.csv", params={"q": WORD}).raise_for_status().content.decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(table), delimiter=";")
    assert {row["Datenfelder"] for row in rows} == {f"Material: {WORD}"}, "and taken along in the list of hits"
    return [str(letter["id"]), str(waiting["id"])]


def act_on_many(office: Office, dossier: Dossier, documents: list[str]) -> None:
    """All or none; one entry of the log names all; what is cancelled is found only when asked for."""
    clerk, (final, waiting) = office.clerk, documents
    beside = clerk.documents.file(File(papers.TEXT, "Daneben.txt"), inbox=True)["id"]
    with pytest.raises(EakteProblem) as refused:
        clerk.documents.change_all([waiting, final], title="x")
    assert [fault.at for fault in refused.value.faults] == [f"documents.{final}"]
    clerk.documents.move_all([waiting, beside], dossier=dossier["id"])
    clerk.documents.resubmit_all([waiting, beside], {"due_on": today().isoformat(), "note": "Rückruf"})
    (first, second) = clerk.resubmissions.list(mine=True, until=today())
    assert {first["document"], second["document"]} == {waiting, beside}
    clerk.resubmissions.done(first["id"])
    assert [each["id"] for each in clerk.resubmissions.list(mine=True)] == [second["id"]]
    clerk.documents.cancel_all([waiting, beside], "Irrläufer")
    assert [each["id"] for each in clerk.documents.list(dossier=dossier["id"])] == [final]
    assert {waiting, beside} < {each["id"] for each in clerk.documents.list(dossier=dossier["id"], cancelled=True)}
    cancelled = clerk.documents.get(waiting)["cancelled"]
    assert cancelled is not None
    assert cancelled["reason"] == "Irrläufer"
    with office.service.backends() as opened:
        sequence(opened.transactions, opened.blobs)
    with office.service.client(office.town.tokens["auditor"]) as auditor:
        asked = {"subject": waiting, "tag": "record:document:cancel"}
        (entry,) = auditor.get("/api/v1/audit", params=asked).raise_for_status().json()["entries"]
    assert {waiting, beside} <= set(entry["details"]["subjects"])


def hand_over(office: Office, dossier: Dossier) -> None:
    """Lent on paper and back; then another unit has it: theirs is what its old one cannot find any more."""
    clerk, path = office.clerk, f"dossiers/{dossier['id']}"
    clerk.dossiers.change(dossier["id"], revision=clerk.dossiers.get(dossier["id"])["revision"], medium="hybrid")
    office.says(f"{path}/lend", 200, to="Rechtsamt, Frau Kaya")
    lent = clerk.dossiers.get(dossier["id"])["lent"]
    assert lent is not None
    assert lent["to"] == "Rechtsamt, Frau Kaya"
    office.says(f"{path}/return", 200, location="Keller, Regal 5")
    office.says(f"{path}/reassign", 200, unit="10", reason="Neue Zuständigkeit")
    with pytest.raises(EakteProblem) as gone:
        clerk.dossiers.get(dossier["id"])
    assert (gone.value.status, found(clerk, WORD)) == (404, set())
    with office.client("clerk10") as now:
        until(lambda: found(now, WORD), what="the index follows")
        tags = [each["tag"] for each in now.dossiers.history(dossier["id"])]
    acts = [tag.removeprefix("record:dossier:") for tag in tags if tag.startswith("record:dossier:")]
    assert acts == ["reassign", "return", "lend", "change", "open-volume", "refer", "move", "move", "move", "create"]


def found(client: Client, text: str) -> set[str]:
    """The documents that a person finds."""
    return {hit["document"]["id"] for hit in client.hits(text)}

"""What the registrar does with the filing plan, step by step, through commands and API of a service."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from eakte.client import EakteProblem
from eakte.terms import today
from tests.journeys.records import Office
from tests.support.commands import called

CSV = """Nummer;Titel;Aufbewahrungsfrist;Rechtsgrundlage
SP;Sport;5 Jahre;§ 1 Satzung
SP.1;Plätze;;
SP.1.1;Bolzplätze;;
"""
YAML = """
- number: 'SP'
  title: Sport
  retention: {term: P5Y, legal_basis: § 1 Satzung}
  children:
  - number: 'SP.1'
    title: Plätze
    children: [{number: 'SP.1.1', title: Bolzplätze}]
"""


def take_over_a_plan(office: Office, plans: Path) -> None:
    """What is wrong in a file is told with its place, and nothing of it comes in. A town's own comes in whole."""
    before = _numbers(office)
    for name in ("missing_parent", "grouped_by_three", "schema_not_satisfied"):
        refused = _imported(office, plans / f"invalid_{name}.xlsx", code=1)
        assert not refused["ok"]
        assert all(each["sheet"] and each["row"] and each["column"] and each["rule"] for each in refused["errors"])
    plan = plans / "municipality.xlsx"
    looked = _imported(office, plan, "--check")
    assert _numbers(office) == before
    taken = json.loads(office.service.command("plan", "import", str(plan), "--json").stdout)
    assert taken == looked, "what was looked at is what is done"
    assert taken["created"] + taken["changed"] + taken["unchanged"] == taken["classes"] == 626
    rows = office.plan()
    assert len(rows) == len(before) + taken["created"]
    silent = [row["number"] for row in rows if row["retention"]["term"]["value"] is None and row["number"][0] == "0"]
    (above,) = (row for row in rows if row["number"] == "0")
    rule = {"retention": {"term": "P25Y", "legal_basis": "§ 3 Satzung"}}
    tag = {"If-Match": f'"{above["revision"]}"'}
    assert office.registrar.patch(f"/api/v1/plan-classes/{above['id']}", json=rule, headers=tag).status_code == 200
    terms = {row["number"]: row["retention"]["term"] for row in office.plan()}
    inherited = {"value": "P25Y", "source": "0"}
    assert len(silent) > 10
    assert all(terms[number] == inherited for number in silent), "what a class does not say it inherits"
    assert all(terms[row["number"]] == row["retention"]["term"] for row in rows if row["number"] not in silent)


def take_over_other_files(office: Office, folder: Path) -> None:
    """A table and a text say the same; what a file says of a class that is there holds from its day on."""
    table, text = folder / "sport.csv", folder / "sport.yaml"
    table.write_text(CSV, encoding="utf-8")
    text.write_text(YAML, encoding="utf-8")
    assert _imported(office, table)["created"] == 3
    same = _imported(office, text, "--check")
    assert (same["created"], same["changed"], same["unchanged"]) == (0, 0, 3)
    table.write_text(CSV.replace("SP.1.1;Bolzplätze;;", "SP.1.1;Spielfelder;7 Jahre;"), encoding="utf-8")
    tomorrow = (today() + timedelta(days=1)).isoformat()
    changed = _imported(office, table, "--valid-from", tomorrow)
    (one,) = changed["differences"]["changed"]
    told = {value["column"]: (value["before"], value["after"]) for value in one["values"]}
    assert told == {"Titel": ("Bolzplätze", "Spielfelder"), "Aufbewahrungsfrist": ("geerbt", "7 Jahre")}
    said = [
        (row["title"], row["retention"]["term"]) for row in (_on(office, "SP.1.1"), _on(office, "SP.1.1", tomorrow))
    ]
    assert said == [
        ("Bolzplätze", {"value": "P5Y", "source": "SP"}),
        ("Spielfelder", {"value": "P7Y", "source": "SP.1.1"}),
    ]


def change_the_plan_in_time(office: Office) -> None:
    """What held on a day stays answerable; a class is closed, opened again, ends in another; its old files stay."""
    old, clerk = office.says("plan-classes", number="994", title="Bänke", retention={"term": "P10Y"}), office.clerk
    kept = clerk.dossiers.create("994", "Bank am Deich")
    clerk.dossiers.close(kept["id"])
    said: dict[str, Any] = {"title": "Sitzbänke", "retention": {"term": "P8Y", "applies_to": "open-terms"}}
    said["valid_from"] = "2025-01-01"
    path = f"/api/v1/plan-classes/{old['id']}"
    preview = office.says(f"plan-classes/{old['id']}/preview", 200, **said)
    assert preview == {"earlier": 1, "later": 0, "same": 0}
    tag = {"If-Match": f'"{old["revision"]}"'}
    assert office.registrar.patch(path, json=said, headers=tag).status_code == 200
    assert office.registrar.patch(path, json=said, headers=tag).status_code == 412
    held = {day: _on(office, "994", day) for day in ("2024-12-31", "2025-01-01")}
    assert [(row["title"], row["retention"]["term"]["value"]) for row in held.values()] == [
        ("Bänke", "P10Y"),
        ("Sitzbänke", "P8Y"),
    ]
    versions = office.registrar.get(f"{path}/versions").json()["items"]
    assert [each["valid_from"] for each in versions] == ["2025-01-01", None]
    office.wait(lambda: clerk.dossiers.get(kept["id"])["retention"]["end"] == f"{today().year + 8}-12-31")

    office.says(f"plan-classes/{old['id']}/close", 200, reason="Ratsbeschluss")
    with pytest.raises(EakteProblem) as closed:
        clerk.dossiers.create("994", "x")
    office.says(f"plan-classes/{old['id']}/reopen", 200, reason="Irrtum")
    assert clerk.dossiers.create("994", "Bank am Hafen")["reference_number"].startswith("994-00002/")
    merged = office.says(f"plan-classes/{old['id']}/merge", 200, into="SP.1.1", reason="Neugliederung")
    assert (merged["state"], merged["successor"]) == ("merged", _on(office, "SP.1.1")["id"])
    with pytest.raises(EakteProblem) as gone:
        clerk.dossiers.create("994", "x")
    told = [refused.value.faults[0].message for refused in (closed, gone)]
    assert told == ["994 ist geschlossen.", "994 ist in SP.1.1 aufgegangen. Neue Akten gehören dorthin."]
    assert [each["id"] for each in clerk.dossiers.list(reference=kept["reference_number"])] == [kept["id"]]


def _imported(office: Office, file: Path, *options: str, code: int = 0) -> Any:
    done = called(office.service.environment, "plan", "import", str(file), *options, "--json")
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def _numbers(office: Office) -> list[str]:
    return [row["number"] for row in office.plan()]


def _on(office: Office, number: str, day: str | None = None) -> Any:
    (row,) = (each for each in office.plan(on=day) if each["number"] == number)
    return row

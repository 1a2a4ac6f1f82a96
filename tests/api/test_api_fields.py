"""Subject-specific data fields: defined by class, inherited, checked field by field, found, changed, exported."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from eakte.bootstrap import update_index
from tests.api.world import API, World, done, places, problem
from tests.support.service import upload

FIELDS: list[dict[str, Any]] = [
    {"name": "gemarkung", "label": "Gemarkung", "type": "text", "required": True, "max_length": 40},
    {"name": "geschosse", "label": "Vollgeschosse", "type": "number", "minimum": 1, "maximum": 60},
    {"name": "eingang", "label": "Antrag vom", "type": "date", "on": ["dossier", "document"]},
    {"name": "art", "label": "Verfahrensart", "type": "choice", "choices": ["vereinfacht", "regulär"]},
    {"name": "denkmal", "label": "Denkmal", "type": "yes-no", "on": ["dossier", "case"]},
    {"name": "baukosten", "label": "Baukosten", "type": "money"},
]
GOOD = {
    "gemarkung": "Quendelheim", "geschosse": 3, "eingang": "2026-03-04", "art": "regulär", "denkmal": True,
    "baukosten": "412000.50",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan(world: World) -> dict[str, str]:
    """Class 71 with fields, 711 below with one more and one anew, 712 without."""
    registrar, ids = world.client("registrar"), {}
    own = [
        {"name": "art", "label": "Art", "type": "text"},
        {"name": "aktenart", "label": "Aktenart", "type": "choice", "choices": ["A", "B"], "on": ["document"]},
    ]
    for number, parent, fields in (("71", None, FIELDS), ("711", "71", own), ("712", "71", [])):
        body = {"number": number, "title": f"Klasse {number}", "parent": parent, "fields": fields}
        ids[number] = done(registrar.post(f"{API}/plan-classes", json=body), 201)["id"]
    return ids


def test_fields_are_inherited_and_told_as_json_schema(world: World, plan: dict[str, str]) -> None:
    clerk = world.client("clerk63")
    told = done(clerk.get(f"{API}/plan-classes/{plan['711']}/fields"), 200)
    assert {each["name"]: each["source"] for each in told["fields"]} == {
        "gemarkung": "71", "geschosse": "71", "eingang": "71", "art": "711", "denkmal": "71", "baukosten": "71",
    }  # fmt: skip
    jsonschema.Draft202012Validator.check_schema(told["json_schema"])
    jsonschema.validate({"gemarkung": "x", "art": "beliebig"}, told["json_schema"])
    assert told["json_schema"]["required"] == ["gemarkung"]
    for_documents = done(clerk.get(f"{API}/plan-classes/{plan['711']}/fields", params={"for": "document"}), 200)
    assert set(for_documents["json_schema"]["properties"]) == {"eingang", "aktenart"}


def test_every_wrong_value_is_told_at_its_field(world: World, plan: dict[str, str]) -> None:
    del plan
    bad = {
        "geschosse": 0, "eingang": "4.3.2026", "art": "geheim", "denkmal": "ja", "baukosten": 412000.5, "farbe": "rot",
    }  # fmt: skip
    body = {"plan_class": "712", "title": "x", "fields": bad}
    refused = problem(world.client("clerk63").post(f"{API}/dossiers", json=body), 422, "invalid-input")
    told = {each["at"]: each["message"] for each in refused["errors"]}
    assert told == {
        "fields.gemarkung": "Gemarkung fehlt.",
        "fields.geschosse": "Vollgeschosse: nicht kleiner als 1.",
        "fields.eingang": "Antrag vom: erwartet wird ein Tag in der Form JJJJ-MM-TT.",
        "fields.art": "Verfahrensart: erlaubt sind vereinfacht, regulär.",
        "fields.denkmal": "Denkmal: erwartet wird true oder false.",
        "fields.baukosten": "Baukosten: erwartet wird ein Betrag in Euro als Text in der Form 1234.50.",
        "fields.farbe": "Dieses Feld gibt es hier nicht.",
    }
    for name, value in (("gemarkung", "x" * 41), ("gemarkung", ""), ("geschosse", 61), ("geschosse", True)):
        body = {"plan_class": "712", "title": "x", "fields": {**GOOD, name: value}}
        refused = problem(world.client("clerk63").post(f"{API}/dossiers", json=body), 422, "invalid-input")
        assert places(refused) == {f"fields.{name}"}


def test_values_are_kept_found_changed_and_exported(world: World, plan: dict[str, str]) -> None:
    del plan
    clerk = world.client("clerk63")
    dossier = world.dossier(plan_class="712", fields=GOOD)
    assert dossier["fields"] == GOOD
    case = done(
        clerk.post(f"{API}/cases", json={"dossier": dossier["id"], "title": "x", "fields": {"denkmal": False}}), 201
    )
    assert case["fields"] == {"denkmal": False}
    wrong = clerk.post(f"{API}/cases", json={"dossier": dossier["id"], "title": "x", "fields": {"denkmal": 1}})
    assert places(problem(wrong, 422, "invalid-input")) == {"fields.denkmal"}
    wrong = upload(clerk, {"dossier": dossier["id"], "fields": {"eingang": "gestern"}}, b"x")
    assert places(problem(wrong, 422, "invalid-input")) == {"fields.eingang"}
    document = world.document({"case": case["id"]}, b"Text", fields={"eingang": "2026-02-28"})
    world.process(document)

    def found(text: str) -> list[str]:
        hits = done(clerk.get(f"{API}/search", params={"q": text}), 200)["hits"]
        return [hit["document"]["id"] for hit in hits]

    for text in ("Quendelheim", "28.02.2026", "412000.50"):
        assert found(text) == [document["id"]], text
    for path, body in (
        (f"dossiers/{dossier['id']}", {"fields": {**GOOD, "gemarkung": "Thymianstadt"}}),
        (f"documents/{document['id']}", {"fields": {"eingang": "2026-03-01"}}),
        (f"cases/{case['id']}", {"fields": {}}),
    ):
        etag = clerk.get(f"{API}/{path}").headers["etag"]
        changed = done(clerk.patch(f"{API}/{path}", json=body, headers={"If-Match": etag}), 200)
        assert changed["fields"] == body["fields"]
        assert done(clerk.get(f"{API}/{path}"), 200) == changed
    update_index(world.backends)
    assert found("Thymianstadt") == [document["id"]]
    assert found("Quendelheim") == []
    etag = clerk.get(f"{API}/dossiers/{dossier['id']}").headers["etag"]
    refused = clerk.patch(f"{API}/dossiers/{dossier['id']}", json={"fields": {}}, headers={"If-Match": etag})
    assert places(problem(refused, 422, "invalid-input")) == {"fields.gemarkung"}
    acts = done(clerk.get(f"{API}/dossiers/{dossier['id']}/history"), 200)["items"]
    change = next(each for each in acts if each["tag"] == "record:dossier:change")
    assert "Quendelheim" in change["before"][0]["value"]


def test_a_move_needs_the_fields_of_the_new_class(world: World, plan: dict[str, str]) -> None:
    del plan
    dossier = world.dossier(plan_class="632.2", fields={"frei": "wie das Verfahren es schickt"})
    path = f"{API}/dossiers/{dossier['id']}/move"
    order = {"plan_class": "712", "reason": "Falsch abgelegt"}
    refused = problem(world.client("registrar").post(path, json=order), 422, "invalid-input")
    assert places(refused) == {"fields.gemarkung", "fields.frei"}
    moved = done(world.client("registrar").post(path, json={**order, "fields": GOOD}), 200)
    assert (moved["fields"], moved["former_references"]) == (GOOD, [dossier["reference_number"]])


@pytest.mark.parametrize(
    ("said", "at"),
    [
        ({"name": "Baukosten"}, "fields.0.name"),
        ({"type": "float"}, "fields.0.type"),
        ({"label": " "}, "fields.0.label"),
        ({"type": "choice"}, "fields.0.choices"),
        ({"choices": ["a"]}, "fields.0.choices"),
        ({"minimum": 1}, "fields.0.minimum"),
        ({"on": ["letter"]}, "fields.0.on"),
    ],
)
def test_a_bad_definition_is_refused_by_place(world: World, said: dict[str, Any], at: str) -> None:
    field = {"name": "feld", "label": "Feld", "type": "text", **said}
    answer = world.client("registrar").post(
        f"{API}/plan-classes", json={"number": "799", "title": "x", "fields": [field]}
    )
    assert places(problem(answer, 422, "invalid-input")) == {at}

"""The OpenAPI says what the API does: shapes that others rely on, multipart bodies, statuses of problems."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.world import API, PROBLEM, World, done

METHODS = {"get", "post", "patch", "put", "delete"}

SHAPES: dict[str, set[str]] = {
    "DossierShape": {"id", "reference_number", "title", "plan_class", "unit", "confidentiality", "state", "closed_on",
                     "retention", "revision"},
    "RetentionShape": {"end", "offer_by", "state", "rule", "legal_basis"},
    "CaseShape": {"id", "dossier", "parent", "title", "state", "closed_on", "external", "fields", "revision"},
    "PartyShape": {"id", "dossier", "case", "role", "kind", "name", "street", "postcode", "city", "country"},
    "TemplateShape": {"id", "name", "kind", "title", "plan_class", "unit", "fields", "cases", "roles", "active"},
    "MadeShape": {"dossier", "cases"},
    "VolumeShape": {"id", "ordinal", "title", "opened_on", "closed_on"},
    "CrossReferenceShape": {"id", "outgoing", "case", "other", "note"},
    "HistoryShape": {"at", "tag", "who", "before"},
    "PlanClassVersionShape": {"valid_from", "recorded_at", "title", "unit", "files_allowed", "term", "fields"},
    "DocumentShape": {"id", "dossier", "case", "title", "kind", "version", "filename", "media_type", "size", "sha256",
                      "state", "state_reason", "pages", "revision", "rendition", "text", "further_senders",
                      "further_addressees", "checked_out", "final", "cancelled"},
    "VersionShape": {"number", "filename", "size", "sha256", "comment", "restored_from", "created_at", "created_by"},
    "ResubmissionShape": {"id", "dossier", "case", "document", "title", "due_on", "note", "user", "unit", "done"},
    "ShareShape": {"id", "dossier", "case", "user", "unit", "until", "reason", "given_by", "given_at", "ended"},
    "ExclusionShape": {"id", "dossier", "user", "ground", "reason", "given_by", "given_at", "lifted"},
    "DeputationShape": {"id", "person", "deputy", "from_on", "until", "protected", "given_by", "ended_at"},
    "MandateShape": {"id", "auditor", "units", "dossiers", "level", "until", "reason", "given_by", "ended_at"},
    "AccessShape": {"user", "metadata", "content", "write", "reasons"},
    "ReasonShape": {"source", "gives", "writes", "unit", "level", "represents", "case", "until", "id"},
    "EffectShape": {"dossiers", "documents", "inbox_documents", "people", "plan_classes", "units_below", "mandates"},
    "UnitShape": {"id", "number", "name", "parent", "head", "closed_on", "merged_into", "revision"},
    "Bulk": {"documents", "move", "change", "cancel", "resubmit"},
    "BulkAnswer": {"documents"},
    "RenditionShape": {"state", "flavour", "reason"},
    "TextShape": {"state", "reason"},
    "WordsShape": {"page", "width", "height", "words"},
    "WordShape": {"text", "box", "confidence"},
    "PlanClassShape": {"id", "number", "title", "leaf", "unit", "retention", "appraisal"},
    "SearchAnswer": {"total", "total_exact", "hits", "facets", "next"},
    "HitShape": {"document", "dossier", "score", "passages"},
    "DocumentName": {"id", "title"},
    "DossierName": {"id", "reference_number", "title"},
    "PassageShape": {"page", "text", "marks"},
    "FacetShape": {"value", "label", "count"},
    "AuditAnswer": {"entries", "next"},
    "EntryShape": {"number", "at", "actor", "tag", "subject", "details", "leaf_hash"},
    "Problem": {"type", "title", "status", "detail", "instance", "errors"},
    "ProblemError": {"at", "message"},
    "NewPlanClass": {"parent", "number", "title", "unit", "retention", "appraisal", "offer_by", "disposal_level",
                     "transfer_grace", "files_allowed"},
    "RetentionRule": {"term", "anchor", "rounding", "legal_basis", "valid_from", "applies_to"},
    "DossierRequest": {"plan_class", "title", "unit", "confidentiality", "medium", "external", "fields"},
    "CloseDossier": {"closed_on", "close_cases", "reason"},
}  # fmt: skip
"""Fields that may be added to, never renamed or removed."""


@pytest.fixture(scope="module")
def openapi(world: World) -> dict[str, Any]:
    return dict(done(world.client().get(f"{API}/openapi.json"), 200))


def operations(openapi: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(references(each) for each in value))
    return set()


def test_it_is_complete_in_itself(openapi: dict[str, Any]) -> None:
    assert openapi["openapi"].startswith("3.")
    for reference in references(openapi):
        place: Any = openapi
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    identities = [operation["operationId"] for _path, _method, operation in operations(openapi)]
    assert len(identities) == len(set(identities))


def test_every_operation_says_which_problems_it_answers(openapi: dict[str, Any]) -> None:
    for path, method, operation in operations(openapi):
        told = {int(status): answer for status, answer in operation["responses"].items()}
        assert set(told) >= {400, 401, 403, 404, 409, 412, 413, 422, 428, 500, 503}, (path, method)
        for status, answer in told.items():
            if status >= 400:
                assert set(answer["content"]) == {PROBLEM}, (path, method, status)
        assert any(200 <= status < 300 for status in told)
        assert operation["description"]


def test_it_says_how_to_sign_in(openapi: dict[str, Any]) -> None:
    named = {name for choice in openapi["security"] for name in choice}
    assert named == set(openapi["components"]["securitySchemes"]) == {"token", "session"}


def test_uploads_name_their_parts(openapi: dict[str, Any]) -> None:
    for path in ("/documents", "/documents/{document_id}/versions"):
        body = openapi["paths"][API + path]["post"]["requestBody"]
        schema = body["content"]["multipart/form-data"]["schema"]
        assert list(schema["properties"]) == ["metadata", "file"]
        assert schema["required"] == ["metadata", "file"]
        assert schema["properties"]["metadata"]["contentMediaType"] == "application/json"


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_shapes_keep_their_fields(openapi: dict[str, Any], name: str) -> None:
    assert set(openapi["components"]["schemas"][name]["properties"]) >= SHAPES[name]


def test_plan_class_says_where_its_values_come_from(world: World) -> None:
    classes = done(world.client("clerk63").get(f"{API}/plan-classes"), 200)["items"]
    one = next(each for each in classes if each["number"] == "632.2")
    assert one["leaf"] is True
    assert one["retention"]["term"] == {"value": "P30Y", "source": "632"}
    assert one["retention"]["rounding"] == {"value": "year", "source": None}
    assert one["appraisal"] == "B"
    assert done(world.client("clerk63").get(f"{API}/plan-classes/{one['id']}"), 200) == one


def test_a_new_class_is_answered_with_what_it_inherits(world: World) -> None:
    body = {
        "parent": "632", "number": "632.9", "title": "Werbeanlagen",
        "retention": {"term": "P18M", "anchor": "last-document", "rounding": "month", "legal_basis": "x",
                      "valid_from": "2020-01-01", "applies_to": "open-terms"},
        "appraisal": "V", "offer_by": "P20Y", "disposal_level": "case", "transfer_grace": "P6M", "files_allowed": True,
    }  # fmt: skip
    answer = world.client("registrar").post(f"{API}/plan-classes", json=body)
    made = done(answer, 201)
    assert made["retention"]["term"] == {"value": "P18M", "source": "632.9"}
    assert (made["appraisal"], made["disposal_level"], made["offer_by"]) == ("V", "case", "P20Y")
    assert answer.headers["etag"]
    root = done(world.client("registrar").post(f"{API}/plan-classes", json={"number": "9", "title": "Neu"}), 201)
    assert (root["appraisal"], root["disposal_level"], root["transfer_grace"]) == ("B", "dossier", None)
    assert root["retention"]["term"] == {"value": None, "source": None}

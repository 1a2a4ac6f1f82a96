"""The filing plan in time, through the API: what held on a day, classes closed, merged, divided, terms that follow."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from eakte.models import PlanClass
from eakte.operations.plan_changes import recount_branch, take_effect
from eakte.operations.plan_files import read_plan
from eakte.operations.plan_import import take_over
from eakte.operations.plan_words import PlanFileError
from eakte.terms import SYSTEM, today
from tests.api.world import API, World, done, places, problem


def new_class(world: World, number: str, **said: Any) -> dict[str, Any]:
    body = {"number": number, "title": f"Klasse {number}", "retention": {"term": "P10Y"}, **said}
    return dict(done(world.client("registrar").post(f"{API}/plan-classes", json=body), 201))


def change(world: World, one: dict[str, Any], by: str = "registrar", **said: Any) -> Any:
    client = world.client(by)
    now = client.get(f"{API}/plan-classes/{one['id']}")
    return client.patch(f"{API}/plan-classes/{one['id']}", json=said, headers={"If-Match": now.headers["etag"]})


def closed(world: World, number: str, day: date) -> dict[str, Any]:
    """A dossier of unit 10, closed by the registrar on a day in the past."""
    made = world.dossier("registrar", plan_class=number)
    order = {"closed_on": day.isoformat(), "reason": "Altbestand"}
    return dict(done(world.client("registrar").post(f"{API}/dossiers/{made['id']}/close", json=order), 200))


def end(world: World, dossier: dict[str, Any]) -> str | None:
    answer = done(world.client("registrar").get(f"{API}/dossiers/{dossier['id']}"), 200)
    found: str | None = answer["retention"]["end"]
    return found


def test_what_held_on_a_day_stays_answerable(world: World) -> None:
    one = new_class(world, "81", description="Alles über Märkte")
    done(change(world, one, title="Märkte und Messen", valid_from="2024-07-01", reason="Ratsbeschluss"), 200)
    done(change(world, one, retention={"term": "P8Y", "legal_basis": "§ 1 Satzung"}, valid_from="2025-01-01"), 200)
    # A correction of the past: what later versions say otherwise stays, what only followed follows.
    done(change(world, one, description="Märkte", retention={"term": "P9Y"}, valid_from="2023-01-01"), 200)
    clerk = world.client("clerk63")
    told = {}
    for day in ("2022-06-01", "2023-06-01", "2024-08-01", "2025-01-01"):
        answer = done(clerk.get(f"{API}/plan-classes/{one['id']}", params={"on": day}), 200)
        listed = done(clerk.get(f"{API}/plan-classes", params={"on": day}), 200)["items"]
        assert answer in listed
        told[day] = (answer["title"], answer["retention"]["term"]["value"], answer["description"])
    assert told == {
        "2022-06-01": ("Klasse 81", "P10Y", "Alles über Märkte"),
        "2023-06-01": ("Klasse 81", "P9Y", "Märkte"),
        "2024-08-01": ("Märkte und Messen", "P9Y", "Märkte"),
        "2025-01-01": ("Märkte und Messen", "P8Y", "Märkte"),
    }
    versions = done(clerk.get(f"{API}/plan-classes/{one['id']}/versions"), 200)["items"]
    assert [each["valid_from"] for each in versions] == ["2025-01-01", "2024-07-01", "2023-01-01", None]
    entries = world.audit(tag="record:plan-class:change", subject=one["id"])
    assert {tuple(entry["details"]["fields"]) for entry in entries} >= {("title",)}


def test_a_change_of_tomorrow_shows_when_its_day_has_come(world: World) -> None:
    one = new_class(world, "82")
    tomorrow = today() + timedelta(days=1)
    done(change(world, one, title="Morgen", valid_from=tomorrow.isoformat()), 200)
    clerk = world.client("clerk63")
    path = f"{API}/plan-classes/{one['id']}"
    assert done(clerk.get(path), 200)["title"] == "Klasse 82"
    assert done(clerk.get(path, params={"on": tomorrow.isoformat()}), 200)["title"] == "Morgen"
    assert take_effect(world.backends.transactions) == 0
    # As if the row still showed what held before: the job of the day puts it right, once.
    with world.backends.transactions.begin(SYSTEM) as tx:
        tx.session.execute(update(PlanClass).where(PlanClass.id == uuid.UUID(one["id"])).values(title="Gestern"))
        tx.session.info["eakte.recorded"] = True
    done(change(world, one, description="x"), 200)
    listed = done(clerk.get(f"{API}/plan-classes"), 200)["items"]
    assert {each["title"] for each in listed if each["id"] == one["id"]} == {"Klasse 82"}


def test_a_new_rule_reaches_back_only_where_it_says_so(world: World) -> None:
    """As with tax vouchers: 10 to 8 years on 1.1.2025, for terms still running too (Art. 97 § 19a EGAO)."""
    above = new_class(world, "83")
    new_class(world, "831", parent="83", retention=None)
    running = closed(world, "831", date(2020, 5, 5))
    over = closed(world, "831", date(2013, 5, 5))
    assert (end(world, running), end(world, over)) == ("2030-12-31", "2023-12-31")
    registrar = world.client("registrar")
    rule = {"term": "P8Y", "applies_to": "open-terms"}
    preview = done(
        registrar.post(
            f"{API}/plan-classes/{above['id']}/preview", json={"retention": rule, "valid_from": "2025-01-01"}
        ),
        200,
    )
    assert preview == {"earlier": 1, "later": 0, "same": 1}
    assert end(world, running) == "2030-12-31"
    done(change(world, above, retention={"term": "P12Y"}, valid_from="2024-01-01"), 200)
    assert recount_branch(world.backends.transactions, uuid.UUID(above["id"])) == 0, "closings only"
    done(change(world, above, retention=rule, valid_from="2025-01-01"), 200)
    assert recount_branch(world.backends.transactions, uuid.UUID(above["id"])) == 1
    assert (end(world, running), end(world, over)) == ("2028-12-31", "2023-12-31")
    assert recount_branch(world.backends.transactions, uuid.UUID(above["id"])) == 0
    (entry,) = world.audit(tag="record:plan:recount", subject=running["id"])
    assert (entry["details"]["earlier"], entry["subject"]) == (1, above["id"])


def test_closed_merged_and_divided_classes_keep_their_files(world: World) -> None:
    registrar, clerk = world.client("registrar"), world.client("clerk63")
    for number in ("84", "85", "86", "87"):
        new_class(world, number)
    by_number = {each["number"]: each["id"] for each in done(clerk.get(f"{API}/plan-classes"), 200)["items"]}
    old = world.dossier("clerk63", plan_class="84")
    parts = [{"number": "84.1", "title": "Innen"}, {"number": "84.2", "title": "Außen", "retention": {"term": "P2Y"}}]
    divided = done(registrar.post(f"{API}/plan-classes/{by_number['84']}/divide", json={"parts": parts}), 200)
    assert (divided["state"], divided["leaf"], divided["state_since"]) == ("divided", False, today().isoformat())
    merged = done(registrar.post(f"{API}/plan-classes/{by_number['85']}/merge", json={"into": "86"}), 200)
    assert (merged["state"], merged["successor"]) == ("merged", by_number["86"])
    done(registrar.post(f"{API}/plan-classes/{by_number['87']}/close", json={"reason": "Aufgabe entfallen"}), 200)
    for number, hint in (("84", "darunter"), ("85", "86"), ("87", "geschlossen")):
        refused = problem(
            clerk.post(f"{API}/dossiers", json={"plan_class": number, "title": "x"}), 422, "invalid-input"
        )
        assert places(refused) == {"plan_class"}
        assert hint in refused["errors"][0]["message"]
    assert done(clerk.get(f"{API}/dossiers", params={"class": "84"}), 200)["items"][0]["id"] == old["id"]
    parts_now = [
        each for each in done(clerk.get(f"{API}/plan-classes"), 200)["items"] if each["parent"] == by_number["84"]
    ]
    assert [each["retention"]["term"] for each in parts_now] == [
        {"value": "P10Y", "source": "84"}, {"value": "P2Y", "source": "84.2"},
    ]  # fmt: skip
    world.dossier("clerk63", plan_class="84.1")
    for number in ("84", "85", "87"):
        reopened = registrar.post(f"{API}/plan-classes/{by_number[number]}/reopen", json={"reason": "Irrtum"})
        assert done(reopened, 200)["state"] == "open"
        world.dossier("clerk63", plan_class=number)
    again = registrar.post(f"{API}/plan-classes/{by_number['84']}/divide", json={"parts": parts})
    problem(again, 409, "wrong-state")
    bad = registrar.post(f"{API}/plan-classes/{by_number['86']}/merge", json={"into": "86"})
    assert places(problem(bad, 422, "invalid-input")) == {"into"}


def test_the_plan_is_the_registrars(world: World) -> None:
    one = new_class(world, "88")
    path = f"{API}/plan-classes/{one['id']}"
    for login in ("clerk63", "head63", "admin", "archive", "auditor"):
        problem(change(world, one, login, title="x"), 403, "not-allowed")
        client = world.client(login)
        problem(client.post(f"{path}/close", json={}), 403, "not-allowed")
        problem(client.post(f"{path}/merge", json={"into": "632.2"}), 403, "not-allowed")
        problem(client.post(f"{path}/divide", json={"parts": [{"number": "88.1", "title": "x"}]}), 403, "not-allowed")
        problem(client.post(f"{path}/preview", json={"title": "x"}), 403, "not-allowed")
    registrar = world.client("registrar")
    problem(registrar.patch(path, json={"title": "x"}), 428, "revision-missing")
    problem(registrar.patch(path, json={"title": "x"}, headers={"If-Match": '"9"'}), 412, "stale-revision")
    assert places(problem(change(world, one, retention={"term": "ewig"}), 422, "invalid-input")) == {"retention.term"}


@pytest.mark.parametrize("name", ["grouped_by_three", "missing_parent", "schema_not_satisfied"])
def test_a_plan_with_errors_is_refused_whole(corpora: Path, name: str) -> None:
    with pytest.raises(PlanFileError) as caught:
        read_plan(corpora / "fileplan" / f"invalid_{name}.xlsx")
    assert all(each.sheet and each.row and each.column and each.rule for each in caught.value.errors)


def test_a_municipalitys_plan_comes_in_whole(fresh: World, corpora: Path) -> None:
    rows = read_plan(corpora / "fileplan" / "municipality.xlsx")
    with fresh.backends.transactions.begin(SYSTEM) as tx:
        found = take_over(tx, rows, digest=None, valid_from=today(), close_missing=False)
    assert len(found.new) + len(found.changed) + found.unchanged == len(rows) == 626
    shown = {each["number"]: each for each in done(fresh.client("clerk63").get(f"{API}/plan-classes"), 200)["items"]}
    by_number = {row.number: row for row in rows}
    told = 0
    for row in rows:
        above = row
        while above.term is None and above.parent is not None:
            above = by_number[above.parent]
        expected = {"value": str(above.term), "source": above.number} if above.term else {"value": None, "source": None}
        assert shown[row.number]["retention"]["term"] == expected, row.number
        assert shown[row.number]["description"] == row.description
        told += row.term is None
    assert told > 100

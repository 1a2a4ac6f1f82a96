"""What specialist procedures ask besides: make or change by their own key, keep longer, another level."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from eakte.terms import today
from tests.api.world import API, World, done, places, problem


class TestPut:
    def test_a_dossier_is_made_then_changed_then_left_alone(self, world: World) -> None:
        clerk, path = world.client("clerk63"), f"{API}/dossiers/external/kataster/14%2F7"
        said: dict[str, Any] = {"plan_class": "632.2", "title": "Flurstück 14/7", "medium": "hybrid"}
        made = done(clerk.put(path, json=said), 201)
        assert made["external"] == {"system": "kataster", "id": "14/7"}
        changed = done(clerk.put(path, json={"plan_class": "632.2", "title": " Flurstück  14/7 a"}), 200)
        assert (changed["id"], changed["title"], changed["medium"]) == (made["id"], "Flurstück 14/7 a", "hybrid")
        again = clerk.put(path, json={"plan_class": "632.2", "title": "Flurstück 14/7 a"})
        assert done(again, 200)["revision"] == changed["revision"]
        found = done(clerk.get(f"{API}/dossiers?external_system=kataster&external_id=14/7"), 200)["items"]
        assert [each["id"] for each in found] == [made["id"]]
        stale = clerk.put(path, json={"plan_class": "632.2", "title": "x"}, headers={"If-Match": '"1"'})
        problem(stale, 412, "stale-revision")
        done(clerk.post(f"{API}/dossiers/{made['id']}/close", json={}), 200)
        assert (
            done(clerk.put(path, json={"plan_class": "632.2", "title": "Flurstück 14/7 a"}), 200)["state"] == "closed"
        )
        problem(clerk.put(path, json={"plan_class": "632.2", "title": "x"}), 409, "wrong-state")

    def test_what_is_an_act_of_its_own_is_not_changed_by_the_way(self, world: World) -> None:
        clerk, path = world.client("clerk63"), f"{API}/dossiers/external/kataster/2"
        done(clerk.put(path, json={"plan_class": "632.2", "title": "x"}), 201)
        for name, value in (("plan_class", "632.1"), ("unit", "631"), ("confidentiality", "open")):
            refused = clerk.put(path, json={"plan_class": "632.2", "title": "x", name: value})
            assert places(problem(refused, 422, "invalid-input")) == {name}
        done(
            clerk.put(path, json={"plan_class": "632.2", "title": "x", "unit": "63", "confidentiality": "internal"}),
            200,
        )

    def test_a_system_belongs_to_one_account(self, world: World) -> None:
        body, path = {"plan_class": "632.2", "title": "x"}, f"{API}/dossiers/external/meins/1"
        done(world.client("clerk63").put(path, json=body), 201)
        for login in ("head63", "registrar", "clerk10"):
            for key in ("1", "2"):
                problem(world.client(login).put(f"{API}/dossiers/external/meins/{key}", json=body), 403, "not-allowed")

    def test_a_case(self, world: World) -> None:
        clerk, dossier, other = world.client("clerk63"), world.dossier(), world.dossier()
        path = f"{API}/cases/external/vorgaenge/9"
        assert places(problem(clerk.put(path, json={"title": "x"}), 422, "invalid-input")) == {"dossier"}
        made = done(clerk.put(path, json={"dossier": dossier["id"], "title": "Anhörung"}), 201)
        changed = done(clerk.put(path, json={"title": "Zweite Anhörung"}), 200)
        assert (changed["id"], changed["title"], changed["dossier"]) == (made["id"], "Zweite Anhörung", dossier["id"])
        moved = clerk.put(path, json={"dossier": other["id"], "title": "Zweite Anhörung"})
        assert places(problem(moved, 422, "invalid-input")) == {"dossier"}


class TestKeepingLonger:
    def test_the_later_day_counts_through_every_recount(self, world: World) -> None:
        registrar = world.client("registrar")
        dossier = world.dossier()
        path = f"{API}/dossiers/{dossier['id']}"
        far = (today() + timedelta(days=40 * 365)).isoformat()
        problem(
            world.client("clerk63").post(f"{path}/retention", json={"keep_until": far, "reason": "x"}),
            403,
            "not-allowed",
        )
        problem(
            world.client("clerk10").post(f"{path}/retention", json={"keep_until": far, "reason": "x"}), 404, "not-found"
        )
        set_before = done(registrar.post(f"{path}/retention", json={"keep_until": far, "reason": "Rechtsstreit"}), 200)
        assert (set_before["retention"]["end"], set_before["retention"]["keep_until"]) == (None, far)
        clerk = world.client("clerk63")
        closed = done(clerk.post(f"{path}/close", json={}), 200)["retention"]
        assert (closed["end"], closed["keep_until"]) == (far, far)
        assert "Im Einzelfall länger" in closed["rule"]
        shorter = (today() + timedelta(days=365)).isoformat()
        back = done(registrar.post(f"{path}/retention", json={"keep_until": None, "reason": "Vergleich"}), 200)[
            "retention"
        ]
        by_class = f"{today().year + 30}-12-31"
        assert (back["end"], back["keep_until"]) == (by_class, None)
        for day in (shorter, today().isoformat()):
            refused = registrar.post(f"{path}/retention", json={"keep_until": day, "reason": "Platz"})
            assert places(problem(refused, 422, "invalid-input")) == {"keep_until"}
        assert done(registrar.get(path), 200)["retention"] == back
        history = done(clerk.get(f"{path}/history"), 200)["items"]
        told = [
            {value["field"]: value["value"] for value in each["before"]}
            for each in history
            if each["tag"] == "record:dossier:extend-retention"
        ]
        assert told == [{"keep_until": far, "reason": "Vergleich"}, {"keep_until": None, "reason": "Rechtsstreit"}]

    def test_permanent_is_longer_than_any_day(self, world: World) -> None:
        dossier = world.dossier(plan_class="02")
        path = f"{API}/dossiers/{dossier['id']}"
        done(world.client("clerk63").post(f"{path}/close", json={}), 200)
        order = {"keep_until": (today() + timedelta(days=9999)).isoformat(), "reason": "x"}
        problem(world.client("registrar").post(f"{path}/retention", json=order), 409, "wrong-state")


def test_a_level_is_changed_by_who_works_on_both(world: World) -> None:
    clerk, head, registrar = (world.client(login) for login in ("clerk63", "head63", "registrar"))
    path = f"{API}/dossiers/{world.dossier()['id']}"
    up, down = ({"confidentiality": level, "reason": "Sozialdaten"} for level in ("protected", "internal"))
    problem(clerk.post(f"{path}/confidentiality", json=up), 403, "not-allowed")
    problem(world.client("clerk10").post(f"{path}/confidentiality", json=up), 404, "not-found")
    problem(head.post(f"{path}/confidentiality", json=down), 409, "wrong-state")
    wrong = head.post(f"{path}/confidentiality", json={"confidentiality": "geheim", "reason": "x"})
    assert places(problem(wrong, 422, "invalid-input")) == {"confidentiality"}
    raised = done(head.post(f"{path}/confidentiality", json=up), 200)
    assert raised["confidentiality"] == "protected"
    problem(clerk.get(path), 404, "not-found")
    problem(clerk.post(f"{path}/confidentiality", json=down), 404, "not-found")
    problem(registrar.post(f"{path}/confidentiality", json=down), 404, "not-found")
    done(head.post(f"{path}/confidentiality", json=down), 200)
    assert done(registrar.post(f"{path}/confidentiality", json={"confidentiality": "open", "reason": "x"}), 200)
    assert done(clerk.get(path), 200)["confidentiality"] == "open"

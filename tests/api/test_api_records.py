"""Dossiers and cases in full, through the API: keys, numbers, moves, volumes, references, parties, paper, templates."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest

from eakte.bootstrap import update_index
from eakte.terms import today
from tests.api.test_api_lists import follow
from tests.api.world import API, World, done, places, problem
from tests.support.service import upload


def patch(client: Any, path: str, body: dict[str, Any]) -> Any:
    etag = client.get(path).headers["etag"]
    return client.patch(path, json=body, headers={"If-Match": etag})


def history(world: World, dossier: str, by: str = "clerk63") -> list[dict[str, Any]]:
    found = follow(world.client(by), f"{API}/dossiers/{dossier}/history?limit=2")
    assert [each["at"] for each in found] == sorted((each["at"] for each in found), reverse=True)
    return found


def before(entry: dict[str, Any]) -> dict[str, Any]:
    return {each["field"]: each["value"] for each in entry["before"]}


class TestExternalKeys:
    def test_every_noun_has_keys_that_make_a_second_call_harmless(self, world: World) -> None:
        clerk, external = world.client("clerk63"), {"system": "Bauportal", "id": "4711"}
        dossier = world.dossier(external=external)
        said = {"dossier": dossier["id"], "title": "Anhörung", "external": external}
        case = done(clerk.post(f"{API}/cases", json=said), 201)
        assert done(clerk.post(f"{API}/cases", json={**said, "title": "Anders"}), 200) == case
        metadata = {"case": case["id"], "external": external}
        document = done(upload(clerk, metadata, b"Brief"), 201)
        again = upload(clerk, metadata, b"Ganz anderer Brief")
        assert done(again, 200) == document
        assert (dossier["external"], case["external"], document["external"]) == (external,) * 3
        asked = {"external_system": "Bauportal", "external_id": "4711"}
        for noun, made in (("dossiers", dossier), ("cases", case), ("documents", document)):
            assert done(clerk.get(f"{API}/{noun}", params=asked), 200)["items"] == [made]
            nothing = {**asked, "external_id": "unbekannt"}
            assert done(clerk.get(f"{API}/{noun}", params=nothing), 200)["items"] == []
            problem(clerk.get(f"{API}/{noun}", params={"external_system": "Bauportal"}), 422, "invalid-input")

    def test_a_system_belongs_to_one_account(self, world: World) -> None:
        external = {"system": "Register", "id": "1"}
        dossier = world.dossier(external=external)
        other = world.client("head63")
        answers = [
            other.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "x", "external": external}),
            other.post(f"{API}/cases", json={"dossier": dossier["id"], "title": "x", "external": external}),
            upload(other, {"dossier": dossier["id"], "external": {**external, "id": "2"}}, b"x"),
        ]
        asked = {"external_system": "Register", "external_id": "1"}
        answers += [other.get(f"{API}/{noun}", params=asked) for noun in ("dossiers", "cases", "documents")]
        for answer in answers:
            problem(answer, 403, "not-allowed")
        for half in ({"system": " ", "id": "1"}, {"system": "Register", "id": ""}):
            said = {"plan_class": "632.2", "title": "x", "external": half}
            problem(world.client("clerk63").post(f"{API}/dossiers", json=said), 422, "invalid-input")

    def test_eight_calls_at_once_with_one_key_make_one(self, world: World) -> None:
        dossier = world.dossier()
        start, answers = threading.Barrier(8), list[Any]()

        def send() -> None:
            clerk = world.client("clerk63")
            external = {"system": "Gleichzeitig", "id": "7"}
            start.wait(timeout=30)
            answers.append(upload(clerk, {"dossier": dossier["id"], "external": external}, b"Brief"))

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.json()["id"] for answer in answers}) == 1


class TestMoving:
    def test_a_moved_dossier_gets_a_number_and_keeps_the_old_one(self, world: World) -> None:
        dossier = world.dossier(title="Falsch abgelegt")
        world.process(world.document({"dossier": dossier["id"]}, b"Dachgeschoss.", title="Plan"))
        registrar, clerk = world.client("registrar"), world.client("clerk63")
        path = f"{API}/dossiers/{dossier['id']}"
        order = {"plan_class": "632.1", "reason": "War eine Voranfrage"}
        problem(clerk.post(f"{path}/move", json=order), 403, "not-allowed")
        problem(registrar.post(f"{path}/move", json=order, headers={"If-Match": '"99"'}), 412, "stale-revision")
        moved = done(registrar.post(f"{path}/move", json=order), 200)
        assert moved["reference_number"].startswith("632.1-")
        assert moved["former_references"] == [dossier["reference_number"]]
        second = done(registrar.post(f"{path}/move", json={"plan_class": "632.2", "reason": "Doch nicht"}), 200)
        # Back where it was, it has the number again that stands on its letters, and the other one stays its own.
        assert (second["reference_number"], second["former_references"]) == (
            dossier["reference_number"],
            [moved["reference_number"]],
        )
        update_index(world.backends)
        for number in (*second["former_references"], second["reference_number"], f" {moved['reference_number']} "):
            listed = done(clerk.get(f"{API}/dossiers", params={"reference": number}), 200)["items"]
            assert [each["id"] for each in listed] == [dossier["id"]]
            hits = done(clerk.get(f"{API}/search", params={"q": number.strip()}), 200)["hits"]
            assert hits[0]["dossier"]["id"] == dossier["id"]
            assert (
                done(world.client("clerk10").get(f"{API}/dossiers", params={"reference": number}), 200)["items"] == []
            )
        acts = [each for each in history(world, dossier["id"]) if each["tag"] == "record:dossier:move"]
        assert before(acts[1])["reference_number"] == dossier["reference_number"]
        third = done(registrar.post(f"{path}/move", json=order), 200)
        assert third["reference_number"] == moved["reference_number"]
        assert third["former_references"] == [dossier["reference_number"]]
        # Nobody else gets a number that one dossier has left behind.
        assert world.dossier()["reference_number"] != dossier["reference_number"]
        assert (before(acts[1])["reason"], acts[1]["who"]) == ("War eine Voranfrage", "Registrar")
        assert len(world.audit(tag="record:dossier:move", subject=dossier["id"])) == 3
        for target in ("632.1", "632", "99"):
            refused = registrar.post(f"{path}/move", json={"plan_class": target, "reason": "x"})
            assert places(problem(refused, 422, "invalid-input")) == {"plan_class"}

    def test_the_term_follows_the_new_class(self, world: World) -> None:
        registrar = world.client("registrar")
        path = f"{API}/dossiers/{world.dossier()['id']}"
        closed = done(registrar.get(path), 200)
        closed = done(world.client("clerk63").post(f"{path}/close", json={}), 200)
        assert closed["retention"]["end"] == f"{today().year + 30}-12-31"
        moved = done(registrar.post(f"{path}/move", json={"plan_class": "02", "reason": "Urkunde"}), 200)
        assert (moved["retention"]["state"], moved["retention"]["end"]) == ("permanent", None)
        assert moved["retention"]["offer_by"] is not None
        moved = done(registrar.post(f"{path}/move", json={"plan_class": "03", "reason": "Personal"}), 200)
        assert (moved["retention"]["state"], moved["retention"]["offer_by"]) == ("waiting-for-event", None)

    def test_another_unit_sees_it_and_the_former_one_no_longer(self, world: World) -> None:
        dossier = world.dossier(title="Wandernd")
        world.process(world.document({"dossier": dossier["id"]}, b"Schluesselwort Quittenbaum.", title="Brief"))
        path = f"{API}/dossiers/{dossier['id']}"
        order = {"unit": "10", "reason": "Neue Zuständigkeit"}
        problem(world.client("clerk63").post(f"{path}/reassign", json=order), 403, "not-allowed")
        moved = done(world.client("registrar").post(f"{path}/reassign", json=order), 200)
        assert moved["unit"] == world.town.units["10"]
        assert moved["reference_number"] == dossier["reference_number"]
        problem(world.client("clerk63").get(path), 404, "not-found")
        update_index(world.backends)
        for login, found in (("clerk63", 0), ("clerk10", 1)):
            answer = done(world.client(login).get(f"{API}/search", params={"q": "Quittenbaum"}), 200)
            assert answer["total"] == found, login
        (act, *_rest) = history(world, dossier["id"], "clerk10")
        assert before(act) == {
            "unit": world.town.units["63"], "confidentiality": "internal", "reason": "Neue Zuständigkeit",
        }  # fmt: skip
        problem(world.client("registrar").post(f"{path}/reassign", json=order), 409, "wrong-state")
        hidden = world.dossier("head63", confidentiality="protected")
        refused = world.client("registrar").post(f"{API}/dossiers/{hidden['id']}/reassign", json=order)
        problem(refused, 404, "not-found")

    def test_numbers_of_other_systems_are_kept_as_they_are_and_never_given(self, world: World) -> None:
        registrar, clerk = world.client("registrar"), world.client("clerk63")
        body = {"plan_class": "632.1", "title": "Altbestand"}
        for field, value in (("reference_number", "II/4 – 17 b"), ("former_references", ["Alt 3"])):
            problem(clerk.post(f"{API}/dossiers", json={**body, field: value}), 403, "not-allowed")
        made = done(
            registrar.post(
                f"{API}/dossiers",
                json={**body, "reference_number": "II/4 – 17 b", "former_references": ["Bau 12/1998", "K-7"]},
            ),
            201,
        )
        assert (made["reference_number"], made["former_references"]) == ("II/4 – 17 b", ["Bau 12/1998", "K-7"])
        for typed in ("ii/4-17b", "Bau 12/1998", "k - 7"):
            assert done(registrar.get(f"{API}/dossiers", params={"reference": typed}), 200)["items"] == [made]
        for typed in ("II/4-17 B", "K-7"):
            refused = registrar.post(f"{API}/dossiers", json={**body, "reference_number": typed})
            assert places(problem(refused, 422, "invalid-input")) == {"reference_number"}
        # The next number of the class is taken by hand: it is stepped over.
        next_one = done(registrar.post(f"{API}/dossiers", json=body), 201)["reference_number"]
        taken = f"632.1-{int(next_one[6:11]) + 1:05}/{today().year}"
        done(registrar.post(f"{API}/dossiers", json={**body, "reference_number": taken}), 201)
        after = done(registrar.post(f"{API}/dossiers", json=body), 201)["reference_number"]
        assert after == f"632.1-{int(next_one[6:11]) + 2:05}/{today().year}"

    def test_a_letter_reference_names_unit_number_and_case(self, world: World) -> None:
        dossier = world.dossier()
        case = world.case(dossier["id"])
        clerk, number = world.client("clerk63"), dossier["reference_number"]
        told = done(clerk.get(f"{API}/dossiers/{dossier['id']}/letter-reference"), 200)
        assert told == {"letter_reference": f"63/{number}"}
        told = done(clerk.get(f"{API}/cases/{case['id']}/letter-reference"), 200)
        assert told == {"letter_reference": f"63/{number}-1"}


def test_what_is_said_about_dossier_and_case_changes_with_history(world: World) -> None:
    clerk, dossier = world.client("clerk63"), world.dossier(title="Vorher")
    case = world.case(dossier["id"], "Erst")
    document = world.document({"case": case["id"]}, b"x", title="Brief")
    world.process(document)
    changed = done(patch(clerk, f"{API}/dossiers/{dossier['id']}", {"title": "Nachher", "medium": "hybrid"}), 200)
    assert (changed["title"], changed["medium"], changed["revision"]) == ("Nachher", "hybrid", dossier["revision"] + 1)
    assert done(patch(clerk, f"{API}/cases/{case['id']}", {"title": "Erdbeerfest"}), 200)["title"] == "Erdbeerfest"
    update_index(world.backends)
    hits = done(clerk.get(f"{API}/search", params={"q": "Erdbeerfest"}), 200)["hits"]
    assert [hit["document"]["id"] for hit in hits] == [document["id"]]
    change = next(each for each in history(world, dossier["id"]) if each["tag"] == "record:dossier:change")
    assert before(change) == {"title": "Vorher", "medium": "electronic"}
    acts = done(clerk.get(f"{API}/cases/{case['id']}/history"), 200)["items"]
    assert before(next(each for each in acts if each["tag"] == "record:case:change")) == {"title": "Erst"}
    problem(clerk.patch(f"{API}/dossiers/{dossier['id']}", json={"title": "x"}), 428, "revision-missing")
    for login in ("clerk10", "admin", "auditor"):
        problem(world.client(login).get(f"{API}/dossiers/{dossier['id']}/history"), 404, "not-found")


def test_volumes_take_what_is_filed_while_they_are_the_last(world: World) -> None:
    clerk, dossier = world.client("clerk63"), world.dossier()
    path, place = f"{API}/dossiers/{dossier['id']}/volumes", {"dossier": dossier["id"]}
    loose = world.document(place)
    one = done(clerk.post(path, json={"title": "bis 2025"}), 201)
    inside = world.document(place)
    two = done(clerk.post(path, json={}), 201)
    last = world.document(place)
    assert [each["volume"] for each in (loose, inside, last)] == [None, one["id"], two["id"]]
    listed = done(clerk.get(path), 200)["items"]
    assert [(each["ordinal"], each["closed_on"]) for each in listed] == [(1, today().isoformat()), (2, None)]
    found = done(clerk.get(f"{API}/documents", params={**place, "volume": one["id"]}), 200)["items"]
    assert [each["id"] for each in found] == [inside["id"]]
    done(clerk.post(f"{API}/dossiers/{dossier['id']}/close", json={}), 200)
    problem(clerk.post(path, json={}), 409, "wrong-state")
    problem(world.client("clerk10").post(path, json={}), 404, "not-found")
    assert "record:dossier:open-volume" in {each["tag"] for each in history(world, dossier["id"])}


def test_sub_cases_live_and_end_with_their_case(world: World) -> None:
    clerk, dossier = world.client("clerk63"), world.dossier()
    top = world.case(dossier["id"], "Genehmigung")
    below = done(clerk.post(f"{API}/cases", json={"parent": top["id"], "title": "Brandschutz"}), 201)
    assert (below["dossier"], below["parent"], below["ordinal"]) == (dossier["id"], top["id"], 2)
    listed = done(clerk.get(f"{API}/cases", params={"dossier": dossier["id"], "parent": top["id"]}), 200)["items"]
    assert listed == [below]
    deeper = clerk.post(f"{API}/cases", json={"parent": below["id"], "title": "x"})
    assert places(problem(deeper, 422, "invalid-input")) == {"parent"}
    elsewhere = clerk.post(f"{API}/cases", json={"dossier": world.dossier()["id"], "parent": top["id"], "title": "x"})
    assert places(problem(elsewhere, 422, "invalid-input")) == {"parent"}
    refused = problem(clerk.post(f"{API}/cases/{top['id']}/close", json={}), 409, "cases-open")
    assert places(refused) == {f"cases.{below['id']}"}
    done(clerk.post(f"{API}/cases/{top['id']}/close", json={"close_cases": True}), 200)
    assert done(clerk.get(f"{API}/cases/{below['id']}"), 200)["state"] == "closed"
    problem(clerk.post(f"{API}/cases", json={"parent": top["id"], "title": "x"}), 409, "wrong-state")
    problem(clerk.post(f"{API}/cases/{below['id']}/reopen", json={"reason": "x"}), 409, "wrong-state")
    (entry,) = world.audit(tag="record:case:close", subject=below["id"])
    assert entry["subject"] == top["id"]


def test_cross_references_show_only_what_the_reader_may_know(world: World) -> None:
    mine, other = world.dossier(title="Meine"), world.dossier(title="Andere")
    case = world.case(other["id"], "Anhörung")
    foreign = world.dossier("clerk10", "Fremde")
    secret = world.dossier("head63", "Geheime", confidentiality="protected")
    clerk, head = world.client("clerk63"), world.client("head63")

    def refer(client: Any, source: dict[str, str], target: dict[str, str]) -> Any:
        return client.post(f"{API}/cross-references", json={"source": source, "target": target, "note": "siehe auch"})

    made = done(refer(clerk, {"dossier": mine["id"]}, {"case": case["id"]}), 201)
    assert done(refer(clerk, {"dossier": mine["id"]}, {"case": case["id"]}), 200) == made
    hidden = done(refer(head, {"dossier": mine["id"]}, {"dossier": secret["id"]}), 201)
    unknown = {"dossier": "01999999-0000-7000-8000-000000000000"}
    for target in ({"dossier": foreign["id"]}, {"dossier": secret["id"]}, unknown):
        problem(refer(clerk, {"dossier": mine["id"]}, target), 404, "not-found")

    def listed(client: Any, dossier: dict[str, Any]) -> list[dict[str, Any]]:
        return follow(client, f"{API}/cross-references?dossier={dossier['id']}&limit=1")

    assert [each["id"] for each in listed(clerk, mine)] == [made["id"]]
    assert [each["id"] for each in listed(head, mine)] == [made["id"], hidden["id"]]
    (seen,) = listed(clerk, other)
    assert (seen["outgoing"], seen["case"], seen["other"]["title"]) == (False, case["id"], "Meine")
    told = clerk.get(f"{API}/dossiers/{mine['id']}/history").text
    assert secret["id"] not in told
    problem(clerk.delete(f"{API}/cross-references/{hidden['id']}"), 404, "not-found")
    assert clerk.delete(f"{API}/cross-references/{made['id']}").status_code == 204
    assert listed(clerk, mine) == []


class TestParties:
    @pytest.mark.parametrize(
        ("kind", "name", "fits"),
        [
            ("person", "Dr. Ana-María O’Ñeill", True),
            ("person", "Łukasz Đorđević", True),
            ("person", "J̌anis M̂ller", True),
            ("person", "Müller 3", False),
            ("person", "Иванов", False),
            ("organisation", "Müller & Söhne GmbH (24/7)", True),
            ("organisation", "株式会社", False),
        ],
    )
    def test_names_are_those_of_din_91379(self, world: World, kind: str, name: str, fits: bool) -> None:
        said = {"dossier": world.dossier()["id"], "role": "Antragsteller", "kind": kind, "name": name}
        answer = world.client("clerk63").post(f"{API}/parties", json=said)
        if fits:
            assert done(answer, 201)["name"] == name
        else:
            assert places(problem(answer, 422, "invalid-input")) == {"name"}

    def test_they_are_found_by_who_may_read_and_by_nobody_else(self, world: World) -> None:
        clerk, dossier = world.client("clerk63"), world.dossier()
        case = world.case(dossier["id"])
        address = {"street": "Lindenweg 12", "postcode": "31547", "city": "Rodenbeck", "country": "DE"}
        said = {"role": "Antragsteller", "name": "Jörg Müßig", **address, "email": "j@example.org"}
        one = done(clerk.post(f"{API}/parties", json={**said, "dossier": dossier["id"]}), 201)
        two = done(clerk.post(f"{API}/parties", json={**said, "case": case["id"], "role": "Nachbar"}), 201)
        assert (one["city"], two["dossier"], two["case"]) == ("Rodenbeck", dossier["id"], case["id"])
        for typed in ("müßig", "Muessig", "MUSSIG", "joerg"):
            path = f"{API}/parties?name={typed}&limit=1"
            assert [each["id"] for each in follow(clerk, path)] == [one["id"], two["id"]], typed
        assert follow(clerk, f"{API}/parties?case={case['id']}") == [two]
        # The registrar knows that the dossier exists, and searches no persons in it.
        for login in ("clerk10", "registrar", "admin", "auditor"):
            other = world.client(login)
            assert done(other.get(f"{API}/parties", params={"name": "Müßig"}), 200)["items"] == []
            problem(other.get(f"{API}/parties/{one['id']}"), 404, "not-found")
        for bad in ({"name": "mü"}, {}):
            problem(clerk.get(f"{API}/parties", params=bad), 422, "invalid-input")
        changed = done(patch(clerk, f"{API}/parties/{one['id']}", {"name": "Jörg Fleißig", "city": None}), 200)
        assert (changed["name"], changed["city"], changed["street"]) == ("Jörg Fleißig", None, "Lindenweg 12")
        assert follow(clerk, f"{API}/parties?name=fleissig") == [changed]
        assert clerk.delete(f"{API}/parties/{one['id']}").status_code == 204
        assert follow(clerk, f"{API}/parties?dossier={dossier['id']}") == [two]
        (removal, *_rest) = history(world, dossier["id"])
        assert before(removal) == {"role": "Antragsteller", "name": "Jörg Fleißig"}
        # The log itself holds no name.
        assert "Müßig" not in str(world.audit(subject=dossier["id"]))
        for field, value in (("country", "Deutschland"), ("email", "j"), ("role", " ")):
            answer = clerk.post(f"{API}/parties", json={**said, "dossier": dossier["id"], field: value})
            assert places(problem(answer, 422, "invalid-input")) == {field}


def test_paper_is_lent_and_comes_back(world: World) -> None:
    clerk, registrar = world.client("clerk63"), world.client("registrar")
    dossier = world.dossier(medium="paper", location="Keller, Regal 4")
    path = f"{API}/dossiers/{dossier['id']}"
    until = (today() + timedelta(days=14)).isoformat()
    lent = done(clerk.post(f"{path}/lend", json={"to": "Rechtsamt, Frau Kaya", "until": until}), 200)
    assert lent["lent"] == {"to": "Rechtsamt, Frau Kaya", "since": today().isoformat(), "until": until}
    problem(clerk.post(f"{path}/lend", json={"to": "anderer"}), 409, "wrong-state")
    problem(patch(clerk, path, {"medium": "electronic"}), 409, "wrong-state")
    back = done(registrar.post(f"{path}/return", json={"location": "Keller, Regal 5"}), 200)
    assert (back["lent"], back["location"]) == (None, "Keller, Regal 5")
    problem(registrar.post(f"{path}/return", json={}), 409, "wrong-state")
    done(clerk.post(f"{path}/lend", json={"to": "Bauamt"}), 200)
    done(clerk.post(f"{path}/return", json={}), 200)
    loans = follow(clerk, f"{path}/loans?limit=1")
    assert [each["to"] for each in loans] == ["Bauamt", "Rechtsamt, Frau Kaya"]
    acts = history(world, dossier["id"])
    assert [each["tag"].rpartition(":")[2] for each in acts] == ["return", "lend", "return", "lend", "create"]
    assert before(acts[2]) == {"location": "Keller, Regal 4"}
    problem(clerk.post(f"{API}/dossiers/{world.dossier()['id']}/lend", json={"to": "x"}), 409, "wrong-state")
    past = clerk.post(f"{path}/lend", json={"to": "x", "until": date(2020, 1, 1).isoformat()})
    assert places(problem(past, 422, "invalid-input")) == {"until"}
    problem(world.client("clerk10").post(f"{path}/lend", json={"to": "x"}), 404, "not-found")


class TestTemplates:
    def template(self, world: World, **said: Any) -> dict[str, Any]:
        body = {"name": f"Vorlage {len(said)} {said.get('title')}", "kind": "dossier", **said}
        return dict(done(world.client("registrar").post(f"{API}/templates", json=body), 201))

    def test_a_dossier_with_cases_and_parties_in_one_act(self, world: World) -> None:
        template = self.template(
            world,
            title="Bauantrag {grundstueck}",
            plan_class="632.2",
            unit="63",
            cases=[
                {"title": "Eingang {grundstueck}"},
                {"title": "Beteiligung", "cases": [{"title": "Nachbarn"}, {"title": "Brandschutz"}]},
            ],
            roles=[{"role": "Antragsteller", "required": True}, {"role": "Entwurfsverfasser"}],
        )
        clerk, external = world.client("clerk63"), {"system": "Vorlagentest", "id": "1"}
        party = {"role": "Antragsteller", "name": "Erika Muster"}
        order = {"values": {"grundstueck": "Lindenweg 12"}, "external": external, "parties": [party]}
        path = f"{API}/templates/{template['id']}/make"
        for missing, at in (({"parties": []}, "parties"), ({"values": {}}, "values.grundstueck")):
            assert at in places(problem(clerk.post(path, json={**order, **missing}), 422, "invalid-input"))
        made = done(clerk.post(path, json=order), 201)
        assert made["dossier"]["title"] == "Bauantrag Lindenweg 12"
        titles = [(each["title"], each["parent"] is not None) for each in made["cases"]]
        assert titles == [
            ("Eingang Lindenweg 12", False), ("Beteiligung", False), ("Nachbarn", True), ("Brandschutz", True),
        ]  # fmt: skip
        dossier = made["dossier"]["id"]
        assert [each["name"] for each in follow(clerk, f"{API}/parties?dossier={dossier}")] == ["Erika Muster"]
        (entry,) = world.audit(subject=dossier)
        assert entry["details"]["template"] == template["id"]
        assert {each["id"] for each in made["cases"]} < set(entry["details"]["subjects"])
        again = done(clerk.post(path, json=order), 200)
        assert again["dossier"]["id"] == dossier
        problem(world.client("clerk10").post(path, json={**order, "external": None}), 403, "not-allowed")

    def test_a_case_with_its_sub_cases(self, world: World) -> None:
        template = self.template(world, kind="case", title="Anhörung", cases=[{"title": "Frist"}])
        dossier = world.dossier()
        path = f"{API}/templates/{template['id']}/make"
        made = done(world.client("clerk63").post(path, json={"dossier": dossier["id"]}), 201)
        assert [each["title"] for each in made["cases"]] == ["Anhörung", "Frist"]
        assert made["cases"][1]["parent"] == made["cases"][0]["id"]
        for order in ({}, {"dossier": dossier["id"], "unit": "10"}, {"dossier": dossier["id"], "plan_class": "02"}):
            wrong = problem(world.client("clerk63").post(path, json=order), 422, "invalid-input")
            assert places(wrong) == ({*order} - {"dossier"} or {"dossier"})

    def test_what_becomes_a_dossier_lies_in_no_other(self, world: World) -> None:
        template = self.template(world, title="Allein", plan_class="632.2", unit="63")
        order = {"dossier": world.dossier()["id"]}
        refused = world.client("clerk63").post(f"{API}/templates/{template['id']}/make", json=order)
        assert places(problem(refused, 422, "invalid-input")) == {"dossier"}

    def test_the_registrar_makes_changes_and_ends_them(self, world: World) -> None:
        registrar = world.client("registrar")
        template = self.template(world, title="Einfach", plan_class="632.2", unit="63")
        path = f"{API}/templates/{template['id']}"
        said = {"name": template["name"], "kind": "dossier", "title": "Anders", "plan_class": "632.1", "active": False}
        problem(registrar.put(path, json=said), 428, "revision-missing")
        for login in ("clerk63", "admin"):
            refused = world.client(login).put(path, json=said, headers={"If-Match": '"1"'})
            problem(refused, 403, "not-allowed")
            body = {"name": "x", "kind": "case", "title": "x"}
            problem(world.client(login).post(f"{API}/templates", json=body), 403, "not-allowed")
        changed = done(registrar.put(path, json=said, headers={"If-Match": '"1"'}), 200)
        assert (changed["title"], changed["active"], changed["revision"]) == ("Anders", False, 2)
        assert template["id"] not in {each["id"] for each in follow(registrar, f"{API}/templates?limit=1")}
        problem(world.client("clerk63").post(f"{path}/make", json={}), 409, "wrong-state")

    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({"title": "{}"}, "title"),
            ({"title": "a {Grund stück}"}, "title"),
            ({"title": "{a"}, "title"),
            ({"plan_class": "999"}, "plan_class"),
            ({"unit": "999"}, "unit"),
            ({"confidentiality": "geheim"}, "confidentiality"),
            ({"kind": "letter"}, "kind"),
            ({"kind": "case", "unit": "63"}, "unit"),
            ({"kind": "case", "cases": [{"title": "a", "cases": [{"title": "b"}]}]}, "cases.0.cases"),
            ({"roles": [{"role": " "}]}, "roles.0.role"),
        ],
    )
    def test_bad_ones_are_refused_by_place(self, world: World, said: dict[str, Any], at: str) -> None:
        body = {"name": f"schlecht {said}"[:90], "kind": "dossier", "title": "x", **said}
        answer = world.client("registrar").post(f"{API}/templates", json=body)
        assert places(problem(answer, 422, "invalid-input")) == {at}

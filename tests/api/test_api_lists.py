"""Lists page by key: following `next` gives every row once, in order, whatever is added meanwhile."""

from __future__ import annotations

from typing import Any

from tests.api.world import API, World, done


def follow(client: Any, path: str, rows: str = "items") -> list[dict[str, Any]]:
    """All rows from the first page to the last, which has no `next`."""
    found: list[dict[str, Any]] = []
    while path:
        answer = done(client.get(path), 200)
        found += answer[rows]
        assert answer.get("next", "").startswith("/api/v1/") or "next" not in answer
        path = answer.get("next", "")
    return found


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def test_the_log_pages_from_the_newest(world: World) -> None:
    world.dossier()
    world.audit()  # sequences
    auditor = world.client("auditor")
    whole = follow(auditor, f"{API}/audit?limit=200&tag=record:unit:create", "entries")
    assert follow(auditor, f"{API}/audit?limit=2&tag=record:unit:create", "entries") == whole
    numbers = [entry["number"] for entry in whole]
    assert len(numbers) == 3
    assert numbers == sorted(numbers, reverse=True)


def test_search_pages_and_counts_alike(world: World) -> None:
    dossier = world.dossier(title="Suche")
    for number in range(7):
        world.process(world.document({"dossier": dossier["id"]}, b"Der Feuerwehrschlauch.", title=f"Treffer {number}"))
    clerk = world.client("clerk63")
    found: list[str] = []
    path = f"{API}/search?q=Feuerwehrschl%C3%A4uche&limit=3"
    while path:
        answer = done(clerk.get(path), 200)
        assert (answer["total"], answer["total_exact"]) == (7, True)
        found += [hit["document"]["id"] for hit in answer["hits"]]
        path = answer.get("next", "")
    assert len(found) == len(set(found)) == 7


def test_rows_added_while_paging_shift_nothing(world: World) -> None:
    clerk = world.client("clerk10")
    for number in range(4):
        world.dossier("clerk10", f"Vorher {number}")
    first = done(clerk.get(f"{API}/dossiers", params={"limit": 2}), 200)
    world.dossier("clerk10", "Nachher")
    rest = follow(clerk, first["next"])
    assert len(set(ids(first["items"] + rest))) == len(first["items"] + rest) == 5


def test_lists_of_a_place_show_what_was_filed_there(world: World) -> None:
    dossier = world.dossier()
    case = world.case(dossier["id"])
    in_dossier = world.document({"dossier": dossier["id"]})
    in_case = world.document({"case": case["id"]})
    clerk = world.client("clerk63")
    assert ids(follow(clerk, f"{API}/documents?dossier={dossier['id']}")) == [in_case["id"], in_dossier["id"]]
    assert ids(follow(clerk, f"{API}/documents?case={case['id']}")) == [in_case["id"]]
    assert (in_case["dossier"], in_case["case"]) == (dossier["id"], case["id"])
    assert (in_dossier["case"], in_dossier["inbox"]) == (None, None)
    waiting = world.document({"inbox": True, "unit": "631"})
    assert waiting["inbox"] == world.town.units["631"]
    assert waiting["id"] in ids(follow(clerk, f"{API}/documents?inbox=true&unit=631"))
    assert waiting["id"] not in ids(follow(world.client("clerk10"), f"{API}/documents?inbox=true"))
    assert dossier["id"] not in ids(follow(world.client("clerk10"), f"{API}/dossiers"))

"""Many who open dossiers at once, over HTTP, while some of these are moved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.service import Municipality, Service

API = "/api/v1"
CLASSES = ("632.1", "632.2")


def numbers_of_a_crowd(service: Service, municipality: Municipality, *, clients: int, wanted: int) -> list[str]:
    """All reference numbers given to so many clients that open so many dossiers; every tenth is moved as well."""

    def work(client: int) -> list[str]:
        """A client's share."""
        numbers: list[str] = []
        with (
            service.client(municipality.tokens["clerk63"]) as clerk,
            service.client(municipality.tokens["registrar"]) as registrar,
        ):
            for turn in range(client, wanted, clients):
                body: dict[str, Any] = {
                    "plan_class": CLASSES[turn % 2],
                    "title": f"Antrag {turn}",
                    "external": {"system": "Umzug", "id": str(turn)},
                }
                answer = clerk.post(f"{API}/dossiers", json=body)
                assert answer.status_code == 201, answer.text
                made = answer.json()
                numbers.append(made["reference_number"])
                if turn % 10 == 0:
                    order = {"plan_class": CLASSES[(turn + 1) % 2], "reason": "Falsch abgelegt"}
                    moved = registrar.post(f"{API}/dossiers/{made['id']}/move", json=order)
                    assert moved.status_code == 200, moved.text
                    numbers.append(moved.json()["reference_number"])
                    assert moved.json()["former_references"] == [made["reference_number"]]
        return numbers

    with ThreadPoolExecutor(clients) as pool:
        given = [number for numbers in pool.map(work, range(clients)) for number in numbers]
    assert len(given) == wanted + len(range(0, wanted, 10))
    assert len(set(given)) == len(given)
    return given

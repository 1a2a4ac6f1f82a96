"""Reference numbers under load: many clients open dossiers at once, over HTTP, while others move some of them.

By default 20 clients open 200 dossiers; `--dossiers 2000 --clients 50` is the size that a municipality moving in has.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.service import Municipality, Service

pytestmark = pytest.mark.journey
API = "/api/v1"
CLASSES = ("632.1", "632.2")


# One service is enough: the counters are PostgreSQL's work, the same in both ways to have one.
@pytest.mark.parametrize("service", ["server"], indirect=True)
def test_no_number_is_given_twice(service: Service, municipality: Municipality, request: pytest.FixtureRequest) -> None:
    clients, wanted = int(request.config.getoption("--clients")), int(request.config.getoption("--dossiers"))

    def work(client: int) -> list[str]:
        """A client's share; every tenth dossier is moved at once, so that numbers come from both ways."""
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
    # Gaps are allowed, yet without imported numbers and failed acts there are none.
    for number in CLASSES:
        mine = sorted(int(each[len(number) + 1 :][:5]) for each in given if each.startswith(f"{number}-"))
        assert mine == list(range(1, len(mine) + 1))
    with service.client(municipality.tokens["clerk63"]) as clerk:
        for each in given[:: max(1, len(given) // 20)]:
            found = clerk.get(f"{API}/dossiers", params={"reference": each}).raise_for_status().json()["items"]
            assert len(found) == 1
            assert each in {found[0]["reference_number"], *found[0]["former_references"]}

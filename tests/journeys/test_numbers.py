"""Reference numbers under load: many clients open dossiers at once, over HTTP, while others move some of them.

By default 20 clients open 200 dossiers; `--dossiers 2000 --clients 50` is the size that a municipality moving in has.
A smaller crowd does the same in both modes (`test_procedures.py`).
"""

from __future__ import annotations

import pytest

from tests.journeys.crowd import API, CLASSES, numbers_of_a_crowd
from tests.support.service import Municipality, Service

pytestmark = pytest.mark.journey


# One service is enough for many: the counters are PostgreSQL's work, the same in both ways to have one.
@pytest.mark.parametrize("service", ["server"], indirect=True)
def test_no_number_is_given_twice(service: Service, municipality: Municipality, request: pytest.FixtureRequest) -> None:
    clients, wanted = int(request.config.getoption("--clients")), int(request.config.getoption("--dossiers"))
    given = numbers_of_a_crowd(service, municipality, clients=clients, wanted=wanted)
    # Gaps are allowed, yet without imported numbers and failed acts there are none.
    for number in CLASSES:
        mine = sorted(int(each[len(number) + 1 :][:5]) for each in given if each.startswith(f"{number}-"))
        assert mine == list(range(1, len(mine) + 1))
    with service.client(municipality.tokens["clerk63"]) as clerk:
        for each in given[:: max(1, len(given) // 20)]:
            found = clerk.get(f"{API}/dossiers", params={"reference": each}).raise_for_status().json()["items"]
            assert len(found) == 1
            assert each in {found[0]["reference_number"], *found[0]["former_references"]}

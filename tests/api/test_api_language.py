"""What people read of a refusal is in the language spoken around the request; what they filed stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from eakte.language import speaking
from tests.api.world import API, World
from tests.support.foreign import Marked


@pytest.fixture(scope="module")
def foreign(world: World) -> World:
    """The application to somebody who speaks another language, as a middleware would decide it for each request."""
    other = World(world.backends, world.town)
    inner = other.app

    async def spoken(scope: Scope, receive: Receive, send: Send) -> None:
        with speaking(Marked()):
            await inner(scope, receive, send)

    other.app = spoken  # type: ignore[assignment] # an application, as its clients use one
    return other


def sentences(problem: Mapping[str, Any]) -> list[str]:
    told = [problem["title"], problem.get("detail"), *(each["message"] for each in problem.get("errors") or ())]
    return [each for each in told if each is not None]


def test_problems_are_told_in_the_language_of_the_request(foreign: World) -> None:
    dossier = foreign.dossier()
    client = foreign.client("clerk63")
    answers = {
        401: foreign.client().get(f"{API}/dossiers"),
        403: client.get(f"{API}/audit"),
        404: client.get(f"{API}/dossiers/{'0' * 8}-0000-4000-8000-{'0' * 12}"),
        405: client.delete(f"{API}/search"),
        409: client.post(f"{API}/dossiers/{dossier['id']}/reopen", json={"reason": "Nachtrag"}),
        412: client.patch(f"{API}/dossiers/{dossier['id']}", json={"title": "Neu"}, headers={"If-Match": '"999"'}),
        428: client.patch(f"{API}/dossiers/{dossier['id']}", json={"title": "Neu"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert all(re.fullmatch(r"⟦.+⟧", each) for each in sentences(answer.json())), answer.text
    refused = {
        "a rule of ours": ({"plan_class": "632.2", "title": " "}, "⟦⟦Betreff⟧ fehlt.⟧"),
        "a value of ours": ({"plan_class": "9.9.9", "title": "A"}, "⟦Die Aktenplaneinheit 9.9.9 gibt es nicht.⟧"),
        "a form of pydantic's": ({"plan_class": "632.2"}, "⟦Field required⟧"),
        "one with a value": ({"plan_class": "632.2", "title": "A", "unit": 5}, "⟦Input should be a valid string⟧"),
    }
    for body, message in refused.values():
        answer = client.post(f"{API}/dossiers", json=body)
        assert (answer.status_code, sentences(answer.json())) == (422, ["⟦Einige Angaben passen nicht.⟧", message])
    assert "⟦" not in client.get(f"{API}/dossiers/{dossier['id']}").text

"""Requests made up from the OpenAPI, right and wrong, alone and in a row: no fault, no answer that it does not tell.

schemathesis makes them up; without `--examples` they are few and the same each time.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi import from_asgi
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.routes import IN_PATHS, Route, routes
from tests.api.world import API, World, done

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
AnyCase = Case[Any]
EXAMPLES = {"registrar": 3, "admin": 1}
"""Requests of each mode and operation, by who sends them."""
SEQUENCES, STEPS = 12, 8
LAST = ("/close", "/cancel", "/finalize", "/merge", "/divide", "/move", "/reassign")
"""Acts after which less is possible come last."""


def how_many(request: pytest.FixtureRequest, usual: int) -> settings:
    """As many as asked for, at random; else the usual ones, the same each time."""
    asked = int(request.config.getoption("--examples"))
    return settings(
        max_examples=asked or usual,
        derandomize=not asked,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def schema_of(world: World) -> Any:
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return from_asgi(f"{API}/openapi.json", world.app, config=config)


def things_of(world: World, login: str) -> dict[str, str]:
    """Things of the account where it may make some, with a class that nothing else needs."""
    things = world.things("registrar")
    classes = done(world.client("registrar").get(f"{API}/plan-classes"), 200)["items"]
    return {
        **things,
        "class": next(each["id"] for each in classes if each["number"] == "03"),
        "user": world.town.users[login],
    }


def ready(case: AnyCase, route: Route, things: dict[str, str], world: World, login: str, turn: int) -> None:
    """Of three made-up requests one goes out as it is, one to a real object, and one says there what makes sense."""
    if turn % 3 == 0:
        return
    names = route.parameters("path")
    case.path_parameters = {name: things[IN_PATHS[name]] for name in names}
    if "if-match" in route.parameters("header"):
        state = world.client(login).get(route.address(things)).headers.get("etag") if route.method != "POST" else None
        case.headers["If-Match"] = state or "*"
    if turn % 3 == 1 or not isinstance(case.body, dict):
        return
    sensible: Any = route.body(things, 1000 + turn, login) or {}
    sensible = {"metadata": json.dumps(sensible), "file": b"Brief"} if route.uploads else sensible
    case.body = {**case.body, **sensible}


@pytest.mark.parametrize("login", sorted(EXAMPLES))
def test_made_up_requests_get_documented_answers(request: pytest.FixtureRequest, world: World, login: str) -> None:
    things, turns, found = things_of(world, login), itertools.count(), []
    known = {f"{route.method} {API}{route.path}": route for route in routes(world)}
    operations = [each.ok() for each in schema_of(world).get_all_operations()]
    assert {each.label for each in operations} == set(known)
    operations.sort(key=lambda each: each.method == "delete" or each.path.endswith(LAST))
    headers = {"Authorization": f"Bearer {world.town.tokens[login]}"}

    def sending(route: Route) -> Callable[[AnyCase], None]:
        def sent(case: AnyCase) -> None:
            ready(case, route, things, world, login, next(turns))
            case.validate_response(case.call(headers=headers), checks=CHECKS)

        return sent

    for operation, mode in itertools.product(operations, GenerationMode):
        made_up = given(case=operation.as_strategy(generation_mode=mode))
        try:
            how_many(request, EXAMPLES[login])(made_up(sending(known[operation.label])))()
        except FailureGroup as group:
            found.append(str(group))
    assert not found, "\n\n".join(found)


def test_made_up_sequences_get_documented_answers(request: pytest.FixtureRequest, world: World) -> None:
    schema = schema_of(world)
    assert schema.apply_stateful_inference(None).selected > 50, "what one answer gives, another request takes"
    headers = {"Authorization": f"Bearer {world.town.tokens['registrar']}"}

    class Sequence(schema.as_state_machine()):  # type: ignore[misc] # made at run time
        def get_call_kwargs(self, case: AnyCase) -> dict[str, Any]:
            del case
            return {"headers": headers}

        def validate_response(self, response: Any, case: AnyCase, **_more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    Sequence.run(settings=settings(how_many(request, SEQUENCES), stateful_step_count=STEPS))


def test_the_checks_see_what_they_shall_see(world: World) -> None:
    """An answer that is not told of is found; else all of the above would say nothing."""
    units = schema_of(world)[f"{API}/units"]["GET"]
    units.definition.raw["responses"]["200"]["content"]["application/json"]["schema"] = {"type": "string"}
    case = units.Case()
    with pytest.raises(FailureGroup):
        case.validate_response(
            case.call(headers={"Authorization": f"Bearer {world.town.tokens['admin']}"}), checks=CHECKS
        )

"""The routes of the application for tests that walk all of them: what stands in their paths, questions and bodies.

Everything comes from the OpenAPI. A path parameter or a needed field that no table here knows is a failure: then the
new route is not walked until somebody says what stands there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from eakte.terms import today
from tests.api.world import API, World

Things = Mapping[str, str]
"""Ids by kind: `dossier`, `case`, `document`, …"""

IN_PATHS = {
    "dossier_id": "dossier",
    "case_id": "case",
    "document_id": "document",
    "class_id": "class",
    "party_id": "party",
    "template_id": "template",
    "resubmission_id": "resubmission",
    "reference_id": "reference",
    "session_id": "session",
    "token_id": "token",
    "share_id": "share",
    "exclusion_id": "exclusion",
    "deputation_id": "deputation",
    "mandate_id": "mandate",
    "unit_id": "unit",
    "system": "system",
    "external_id": "external",
    "user_id": "user",
    "page": "one",
    "number": "one",
}
"""Which kind of object a path parameter names."""

IN_FIELDS = {
    "dossier": "dossier",
    "case": "case",
    "document": "document",
    "documents": "document",
    "dossiers": "dossier",
    "source": "document",
    "subject": "dossier",
    "parent": "case",
    "volume": "volume",
}
"""Which kind of object a field of a question or a body names, where it names one that may be hidden."""

SECRET = {
    "dossier",
    "case",
    "document",
    "party",
    "resubmission",
    "reference",
    "volume",
    "session",
    "token",
    "share",
    "exclusion",
    "deputation",
    "mandate",
}
"""Kinds of which a person may not even know that one exists."""

WORDS: dict[str, Any] = {
    "title": "Wort {w}",
    "name": "Wort {w}",
    "display_name": "Wort {w}",
    "note": "Wort {w}",
    "to": "Wort {w}",
    "comment": "Wort {w}",
    "label": "Wort {w}",
    "reason": "Wort {w}",
    "login": "wort{n}",
    "number": "8{n}",
    "role": "Antragsteller",
    "roles": ["clerk"],
    "kind": "dossier",
    "plan_class": "632.2",
    "unit": "63",
    "into": "632.1",
    "parts": [{"number": "8{n}", "title": "Wort {w}"}],
    "due_on": today().isoformat(),
    "on": today().isoformat(),
    "user": "{login}",
    "scopes": ["read"],
    "system": "verfahren-{login}",
    "id": "{n}",
    "until": (today() + timedelta(days=30)).isoformat(),
    "keep_until": "2199-12-31",
    "confidentiality": "internal",
    "auditor": "auditor",
    "deputy": "clerk10",
    "ground": "vwvfg-20",
    "head": None,
}
"""What needed fields of bodies hold; `{n}` counts, `{w}` does so in letters, `{login}` asks."""

EXTRA: dict[str, dict[str, Any]] = {
    "POST /documents": {"title": "Wort {w}"},
    "POST /documents/bulk": {"change": {"title": "Wort {w}"}},
    "POST /templates/{template_id}/make": {"title": "Wort {w}"},
    "POST /dossiers/{dossier_id}/volumes": {"title": "Wort {w}"},
    "POST /documents/{document_id}/versions/{number}/restore": {"comment": "Wort {w}"},
    "POST /documents/{document_id}/versions": {"comment": "Wort {w}"},
    "POST /cross-references": {"note": "Wort {w}"},
    "POST /users": {"unit": "63", "password": "ein langes Passwort {n}"},
    "POST /dossiers/{dossier_id}/events": {"name": "Austritt {w}"},
    "POST /procedures": {
        "dossier": {"plan_class": "632.2", "title": "Wort {w}"},
        "documents": [{"file": "file", "title": "Wort {w}"}],
    },
    "POST /shares": {"user": "clerk63", "reason": "Wort {w}"},
    "POST /exclusions": {"user": "clerk10"},
    "POST /deputies": {"from_on": "3{n:0>3}-01-01", "until": "3{n:0>3}-02-01"},
    "POST /mandates": {"units": ["10"]},
    "POST /units/{unit_id}/merge": {"into": "10"},
    "POST /units/{unit_id}/merge-preview": {"into": "10"},
    "POST /units/{unit_id}/split": {"to": "10"},
    "POST /units/{unit_id}/split-preview": {"to": "10"},
}
"""What the OpenAPI cannot say: which of the optional fields a sensible request has."""


@dataclass(frozen=True)
class Route:
    """One method at one path."""

    method: str
    path: str
    operation: dict[str, Any]
    schemas: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """As the tables call it."""
        return f"{self.method} {self.path}"

    def parameters(self, place: str) -> list[str]:
        """Names of its parameters in `path`, `query` or `header`."""
        return [each["name"] for each in self.operation.get("parameters", []) if each["in"] == place]

    def kinds(self) -> set[str]:
        """The kinds of objects that its path names; one that no table knows is a failure."""
        names = self.parameters("path")
        unknown = [name for name in names if name not in IN_PATHS]
        assert not unknown, f"{self.name}: say in tests/api/routes.py what {unknown} name"
        return {IN_PATHS[name] for name in names}

    def address(self, things: Things, **question: str) -> str:
        """Its address with the ids in their places."""
        self.kinds()
        path = API + self.path.format(**{name: things[IN_PATHS[name]] for name in self.parameters("path")})
        asked = "&".join(f"{name}={quote(value)}" for name, value in question.items())
        return f"{path}?{asked}" if asked else path

    @property
    def uploads(self) -> bool:
        """Whether it takes metadata and a file."""
        return "multipart/form-data" in self._content()

    def schema(self) -> dict[str, Any] | None:
        """The schema of its body (of an upload: of the metadata); None where it takes none."""
        content = self._content()
        if self.uploads:
            said = content["multipart/form-data"]["schema"]["properties"]["metadata"]["description"]
            schema = dict(json.loads(said))
            self.schemas.update(schema.pop("$defs", {}))
            return schema
        return self.resolved(content["application/json"]["schema"]) if content else None

    def body(self, things: Things, n: int, login: str, **more: Any) -> dict[str, Any] | None:
        """A small body that means something: what is needed, where it belongs, and `more`."""
        schema = self.schema()
        if schema is None:
            return None
        made = self._object(schema, things)
        if not set(IN_FIELDS) & set(made) and not self.kinds() & {"dossier", "case", "document"}:
            place = next((name for name in ("dossier", "document") if name in schema["properties"]), None)
            made |= {place: things[IN_FIELDS[place]]} if place else {}
        made |= EXTRA.get(self.name, {})
        return {**dict(_filled(made, {"n": str(n), "w": _letters(n), "login": login})), **more}

    def fields(self) -> Iterator[tuple[str, ...]]:
        """Where its body may name objects that may be hidden: paths of names."""
        schema = self.schema()
        if schema is not None:
            yield from self._fields(schema, ())

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema itself where another place of the OpenAPI holds it."""
        for choice in schema.get("anyOf", []):
            if "$ref" in choice:
                return self.resolved(choice)
        return self.schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema

    def _content(self) -> dict[str, Any]:
        return dict(self.operation.get("requestBody", {}).get("content", {}))

    def _object(self, schema: dict[str, Any], things: Things) -> dict[str, Any]:
        return {name: self._value(name, schema["properties"][name], things) for name in schema.get("required", [])}

    def _value(self, name: str, schema: dict[str, Any], things: Things) -> Any:
        inner = self.resolved(schema)
        if inner.get("type") == "object" and inner.get("properties"):
            made = self._object(inner, things)
            place = things["neighbour" if name == "source" else "dossier"]  # a reference leads elsewhere
            return made or ({"dossier": place} if "dossier" in inner["properties"] else {})
        if name in IN_FIELDS:
            value = things[IN_FIELDS[name]]
            return [value] if inner.get("type") == "array" else value
        assert name in WORDS, f"{self.name}: say in tests/api/routes.py what the field {name} holds"
        return WORDS[name]

    def _fields(self, schema: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for name, each in schema.get("properties", {}).items():
            inner = self.resolved(each)
            if inner.get("properties"):
                yield from self._fields(inner, (*above, name))
            elif (name in IN_FIELDS or (name == "id" and {*above} & {*IN_FIELDS})) and _names_an_id(inner):
                yield (*above, name)


def routes(world: World) -> list[Route]:
    """Every method at every path of the API."""
    openapi = world.app.openapi()
    schemas = openapi["components"]["schemas"]
    return [
        Route(method.upper(), path.removeprefix(API), operation, schemas)
        for path, methods in openapi["paths"].items()
        for method, operation in methods.items()
    ]


def _letters(n: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(n))


def _names_an_id(schema: dict[str, Any]) -> bool:
    return any(each.get("format") == "uuid" for each in (schema, schema.get("items", {}), *schema.get("anyOf", [])))


def _filled(value: Any, words: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(each, words) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    if isinstance(value, str) and "{" in value:
        return value.format(**words)
    return value

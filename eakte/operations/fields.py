"""Subject-specific data fields: what a class defines, as JSON Schema, and values checked against it.

A registrar defines a field by name, label and type; classes below inherit it and may define it anew. Where no class of
the line defines a field for a kind of object, its values are free, as systems send them; where one does, all others are
refused. Values are JSON: dates as ISO 8601, money as a decimal text in euros ("1234.50"), because a binary fraction
does not hold cents.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput
from eakte.language import _, msgid
from eakte.models import PlanClass
from eakte.operations.checking import line, one_of
from eakte.operations.plan_rules import Line, line_of

MOST_FIELDS = 60
"""Fields of one class."""
LONGEST_TEXT = 2_000
"""Characters of a text where its definition says nothing."""
MOST_FREE_BYTES = 20_000
"""Characters of undefined values, written as JSON."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")
_MONEY = r"^-?\d{1,12}(\.\d{2})?$"


class FieldType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    YES_NO = "yes-no"
    MONEY = "money"


class FieldOwner(StrEnum):
    """What has fields."""

    DOSSIER = "dossier"
    CASE = "case"
    DOCUMENT = "document"


Definition = dict[str, Any]
"""`{name, label, type, on, required, choices, minimum, maximum, max_length}`, complete, as it is stored."""


def checked_definitions(said: Sequence[Mapping[str, Any]], *, at: str = "fields") -> list[Definition]:
    """Definitions, complete and checked. Raises InvalidInput naming the place of what is wrong."""
    if len(said) > MOST_FIELDS:
        raise InvalidInput(errors=[FieldError(at, _("Höchstens %(most_fields)s Felder.", most_fields=MOST_FIELDS))])
    definitions = [_checked_definition(each, f"{at}.{number}") for number, each in enumerate(said)]
    names = [each["name"] for each in definitions]
    for number, name in enumerate(names):
        if name in names[:number]:
            raise InvalidInput(
                errors=[FieldError(f"{at}.{number}.name", _("Das Feld %(name)s steht zweimal da.", name=name))]
            )
    return definitions


def definitions_of(session: Session, plan_class: PlanClass, on: date | None = None) -> list[Definition]:
    """The fields of a class on a day (today): its own and the inherited ones; `source` is the class that defines it."""
    return fields_of(line_of(session, plan_class, on))


def fields_of(line: Line) -> list[Definition]:
    """The fields of the last class of a line, as `definitions_of`."""
    found: dict[str, Definition] = {}
    for each, version in line:
        for definition in version.fields:
            found[definition["name"]] = {**definition, "source": each.number}
    return list(found.values())


def json_schema(definitions: Iterable[Definition], owner: FieldOwner) -> dict[str, Any]:
    """The fields of one kind of object as JSON Schema (draft 2020-12)."""
    mine = [each for each in definitions if owner.value in each["on"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {each["name"]: _property(each) for each in mine},
        "required": [each["name"] for each in mine if each["required"]],
        "additionalProperties": not mine,
    }


def checked_values(
    session: Session, plan_class: PlanClass | None, owner: FieldOwner, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Values that the class allows. Raises InvalidInput with one error for each field.

    Without a class (inbox) nothing is defined and everything is taken, for whatever class it is filed in later.
    """
    definitions = [] if plan_class is None else definitions_of(session, plan_class)
    schema = json_schema(definitions, owner)
    given = {name: value for name, value in values.items() if value is not None}
    if len(repr(given)) > MOST_FREE_BYTES:
        raise InvalidInput(errors=[FieldError("fields", _("Die Angaben sind zu lang."))])
    validator = Draft202012Validator(schema, format_checker=FormatChecker(["date"]))
    told = [error for found in validator.iter_errors(given) for error in _told(found, definitions, schema, given)]
    errors = list(dict.fromkeys(told))
    if errors:
        raise InvalidInput(errors=sorted(errors, key=lambda error: error.at))
    return given


def shown_values(
    definitions: Iterable[Definition], owner: FieldOwner, values: Mapping[str, Any]
) -> list[tuple[str, str]]:
    """Label and German text of each value, in the order of the definitions; undefined ones are not shown."""
    return [
        (each["label"], _shown(each["type"], values[each["name"]]))
        for each in definitions
        if owner.value in each["on"] and each["name"] in values
    ]


def _shown(kind: str, value: Any) -> str:
    if kind == FieldType.YES_NO:
        return _("ja") if value else _("nein")
    return german_value(kind, value)


def german_value(kind: str, value: Any) -> str:
    """A value as people write it, and as forms give and take it: 24.12.2026, 1.234,50 €, ja."""
    match kind:
        case FieldType.DATE:
            return f"{date.fromisoformat(value):%d.%m.%Y}"
        case FieldType.YES_NO:
            return "ja" if value else "nein"
        case FieldType.MONEY:
            euros, _point, cents = value.partition(".")
            return f"{int(euros):,}".replace(",", ".") + f",{cents or '00'} €"
        case FieldType.NUMBER:
            whole = int(value) if float(value).is_integer() else value
            return f"{whole:,}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return str(value)


def searched_values(values: Mapping[str, Any]) -> list[str]:
    """The texts by which an object is found: what is written, and days in German as well."""
    texts: list[str] = []
    for value in values.values():
        match value:
            case bool() | None:
                continue
            case str():
                texts.append(value)
                if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
                    texts.append(".".join(reversed(value.split("-"))))
            case int() | float():
                texts.append(str(value))
            case list():
                texts += [each for each in value if isinstance(each, str)]
            case _:
                continue
    return texts


def _checked_definition(said: Mapping[str, Any], at: str) -> Definition:
    name = str(said.get("name") or "")
    if not _NAME.fullmatch(name):
        message = _("Der Name besteht aus kleinen Buchstaben ohne Umlaut, Ziffern und Unterstrichen (etwa baukosten).")
        raise InvalidInput(errors=[FieldError(f"{at}.name", message)])
    kind = one_of(FieldType, str(said.get("type")), at=f"{at}.type", label=_("Art"))
    owners = said.get("on") or [FieldOwner.DOSSIER.value]
    choices = said.get("choices") or []
    if (kind is FieldType.CHOICE) != bool(choices):
        raise InvalidInput(
            errors=[FieldError(f"{at}.choices", _("Auswahlwerte gehören zur Art choice, und nur zu ihr."))]
        )
    numbers = {each: said.get(each) for each in ("minimum", "maximum", "max_length")}
    for limit, kinds in (("minimum", "number"), ("maximum", "number"), ("max_length", "text")):
        if numbers[limit] is not None and kind != kinds:
            raise InvalidInput(
                errors=[FieldError(f"{at}.{limit}", _("Das gibt es nur bei der Art %(kinds)s.", kinds=kinds))]
            )
    return {
        "name": name,
        "label": line(said.get("label"), at=f"{at}.label", label=_("Bezeichnung"), longest=100),
        "type": kind.value,
        "on": [one_of(FieldOwner, str(each), at=f"{at}.on", label=_("Gehört zu")).value for each in owners],
        "required": bool(said.get("required")),
        "choices": [line(str(each), at=f"{at}.choices", label=_("Auswahlwert"), longest=200) for each in choices],
        **numbers,
    }


def _property(definition: Definition) -> dict[str, Any]:
    schema: dict[str, Any] = {"title": definition["label"]}
    match definition["type"]:
        case FieldType.TEXT:
            schema |= {"type": "string", "minLength": 1, "maxLength": definition["max_length"] or LONGEST_TEXT}
        case FieldType.NUMBER:
            schema["type"] = "number"
            limits = {name: definition[name] for name in ("minimum", "maximum")}
            schema |= {name: value for name, value in limits.items() if value is not None}
        case FieldType.DATE:
            schema |= {"type": "string", "format": "date"}
        case FieldType.CHOICE:
            schema["enum"] = definition["choices"]
        case FieldType.YES_NO:
            schema["type"] = "boolean"
        case FieldType.MONEY:
            schema |= {"type": "string", "pattern": _MONEY}
    return schema


_EXPECTED = msgid(
    {
        FieldType.TEXT: "erwartet wird ein Text",
        FieldType.NUMBER: "erwartet wird eine Zahl",
        FieldType.DATE: "erwartet wird ein Tag in der Form JJJJ-MM-TT",
        FieldType.YES_NO: "erwartet wird true oder false",
        FieldType.MONEY: "erwartet wird ein Betrag in Euro als Text in der Form 1234.50",
    }
)


def _told(
    error: ValidationError, definitions: Sequence[Definition], schema: Mapping[str, Any], given: Mapping[str, Any]
) -> list[FieldError]:
    """What the schema found, field by field and in German."""
    kinds = {each["name"]: each for each in definitions}
    if error.validator == "required":
        # Reported once for each missing name, but which one is said only in an English sentence.
        missing = [name for name in schema["required"] if name not in given]
        return [FieldError(f"fields.{name}", _("%(label)s fehlt.", label=kinds[name]["label"])) for name in missing]
    if error.validator == "additionalProperties":
        unknown = sorted(set(given) - set(schema["properties"]))
        return [FieldError(f"fields.{name}", _("Dieses Feld gibt es hier nicht.")) for name in unknown]
    name = str(error.absolute_path[0])
    definition = kinds[name]
    match error.validator:
        case "enum":
            message = _("erlaubt sind %(words)s", words=", ".join(definition["choices"]))
        case "maxLength":
            message = _("höchstens %(longest)s Zeichen", longest=error.validator_value)
        case "minimum":
            message = _("nicht kleiner als %(number)s", number=german_value(FieldType.NUMBER, error.validator_value))
        case "maximum":
            message = _("nicht größer als %(number)s", number=german_value(FieldType.NUMBER, error.validator_value))
        case _:
            message = _(_EXPECTED[definition["type"]])
    return [FieldError(f"fields.{name}", f"{definition['label']}: {message}.")]

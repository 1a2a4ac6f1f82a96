"""Data fields in forms: one input for each that a class defines, and typed texts as values of its type."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.operations.fields import Definition, FieldOwner, FieldType
from eakte.web.pages.asking import Submitted
from eakte.web.typed_days import typed_day
from eakte.web.views import Choice, DataInput

_AMOUNT = re.compile(r"-?\d{1,3}(\.\d{3})*(,\d+)?|-?\d+([.,]\d+)?")
"""1.234,50 as it is written in German, or 1234.50 as programs write it."""


def inputs(definitions: Iterable[Definition], owner: FieldOwner) -> tuple[DataInput, ...]:
    """What a form asks for."""
    return tuple(
        DataInput(
            name=f"fields.{each['name']}",
            label=each["label"],
            required=each["required"],
            choices=_choices(each),
            hint=_hint(FieldType(each["type"])),
        )
        for each in definitions
        if owner.value in each["on"]
    )


def typed_fields(sent: Submitted, definitions: Iterable[Definition], owner: FieldOwner) -> dict[str, Any]:
    """What was typed, as values; what cannot be read stays text, so that its check names the field."""
    values: dict[str, Any] = {}
    for each in definitions:
        text = sent.optional(f"fields.{each['name']}") if owner.value in each["on"] else None
        if text is not None:
            values[each["name"]] = _value(each, text)
    return values


def _value(definition: Definition, text: str) -> Any:
    at = f"fields.{definition['name']}"
    match definition["type"]:
        case FieldType.YES_NO:
            return {"ja": True, "nein": False}.get(text, text)
        case FieldType.DATE:
            day = typed_day(text, at=at, label=definition["label"])
            return day.isoformat() if day else None
        case FieldType.NUMBER:
            return float(_plain_number(text, definition, at))
        case FieldType.MONEY:
            euros, _point, cents = _plain_number(text, definition, at).partition(".")
            return f"{euros}.{cents:0<2}"
    return text


def _plain_number(text: str, definition: Definition, at: str) -> str:
    typed = text.replace("€", "").replace(" ", "").replace("\u00a0", "")
    if not _AMOUNT.fullmatch(typed):
        message = _("%(label)s ist keine Zahl. Zum Beispiel: 1.234,50.", label=definition["label"])
        raise InvalidInput(errors=[FieldError(at, message)])
    grouped = "," in typed or re.fullmatch(r"-?\d{1,3}(\.\d{3})+", typed)
    return typed.replace(".", "").replace(",", ".") if grouped else typed


def _choices(definition: Definition) -> tuple[Choice, ...]:
    match definition["type"]:
        case FieldType.CHOICE:
            choices = [Choice(each, each) for each in definition["choices"]]
        case FieldType.YES_NO:
            choices = [Choice("ja", _("ja")), Choice("nein", _("nein"))]
        case _:
            return ()
    return (Choice("", _("– bitte wählen –")), *choices)


def _hint(kind: FieldType) -> str:
    match kind:
        case FieldType.DATE:
            return _("zum Beispiel 23.11.2026")
        case FieldType.MONEY:
            return _("in Euro, zum Beispiel 1.234,50")
    return ""

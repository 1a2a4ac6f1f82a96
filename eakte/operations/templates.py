"""Templates of dossiers and cases, made by the registrar in data, not in code.

A template says what a new dossier or case has from the start: its title with places to fill
(`Bauantrag {grundstueck}`), class, unit, level, data fields, cases with their sub-cases, and the roles that parties
must or may have. How something is made from one: `template_making`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Template
from eakte.operations.checking import line, one_of, optional_line, same_revision
from eakte.operations.dossiers import (
    is_registrar,
    level_for,
)
from eakte.operations.paging import Page, by_id
from eakte.operations.plan import find_class
from eakte.operations.units import find_unit
from eakte.terms import Medium
from eakte.transaction import Transaction

MOST_CASES = 50
"""Cases and sub-cases of one template."""
OF_DOSSIERS = ("plan_class", "unit", "confidentiality")
"""What a dossier has and a case takes from the one that it lies in."""
MOST_OFFERED = 100
"""Templates among which a person chooses."""
PLACE = re.compile(r"\{([^{}]*)\}")
"""A place in a title, to be filled when something is made."""
_PLACE_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}")


class TemplateKind(StrEnum):
    """What is made from it."""

    DOSSIER = "dossier"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class TemplateWords:
    """What a registrar says. `cases` are `{title, fields?, cases?}`, `roles` are `{role, required?}`."""

    name: str
    kind: str
    title: str
    plan_class: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    medium: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    cases: Sequence[Mapping[str, Any]] = ()
    roles: Sequence[Mapping[str, Any]] = ()


def create_template(tx: Transaction, words: TemplateWords) -> Template:
    """A new template. Raises NotAllowed for all but the registrar, InvalidInput naming the field."""
    _require_registrar(tx)
    name = _free_name(tx, words.name, None)
    kind = one_of(TemplateKind, words.kind, at="kind", label=_("Art"))
    row = Template(name=name, kind=kind.value, body=_body(tx.session, words, kind))
    tx.session.add(row)
    tx.session.flush()
    tx.record(Tag.TEMPLATE_CREATE, row.id, {"kind": kind.value})
    return row


def change_template(
    tx: Transaction, template_id: uuid.UUID, words: TemplateWords, *, active: bool, revision: int
) -> Template:
    """Say all of it anew; what was made from it stays. An inactive one makes nothing more."""
    _require_registrar(tx)
    row = tx.session.get(Template, template_id, with_for_update=True)
    if row is None:
        raise NotFound
    same_revision(revision, row.revision)
    if words.kind != row.kind:
        raise InvalidInput(errors=[FieldError("kind", _("Die Art einer Vorlage lässt sich nicht ändern."))])
    before = {"name": row.name, "body": str(row.body), "active": str(row.active)}
    row.name = _free_name(tx, words.name, row.id)
    row.body = _body(tx.session, words, TemplateKind(row.kind))
    row.active = active
    row.revision += 1
    entry = tx.record(Tag.TEMPLATE_CHANGE, row.id, {"active": active})
    for name, value in before.items():
        tx.remember(entry, row.id, name, value)
    return row


def find_template(session: Session, template_id: uuid.UUID) -> Template:
    """A template. Raises NotFound."""
    row = session.get(Template, template_id)
    if row is None:
        raise NotFound
    return row


def list_templates(
    session: Session, *, kind: str | None, after: str | None, limit: int, inactive: bool = False
) -> Page[Template]:
    """Active templates, oldest first; with `inactive` those too that make nothing more."""
    statement = select(Template) if inactive else select(Template).where(Template.active)
    if kind is not None:
        statement = statement.where(Template.kind == one_of(TemplateKind, kind, at="kind", label="Art").value)
    return by_id(session, statement, Template.id, after=after, limit=limit)


def offered_templates(session: Session, kind: TemplateKind, plan_class: uuid.UUID | None = None) -> list[Template]:
    """Active templates by name: of cases all; of dossiers those for a class, without one those that name theirs."""
    statement = select(Template).where(Template.active, Template.kind == kind.value)
    if kind is TemplateKind.DOSSIER:
        named = Template.body["plan_class"].astext
        statement = statement.where(
            named.is_not(None) if plan_class is None else or_(named.is_(None), named == str(plan_class))
        )
    return list(session.scalars(statement.order_by(Template.name, Template.id).limit(MOST_OFFERED)))


def asked_places(template: Template) -> list[str]:
    """The places of its titles that somebody fills when something is made, in their order."""
    body = template.body
    titles = [body["title"], *(title for title, _depth in titles_of(body["cases"]))]
    return list(dict.fromkeys(name for title in titles for name in PLACE.findall(title)))


def titles_of(cases: Sequence[Mapping[str, Any]], depth: int = 0) -> list[tuple[str, int]]:
    """The titles of its cases and their sub-cases, in their order, with how deep each lies."""
    found = []
    for each in cases:
        found += [(each["title"], depth), *titles_of(each.get("cases", ()), depth + 1)]
    return found


def usable_template(session: Session, template_id: uuid.UUID, kind: TemplateKind | None = None) -> Template:
    """A template from which something can be made. Raises NotFound, WrongState, InvalidInput for a wrong kind."""
    template = find_template(session, template_id)
    if kind is not None and template.kind != kind:
        dossier, case = _("Das ist keine Vorlage einer Akte."), _("Das ist keine Vorlage eines Vorgangs.")
        message = dossier if kind is TemplateKind.DOSSIER else case
        raise InvalidInput(errors=[FieldError("template", message)])
    if not template.active:
        raise WrongState(_("Diese Vorlage wird nicht mehr benutzt."))
    return template


def _body(session: Session, words: TemplateWords, kind: TemplateKind) -> dict[str, Any]:
    """What is stored: complete, and checked as far as it can be before a dossier is made of it."""
    if kind is TemplateKind.CASE:
        for name in (*OF_DOSSIERS, "medium"):
            if getattr(words, name) is not None:
                raise InvalidInput(errors=[FieldError(name, _("Das hat ein Vorgang nicht."))])
    cases = _cases(words.cases, "cases", deepest=2 if kind is TemplateKind.DOSSIER else 1)
    if sum(1 + len(each.get("cases", ())) for each in cases) > MOST_CASES:
        raise InvalidInput(errors=[FieldError("cases", _("Höchstens %(most_cases)s Vorgänge.", most_cases=MOST_CASES))])
    return {
        "title": _title(words.title, "title"),
        "plan_class": str(find_class(session, words.plan_class).id) if words.plan_class else None,
        "unit": str(find_unit(session, words.unit).id) if words.unit else None,
        "confidentiality": level_for(words.confidentiality).word if words.confidentiality else None,
        "medium": one_of(Medium, words.medium, at="medium", label=_("Medium")).value if words.medium else None,
        "fields": dict(words.fields),
        "cases": cases,
        "roles": [
            {
                "role": line(each.get("role"), at=f"roles.{number}.role", label=_("Rolle"), longest=100),
                "required": bool(each.get("required")),
            }
            for number, each in enumerate(words.roles)
        ],
    }


def _cases(said: Sequence[Mapping[str, Any]], at: str, *, deepest: int) -> list[dict[str, Any]]:
    if said and not deepest:
        raise InvalidInput(errors=[FieldError(at, _("Ein Teilvorgang hat keine Teilvorgänge."))])
    return [
        {
            "title": _title(each.get("title"), f"{at}.{number}.title"),
            "fields": dict(each.get("fields") or {}),
            **_below(each, f"{at}.{number}.cases", deepest=deepest - 1),
        }
        for number, each in enumerate(said)
    ]


def _below(case: Mapping[str, Any], at: str, *, deepest: int) -> dict[str, Any]:
    cases = _cases(case.get("cases") or (), at, deepest=deepest)
    return {"cases": cases} if deepest else {}


def _title(text: str | None, at: str) -> str:
    title = line(text, at=at, label=_("Betreff"))
    bad = [name for name in PLACE.findall(title) if not _PLACE_NAME.fullmatch(name)]
    if bad or "{" in PLACE.sub("", title) or "}" in PLACE.sub("", title):
        message = _(
            "Zu füllende Stellen heißen etwa {grundstueck}: kleine Buchstaben ohne Umlaut, Ziffern, Unterstriche."
        )
        raise InvalidInput(errors=[FieldError(at, message)])
    return title


def _free_name(tx: Transaction, text: str, own: uuid.UUID | None) -> str:
    name = optional_line(text, at="name", label=_("Name"), longest=100)
    if name is None:
        raise InvalidInput(errors=[FieldError("name", _("Name fehlt."))])
    known = tx.session.scalar(select(Template.id).where(Template.name == name))
    if known not in {None, own}:
        raise InvalidInput(errors=[FieldError("name", _("Die Vorlage %(name)s gibt es schon.", name=name))])
    return name


def _require_registrar(tx: Transaction) -> None:
    if not is_registrar(tx.actor):
        raise NotAllowed(_("Vorlagen macht die Registratur."))

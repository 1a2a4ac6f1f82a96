"""Templates of dossiers and cases, written as people write lists: a case a line, a sub-case behind a dash."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.language import _
from eakte.models import PlanClass, Template, Unit
from eakte.operations.templates import (
    TemplateWords,
    change_template,
    create_template,
    find_template,
    list_templates,
)
from eakte.operations.units import list_units
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page, quoted
from eakte.web.views import Choice, Form, Message, TemplateRow, TemplatesView, TemplateView

router = APIRouter(include_in_schema=False)
HOME = "/administration/plan/vorlagen"
NEW = HOME + "/neu"
ONE = HOME + "/{template_id}"
ROWS = 50
NEEDED = "*"
"""Stands behind a role of parties that must be there."""


@router.get(HOME)
def index(request: Request, actor: Person) -> Response:
    """All templates, those too that make nothing more."""
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "plan")
        after = request.query_params.get("after")
        found = list_templates(session, kind=None, after=after, limit=ROWS, inactive=True)
    rows = tuple(
        TemplateRow(f"{HOME}/{row.id}", row.name, row.kind, row.body["title"], len(row.body["cases"]), row.active)
        for row in found.items
    )
    view = TemplatesView(sections, rows, f"{HOME}?after={quoted(found.next)}" if found.next else "")
    return page("vorlagen.html", frame=make_frame(request, actor, area="administration"), view=view)


@router.get(NEW)
def ask(request: Request, actor: Person) -> Response:
    """The form of a new one."""
    return _form(request, actor, None, Form(values={"kind": "dossier", "active": "on"}))


@router.post(NEW)
def create(request: Request, sent: Sent) -> Response:
    """A new template."""

    def act(tx: Transaction) -> None:
        create_template(tx, _words(sent, {}))

    return _do(request, sent, None, act)


@router.get(ONE)
def show(request: Request, actor: Person, template_id: uuid.UUID) -> Response:
    """One to be changed."""
    return _form(request, actor, template_id)


@router.post(ONE)
def change(request: Request, sent: Sent, template_id: uuid.UUID) -> Response:
    """Say all of it anew."""

    def act(tx: Transaction) -> None:
        row = find_template(tx.session, template_id)
        revision = numbered(sent.text("revision"))
        words = _words(sent, row.body, kind=row.kind)
        change_template(tx, template_id, words, active=sent.text("active") == "on", revision=revision)

    return _do(request, sent, template_id, act)


def _do(
    request: Request, sent: Submitted, template_id: uuid.UUID | None, act: Callable[[Transaction], None]
) -> Response:
    def run(tx: Transaction) -> str:
        require_section(tx.session, sent.actor, "plan")
        act(tx)
        return f"{HOME}?ok=gespeichert"

    def refused(why: Refused) -> Response:
        return _form(request, sent.actor, template_id, why.form, message=why.message, status=why.status)

    # What is wrong with the third case stands at the field of all cases.
    return attempt(
        request,
        sent,
        run,
        refused,
        stale=_("Inzwischen hat jemand diese Vorlage geändert. Hier steht, was jetzt gilt."),
        rename=lambda at: at.partition(".")[0],
    )


def _words(sent: Submitted, body: Mapping[str, Any], kind: str = "") -> TemplateWords:
    """What the form says; values of data fields, which it does not show, stay."""
    kept = {case["title"]: case.get("fields", {}) for case in _flat(body.get("cases", ()))}
    dossier = (kind or sent.text("kind")) == "dossier"
    return TemplateWords(
        name=sent.text("name"),
        kind=kind or sent.text("kind"),
        title=sent.text("title"),
        plan_class=sent.optional("plan_class") if dossier else None,
        unit=sent.optional("unit") if dossier else None,
        confidentiality=sent.optional("confidentiality") if dossier else None,
        medium=body.get("medium"),
        fields=body.get("fields", {}),
        cases=_cases(sent.text("cases"), kept),
        roles=[
            {"role": role.rstrip(f" {NEEDED}"), "required": role.endswith(NEEDED)}
            for role in map(str.strip, sent.text("roles").splitlines())
            if role
        ],
    )


def _cases(typed: str, kept: Mapping[str, Any]) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for line in filter(str.strip, typed.splitlines()):
        title = line.strip().removeprefix("-").strip()
        case: dict[str, Any] = {"title": title, "fields": kept.get(title, {})}
        if line.strip().startswith("-") and cases:
            cases[-1].setdefault("cases", []).append(case)
        else:
            cases.append(case)
    return cases


def _flat(cases: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for case in cases for each in (case, *case.get("cases", ()))]


def _typed(session: Session, row: Template) -> dict[str, str]:
    """A template as its form shows it."""
    body = row.body
    plan_class = session.get(PlanClass, uuid.UUID(body["plan_class"])) if body["plan_class"] else None
    unit = session.get(Unit, uuid.UUID(body["unit"])) if body["unit"] else None
    lines = []
    for case in body["cases"]:
        lines += [case["title"], *(f"- {below['title']}" for below in case.get("cases", ()))]
    return {
        "name": row.name,
        "kind": row.kind,
        "title": body["title"],
        "plan_class": plan_class.number if plan_class else "",
        "unit": unit.number if unit else "",
        "confidentiality": body["confidentiality"] or "",
        "cases": "\n".join(lines),
        "roles": "\n".join(each["role"] + (f" {NEEDED}" if each["required"] else "") for each in body["roles"]),
        "active": "on" if row.active else "",
    }


def _form(
    request: Request,
    actor: Actor,
    template_id: uuid.UUID | None,
    form: Form | None = None,
    *,
    message: Message | None = None,
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "plan")
        row = find_template(session, template_id) if template_id else None
        units = [unit for unit in list_units(session) if unit.closed_on is None]
        view = TemplateView(
            sections=sections,
            form=form or Form(values=_typed(session, row) if row else {}),
            units=tuple(Choice(unit.number, f"{unit.number} {unit.name}") for unit in units),
            id=str(row.id) if row else "",
            name=row.name if row else "",
            kind=row.kind if row else "",
            revision=row.revision if row else 0,
        )
    frame = make_frame(request, actor, area="administration", message=message)
    return page("vorlage_aendern.html", frame=frame, view=view, status=status)

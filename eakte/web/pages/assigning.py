"""Where a dossier belongs: another class or unit by the registrar, another level by who works in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import EakteError, FieldError, InvalidInput, NotAllowed
from eakte.language import _
from eakte.models import Dossier
from eakte.operations.dossiers import is_registrar, readable_dossier
from eakte.operations.fields import Definition, FieldOwner, definitions_of, german_value
from eakte.operations.moving import classify_dossier, move_dossier, reassign_dossier
from eakte.operations.plan import find_class
from eakte.operations.units import list_units
from eakte.terms import Actor, Level
from eakte.transaction import Transaction
from eakte.web.pages.asking import (
    Person,
    Refused,
    Sent,
    Submitted,
    attempt,
    form_again,
    make_frame,
    numbered,
    page,
    undoable,
)
from eakte.web.pages.datafields import inputs, typed_fields
from eakte.web.pages.document_marks import works_there
from eakte.web.pages.tree import PlanTree, class_address
from eakte.web.views import AssignView, Choice, Form, Link

router = APIRouter(include_in_schema=False)
PLACE = "/akten/{dossier_id}/zuordnen"


@router.get(PLACE)
def ask(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The forms that the person may send."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, dossier_id)
    return page("zuordnen.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(PLACE)
def move(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Into another class; where that asks for other data fields they are asked for first."""
    pattern = get_backends(request).settings.reference_pattern

    def act(tx: Transaction) -> None:
        number = sent.text("plan_class").strip()
        fields = _typed(tx.session, sent, number) if sent.optional("asked") else None
        move_dossier(
            tx,
            dossier_id,
            plan_class=number,
            reason=sent.text("reason"),
            pattern=pattern,
            fields=fields,
            revision=numbered(sent.text("revision")),
        )

    return _do(request, sent, dossier_id, act, "akte-verschoben", "move")


@router.post(PLACE + "/abgeben")
def give_away(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """To another unit."""

    def act(tx: Transaction) -> None:
        if not sent.text("unit"):
            raise InvalidInput(errors=[FieldError("unit", _("Bitte wählen Sie die Einheit."))])
        reassign_dossier(
            tx,
            dossier_id,
            unit=sent.text("unit"),
            reason=sent.text("reason"),
            confidentiality=sent.optional("confidentiality"),
            revision=numbered(sent.text("revision")),
        )

    return _do(request, sent, dossier_id, act, "akte-abgegeben", "reassign")


@router.post(PLACE + "/einstufen")
def classify(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Another level."""

    def act(tx: Transaction) -> None:
        revision = numbered(sent.text("revision"))
        level, reason = sent.text("confidentiality"), sent.text("reason")
        classify_dossier(tx, dossier_id, confidentiality=level, reason=reason, revision=revision)

    return _do(request, sent, dossier_id, act, "akte-eingestuft", "classify")


def may_assign(actor: Actor, *, works: bool) -> bool:
    """Whether there is anything on the page for the person, who works in the open dossier or does not."""
    return works or is_registrar(actor)


def _do(
    request: Request, sent: Submitted, dossier_id: uuid.UUID, act: Callable[[Transaction], None], done: str, form: str
) -> Response:
    def run(tx: Transaction) -> str:
        readable_dossier(tx.session, sent.actor, dossier_id)
        act(tx)
        # A registrar may know what cannot be read: then this page is where it goes on.
        back = f"/akten/{dossier_id}" if _reads(tx.session, sent.actor, dossier_id) else f"/akten/{dossier_id}/zuordnen"
        address = f"{back}?ok={done}"
        return address if form == "classify" else undoable(tx, address, dossier_id)

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _view(session, sent.actor, dossier_id)
            if getattr(view, form) is None:
                raise why.error
            if why.form is not None:
                view = _again(session, sent, view, dossier_id, form, why)
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("zuordnen.html", frame=frame, view=view, status=why.status)

    return attempt(
        request, sent, run, refused, stale=_("Inzwischen hat jemand diese Akte geändert. Hier steht, was jetzt gilt.")
    )


def _again(
    session: Session, sent: Submitted, view: AssignView, dossier_id: uuid.UUID, form: str, why: Refused
) -> AssignView:
    if form != "move" or not any(each.at.startswith("fields.") for each in why.error.errors):
        changed: Any = {form: why.form}
        return replace(view, **changed)
    dossier = readable_dossier(session, sent.actor, dossier_id)
    definitions = definitions_of(session, find_class(session, sent.text("plan_class").strip()))
    known = {f"fields.{each['name']}" for each in definitions if FieldOwner.DOSSIER.value in each["on"]}
    labels = {f"fields.{each['name']}": each["label"] for each in definitions_of(session, dossier.plan_class)}
    errors = [
        each
        if each.at in known or not each.at.startswith("fields.")
        else FieldError("", _("%(label)s gibt es dort nicht; die Angabe entfällt.", label=labels.get(each.at, each.at)))
        for each in why.error.errors
    ]
    typed = form_again(sent, InvalidInput(errors=errors))
    values = {**_values(definitions, dossier), **typed.values}
    return replace(view, move=replace(typed, values=values), fields=inputs(definitions, FieldOwner.DOSSIER))


def _values(definitions: list[Definition], dossier: Dossier) -> dict[str, str]:
    """What the dossier says already in fields that the new class has too, as far as it can be read as such."""
    there = dossier.fields or {}
    shown = {}
    for each in definitions:
        if each["name"] in there:
            try:
                shown[f"fields.{each['name']}"] = german_value(each["type"], there[each["name"]])
            except (ValueError, AttributeError):
                continue
    return shown


def _typed(session: Session, sent: Submitted, number: str) -> dict[str, Any]:
    return typed_fields(sent, definitions_of(session, find_class(session, number)), FieldOwner.DOSSIER)


def _reads(session: Session, actor: Actor, dossier_id: uuid.UUID) -> bool:
    try:
        readable_dossier(session, actor, dossier_id, Want.CONTENT)
    except EakteError:
        return False
    return True


def _view(session: Session, actor: Actor, dossier_id: uuid.UUID) -> AssignView:
    dossier = readable_dossier(session, actor, dossier_id)
    keeps = is_registrar(actor)
    if not may_assign(actor, works=works_there(session, actor, dossier)):
        raise NotAllowed(_("Diese Akte ordnen Sie nicht zu."))
    tree = PlanTree(session, actor)
    reads = _reads(session, actor, dossier_id)
    here = Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}")
    level = Level(dossier.confidentiality)
    units = (unit for unit in list_units(session) if unit.closed_on is None and unit.id != dossier.unit_id)
    # Nobody puts a dossier out of the own sight by it, but the registrar.
    top = Level.PROTECTED if keeps else max(actor.level, level)
    return AssignView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        path=(*tree.links(dossier.plan_class), *([here] if reads else [])),
        back=Link(_("Zurück zur Akte"), here.href)
        if reads
        else Link(_("Zurück zur Aktenplaneinheit"), class_address(dossier.plan_class)),
        revision=dossier.revision,
        plan_class=f"{dossier.plan_class.number} {dossier.plan_class.title}",
        unit=f"{dossier.unit.number} {dossier.unit.name}",
        level=level.word,
        move=Form() if keeps else None,
        reassign=Form() if keeps else None,
        units=tuple(Choice(str(unit.id), f"{unit.number} {unit.name}") for unit in units),
        classify=Form(),
        levels=tuple(each.word for each in (Level.OPEN, Level.INTERNAL, Level.PROTECTED) if each <= top),
    )

"""Data fields of a class of the plan: its own and the inherited ones, a new one, one taken away."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput
from eakte.language import _
from eakte.operations.fields import Definition, FieldOwner, FieldType, definitions_of
from eakte.operations.plan import find_class
from eakte.operations.plan_changes import ClassChange, change_class
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page, quoted
from eakte.web.views import FieldError, FieldRow, FieldsView, Form, Message, Section

router = APIRouter(include_in_schema=False)
HOME = "/administration/plan/felder"


@router.get(HOME)
def show(request: Request, actor: Person) -> Response:
    """The fields of the class that was asked for; without one the way to name it."""
    number = request.query_params.get("klasse", "").strip().replace("\0", "")[:100]
    return _page(request, actor, number)


@router.post(HOME)
def add(request: Request, sent: Sent) -> Response:
    """A new field of a class, from today on."""
    return _do(request, sent, lambda own: [*own, _definition(sent)])


@router.post(HOME + "/entfernen")
def remove(request: Request, sent: Sent) -> Response:
    """Take a field of the class away, from today on; what was typed in it stays in the files."""
    return _do(request, sent, lambda own: [each for each in own if each["name"] != sent.text("name")])


def _definition(sent: Submitted) -> Definition:
    return {
        "name": sent.text("name").strip(),
        "label": sent.text("label"),
        "type": sent.text("type"),
        "on": [owner.value for owner in FieldOwner if sent.text(f"on_{owner}") == "on"],
        "required": sent.text("required") == "on",
        "choices": [line.strip() for line in sent.text("choices").splitlines() if line.strip()],
    }


def _do(request: Request, sent: Submitted, changed: Callable[[list[Definition]], list[Definition]]) -> Response:
    number = sent.text("class")

    def act(tx: Transaction) -> str:
        require_section(tx.session, sent.actor, "plan")
        row = find_class(tx.session, number, at="klasse")
        change = ClassChange({"fields": changed(list(row.fields))})
        change_class(tx, row.id, change, revision=numbered(sent.text("revision")))
        return f"{HOME}?klasse={quoted(row.number)}&ok=gespeichert"

    def refused(why: Refused) -> Response:
        return _page(request, sent.actor, number, why.form, message=why.message, status=why.status)

    return attempt(
        request,
        sent,
        act,
        refused,
        stale=_("Inzwischen hat jemand diese Einheit geändert. Hier steht, was jetzt gilt."),
        rename=lambda at: at.rpartition(".")[2],
    )


def _page(
    request: Request,
    actor: Actor,
    number: str,
    form: Form | None = None,
    *,
    message: Message | None = None,
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "plan")
        try:
            view = _view(session, sections, number, form)
        except InvalidInput as error:
            wrong = tuple(FieldError("klasse", each.message) for each in error.errors)
            view, status = FieldsView(sections, find=Form({"klasse": number}, wrong)), 422
    frame = make_frame(request, actor, area="administration", message=message)
    return page("felder.html", frame=frame, view=view, status=status)


def _view(session: Session, sections: tuple[Section, ...], number: str, form: Form | None) -> FieldsView:
    if not number:
        return FieldsView(sections)
    row = find_class(session, number, at="klasse")
    return FieldsView(
        sections=sections,
        number=row.number,
        title=row.title,
        revision=row.revision,
        rows=tuple(_row(each, row.number) for each in definitions_of(session, row)),
        types=tuple(FieldType),
        owners=tuple(FieldOwner),
        form=form or Form({"on_dossier": "on"}),
        find=Form({"klasse": row.number}),
    )


def _row(each: Definition, own: str) -> FieldRow:
    return FieldRow(
        name=each["name"],
        label=each["label"],
        kind=each["type"],
        on=tuple(each["on"]),
        required=each["required"],
        choices=tuple(each["choices"]),
        source="" if each["source"] == own else each["source"],
    )

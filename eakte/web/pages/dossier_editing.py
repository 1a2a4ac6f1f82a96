"""What is said about a dossier, changed; and its paper, lent and taken back."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import NotAllowed
from eakte.language import _, shown_day
from eakte.models import Dossier
from eakte.operations.changing import change_dossier
from eakte.operations.dossiers import is_registrar, open_dossier, readable_dossier
from eakte.operations.fields import Definition, FieldOwner, definitions_of, german_value
from eakte.operations.lending import give_back, lend
from eakte.terms import Actor, Medium
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, numbered, page
from eakte.web.pages.datafields import inputs, typed_fields
from eakte.web.pages.tree import PlanTree
from eakte.web.typed_days import typed_day
from eakte.web.views import DossierEditView, Form, Link

router = APIRouter(include_in_schema=False)


@router.get("/akten/{dossier_id}/aendern")
def ask(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The forms."""
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, dossier_id)
    return page("akte_aendern.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/akten/{dossier_id}/aendern")
def change(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Change it; data fields that the class does not define any more stay as they are."""

    def act(tx: Transaction) -> None:
        dossier = readable_dossier(tx.session, sent.actor, dossier_id, Want.CONTENT)
        definitions = definitions_of(tx.session, dossier.plan_class)
        asked = {f"{each['name']}" for each in definitions if FieldOwner.DOSSIER.value in each["on"]}
        kept = {name: value for name, value in (dossier.fields or {}).items() if name not in asked}
        changes: dict[str, Any] = {
            "title": sent.text("title"),
            "medium": sent.text("medium") or dossier.medium,
            "location": sent.text("location"),
        }
        typed = {**kept, **typed_fields(sent, definitions, FieldOwner.DOSSIER)}
        # A dossier may be without fields that its class asks for by now; only who touches them fills them in.
        if typed != (dossier.fields or {}):
            changes["fields"] = typed
        change_dossier(tx, dossier_id, changes, revision=numbered(sent.text("revision")))

    return _do(request, sent, dossier_id, act, "gespeichert", "edit")


@router.post("/akten/{dossier_id}/ausleihen")
def lend_paper(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Lend the paper."""

    def act(tx: Transaction) -> None:
        until = typed_day(sent.text("until"), at="until", label=_("Rückgabe bis"))
        lend(tx, dossier_id, to=sent.text("to"), until=until)

    return _do(request, sent, dossier_id, act, "ausgeliehen", "lend")


@router.post("/akten/{dossier_id}/rueckgabe")
def take_back(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Take the paper back, perhaps to another place."""

    def act(tx: Transaction) -> None:
        give_back(tx, dossier_id, location=sent.optional("back_to"))

    return _do(request, sent, dossier_id, act, "zurueckgegeben", "give_back")


def _do(
    request: Request, sent: Submitted, dossier_id: uuid.UUID, act: Callable[[Transaction], None], done: str, form: str
) -> Response:
    def run(tx: Transaction) -> str:
        act(tx)
        return f"/akten/{dossier_id}?ok={done}"

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = _view(session, sent.actor, dossier_id)
        if why.form is not None:
            if getattr(view, form) is None:
                raise why.error
            changed: Any = {form: why.form}
            view = replace(view, **changed)
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("akte_aendern.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, run, refused)


def may_handle(actor: Actor, dossier: Dossier, *, works: bool) -> bool:
    """Whether the person lends and takes back the paper: works in the dossier, open or closed, or keeps the files."""
    return dossier.medium != Medium.ELECTRONIC.value and (works or is_registrar(actor))


def _view(session: Session, actor: Actor, dossier_id: uuid.UUID) -> DossierEditView:
    opened = open_dossier(session, actor, dossier_id)
    dossier = opened.dossier
    works = opened.works and dossier.closed_on is None
    handles = may_handle(actor, dossier, works=opened.works)
    if not (works or handles):
        raise NotAllowed(_("In dieser Akte ändern Sie nichts."))
    definitions = definitions_of(session, dossier.plan_class)
    is_lent = dossier.lent_to is not None
    return DossierEditView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        path=(
            *PlanTree(session, actor).links(dossier.plan_class),
            Link(f"{dossier.reference_number} {dossier.title}", f"/akten/{dossier.id}"),
        ),
        revision=dossier.revision,
        edit=Form(values=_values(dossier, definitions)) if works else None,
        fields=inputs(definitions, FieldOwner.DOSSIER),
        lend=Form() if handles and not is_lent else None,
        give_back=Form(values={"back_to": dossier.location or ""}) if handles and is_lent else None,
        lent=lent_words(dossier),
    )


def lent_words(dossier: Dossier) -> str:
    """Who has the paper: „Amtsgericht Nienburg, seit 23.11.2026, zurück bis 14.12.2026“; empty where nobody has."""
    if dossier.lent_to is None or dossier.lent_on is None:
        return ""
    since = shown_day(dossier.lent_on)
    if dossier.lent_until is None:
        return _("%(who)s, seit %(day)s", who=dossier.lent_to, day=since)
    until = shown_day(dossier.lent_until)
    return _("%(who)s, seit %(day)s, zurück bis %(until)s", who=dossier.lent_to, day=since, until=until)


def _values(dossier: Dossier, definitions: list[Definition]) -> dict[str, str]:
    there = dossier.fields or {}
    shown = {
        f"fields.{each['name']}": german_value(each["type"], there[each["name"]])
        for each in definitions
        if each["name"] in there
    }
    return {"title": dossier.title, "medium": dossier.medium, "location": dossier.location or "", **shown}

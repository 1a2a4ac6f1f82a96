"""A dossier: its cases and documents, its properties, what happened to it; closing and reopening."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.access import Want, may_write, rule_for
from eakte.api.dependencies import get_backends
from eakte.errors import CasesOpen, EakteError, FieldError, InvalidInput, NotAllowed, NotFound
from eakte.models import Case, Document, Dossier
from eakte.operations.closing import close_dossier, reopen_dossier
from eakte.operations.documents import DocumentView
from eakte.operations.dossiers import NewCase, create_case, readable_dossier, state_on
from eakte.operations.fields import FieldOwner, definitions_of, shown_values
from eakte.operations.listing import list_documents
from eakte.operations.parties import list_parties
from eakte.operations.personal import note_use
from eakte.operations.plan_rules import resolve_class
from eakte.operations.searching import find_by_reference
from eakte.terms import Actor, Level, Role, today
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Sent, form_again, go, make_frame, page, quoted, typed_day
from eakte.web.pages.history import sentences
from eakte.web.pages.plan import rule_sentence
from eakte.web.pages.tree import PlanTree
from eakte.web.views import CaseGroup, CloseForm, DocumentRow, DossierView, Form, HistoryView, Link, Property
from eakte.web.words import word

router = APIRouter()
ROWS = 100
HISTORY = 5
PARTIES = 20
"""Shown beside a dossier; programs list all."""
WHOLE_HISTORY = 200


@router.get("/az/{reference:path}")
def by_reference(request: Request, actor: Person, reference: str) -> Response:
    """A reference number in any spelling leads to its dossier."""
    with get_backends(request).transactions.read() as session:
        dossier = find_by_reference(session, actor, reference)
    if dossier is None:
        raise NotFound
    return go(f"/akten/{dossier.id}")


@router.get("/akten/{dossier_id}")
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """The dossier; opening it is remembered for the start page."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        view = _view(session, actor, dossier_id, request)
    with backends.transactions.begin(actor) as tx:
        note_use(tx, dossier_id)
    return page("akte.html", frame=make_frame(request, actor, area="files"), view=view)


@router.get("/akten/{dossier_id}/verlauf")
def history(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """Everything that happened to it."""
    with get_backends(request).transactions.read() as session:
        dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
        tree = PlanTree(session, actor)
        view = HistoryView(
            id=str(dossier.id),
            reference_number=dossier.reference_number,
            title=dossier.title,
            path=tree.links(dossier.plan_class),
            entries=sentences(session, dossier.id, limit=WHOLE_HISTORY),
        )
    return page("verlauf.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/akten/{dossier_id}/vorgaenge")
def new_case(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """A new case."""

    def act(tx: Transaction) -> str:
        create_case(tx, NewCase(dossier=dossier_id, title=sent.text("title")))
        return "vorgang"

    return _do(request, sent, dossier_id, act, "new_case")


@router.post("/akten/{dossier_id}/zda")
def close(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Close the dossier."""

    def act(tx: Transaction) -> str:
        day = typed_day(sent.optional("closed_on"), at="closed_on", label="Geschlossen am")
        close_dossier(
            tx,
            dossier_id,
            closed_on=day,
            close_cases=bool(sent.optional("close_cases")),
            reason=sent.optional("reason"),
        )
        return "zda"

    return _do(request, sent, dossier_id, act, "close")


@router.post("/akten/{dossier_id}/oeffnen")
def reopen(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Open it again."""

    def act(tx: Transaction) -> str:
        reopen_dossier(tx, dossier_id, reason=sent.text("reason"))
        return "offen"

    return _do(request, sent, dossier_id, act, "reopen")


def _do(request: Request, sent: Sent, dossier_id: uuid.UUID, act: Callable[[Transaction], str], form: str) -> Response:
    """An act on the dossier; with errors its page again, the form open and filled as typed."""
    backends = get_backends(request)
    refusal: EakteError
    try:
        with backends.transactions.begin(sent.actor) as tx:
            address = sent.once(tx, lambda: f"/akten/{dossier_id}?ok={act(tx)}")
    except InvalidInput as error:
        refusal = error
        bad = form_again(sent, error)
    except CasesOpen as error:
        refusal = error
        problem = FieldError("close_cases", "Es gibt noch offene Vorgänge. Bitte schließen Sie sie mit ab.")
        bad = form_again(sent, InvalidInput(errors=[problem]))
    except NotAllowed as error:
        # A day that needs a reason is a matter of the form; whoever has no form here gets the refusal.
        refusal = error
        bad = form_again(sent, InvalidInput(errors=[FieldError("reason", error.detail or error.title)]))
    else:
        return go(address)
    with backends.transactions.read() as session:
        view = _view(session, sent.actor, dossier_id, request)
    match form:
        case "close" if view.close is not None:
            view = replace(view, close=replace(view.close, form=bad))
        case "new_case" if view.new_case is not None:
            view = replace(view, new_case=bad)
        case "reopen" if view.reopen is not None:
            view = replace(view, reopen=bad)
        case _:
            raise refusal
    return page("akte.html", frame=make_frame(request, sent.actor, area="files"), view=view, status=422)


def _view(session: Session, actor: Actor, dossier_id: uuid.UUID, request: Request) -> DossierView:
    dossier = readable_dossier(session, actor, dossier_id, Want.CONTENT)
    asked = request.query_params
    cases = session.scalars(select(Case).where(Case.dossier_id == dossier.id).order_by(Case.ordinal.desc())).all()
    found = list_documents(
        session,
        actor,
        dossier=dossier.id,
        kind=asked.get("art") or None,
        contains=asked.get("filter") or None,
        after=asked.get("after"),
        limit=ROWS,
    )
    filtered = bool(asked.get("art") or asked.get("filter") or asked.get("after"))
    tree = PlanTree(session, actor)
    writes = may_write(session, rule_for(session, actor), dossier)
    is_open = dossier.closed_on is None
    resolved = resolve_class(session, dossier.plan_class)
    open_cases = tuple(f"{case.ordinal} {case.title}" for case in cases if case.closed_on is None)
    more = f"/akten/{dossier.id}?art={asked.get('art', '')}&filter={quoted(asked.get('filter', ''))}&after={found.next}"
    return DossierView(
        id=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        state=state_on(dossier, today()).value,
        confidentiality=Level(dossier.confidentiality).word,
        tree=tree.nodes(dossier.plan_class, dossier),
        path=tree.links(dossier.plan_class),
        properties=(
            *_properties(dossier, rule_sentence(resolved), str(resolved.appraisal.value)),
            *_particulars(session, actor, dossier),
        ),
        groups=_groups(cases, found.items, empty_too=not filtered),
        documents=session.scalar(
            select(func.count()).where(Document.dossier_id == dossier.id, Document.cancelled_at.is_(None))
        )
        or 0,
        note=_note(dossier),
        history=sentences(session, dossier.id, limit=HISTORY),
        filter=asked.get("filter", ""),
        kind=asked.get("art", ""),
        next=more if found.next else "",
        read_only=not writes,
        may_file=writes and is_open,
        new_case=Form() if writes and is_open else None,
        close=CloseForm(
            open_cases=open_cases,
            backdating=actor.has(Role.REGISTRAR),
            effect=f"Aufbewahrung: {rule_sentence(resolved)}.",
        )
        if writes and is_open
        else None,
        reopen=Form() if writes and not is_open else None,
    )


def _groups(cases: Sequence[Case], documents: Sequence[DocumentView], *, empty_too: bool) -> tuple[CaseGroup, ...]:
    by_case: dict[uuid.UUID | None, list[DocumentView]] = {}
    for case_id, views in groupby(sorted(documents, key=_case_key), key=lambda view: view.document.case_id):
        by_case[case_id] = list(views)
    groups = []
    for case in cases:
        rows = tuple(document_row(view) for view in by_case.get(case.id, []))
        if rows or empty_too:
            groups.append(
                CaseGroup(
                    id=str(case.id),
                    title=f"{case.ordinal} {case.title}",
                    state=case.state,
                    since=case.created_at.date() if case.closed_on is None else case.closed_on,
                    pages=sum(row.pages or 0 for row in rows),
                    documents=rows,
                )
            )
    loose = tuple(document_row(view) for view in by_case.get(None, []))
    if loose:
        groups.append(CaseGroup(id="", title="Ohne Vorgang", documents=loose, pages=sum(r.pages or 0 for r in loose)))
    return tuple(groups)


def _case_key(view: DocumentView) -> str:
    return str(view.document.case_id or "")


def document_row(view: DocumentView) -> DocumentRow:
    """A document as a row."""
    document, version, progress = view.document, view.version, view.progress
    detail = f"Text wird erkannt, {progress.done} von {progress.total}" if progress and progress.total else ""
    image = version.media_type.startswith("image/")
    return DocumentRow(
        id=str(document.id),
        href=f"/dokumente/{document.id}",
        title=document.title,
        kind=document.kind,
        on=document.received_on or document.written_on or document.sent_on,
        pages=version.pages,
        state=document.state,
        state_detail=detail,
        icon="image" if image else "description",
        sender=document.sender or "",
        version=document.version,
        signed=any("sign" in warning.lower() for warning in version.warnings),
    )


def _note(dossier: Dossier) -> str:
    if dossier.closed_on is None:
        return ""
    note = f"zdA seit {dossier.closed_on:%d.%m.%Y}"
    if dossier.grace_end is not None and dossier.grace_end >= today():
        note += f", Transferfrist bis {dossier.grace_end:%d.%m.%Y}"
    if dossier.retention_end is not None:
        note += f"; aufzubewahren bis {dossier.retention_end:%d.%m.%Y}"
    elif dossier.retention_offer_by is not None:
        note += f"; dauernd aufzubewahren, dem Archiv anzubieten bis {dossier.retention_offer_by:%d.%m.%Y}"
    elif dossier.retention_state == "waiting-for-event":
        note += "; die Frist wartet auf ihr Ereignis"
    return note + "."


def _properties(dossier: Dossier, rule: str, appraisal: str) -> tuple[Property, ...]:
    rows: list[Any] = [
        Property("Aktenplan", Link(f"{dossier.plan_class.number} {dossier.plan_class.title}", _plan(dossier))),
        Property("Zuständig", f"{dossier.unit.number} {dossier.unit.name}"),
        Property("Vertraulichkeit", word(Level(dossier.confidentiality).word, "confidentiality")),
        Property("Medium", word(dossier.medium, "medium")),
        Property("Laufzeit", f"seit {dossier.opened_on:%d.%m.%Y}"),
    ]
    if dossier.closed_on is not None:
        rows.append(Property("zdA", dossier.closed_on))
    if dossier.retention_end is not None:
        rows.append(Property("Aufbewahren bis", dossier.retention_end, dossier.retention_rule or ""))
    else:
        rows.append(Property("Aufbewahrung", rule))
    rows.append(Property("Aussonderung", word(appraisal, "appraisal")))
    return tuple(rows)


def _particulars(session: Session, actor: Actor, dossier: Dossier) -> list[Property]:
    """What not every dossier has: former numbers, paper, data fields, parties."""
    rows = []
    if dossier.former_references:
        rows.append(Property("Frühere Aktenzeichen", "; ".join(dossier.former_references)))
    if dossier.location:
        rows.append(Property("Standort", dossier.location))
    if dossier.lent_to and dossier.lent_on:
        rows.append(Property("Ausgeliehen an", dossier.lent_to, f"seit {dossier.lent_on:%d.%m.%Y}"))
    definitions = definitions_of(session, dossier.plan_class)
    shown = shown_values(definitions, FieldOwner.DOSSIER, dossier.fields or {})
    rows += [Property(label, text) for label, text in shown]
    parties = list_parties(session, actor, dossier=dossier.id, limit=PARTIES)
    rows += [Property(party.role, party.name) for party in parties.items]
    return rows


def _plan(dossier: Dossier) -> str:
    return f"/plan/{quoted(dossier.plan_class.number)}"

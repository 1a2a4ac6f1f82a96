"""What the page of a dossier shows: its cases and documents, its properties, what is due, what happened to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from fastapi import Request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from eakte.language import _, shown_day
from eakte.models import Case, Document, Dossier, Party
from eakte.operations.documents import DocumentView
from eakte.operations.dossiers import open_dossier, state_on
from eakte.operations.fields import Definition, FieldOwner, fields_of, shown_values
from eakte.operations.listing import list_documents
from eakte.operations.parties import list_parties
from eakte.operations.plan_rules import line_of, resolve_line
from eakte.operations.resubmissions import list_resubmissions
from eakte.terms import Actor, Level, Role, today
from eakte.web.pages.asking import quoted
from eakte.web.pages.assigning import may_assign
from eakte.web.pages.dossier_editing import lent_words, may_handle
from eakte.web.pages.history import sentences
from eakte.web.pages.making import case_templates
from eakte.web.pages.plan import rule_sentence
from eakte.web.pages.resubmissions import items as resubmission_items
from eakte.web.pages.tree import PlanTree
from eakte.web.views import CaseGroup, CloseForm, DocumentRow, DossierView, Form, Link, Property
from eakte.web.words import icon_of, word

ROWS = 100
HISTORY = 5
REMINDERS = 5
PARTIES = 20
"""Shown beside a dossier; programs list all."""


def dossier_view(session: Session, actor: Actor, dossier_id: uuid.UUID, request: Request) -> DossierView:
    """The dossier as the address asks for it: filter, kind, order, page. Raises NotFound, NotAllowed."""
    opened = open_dossier(session, actor, dossier_id)
    dossier, writes = opened.dossier, opened.works
    asked = request.query_params
    cases = session.scalars(select(Case).where(Case.dossier_id == dossier.id).order_by(Case.ordinal.desc())).all()
    found = list_documents(
        session,
        actor,
        dossier=opened,
        kind=asked.get("art") or None,
        contains=asked.get("filter") or None,
        cancelled=bool(asked.get("storniert")),
        sort=asked.get("sort", ""),
        after=asked.get("after"),
        limit=ROWS,
    )
    filtered = bool(asked.get("art") or asked.get("filter") or asked.get("after"))
    tree = PlanTree(session, actor)
    is_open = dossier.closed_on is None
    said_by_plan = line_of(session, dossier.plan_class)
    resolved = resolve_line(said_by_plan)
    open_cases = tuple(f"{case.ordinal} {case.title}" for case in cases if case.closed_on is None)
    reminders = list_resubmissions(session, actor, dossier=opened, limit=REMINDERS)
    parties = list_parties(session, actor, dossier=opened, limit=PARTIES)
    view = DossierView(
        id=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        state=state_on(dossier, today()).value,
        confidentiality=Level(dossier.confidentiality).word,
        plan_class=dossier.plan_class.number,
        tree=tree.nodes(dossier.plan_class, dossier),
        path=tree.links(dossier.plan_class),
        properties=(
            *_properties(dossier, rule_sentence(resolved), str(resolved.appraisal.value)),
            *_particulars(dossier, fields_of(said_by_plan), parties.items),
        ),
        groups=_groups(cases, found.items, empty_too=not filtered, may_change=writes and is_open),
        documents=session.scalar(
            select(func.count()).where(Document.dossier_id == dossier.id, Document.cancelled_at.is_(None))
        )
        or 0,
        note=_note(dossier),
        history=sentences(session, dossier.id, limit=HISTORY),
        filter=asked.get("filter", ""),
        kind=asked.get("art", ""),
        sort="title" if asked.get("sort") == "title" else "date" if asked.get("sort") == "date" else "",
        cancelled=bool(asked.get("storniert")),
        read_only=not writes,
        may_file=writes and is_open,
        new_case=Form() if writes and is_open else None,
        close=CloseForm(
            open_cases=open_cases,
            backdating=actor.has(Role.REGISTRAR),
            effect=_("Aufbewahrung: %(rule)s.", rule=rule_sentence(resolved)),
        )
        if writes and is_open
        else None,
        reopen=Form() if writes and not is_open else None,
        remind=Form() if writes and is_open else None,
        templates=case_templates(session, dossier) if writes and is_open else (),
        edit=(writes and is_open) or may_handle(actor, dossier, works=writes),
        assign=may_assign(actor, works=writes and is_open),
        resubmissions=resubmission_items(reminders.items),
    )
    return replace(view, next=view.address(after=found.next) if found.next else "")


def _groups(
    cases: Sequence[Case], documents: Sequence[DocumentView], *, empty_too: bool, may_change: bool
) -> tuple[CaseGroup, ...]:
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
                    may_change=may_change,
                )
            )
    loose = tuple(document_row(view) for view in by_case.get(None, []))
    if loose:
        pages = sum(row.pages or 0 for row in loose)
        groups.append(CaseGroup(id="", title=_("Ohne Vorgang"), documents=loose, pages=pages))
    return tuple(groups)


def _case_key(view: DocumentView) -> str:
    return str(view.document.case_id or "")


def document_row(view: DocumentView) -> DocumentRow:
    """A document as a row."""
    document, version, progress = view.document, view.version, view.progress
    cancelled, final, held = document.cancelled_at, document.final_at, document.checked_out_by
    detail = (
        _("Text wird erkannt, %(done)s von %(total)s", done=progress.done, total=progress.total)
        if progress and progress.total
        else ""
    )
    return DocumentRow(
        id=str(document.id),
        href=f"/dokumente/{document.id}",
        title=document.title,
        kind=document.kind,
        on=document.received_on or document.written_on or document.sent_on,
        pages=version.pages,
        state=document.state,
        state_detail=detail,
        icon=icon_of(version.media_type),
        sender=document.sender or "",
        version=document.version,
        mark="cancelled" if cancelled else "final" if final else "held" if held else "",
        holder=view.holder or "",
        signed=any("sign" in warning.lower() for warning in version.warnings),
    )


def _note(dossier: Dossier) -> str:
    if dossier.closed_on is None:
        return ""
    closed = shown_day(dossier.closed_on)
    if dossier.grace_end is not None and dossier.grace_end >= today():
        grace = shown_day(dossier.grace_end)
        parts = [_("zdA seit %(day)s, Transferfrist bis %(until)s", day=closed, until=grace)]
    else:
        parts = [_("zdA seit %(day)s", day=closed)]
    if dossier.retention_end is not None:
        parts.append(_("aufzubewahren bis %(day)s", day=shown_day(dossier.retention_end)))
    elif dossier.retention_offer_by is not None:
        offer_by = shown_day(dossier.retention_offer_by)
        parts.append(_("dauernd aufzubewahren, dem Archiv anzubieten bis %(day)s", day=offer_by))
    elif dossier.retention_state == "waiting-for-event":
        parts.append(_("die Frist wartet auf ihr Ereignis"))
    return "; ".join(parts) + "."


def _properties(dossier: Dossier, rule: str, appraisal: str) -> tuple[Property, ...]:
    rows: list[Any] = [
        Property(_("Aktenplan"), Link(f"{dossier.plan_class.number} {dossier.plan_class.title}", _plan(dossier))),
        Property(_("Zuständig"), f"{dossier.unit.number} {dossier.unit.name}"),
        Property(_("Vertraulichkeit"), word(Level(dossier.confidentiality).word, "confidentiality")),
        Property(_("Medium"), word(dossier.medium, "medium")),
        Property(_("Laufzeit"), _("seit %(day)s", day=shown_day(dossier.opened_on))),
    ]
    if dossier.closed_on is not None:
        rows.append(Property(_("zdA"), dossier.closed_on))
    if dossier.retention_end is not None:
        rows.append(Property(_("Aufbewahren bis"), dossier.retention_end, dossier.retention_rule or ""))
    else:
        rows.append(Property(_("Aufbewahrung"), rule))
    rows.append(Property(_("Aussonderung"), word(appraisal, "appraisal")))
    return tuple(rows)


def _particulars(dossier: Dossier, fields: Iterable[Definition], parties: Iterable[Party]) -> list[Property]:
    """What not every dossier has: former numbers, paper, data fields, parties."""
    rows = []
    if dossier.former_references:
        rows.append(Property(_("Frühere Aktenzeichen"), "; ".join(dossier.former_references)))
    if dossier.location:
        rows.append(Property(_("Standort"), dossier.location))
    if lent := lent_words(dossier):
        rows.append(Property(_("Ausgeliehen an"), lent))
    shown = shown_values(fields, FieldOwner.DOSSIER, dossier.fields or {})
    rows += [Property(label, text) for label, text in shown]
    rows += [Property(party.role, party.name) for party in parties]
    return rows


def _plan(dossier: Dossier) -> str:
    return f"/plan/{quoted(dossier.plan_class.number)}"

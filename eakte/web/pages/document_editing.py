"""Changing what is said about a document, in place; what somebody else changed meanwhile is told field by field."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput, StaleRevision, WrongState
from eakte.language import _, msgid
from eakte.models import Document
from eakte.operations.document_changes import change_document, require_changeable, workable_document
from eakte.transaction import Transaction
from eakte.web.pages.asking import Sent, form_again, go, numbered
from eakte.web.pages.document_acts import told
from eakte.web.pages.document_marks import stated
from eakte.web.pages.documents import document_page
from eakte.web.pages.history import last_changer
from eakte.web.typed_days import typed_day
from eakte.web.views import DocumentEdit, DocumentView, Form
from eakte.web.views import FieldError as FormError

router = APIRouter(include_in_schema=False)
LABELS = msgid(
    {
        "title": "Betreff",
        "kind": "Art",
        "received_on": "Eingegangen",
        "written_on": "Schreiben vom",
        "sent_on": "Abgesandt",
        "sender": "Absender",
        "addressee": "Empfänger",
    }
)
DAYS = ("received_on", "written_on", "sent_on")
ELSEWHERE = {"further_senders": "sender", "further_addressees": "addressee"}
"""What the form does not ask for -> the field that stands in its way."""


@router.post("/dokumente/{document_id}/eigenschaften")
def change(request: Request, sent: Sent, document_id: uuid.UUID) -> Response:
    """Change what is said about it: fields that stand as they were read are not touched."""
    typed = {name: sent.text(name).strip() for name in LABELS}
    before = {name: sent.text(f"before.{name}") for name in LABELS}
    try:
        revision = numbered(sent.text("revision"))
        changes = _changes(typed, before)
        with get_backends(request).transactions.begin(sent.actor) as tx:

            def act() -> str:
                document = _as_read(tx, document_id, revision, before)
                change_document(tx, document_id, changes, revision=document.revision)
                return f"/dokumente/{document_id}?ok=gespeichert"

            address = sent.once(tx, act)
    except StaleRevision:
        return document_page(
            request, sent.actor, document_id, lambda session, view: _clash(session, view, typed, before), status=412
        )
    except InvalidInput as error:
        edit = DocumentEdit(before, sent.text("revision"), form_again(sent, error, ELSEWHERE))
        return document_page(request, sent.actor, document_id, lambda _session, view: replace(view, edit=edit))
    except WrongState as error:
        return told(request, sent, document_id, error)
    return go(address)


def _as_read(tx: Transaction, document_id: uuid.UUID, revision: int, before: Mapping[str, str]) -> Document:
    """The document, locked. Its revision also counts what the form does not show: only what it shows may clash.

    Raises StaleRevision, DocumentFinal, DocumentCancelled.
    """
    document = workable_document(tx, document_id, None)
    require_changeable(document)
    if document.revision != revision and stated(document) != before:
        raise StaleRevision
    return document


def _changes(typed: Mapping[str, str], before: Mapping[str, str]) -> dict[str, object]:
    """What the person changed, as values: fields that stand as they were read are not touched. Raises InvalidInput."""
    return {
        name: typed_day(text, at=name, label=_(LABELS[name])) if name in DAYS else text
        for name, text in typed.items()
        if text != before[name]
    }


def _clash(session: Session, view: DocumentView, typed: Mapping[str, str], before: Mapping[str, str]) -> DocumentView:
    """The form with what holds now: what only the other changed is taken over, what both changed is told."""
    document = session.get_one(Document, uuid.UUID(view.id))
    who = last_changer(session, document.id)
    there = stated(document)
    others = [name for name in LABELS if there[name] != before[name]]
    both = [name for name in others if typed[name] not in {before[name], there[name]}]
    values = {name: there[name] if name in others and name not in both else typed[name] for name in LABELS}
    errors = tuple(
        FormError(name, _("%(name)s hat eingetragen: %(value)s", name=who, value=there[name] or _("(leer)")))
        for name in both
    )
    taken = [_(LABELS[name]) for name in others if name not in both]
    changed = ", ".join(_(LABELS[name]) for name in others)
    sentences = [
        _("%(name)s hat inzwischen geändert: %(fields)s.", name=who, fields=changed),
        *([_("Übernommen ist schon: %(fields)s.", fields=", ".join(taken))] if taken else []),
        _("Was Sie eingetragen haben, steht noch da. Prüfen Sie es und speichern Sie noch einmal."),
    ]
    clash = " ".join(sentences)
    return replace(view, edit=DocumentEdit(there, str(document.revision), Form(values, errors, open=True), clash))

"""The log for those who watch over it: filtered by who, what, which object and when, with the proof of each entry."""

from __future__ import annotations

import json
import uuid
from datetime import date, datetime, time, timedelta

from fastapi import APIRouter, Request, Response
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import FieldError as DomainFieldError
from eakte.errors import InvalidInput
from eakte.language import _
from eakte.models import AuditEntry, User
from eakte.operations.accounts import named_user
from eakte.operations.auditing import Period, list_entries
from eakte.operations.proving import proof_document, proof_holds, prove_entry
from eakte.terms import BERLIN, SYSTEM
from eakte.web.acts import ACTS
from eakte.web.details import told
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, make_frame, page, quoted
from eakte.web.rendering import SECURITY_HEADERS
from eakte.web.typed_days import typed_day
from eakte.web.views import Choice, EntryView, FieldError, Form, LogRow, LogView, Section

router = APIRouter(include_in_schema=False)
HOME = "/administration/protokoll"
ROWS = 50
LONGEST = 200
"""Letters of the details of one entry in the list; its own page has all of them."""
FILTERS = ("wer", "was", "objekt", "von", "bis")


@router.get(HOME)
def index(request: Request, actor: Person) -> Response:
    """Entries, the newest first."""
    status = 200
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "protokoll")
        try:
            view = _list(session, sections, request)
        except InvalidInput as error:
            status = 422
            errors = tuple(FieldError(each.at, each.message) for each in error.errors)
            view = LogView(sections, tags=_tags(), form=Form(_typed(request), errors), filtered=True)
    return page("protokoll.html", frame=make_frame(request, actor, area="administration"), view=view, status=status)


@router.get(HOME + "/{entry}")
def show(request: Request, actor: Person, entry: int) -> Response:
    """One entry with the proof of its place, checked now."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        sections = require_section(session, actor, "protokoll")
        row, proof = prove_entry(session, entry)
        holds = proof_holds(backends.transactions.ledger, row, proof)
        (shown,) = _rows(session, [row])
    view = EntryView(
        sections=sections,
        row=shown,
        leaf=proof.leaf_hash.hex(),
        head_size=proof.size,
        head_root=proof.root.hex(),
        signed=proof.signed_at,
        steps=len(proof.hashes),
        holds=holds,
    )
    return page("eintrag.html", frame=make_frame(request, actor, area="administration"), view=view)


@router.get(HOME + "/{entry}/nachweis")
def proof_file(request: Request, actor: Person, entry: int) -> Response:
    """The proof as a file that anybody can check with the public key (docs/audit.md)."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        require_section(session, actor, "protokoll")
        row, proof = prove_entry(session, entry)
        document = proof_document(backends.transactions.ledger, row, proof)
    name = {"Content-Disposition": f'attachment; filename="nachweis-{entry}.json"'}
    return Response(json.dumps(document, indent=1), media_type="application/json", headers={**SECURITY_HEADERS, **name})


def _list(session: Session, sections: tuple[Section, ...], request: Request) -> LogView:
    typed = _typed(request)
    since, until = (
        typed_day(typed["von"], at="von", label=_("Von")),
        typed_day(typed["bis"], at="bis", label=_("Bis")),
    )
    rows, following = list_entries(
        session,
        subject=_subject(typed["objekt"]),
        actor=_actor(session, typed["wer"]),
        tag=typed["was"] or None,
        period=Period(_begin(since), _begin(until + timedelta(days=1)) if until else None),
        after=request.query_params.get("after"),
        limit=ROWS,
    )
    query = "&".join(f"{name}={quoted(typed[name])}" for name in FILTERS)
    return LogView(
        sections=sections,
        rows=_rows(session, rows, longest=LONGEST),
        tags=_tags(),
        form=Form(values=typed),
        filtered=any(typed.values()),
        next=f"{HOME}?{query}&after={following}" if following else "",
    )


def _typed(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip().replace("\0", "")[:100] for name in FILTERS}


def _tags() -> tuple[Choice, ...]:
    return tuple(Choice(tag, _(act)) for tag, act in ACTS.items())


def _subject(typed: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(typed) if typed else None
    except ValueError:
        message = _("Ein Objekt wird mit seiner Kennung angegeben, zum Beispiel aus der Adresse einer Akte.")
        raise InvalidInput(errors=[DomainFieldError("objekt", message)]) from None


def _actor(session: Session, typed: str) -> str | None:
    """Who acted, as the log names it: an account by its login, the service, or a pseudonym as it stands there."""
    if not typed or typed == "system":
        return typed or None
    known = session.scalar(select(AuditEntry.actor).where(AuditEntry.actor == typed).limit(1))
    return known or str(named_user(session, typed, at="wer").id)


def _begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), BERLIN) if day else None


def _rows(session: Session, rows: list[AuditEntry], *, longest: int | None = None) -> tuple[LogRow, ...]:
    # The service acts under its own name, everybody else in entries of this kind under the account's id.
    ids = {row.actor for row in rows if row.kind == "record" and row.actor != SYSTEM.name}
    names = {str(user.id): user.login for user in session.scalars(select(User).where(cast(User.id, Text).in_(ids)))}
    return tuple(
        LogRow(
            number=row.number or 0,
            at=row.at,
            actor=names.get(row.actor, row.actor),
            act=_(ACTS[row.tag]),
            subject=str(row.subject or ""),
            details=told(row.details, longest=longest),
        )
        for row in rows
    )

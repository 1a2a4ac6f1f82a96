"""Filing the sample municipality through the same operations as everything else."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import as_file, files

from sqlalchemy import select

from eakte.models import Case, Document, Dossier, PlanClass, User
from eakte.operations.accounts import create_user
from eakte.operations.closing import close_dossier, set_event
from eakte.operations.filing import Draft, file_document, store_original
from eakte.operations.opening import NewCase, NewDossier, create_case, create_dossier
from eakte.operations.plan_files import read_plan
from eakte.operations.plan_import import take_over
from eakte.operations.units import create_unit, list_units
from eakte.sample.town import Town
from eakte.sample.values import SampleDocument, SampleDossier
from eakte.terms import Actor, Level, Role, today
from eakte.transaction import Transaction, Transactions
from storage.blobs import BlobStore

OPERATOR = "Karin Thieme"
"""Answers for the sample's machine accounts."""
SYSTEM_NAME = "beispiel"
"""Name of the sample as an external system: its keys make a second call harmless."""


@dataclass(slots=True)
class Filed:
    """Which rows the sample's keys stand for."""

    dossiers: dict[str, uuid.UUID] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    cases: dict[str, uuid.UUID] = field(default_factory=dict)


def found_municipality(transactions: Transactions, actor: Actor, sample: Town, password: str, pattern: str) -> Filed:
    """Units, plan, accounts and dossiers; what is there already is left alone."""
    with as_file(files("eakte.sample") / "plan.yaml") as path:
        plan = read_plan(path)
    with transactions.begin(actor) as tx:
        units = {unit.number: unit.id for unit in list_units(tx.session)}
        for unit in sample.units:
            if unit.number not in units:
                parent = units[unit.parent] if unit.parent else None
                units[unit.number] = create_unit(tx, number=unit.number, name=unit.name, parent_id=parent).id
    with transactions.begin(actor) as tx:
        there = set(tx.session.scalars(select(PlanClass.number)))
        new = [row for row in plan if row.number not in there]
        if new:  # a second call leaves alone what somebody has changed meanwhile
            take_over(tx, new, digest=None, valid_from=today(), close_missing=False)
        known = set(tx.session.scalars(select(User.login)))
        for user in sample.users:
            if user.login not in known:
                create_user(
                    tx,
                    login=user.login,
                    display_name=user.display_name,
                    roles=[Role(role) for role in user.roles],
                    unit_id=units[user.unit],
                    level=Level.parse(user.level),
                    password=None if user.machine else password,
                    machine=user.machine,
                    operator=OPERATOR if user.machine else None,
                )
    filed = Filed()
    for dossier in sample.dossiers:
        with transactions.begin(actor) as tx:
            _found_dossier(tx, dossier, filed, pattern)
    return filed


def file_documents(
    transactions: Transactions,
    blobs: BlobStore,
    actor: Actor,
    sample: Town,
    filed: Filed,
    show: Callable[[int, int], None],
) -> None:
    """File every document that is not there yet, then close what is closed in the sample."""
    with transactions.read() as session:
        known = set(session.scalars(select(Document.fields["sample"].astext)))
    units = {dossier.key: dossier.unit for dossier in sample.dossiers}
    for number, document in enumerate(sample.documents(filed.references), start=1):
        if document.key not in known:
            _file(transactions, blobs, actor, document, filed, units)
        show(number, sample.count)
    for dossier in sample.dossiers:
        _close(transactions, actor, dossier, filed)


def _found_dossier(tx: Transaction, dossier: SampleDossier, filed: Filed, pattern: str) -> None:
    row, is_new = create_dossier(
        tx,
        NewDossier(
            plan_class=dossier.plan_class,
            title=dossier.title,
            unit=dossier.unit,
            confidentiality=dossier.confidentiality,
            external_system=SYSTEM_NAME,
            external_id=dossier.key,
            opened_on=dossier.created_on,
        ),
        pattern=pattern,
    )
    filed.dossiers[dossier.key], filed.references[dossier.key] = row.id, row.reference_number
    if is_new:
        rows = [create_case(tx, NewCase(dossier=row.id, title=each.title))[0] for each in dossier.cases]
    else:
        rows = list(tx.session.scalars(select(Case).where(Case.dossier_id == row.id).order_by(Case.ordinal)))
    filed.cases.update({each.key: case.id for each, case in zip(dossier.cases, rows, strict=True)})


def _file(
    transactions: Transactions,
    blobs: BlobStore,
    actor: Actor,
    document: SampleDocument,
    filed: Filed,
    units: dict[str, str],
) -> None:
    stored = store_original(
        blobs,
        iter([document.content]),
        screen=None,
        filename=document.filename,
        media_type=document.media_type,
        limit=len(document.content),
    )
    case = None if document.inbox or document.case_key is None else filed.cases[document.case_key]
    draft = Draft(
        dossier=None if document.inbox or case else filed.dossiers[document.dossier_key],
        case=case,
        inbox=document.inbox,
        unit=units[document.dossier_key] if document.inbox else None,
        title=document.title,
        kind=document.kind,
        received_on=document.received_on,
        sent_on=document.sent_on,
        written_on=document.written_on,
        sender=document.sender,
        addressee=document.addressee,
        fields={"sample": document.key},
    )
    with transactions.begin(actor) as tx:
        file_document(tx, draft, stored)


def _close(transactions: Transactions, actor: Actor, dossier: SampleDossier, filed: Filed) -> None:
    dossier_id = filed.dossiers[dossier.key]
    with transactions.begin(actor) as tx:
        row = tx.session.get_one(Dossier, dossier_id)
        if dossier.closed_on is None or row.closed_on is not None:
            return
        for name, day in dossier.events:
            set_event(tx, dossier_id, name=name, on=day)
        close_dossier(tx, dossier_id, closed_on=dossier.closed_on, close_cases=True)

"""One call for procedures: a dossier or case with its parties and documents, in one act (docs/adr/0015).

What a specialist procedure hands over belongs together: all of it is there after the call, or nothing. The bytes are
stored first, each under the id that its document will have; then one transaction writes rows, jobs and one entry of the
log that names them all.

A known external key changes nothing. Where it names what the call would open (the case, else the dossier), the call
has been made before and answers with what exists. A document whose key is known is not filed a second time.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, select

from eakte.access import Want
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import Case, Document, Dossier, Party
from eakte.operations import template_making
from eakte.operations.checking import placed
from eakte.operations.documents import readable_document
from eakte.operations.dossiers import readable_case, readable_dossier, require_open, writable_dossier
from eakte.operations.external import claim
from eakte.operations.filing import Stored, add_document
from eakte.operations.opening import NewDossier, add_case, add_dossier, created_details, known_case
from eakte.operations.parties import add_parties
from eakte.operations.procedure_parts import (
    MOST_DOCUMENTS,
    CasePart,
    DossierPart,
    Procedure,
    check_procedure,
)
from eakte.operations.templates import TemplateKind, usable_template
from eakte.terms import Actor, new_id
from eakte.transaction import Transaction, Transactions
from storage.blobs import Digests


@dataclass(slots=True)
class Filed:
    """What is there after the call: `cases` and `parties` are those that it made, `made` the documents that are new."""

    dossier: Dossier
    case: Case | None = None
    cases: list[Case] = field(default_factory=list)
    parties: list[Party] = field(default_factory=list)
    documents: list[uuid.UUID] = field(default_factory=list)
    made: set[uuid.UUID] = field(default_factory=set)
    opened: bool = False
    """Whether the dossier is new."""
    known: bool = False
    """Whether the external key of what the call would open was known: then it makes nothing."""

    @property
    def is_new(self) -> bool:
        """Whether the call made anything."""
        return self.opened or bool(self.cases) or bool(self.made)


def rehearse(transactions: Transactions, actor: Actor, said: Procedure, *, pattern: str) -> None:
    """Raise what the call will raise, before any byte of its files is taken.

    It is done as it will be, with empty files, and taken back: so nothing is checked here that is not checked there.
    """
    stand_ins = [
        Stored(new_id(), 1, f"rehearsal/{new_id()}", "unbenannt", "", Digests(0, b"", b""))
        for _document in said.documents
    ]
    with transactions.rehearse(actor) as tx:
        file_procedure(tx, said, stand_ins, pattern=pattern)


def file_procedure(tx: Transaction, said: Procedure, stored: Sequence[Stored], *, pattern: str) -> Filed:
    """Make what a call says; `stored` are the bytes of its documents, in their order.

    Raises InvalidInput naming the place (`documents[2].sender`), NotFound, NotAllowed, WrongState.
    """
    check_procedure(said)
    known = _claim_all(tx, said)
    filed = _dossier(tx, said.dossier, pattern)
    if said.case is not None:
        with placed("case"):
            _case(tx, filed, said.case)
    elif said.dossier.id is None:
        filed.known = not filed.opened
    if filed.known:
        filed.documents = _documents_of(tx, filed)
        return filed
    if not filed.opened:
        filed.dossier = writable_dossier(tx, filed.dossier.id)
        require_open(filed.dossier)
    _documents(tx, filed, said, stored, known)
    if not filed.is_new and not filed.documents:
        raise InvalidInput(errors=[FieldError("documents", _("Der Aufruf legt nichts an."))])
    if filed.is_new:
        _record(tx, filed, stored)
    return filed


def _claim_all(tx: Transaction, said: Procedure) -> dict[int, uuid.UUID]:
    """Take all keys, in one order and before any row is locked, so that two calls cannot wait for each other.

    Answers which documents are known, by their place.
    """
    for kind, part in ((Dossier, said.dossier), (Case, said.case)):
        if part is not None and part.external is not None:
            with placed("dossier" if kind is Dossier else "case"):
                claim(tx, kind, part.external)
    known: dict[int, uuid.UUID] = {}
    keyed = [(each.draft.external, number) for number, each in enumerate(said.documents) if each.draft.external]
    for key, number in sorted(keyed, key=lambda each: (each[0].system, each[0].id)):
        with placed(f"documents[{number}]"):
            found = claim(tx, Document, key)
        if found is not None:
            known[number] = found
    return known


def _dossier(tx: Transaction, said: DossierPart, pattern: str) -> Filed:
    """The dossier; one that exists is looked at here and locked later, after the case's key."""
    if said.id is not None:
        return Filed(readable_dossier(tx.session, tx.actor, said.id))
    system, key = (said.external.system, said.external.id) if said.external else (None, None)
    with placed("dossier"):
        if said.template is not None:
            template = usable_template(tx.session, said.template, TemplateKind.DOSSIER)
            order = template_making.Order(
                values=said.values,
                title=said.title,
                plan_class=said.plan_class,
                unit=said.unit,
                confidentiality=said.confidentiality,
                external_system=system,
                external_id=key,
                fields=said.fields,
                parties=said.parties,
            )
            made = template_making.make_dossier(tx, template, order, pattern)
            if not made.is_new:
                return Filed(made.dossier)
            return Filed(made.dossier, cases=list(made.cases), parties=list(made.parties), opened=True)
        dossier, is_new = add_dossier(
            tx,
            NewDossier(
                plan_class=said.plan_class or "",
                title=said.title or "",
                unit=said.unit,
                confidentiality=said.confidentiality or "internal",
                medium=said.medium or "electronic",
                location=said.location,
                external_system=system,
                external_id=key,
                fields=said.fields,
            ),
            pattern=pattern,
        )
        parties = add_parties(tx, said.parties, dossier=dossier, case=None) if is_new else ()
        return Filed(dossier, parties=list(parties), opened=is_new)


def _case(tx: Transaction, filed: Filed, said: CasePart) -> None:
    if said.exists:
        filed.case = _existing_case(tx, filed.dossier, said)
        return
    if said.external is not None:
        filed.case = known_case(tx, said.external)
        if filed.case is not None:
            if filed.case.dossier_id != filed.dossier.id:
                message = _("Dieser Schlüssel bezeichnet einen Vorgang einer anderen Akte.")
                raise InvalidInput(errors=[FieldError("external", message)])
            filed.known = True
            return
    if not filed.opened:
        filed.dossier = writable_dossier(tx, filed.dossier.id)
        require_open(filed.dossier)
    if said.template is not None:
        template = usable_template(tx.session, said.template, TemplateKind.CASE)
        order = template_making.Order(
            values=said.values,
            title=said.title,
            dossier=filed.dossier.id,
            external_system=said.external.system if said.external else None,
            external_id=said.external.id if said.external else None,
            fields=said.fields,
            parties=said.parties,
        )
        made = template_making.make_case(tx, template, order)
        filed.case = made.cases[0]
        filed.cases += made.cases
        filed.parties += made.parties
        return
    title = said.title or ""
    filed.case = add_case(tx, filed.dossier, title=title, parent=None, fields=said.fields, external=said.external)
    filed.cases.append(filed.case)
    filed.parties += add_parties(tx, said.parties, dossier=filed.dossier, case=filed.case)


def _existing_case(tx: Transaction, dossier: Dossier, said: CasePart) -> Case:
    if said.id is not None:
        case = readable_case(tx.session, tx.actor, said.id)
        if case.dossier_id != dossier.id:
            raise InvalidInput(errors=[FieldError("id", _("Der Vorgang gehört zu einer anderen Akte."))])
        return case
    by_number = select(Case).where(Case.dossier_id == dossier.id, Case.ordinal == said.ordinal)
    found = tx.session.scalar(by_number)
    if found is None:
        raise InvalidInput(errors=[FieldError("ordinal", _("Diesen Vorgang gibt es in der Akte nicht."))])
    return found


def _documents(
    tx: Transaction, filed: Filed, said: Procedure, stored: Sequence[Stored], known: Mapping[int, uuid.UUID]
) -> None:
    if filed.case is not None:
        # Read before its dossier was locked: somebody may have closed it meanwhile.
        tx.session.refresh(filed.case)
    for number, (part, content) in enumerate(zip(said.documents, stored, strict=True)):
        with placed(f"documents[{number}]"):
            if number in known:
                filed.documents.append(_known_document(tx, filed, known[number]))
                continue
            document = add_document(tx, part.draft, content, dossier=filed.dossier, case=filed.case)
            filed.documents.append(document.id)
            filed.made.add(document.id)


def _known_document(tx: Transaction, filed: Filed, document_id: uuid.UUID) -> uuid.UUID:
    try:
        document = readable_document(tx.session, tx.actor, document_id, Want.METADATA)
    except NotFound:
        document = None
    if document is None or document.dossier_id != filed.dossier.id:
        message = _("Dieser Schlüssel bezeichnet schon ein Dokument an anderer Stelle.")
        raise InvalidInput(errors=[FieldError("external", message)])
    return document.id


def _documents_of(tx: Transaction, filed: Filed) -> list[uuid.UUID]:
    """What lies where the call would have filed, oldest first; what was inside of a document is not told."""
    readable_dossier(tx.session, tx.actor, filed.dossier.id, Want.CONTENT)
    case_id = filed.case.id if filed.case else None
    place = and_(Document.dossier_id == filed.dossier.id, Document.case_id.is_not_distinct_from(case_id))
    rows = select(Document.id).where(place, Document.source_id.is_(None), Document.cancelled_at.is_(None))
    return list(tx.session.scalars(rows.order_by(Document.id).limit(MOST_DOCUMENTS)))


def _record(tx: Transaction, filed: Filed, stored: Sequence[Stored]) -> None:
    """One entry, whose subjects are all that the call touched."""
    subject = filed.case.id if filed.case is not None else filed.dossier.id
    touched = [
        filed.dossier.id,
        *(each.id for each in filed.cases),
        *(each.id for each in filed.parties),
        *(each for each in filed.documents if each in filed.made),
    ]
    details: dict[str, Any] = {
        "dossier": str(filed.dossier.id),
        **(created_details(filed.dossier) if filed.opened else {}),
        **({"case": str(filed.case.id)} if filed.case else {}),
        "documents": [
            {"id": str(each.document_id), "sha256": each.digests.sha256.hex(), "size": each.digests.size}
            for each in stored
            if each.document_id in filed.made
        ],
    }
    tx.record(Tag.PROCEDURE_FILE, subject, details, subjects=[each for each in touched if each != subject])

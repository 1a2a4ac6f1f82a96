"""`/procedures`: a dossier or case, complete with parties and documents, in one call: all of it or nothing."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from eakte.api.dependencies import Composed, Writer
from eakte.api.document_shapes import DocumentShape
from eakte.api.multipart import Multipart, body_chunks, parsed
from eakte.api.parties import PartySaid, PartyShape
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import CaseShape, DossierShape, External, Strict
from eakte.bootstrap import Backends
from eakte.errors import EakteError, FieldError, InvalidInput, TooLarge, Unavailable
from eakte.language import _
from eakte.operations import filing, procedure_parts, procedures
from eakte.operations.checking import placed
from eakte.operations.documents import view_document
from eakte.operations.external import ExternalKey
from eakte.operations.idempotency import is_known
from eakte.operations.procedure_parts import Procedure
from eakte.terms import Actor, new_id
from eakte.transaction import Transaction
from storage.errors import StorageError

router = ApiRouter(prefix="/procedures", tags=["procedures"])

METADATA_LIMIT = 1024 * 1024
"""Bytes of the metadata part: a hundred documents with all that can be said of them."""


class DossierPart(Strict):
    """The dossier: `id` of one that exists, or a new one (`plan_class` and `title`), or one from a `template`."""

    id: uuid.UUID | None = None
    template: uuid.UUID | None = None
    values: dict[str, str] = Field(default_factory=dict, description="For the places in titles of the template")
    plan_class: str | None = None
    title: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    medium: str | None = None
    location: str | None = None
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    parties: list[PartySaid] = Field(default_factory=list, max_length=100)


class CasePart(Strict):
    """The case: one that exists by `id` or by `ordinal` (its number in the dossier), or a new one."""

    id: uuid.UUID | None = None
    ordinal: int | None = Field(default=None, ge=1, le=1_000_000)
    template: uuid.UUID | None = None
    values: dict[str, str] = Field(default_factory=dict)
    title: str | None = None
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    parties: list[PartySaid] = Field(default_factory=list, max_length=100)


class DocumentPart(Strict):
    """A document; `file` is the name of the part that brings its bytes. It goes into the case, else the dossier."""

    file: str = Field(max_length=200)
    title: str | None = None
    kind: str = "incoming"
    received_on: date | None = None
    sent_on: date | None = None
    written_on: date | None = None
    sender: str | None = None
    addressee: str | None = None
    further_senders: list[str] = Field(default_factory=list)
    further_addressees: list[str] = Field(default_factory=list)
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)


class ProcedureMetadata(Strict):
    """The first part: what is opened or named, and what is filed there."""

    dossier: DossierPart
    case: CasePart | None = None
    documents: list[DocumentPart] = Field(default_factory=list, max_length=procedure_parts.MOST_DOCUMENTS)

    def words(self) -> Procedure:
        """The same for the operation. Raises InvalidInput."""
        documents = []
        for number, each in enumerate(self.documents):
            said = {**dict(each), "external": _key(each.external, f"documents[{number}]")}
            documents.append(procedure_parts.DocumentPart(said.pop("file"), filing.Draft(**said)))
        dossier = procedure_parts.DossierPart(**_container(self.dossier, "dossier"))
        case = procedure_parts.CasePart(**_container(self.case, "case")) if self.case else None
        return Procedure(dossier, case, documents)


class ProcedureShape(BaseModel):
    """What is there: the cases and parties that the call made, and the documents in the order of the call."""

    dossier: DossierShape
    case: CaseShape | None
    cases: list[CaseShape]
    parties: list[PartyShape]
    documents: list[DocumentShape]


BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["metadata"],
                    "properties": {
                        "metadata": {
                            "type": "string",
                            "contentMediaType": "application/json",
                            "description": json.dumps(ProcedureMetadata.model_json_schema(), ensure_ascii=False),
                        }
                    },
                    "additionalProperties": {"type": "string", "format": "binary"},
                }
            }
        },
    }
}
"""Declared by hand because the body is taken as a stream; the names of the files are those of the metadata."""


@router.post(
    "",
    status_code=201,
    response_model=ProcedureShape,
    responses={200: {"model": ProcedureShape, "description": "The external key was known: what exists"}},
    openapi_extra=BODY,
)
def create(request: Request, actor: Writer, backends: Composed, key: Key = None) -> JSONResponse:
    """Open or name a dossier and a case and file documents there, all in one act: `metadata` first, then the files.

    Nothing is there unless all of it is. What stands in the way is told before the files are taken, with its place
    (`documents[2].sender`). A known external key of what would be opened answers 200 with what exists.
    """
    parts = Multipart(request.headers.get("content-type", ""), body_chunks(request), metadata_limit=METADATA_LIMIT)
    metadata = parsed(ProcedureMetadata, parts.metadata)
    said = metadata.words()
    pattern = backends.settings.reference_pattern
    with backends.transactions.read() as session:
        known = is_known(session, actor, key)
    if not known:
        procedures.rehearse(backends.transactions, actor, said, pattern=pattern)
    stored = _receive(backends, actor, said, parts)
    try:
        files = [[each.filename, each.media_type, each.digests.sha256.hex()] for each in stored]
        fingerprint = metadata.model_dump_json().encode() + b"\n" + json.dumps(files).encode()
        made: set[uuid.UUID] = set()
        with backends.transactions.begin(actor) as tx:

            def act() -> tuple[int, ProcedureShape, int | None]:
                filed = procedures.file_procedure(tx, said, stored, pattern=pattern)
                made.update(filed.made)
                return 201 if filed.is_new else 200, _shape(tx, filed), None

            reply = created(tx, request, key, fingerprint, act)
    except Unavailable:
        # It may have been committed all the same; without rows these bytes are orphans, and swept.
        raise
    except EakteError:
        _discard(backends, stored)
        raise
    _discard(backends, [each for each in stored if each.document_id not in made])
    return reply


def _receive(backends: Backends, actor: Actor, said: Procedure, parts: Multipart) -> list[filing.Stored]:
    """Store the files as they come, in any order; what is stored when it breaks off is taken away again."""
    stored: list[filing.Stored] = []
    try:
        _store_all(backends, actor, said, parts, stored)
    except EakteError:
        _discard(backends, stored)
        raise
    return stored


def _store_all(
    backends: Backends, actor: Actor, said: Procedure, parts: Multipart, stored: list[filing.Stored]
) -> None:
    """Put into `stored` what comes, and sort it like the documents.

    All files together are as long as one may be. Raises InvalidInput for a part that no document names or that is
    missing, and what storing raises, with the place of the document.
    """
    places = {each.file: number for number, each in enumerate(said.documents)}
    # Ids in the order of the call, so that lists by age show it.
    ids = [new_id() for _document in said.documents]
    screen = backends.screen(actor, *(part.id for part in (said.dossier, said.case) if part and part.id))
    left = limit = backends.settings.upload_limit_bytes
    while (head := parts.next_file()) is not None:
        number = places.pop(head.name, None)
        if number is None:
            message = _("Kein Dokument nennt diesen Teil, oder er kommt zum zweiten Mal.")
            raise InvalidInput(errors=[FieldError(head.name[:200] or "parts", message)])
        with placed(f"documents[{number}]"):
            try:
                content = filing.store_original(
                    backends.blobs,
                    parts.chunks(),
                    screen=screen,
                    filename=head.filename,
                    media_type=head.media_type,
                    limit=left,
                    document_id=ids[number],
                )
            except TooLarge as error:
                whole = _("Alle Dateien eines Aufrufs zusammen haben höchstens %(size)s GB.", size=f"{limit / 1e9:.1f}")
                raise TooLarge(whole if left < limit else error.detail, errors=[FieldError("file", whole)]) from error
        stored.append(content)
        left -= content.digests.size
    if places:
        missing = sorted(places.items(), key=lambda each: each[1])
        raise InvalidInput(
            errors=[
                FieldError(f"documents[{number}].file", _("Der Teil „%(name)s“ fehlt.", name=name))
                for name, number in missing
            ]
        )
    stored.sort(key=lambda each: ids.index(each.document_id))


def _shape(tx: Transaction, filed: procedures.Filed) -> ProcedureShape:
    return ProcedureShape(
        dossier=DossierShape.of(filed.dossier),
        case=CaseShape.of(filed.case) if filed.case else None,
        cases=[CaseShape.of(row) for row in filed.cases],
        parties=[PartyShape.of(row) for row in filed.parties],
        documents=[DocumentShape.of(view_document(tx.session, tx.actor, each)) for each in filed.documents],
    )


def _discard(backends: Backends, stored: Sequence[filing.Stored]) -> None:
    """Take bytes away that got no row. What cannot be removed now is an orphan, and swept."""
    for each in stored:
        with suppress(StorageError):
            backends.blobs.delete(each.name)


def _container(said: DossierPart | CasePart, at: str) -> dict[str, Any]:
    return {
        **dict(said),
        "external": _key(said.external, at),
        "parties": tuple(each.words() for each in said.parties),
    }


def _key(said: External | None, at: str) -> ExternalKey | None:
    with placed(at):
        return ExternalKey.of(said.system, said.id) if said else None

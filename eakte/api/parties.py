"""`/parties`: persons and firms with their roles. Seen and found by who may read the dossier."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Reader, ReadTx, RevisionRequired, Tx, etag
from eakte.api.paging import After, Limit, listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import Listing, Strict
from eakte.models import Party
from eakte.operations import parties
from eakte.operations.parties import PartyWords

router = ApiRouter(prefix="/parties", tags=["parties"])


class PartySaid(Strict):
    """A party: `kind` is person or organisation, `country` a code of ISO 3166-1, the name as DIN 91379 allows."""

    role: str
    name: str
    kind: str = "person"
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None

    def words(self) -> PartyWords:
        """The same for the operation."""
        return PartyWords(**self.model_dump(include=set(PartySaid.model_fields)))


class NewParty(PartySaid):
    """A new party of a dossier or of a case."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None


class PartyChange(Strict):
    """Changes; what is not named stays."""

    role: str | None = None
    name: str | None = None
    kind: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None


class PartyShape(BaseModel):
    """A party with its role."""

    id: uuid.UUID
    dossier: uuid.UUID
    case: uuid.UUID | None
    role: str
    kind: str
    name: str
    street: str | None
    postcode: str | None
    city: str | None
    country: str | None
    email: str | None
    phone: str | None
    revision: int

    @classmethod
    def of(cls, row: Party) -> PartyShape:
        """From a row."""
        same = ("role", "kind", "name", "street", "postcode", "city", "country", "email", "phone", "revision")
        said = {name: getattr(row, name) for name in same}
        return cls(id=row.id, dossier=row.dossier_id, case=row.case_id, **said)


@router.post("", status_code=201, response_model=PartyShape)
def create(request: Request, tx: Tx, new: NewParty, key: Key = None) -> Any:
    """A new party of an open dossier or case."""

    def act() -> tuple[int, PartyShape, int]:
        row = parties.add_party(tx, new.words(), dossier_id=new.dossier, case_id=new.case)
        return 201, PartyShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier: uuid.UUID | None = None,
    case: uuid.UUID | None = None,
    name: Annotated[str | None, Query(description="Any part of the name, three letters at least")] = None,
    after: After = None,
    limit: Limit = 50,
) -> Listing[PartyShape]:
    """Parties of a dossier or case, or by name in all dossiers that may be read."""
    page = parties.list_parties(session, actor, dossier=dossier, case=case, name=name, after=after, limit=limit)
    return listing(request, [PartyShape.of(row) for row in page.items], page.next)


@router.get("/{party_id}")
def show(response: Response, actor: Reader, session: ReadTx, party_id: uuid.UUID) -> PartyShape:
    """One party."""
    row = parties.readable_party(session, actor, party_id)
    response.headers["ETag"] = etag(row.revision)
    return PartyShape.of(row)


@router.patch("/{party_id}")
def change(
    response: Response, tx: Tx, party_id: uuid.UUID, changes: PartyChange, revision: RevisionRequired
) -> PartyShape:
    """Change what is said about it (If-Match is needed)."""
    row = parties.change_party(tx, party_id, changes.model_dump(exclude_unset=True), revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return PartyShape.of(row)


@router.delete("/{party_id}", status_code=204)
def remove(tx: Tx, party_id: uuid.UUID) -> Response:
    """Take it away; who it was stays in the history."""
    parties.remove_party(tx, party_id)
    return Response(status_code=204)

"""What a dossier has in hand: its volumes and its paper, lent and returned."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

from eakte.api.dependencies import Reader, ReadTx, RevisionGiven, Tx, etag
from eakte.api.paging import After, Limit, OptionalLimit, listing, short_listing
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import DossierShape, Listing, Strict
from eakte.models import Dossier, Volume
from eakte.operations import lending
from eakte.operations.volumes import list_volumes, open_volume

router = ApiRouter(tags=["dossiers"])


class NewVolume(Strict):
    """The next volume."""

    title: str | None = None


class VolumeShape(BaseModel):
    """A volume (Band); what is filed while it is the last one belongs to it."""

    id: uuid.UUID
    ordinal: int
    title: str | None
    opened_on: date
    closed_on: date | None

    @classmethod
    def of(cls, row: Volume) -> VolumeShape:
        """From a row."""
        return cls(id=row.id, ordinal=row.ordinal, title=row.title, opened_on=row.opened_on, closed_on=row.closed_on)


class Lend(Strict):
    """To whom the paper goes, and until when."""

    to: str
    until: date | None = None


class GiveBack(Strict):
    """Where the paper lies from now on, if elsewhere."""

    location: str | None = None


class PastLoanShape(BaseModel):
    """Who had the paper."""

    to: str
    since: date
    until: date | None
    returned_on: date


@router.post("/dossiers/{dossier_id}/volumes", status_code=201, response_model=VolumeShape)
def new_volume(
    request: Request,
    tx: Tx,
    dossier_id: uuid.UUID,
    new: NewVolume,
    revision: RevisionGiven = None,
    key: Key = None,
) -> Any:
    """Begin the next volume; what is filed from now on belongs to it."""

    def act() -> tuple[int, VolumeShape, None]:
        return 201, VolumeShape.of(open_volume(tx, dossier_id, title=new.title, revision=revision)), None

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("/dossiers/{dossier_id}/volumes")
def volumes(
    request: Request,
    actor: Reader,
    session: ReadTx,
    dossier_id: uuid.UUID,
    after: After = None,
    limit: OptionalLimit = None,
) -> Listing[VolumeShape]:
    """Its volumes, first to last."""
    rows = list_volumes(session, actor, dossier_id)
    return short_listing(request, rows, VolumeShape.of, key=lambda row: row.id, after=after, limit=limit)


@router.post("/dossiers/{dossier_id}/lend")
def lend(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: Lend, revision: RevisionGiven = None
) -> DossierShape:
    """Lend its paper."""
    return _answer(response, lending.lend(tx, dossier_id, to=order.to, until=order.until, revision=revision))


@router.post("/dossiers/{dossier_id}/return")
def give_back(
    response: Response, tx: Tx, dossier_id: uuid.UUID, order: GiveBack, revision: RevisionGiven = None
) -> DossierShape:
    """Take its paper back."""
    return _answer(response, lending.give_back(tx, dossier_id, location=order.location, revision=revision))


@router.get("/dossiers/{dossier_id}/loans")
def loans(
    request: Request, actor: Reader, session: ReadTx, dossier_id: uuid.UUID, after: After = None, limit: Limit = 50
) -> Listing[PastLoanShape]:
    """Who had its paper, newest first."""
    page = lending.list_loans(session, actor, dossier_id, after=after, limit=limit)
    items = [
        PastLoanShape(to=row.lent_to, since=row.lent_on, until=row.lent_until, returned_on=row.returned_on)
        for row in page.items
    ]
    return listing(request, items, page.next)


def _answer(response: Response, row: Dossier) -> DossierShape:
    response.headers["ETag"] = etag(row.revision)
    return DossierShape.of(row)

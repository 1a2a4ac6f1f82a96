"""`/templates`: patterns of dossiers and cases, and what is made from them in one act."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel, Field

from eakte.api.dependencies import Composed, Reader, ReadTx, RevisionRequired, Tx, etag
from eakte.api.paging import After, Limit, listing
from eakte.api.parties import PartySaid
from eakte.api.replies import Key, created
from eakte.api.routing import ApiRouter
from eakte.api.shapes import CaseShape, DossierShape, External, Listing, Strict
from eakte.models import Template
from eakte.operations import template_making, templates

router = ApiRouter(prefix="/templates", tags=["templates"])


class SubCaseSaid(Strict):
    """A sub-case that is made with its case."""

    title: str
    fields: dict[str, Any] = Field(default_factory=dict)


class CaseSaid(SubCaseSaid):
    """A case that is made with the dossier, and its sub-cases."""

    cases: list[SubCaseSaid] = Field(default_factory=list)


class RoleSaid(Strict):
    """A role that parties have here; a required one must be named when something is made."""

    role: str
    required: bool = False


class TemplateSaid(Strict):
    """A template. `title` may have places to fill, such as `Bauantrag {grundstueck}`; so may titles of cases.

    `kind` is dossier or case; in a template of a case `cases` are its sub-cases.
    """

    name: str
    kind: str
    title: str
    plan_class: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    medium: str | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    cases: list[CaseSaid] = Field(default_factory=list)
    roles: list[RoleSaid] = Field(default_factory=list)

    def words(self) -> templates.TemplateWords:
        """The same for the operation."""
        return templates.TemplateWords(**self.model_dump(include=set(TemplateSaid.model_fields)))


class TemplateChange(TemplateSaid):
    """A template said anew; an inactive one makes nothing more."""

    active: bool = True


class TemplateShape(TemplateSaid):
    """A template; class and unit by id."""

    id: uuid.UUID
    active: bool
    revision: int

    @classmethod
    def of(cls, row: Template) -> TemplateShape:
        """From a row."""
        return cls(id=row.id, name=row.name, kind=row.kind, active=row.active, revision=row.revision, **row.body)


class MakeOrder(Strict):
    """What is made: `values` fill the places of titles, the rest says what differs from the template.

    A template of a case needs the `dossier` in which the case is made.
    """

    values: dict[str, str] = Field(default_factory=dict)
    title: str | None = None
    plan_class: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    dossier: uuid.UUID | None = None
    external: External | None = None
    fields: dict[str, Any] = Field(default_factory=dict)
    parties: list[PartySaid] = Field(default_factory=list, max_length=100)


class MadeShape(BaseModel):
    """The dossier (for a template of a case the one it lies in) and the cases made, each before its sub-cases."""

    dossier: DossierShape
    cases: list[CaseShape]


@router.post("", status_code=201, response_model=TemplateShape)
def create(request: Request, tx: Tx, new: TemplateSaid, key: Key = None) -> Any:
    """A new template (role registrar)."""

    def act() -> tuple[int, TemplateShape, int]:
        row = templates.create_template(tx, new.words())
        return 201, TemplateShape.of(row), row.revision

    return created(tx, request, key, new.model_dump_json().encode(), act)


@router.get("")
def index(
    request: Request,
    _actor: Reader,
    session: ReadTx,
    kind: str | None = None,
    after: After = None,
    limit: Limit = 50,
) -> Listing[TemplateShape]:
    """The active templates, oldest first."""
    page = templates.list_templates(session, kind=kind, after=after, limit=limit)
    return listing(request, [TemplateShape.of(row) for row in page.items], page.next)


@router.get("/{template_id}")
def show(response: Response, _actor: Reader, session: ReadTx, template_id: uuid.UUID) -> TemplateShape:
    """One template."""
    row = templates.find_template(session, template_id)
    response.headers["ETag"] = etag(row.revision)
    return TemplateShape.of(row)


@router.put("/{template_id}")
def change(
    response: Response, tx: Tx, template_id: uuid.UUID, said: TemplateChange, revision: RevisionRequired
) -> TemplateShape:
    """Say all of it anew (role registrar; If-Match is needed). What was made from it stays."""
    row = templates.change_template(tx, template_id, said.words(), active=said.active, revision=revision)
    response.headers["ETag"] = etag(row.revision)
    return TemplateShape.of(row)


@router.post(
    "/{template_id}/make",
    status_code=201,
    response_model=MadeShape,
    responses={200: {"model": MadeShape, "description": "The external key was known: what it names"}},
)
def make(
    request: Request, tx: Tx, backends: Composed, template_id: uuid.UUID, order: MakeOrder, key: Key = None
) -> Any:
    """Make a dossier with its cases and parties, or a case with its sub-cases, in one act."""

    def act() -> tuple[int, MadeShape, int]:
        said = order.model_dump(exclude={"external", "parties"})
        made = template_making.make(
            tx,
            template_id,
            template_making.Order(
                **said,
                external_system=order.external.system if order.external else None,
                external_id=order.external.id if order.external else None,
                parties=[each.words() for each in order.parties],
            ),
            pattern=backends.settings.reference_pattern,
        )
        shape = MadeShape(dossier=DossierShape.of(made.dossier), cases=[CaseShape.of(row) for row in made.cases])
        return 201 if made.is_new else 200, shape, made.dossier.revision

    return created(tx, request, key, order.model_dump_json().encode(), act)

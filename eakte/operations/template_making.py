"""A dossier with its cases, or a case with its sub-cases, made from a template in one act.

What is made stands for itself: a later change of the template changes nothing that exists.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import Case, Dossier, Party, Template
from eakte.operations.dossiers import readable_dossier, require_open, writable_dossier
from eakte.operations.external import ExternalKey
from eakte.operations.opening import NewDossier, add_case, add_dossier, created_details, known_case
from eakte.operations.parties import PartyWords, add_parties
from eakte.operations.templates import OF_DOSSIERS, PLACE, TemplateKind, usable_template
from eakte.terms import Medium
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Order:
    """What is made from a template: values for the places in titles, and what differs from the template."""

    values: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    plan_class: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    dossier: uuid.UUID | None = None
    external_system: str | None = None
    external_id: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    parties: Sequence[PartyWords] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: the dossier (for a template of a case the one it lies in), the cases, and whether it is new."""

    dossier: Dossier
    cases: Sequence[Case]
    is_new: bool
    parties: Sequence[Party] = ()


def make(tx: Transaction, template_id: uuid.UUID, order: Order, *, pattern: str) -> Made:
    """Make what the template says in one act: dossier, cases, sub-cases and parties, or none of it.

    A known external key makes nothing and answers with what it names. Raises InvalidInput naming missing values and
    roles, and what this kind of template has no place for, WrongState for an inactive template, and what creating a
    dossier or case raises.
    """
    template = usable_template(tx.session, template_id)
    _require_fitting(TemplateKind(template.kind), order)
    if template.kind == TemplateKind.CASE:
        made = make_case(tx, template, order)
        if made.is_new:
            top, *below = made.cases
            tx.record(
                Tag.CASE_CREATE,
                top.id,
                {"dossier": str(made.dossier.id), "template": str(template.id)},
                subjects=[made.dossier.id, *(case.id for case in below), *(party.id for party in made.parties)],
            )
        return made
    made = make_dossier(tx, template, order, pattern)
    if made.is_new:
        tx.record(
            Tag.DOSSIER_CREATE,
            made.dossier.id,
            {**created_details(made.dossier), "template": str(template.id)},
            subjects=[*(case.id for case in made.cases), *(party.id for party in made.parties)],
        )
    return made


def make_dossier(tx: Transaction, template: Template, order: Order, pattern: str) -> Made:
    """What `make` does with a template of a dossier, as part of an act that records it."""
    body = template.body
    plan_class = order.plan_class or body["plan_class"]
    if plan_class is None:
        raise InvalidInput(errors=[FieldError("plan_class", _("Die Aktenplaneinheit fehlt."))])
    dossier, is_new = add_dossier(
        tx,
        NewDossier(
            plan_class=plan_class,
            title=order.title or _filled(body["title"], order.values),
            unit=order.unit or body["unit"],
            confidentiality=order.confidentiality or body["confidentiality"] or "internal",
            medium=body["medium"] or Medium.ELECTRONIC.value,
            external_system=order.external_system,
            external_id=order.external_id,
            fields={**body["fields"], **order.fields},
        ),
        pattern=pattern,
    )
    if not is_new:
        known = tx.session.scalars(select(Case).where(Case.dossier_id == dossier.id).order_by(Case.ordinal)).all()
        return Made(dossier, known, is_new=False)
    _require_roles(body["roles"], order.parties)
    cases = _add_cases(tx, dossier, body["cases"], order.values, None)
    return Made(dossier, cases, is_new=True, parties=add_parties(tx, order.parties, dossier=dossier, case=None))


def make_case(tx: Transaction, template: Template, order: Order) -> Made:
    """What `make` does with a template of a case, as part of an act that records it."""
    external = ExternalKey.of(order.external_system, order.external_id)
    if external is not None:
        known = known_case(tx, external)
        if known is not None:
            below = select(Case).where(Case.parent_id == known.id).order_by(Case.ordinal)
            dossier = readable_dossier(tx.session, tx.actor, known.dossier_id)
            return Made(dossier, [known, *tx.session.scalars(below)], is_new=False)
    if order.dossier is None:
        raise InvalidInput(errors=[FieldError("dossier", _("Die Akte, in der der Vorgang entsteht, fehlt."))])
    body = template.body
    dossier = writable_dossier(tx, order.dossier)
    require_open(dossier)
    _require_roles(body["roles"], order.parties)
    title = order.title or _filled(body["title"], order.values)
    fields = {**body["fields"], **order.fields}
    top = add_case(tx, dossier, title=title, parent=None, fields=fields, external=external)
    cases = [top, *_add_cases(tx, dossier, body["cases"], order.values, top)]
    return Made(dossier, cases, is_new=True, parties=add_parties(tx, order.parties, dossier=dossier, case=top))


def _add_cases(
    tx: Transaction, dossier: Dossier, said: Sequence[Mapping[str, Any]], values: Mapping[str, str], parent: Case | None
) -> list[Case]:
    made: list[Case] = []
    for each in said:
        title = _filled(each["title"], values)
        case = add_case(tx, dossier, title=title, parent=parent, fields=dict(each["fields"]))
        made += [case, *_add_cases(tx, dossier, each.get("cases", ()), values, case)]
    return made


def _require_fitting(kind: TemplateKind, order: Order) -> None:
    """What is said and has no place is refused: passed over, the thing would lie elsewhere than its maker believes."""
    if kind is TemplateKind.DOSSIER:
        said = {"dossier"} if order.dossier else set()
        message = _("Aus dieser Vorlage entsteht eine neue Akte; in einer anderen liegt sie nicht.")
    else:
        said = {name for name in OF_DOSSIERS if getattr(order, name) is not None}
        message = _("Das hat ein Vorgang nicht.")
    if said:
        raise InvalidInput(errors=[FieldError(name, message) for name in sorted(said)])


def _filled(title: str, values: Mapping[str, str]) -> str:
    missing = [name for name in PLACE.findall(title) if not str(values.get(name) or "").strip()]
    if missing:
        raise InvalidInput(
            errors=[FieldError(f"values.{name}", _("Der Wert für %(name)s fehlt.", name=name)) for name in missing]
        )
    return PLACE.sub(lambda place: values[place[1]], title)


def _require_roles(roles: Sequence[Mapping[str, Any]], parties: Sequence[PartyWords]) -> None:
    given = {party.role for party in parties}
    missing = [each["role"] for each in roles if each["required"] and each["role"] not in given]
    if missing:
        raise InvalidInput(
            errors=[FieldError("parties", _("Beteiligte fehlen: %(role)s.", role=role)) for role in missing]
        )

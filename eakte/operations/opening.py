"""New dossiers and cases: opened alone, or as part of an act that records them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from eakte.access import rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Case, Dossier, PlanClass, Unit
from eakte.operations.checking import line, one_of, optional_line
from eakte.operations.dossiers import (
    is_registrar,
    level_for,
    note_represented,
    readable_case,
    readable_dossier,
    require_open,
    writable_dossier,
)
from eakte.operations.external import ExternalKey, claim
from eakte.operations.fields import FieldOwner, checked_values
from eakte.operations.plan import find_class, require_takes_files
from eakte.operations.references import keep_reference, literal_reference, new_reference, normalised_spelling, sort_key
from eakte.operations.units import find_unit, scope_number
from eakte.terms import CaseState, DossierState, Medium, today
from eakte.transaction import Transaction


@dataclass(frozen=True, slots=True)
class NewDossier:
    """What a caller says about a new dossier; references are ids (plan class and unit also by number)."""

    plan_class: str
    title: str
    unit: str | None = None
    confidentiality: str = "internal"
    medium: str = "electronic"
    external_system: str | None = None
    external_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    location: str | None = None
    reference_number: str | None = None
    """A number of another system, kept as it is; the registrar's."""
    former_references: Sequence[str] = ()
    """Numbers that the dossier had before, which shall find it; the registrar's."""
    opened_on: date | None = None
    """A day in the past when files of another system move in; only on the machine."""


def create_dossier(tx: Transaction, new: NewDossier, *, pattern: str) -> tuple[Dossier, bool]:
    """A new dossier with the next reference number of its class; or, for a known external key, what it names.

    Returns the dossier and whether it is new. Raises InvalidInput for unknown references and classes without files,
    NotAllowed for a unit or level the actor does not work in.
    """
    dossier, is_new = add_dossier(tx, new, pattern=pattern)
    if is_new:
        tx.record(Tag.DOSSIER_CREATE, dossier.id, created_details(dossier))
    return dossier, is_new


def created_details(dossier: Dossier) -> dict[str, str]:
    """What the log says of a new dossier."""
    return {"reference_number": dossier.reference_number, "plan_class": str(dossier.plan_class_id)}


def add_dossier(tx: Transaction, new: NewDossier, *, pattern: str) -> tuple[Dossier, bool]:
    """What `create_dossier` does, as part of an act that records it."""
    external = ExternalKey.of(new.external_system, new.external_id)
    if external is not None:
        known = claim(tx, Dossier, external)
        if known is not None:
            return _known_dossier(tx, known), False
    plan_class = find_class(tx.session, new.plan_class)
    require_takes_files(tx.session, plan_class)
    unit = _unit_for(tx, new.unit)
    level = level_for(new.confidentiality)
    scope = scope_number(tx.session, unit.id, level)
    if tx.actor.user_id is not None and scope not in rule_for(tx.session, tx.actor).worked:
        raise NotAllowed(_("In dieser Organisationseinheit oder Vertraulichkeit arbeiten Sie nicht."))
    opened_on = new.opened_on or today()
    title = line(new.title, at="title", label=_("Betreff"))
    medium = one_of(Medium, new.medium, at="medium", label=_("Medium")).value
    fields = checked_values(tx.session, plan_class, FieldOwner.DOSSIER, new.fields)
    reference, former = _numbers(tx, new, plan_class, pattern, opened_on.year)
    dossier = Dossier(
        reference_number=reference,
        reference_key=normalised_spelling(reference),
        reference_sort=sort_key(reference),
        former_references=former,
        plan_class_id=plan_class.id,
        title=title,
        confidentiality=int(level),
        scope_number=scope,
        medium=medium,
        location=optional_line(new.location, at="location", label=_("Standort")),
        external_system=external.system if external else None,
        external_id=external.id if external else None,
        fields=fields,
        state=DossierState.OPEN.value,
        opened_on=opened_on,
        retention_state="open",
    )
    tx.session.add(dossier)
    tx.session.flush()
    note_represented(tx, dossier)
    for each in (reference, *former):
        keep_reference(tx, dossier.id, each)
    return dossier, True


def _numbers(tx: Transaction, new: NewDossier, plan_class: PlanClass, pattern: str, year: int) -> tuple[str, list[str]]:
    """The reference number and those that the dossier had in other systems."""
    if (new.reference_number or new.former_references) and not is_registrar(tx.actor):
        raise NotAllowed(_("Aktenzeichen anderer Systeme übernimmt die Registratur."))
    former = [
        literal_reference(tx, each, at=f"former_references.{number}")
        for number, each in enumerate(new.former_references)
    ]
    if new.reference_number:
        reference = literal_reference(tx, new.reference_number, at="reference_number")
    else:
        reference = new_reference(tx, pattern, class_id=plan_class.id, class_number=plan_class.number, year=year)
    if len({normalised_spelling(each) for each in (reference, *former)}) <= len(former):
        raise InvalidInput(errors=[FieldError("former_references", _("Ein Aktenzeichen steht zweimal da."))])
    return reference, former


@dataclass(frozen=True, slots=True)
class NewCase:
    """What a caller says about a new case; with `parent` (a case of the same dossier) it is a sub-case."""

    title: str
    dossier: uuid.UUID | None = None
    parent: uuid.UUID | None = None
    external_system: str | None = None
    external_id: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)


def create_case(tx: Transaction, new: NewCase) -> tuple[Case, bool]:
    """A new case with the next number in its dossier; or, for a known external key, what it names.

    Raises NotFound, NotAllowed, WrongState for a closed dossier, InvalidInput.
    """
    external = ExternalKey.of(new.external_system, new.external_id)
    if external is not None:
        known = known_case(tx, external)
        if known is not None:
            return known, False
    parent = _parent_of(tx, new)
    if parent is None and new.dossier is None:
        raise InvalidInput(errors=[FieldError("dossier", _("Die Akte fehlt."))])
    dossier = writable_dossier(tx, parent.dossier_id if parent else new.dossier or uuid.UUID(int=0))
    require_open(dossier)
    if parent is not None:
        # Read before its dossier was locked: somebody may have closed it meanwhile.
        tx.session.refresh(parent)
        if parent.closed_on is not None:
            raise WrongState(_("Der Vorgang ist geschlossen."))
    case = add_case(tx, dossier, title=new.title, parent=parent, fields=new.fields, external=external)
    beside = [dossier.id, *([parent.id] if parent else [])]
    tx.record(Tag.CASE_CREATE, case.id, {"dossier": str(dossier.id)}, subjects=beside)
    return case, True


def add_case(
    tx: Transaction,
    dossier: Dossier,
    *,
    title: str,
    parent: Case | None,
    fields: dict[str, Any],
    external: ExternalKey | None = None,
) -> Case:
    """A case of a locked dossier, as part of an act that records it."""
    ordinal = tx.session.scalar(select(func.coalesce(func.max(Case.ordinal), 0)).where(Case.dossier_id == dossier.id))
    plan_class = tx.session.get_one(PlanClass, dossier.plan_class_id)
    case = Case(
        dossier_id=dossier.id,
        parent_id=parent.id if parent else None,
        ordinal=(ordinal or 0) + 1,
        title=line(title, at="title", label=_("Betreff")),
        external_system=external.system if external else None,
        external_id=external.id if external else None,
        # As with documents: what is needed is asked for with the first value.
        fields=checked_values(tx.session, plan_class, FieldOwner.CASE, fields) if fields else {},
        state=CaseState.OPEN.value,
    )
    tx.session.add(case)
    tx.session.flush()
    return case


def known_case(tx: Transaction, external: ExternalKey) -> Case | None:
    """The case that a key names; None for a new key, which is the act's from now on. Raises NotAllowed."""
    known = claim(tx, Case, external)
    if known is None:
        return None
    try:
        return readable_case(tx.session, tx.actor, known)
    except NotFound:
        raise NotAllowed(_("Dieser Schlüssel gehört zu einem anderen System.")) from None


def _parent_of(tx: Transaction, new: NewCase) -> Case | None:
    if new.parent is None:
        return None
    parent = readable_case(tx.session, tx.actor, new.parent)
    if new.dossier not in {None, parent.dossier_id}:
        raise InvalidInput(errors=[FieldError("parent", _("Der Vorgang gehört zu einer anderen Akte."))])
    if parent.parent_id is not None:
        raise InvalidInput(errors=[FieldError("parent", _("Ein Teilvorgang hat keine Teilvorgänge."))])
    return parent


def _known_dossier(tx: Transaction, dossier_id: uuid.UUID) -> Dossier:
    try:
        return readable_dossier(tx.session, tx.actor, dossier_id)
    except NotFound:
        raise NotAllowed(_("Dieser Schlüssel gehört zu einem anderen System.")) from None


def _unit_for(tx: Transaction, reference: str | None) -> Unit:
    if reference is not None:
        return find_unit(tx.session, reference)
    unit = tx.session.get(Unit, tx.actor.unit_id) if tx.actor.unit_id else None
    if unit is None:
        raise InvalidInput(errors=[FieldError("unit", _("Die zuständige Organisationseinheit fehlt."))])
    return unit

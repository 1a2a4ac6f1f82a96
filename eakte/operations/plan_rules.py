"""What the plan says on a day: the versions of its classes, what they inherit, and the rules that terms follow."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import ALWAYS, PlanClass, PlanClassVersion
from eakte.operations.checking import optional_line
from eakte.terms import today
from retention.errors import RuleError
from retention.inheritance import PartialRetention, Resolved, resolve
from retention.periods import Rule
from retention.terms import Anchor, AppliesTo, Appraisal, DisposalLevel, Rounding, Term

T = TypeVar("T")
Said = PlanClass | PlanClassVersion
"""What a class says: its row (now) or one of its versions."""

COUNTED = frozenset({"term", "anchor", "rounding", "legal_basis", "applies_to", "offer_by", "transfer_grace"})
"""What changes the terms of dossiers that are closed already."""


@dataclass(frozen=True, slots=True)
class RetentionWords:
    """What a class says about keeping, in the words of the API; None is inherited."""

    term: str | None = None
    anchor: str | None = None
    rounding: str | None = None
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: str | None = None
    appraisal: str | None = None
    offer_by: str | None = None
    disposal_level: str | None = None
    transfer_grace: str | None = None


def checked_columns(words: Mapping[str, str | None]) -> dict[str, str | None]:
    """The words as they are stored. Raises InvalidInput naming the field of the first that is none."""
    columns: dict[str, str | None] = {}
    for name, text in words.items():
        at, parse = _PARSERS[name]
        if name == "legal_basis":
            columns[name] = optional_line(text, at=at, label=_("Rechtsgrundlage"))
        else:
            columns[name] = _checked(at, text, parse)
    return columns


def versions_of(session: Session, class_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[PlanClassVersion]]:
    """The versions of these classes, oldest first."""
    found: dict[uuid.UUID, list[PlanClassVersion]] = {each: [] for each in class_ids}
    rows = session.scalars(
        select(PlanClassVersion)
        .where(PlanClassVersion.plan_class_id.in_(found))
        .order_by(PlanClassVersion.plan_class_id, PlanClassVersion.valid_from)
    )
    for row in rows:
        found[row.plan_class_id].append(row)
    return found


def version_on(versions: Sequence[PlanClassVersion], day: date) -> PlanClassVersion:
    """The version that holds on a day; the first one also holds before anybody wrote one down."""
    started = [version for version in versions if version.valid_from <= day]
    return started[-1] if started else versions[0]


def ancestors(session: Session, row: PlanClass) -> list[PlanClass]:
    """The classes from the root down to `row`."""
    line = [row]
    while line[-1].parent_id is not None:
        parent = session.get(PlanClass, line[-1].parent_id)
        if parent is None:
            raise NotFound
        line.append(parent)
    return line[::-1]


Line = Sequence[tuple[PlanClass, PlanClassVersion]]
"""The classes from the root down to one, each with the version that holds on a day."""


def line_of(session: Session, row: PlanClass, on: date | None = None) -> Line:
    """What a class and those above it say on a day (today): its rule and its fields follow from that."""
    line = ancestors(session, row)
    versions = versions_of(session, [each.id for each in line])
    return [(each, version_on(versions[each.id], on or today())) for each in line]


def resolve_line(line: Line) -> Resolved:
    """What holds for the last class of a line, with where each value comes from."""
    return resolve([(each.number, partial_of(version)) for each, version in line])


def resolve_class(session: Session, row: PlanClass, on: date | None = None) -> Resolved:
    """What holds for a class on a day (today), with where each value comes from."""
    return resolve_line(line_of(session, row, on))


def class_rules(
    session: Session, row: PlanClass, instead: Mapping[uuid.UUID, Sequence[PlanClassVersion]] | None = None
) -> list[Rule]:
    """All versions of the rule of a class, those of the classes above included, for `retention.assess_versions`.

    A new version arises where the class or one above says something else; it reaches back to running terms only if
    the version that starts on this day says so. `instead` are versions that are not stored, for a preview.
    """
    line = ancestors(session, row)
    versions: dict[uuid.UUID, Sequence[PlanClassVersion]] = {
        **versions_of(session, [each.id for each in line]),
        **(instead or {}),
    }
    rules: list[Rule] = []
    for day in sorted({version.valid_from for each in line for version in versions[each.id]}):
        holding = [(each.number, version_on(versions[each.id], day)) for each in line]
        rule = resolve([(number, partial_of(version)) for number, version in holding]).rule()
        if rule is None:
            continue
        starting = [version.applies_to for _number, version in holding if version.valid_from == day]
        reach = next((AppliesTo(each) for each in reversed(starting) if each), AppliesTo.CLOSINGS)
        rule = replace(rule, valid_from=None if day == ALWAYS else day, applies_to=reach)
        if not rules or _without_start(rule) != _without_start(rules[-1]):
            rules.append(rule)
    return rules


def partial_of(said: Said) -> PartialRetention:
    """What a class itself says."""
    return PartialRetention(
        term=_read(Term.parse, said.term),
        anchor=_read(Anchor.parse, said.anchor),
        rounding=_read(Rounding, said.rounding),
        legal_basis=said.legal_basis,
        valid_from=None if said.valid_from == ALWAYS else said.valid_from,
        applies_to=_read(AppliesTo, said.applies_to),
        appraisal=_read(Appraisal, said.appraisal),
        offer_by=_read(Term.parse, said.offer_by),
        disposal_level=_read(DisposalLevel, said.disposal_level),
        transfer_grace=_read(Term.parse, said.transfer_grace),
    )


def _without_start(rule: Rule) -> Rule:
    return replace(rule, valid_from=None, applies_to=AppliesTo.CLOSINGS)


def _read(parse: Callable[[str], T], text: str | None) -> T | None:
    return None if text is None else parse(text)


def _finite_term(text: str) -> Term:
    term = Term.parse(text)
    if term.permanent:
        raise RuleError("permanent")
    return term


def _checked(at: str, text: str | None, parse: Callable[[str], Any]) -> str | None:
    if text is None:
        return None
    try:
        return str(parse(text))
    except (RuleError, ValueError):
        raise InvalidInput(
            errors=[FieldError(at, _("„%(text)s“ ist hier keine gültige Angabe.", text=text[:60]))]
        ) from None


_PARSERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "term": ("retention.term", Term.parse),
    "anchor": ("retention.anchor", Anchor.parse),
    "rounding": ("retention.rounding", Rounding),
    "legal_basis": ("retention.legal_basis", str),
    "applies_to": ("retention.applies_to", AppliesTo),
    "appraisal": ("appraisal", Appraisal),
    "offer_by": ("offer_by", _finite_term),
    "disposal_level": ("disposal_level", DisposalLevel),
    "transfer_grace": ("transfer_grace", _finite_term),
}
"""The words of keeping: where the API has them, and what reads them."""

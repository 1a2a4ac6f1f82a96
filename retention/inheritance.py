"""What holds for a class of the filing plan when its parents are asked as well, and where each value comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from retention.periods import DEFAULT_OFFER_BY, Rule
from retention.terms import CLOSING, Anchor, AppliesTo, Appraisal, DisposalLevel, Rounding, Term

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PartialRetention:
    """What one class (or one file, overriding its class) says itself; None where it says nothing."""

    term: Term | None = None
    anchor: Anchor | None = None
    rounding: Rounding | None = None
    legal_basis: str | None = None
    valid_from: date | None = None
    applies_to: AppliesTo | None = None
    appraisal: Appraisal | None = None
    offer_by: Term | None = None
    disposal_level: DisposalLevel | None = None
    transfer_grace: Term | None = None


@dataclass(frozen=True, slots=True)
class Sourced(Generic[T]):
    """A value and who said it: the number of a class, or None for the product's default."""

    value: T
    source: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """What holds, each value with its source. ``term.value`` is None where nobody up to the root gave a term."""

    term: Sourced[Term | None]
    anchor: Sourced[Anchor]
    rounding: Sourced[Rounding]
    legal_basis: Sourced[str | None]
    valid_from: Sourced[date | None]
    applies_to: Sourced[AppliesTo]
    appraisal: Sourced[Appraisal]
    offer_by: Sourced[Term]
    disposal_level: Sourced[DisposalLevel]
    transfer_grace: Sourced[Term | None]

    def rule(self) -> Rule | None:
        """The rule to count with; None where there is no term: such a file never becomes due by itself."""
        if self.term.value is None:
            return None
        return Rule(
            term=self.term.value,
            anchor=self.anchor.value,
            rounding=self.rounding.value,
            legal_basis=self.legal_basis.value,
            valid_from=self.valid_from.value,
            applies_to=self.applies_to.value,
        )


Chain = Sequence[tuple[str, PartialRetention]]

_DEFAULT_APPLIES_TO: Final = AppliesTo.CLOSINGS


def resolve(chain: Chain) -> Resolved:
    """Inherit down the plan: the nearest class that says something wins.

    A citation justifies the term it was given for. So ``legal_basis``, ``valid_from`` and ``applies_to`` are taken from
    the class that gives the term, or from one below it, never from above: a class with a term of its own and no
    citation has none, instead of its parent's, which is about another term.

    Args:
        chain: Class numbers with what each says, from the root down to the class asked about; a file's own override
            may come last under any name.
    """
    nearest_first = list(reversed(chain))
    term_at = next((i for i, (_, said) in enumerate(nearest_first) if said.term is not None), len(nearest_first))
    about_the_term = nearest_first[: term_at + 1]
    return Resolved(
        term=_nearest([(name, said.term) for name, said in nearest_first], None),
        anchor=_nearest([(name, said.anchor) for name, said in nearest_first], CLOSING),
        rounding=_nearest([(name, said.rounding) for name, said in nearest_first], Rounding.YEAR),
        legal_basis=_nearest([(name, said.legal_basis) for name, said in about_the_term], None),
        valid_from=_nearest([(name, said.valid_from) for name, said in about_the_term], None),
        applies_to=_nearest([(name, said.applies_to) for name, said in about_the_term], _DEFAULT_APPLIES_TO),
        appraisal=_nearest([(name, said.appraisal) for name, said in nearest_first], Appraisal.DECIDE),
        offer_by=_nearest([(name, said.offer_by) for name, said in nearest_first], DEFAULT_OFFER_BY),
        disposal_level=_nearest([(name, said.disposal_level) for name, said in nearest_first], DisposalLevel.DOSSIER),
        transfer_grace=_nearest([(name, said.transfer_grace) for name, said in nearest_first], None),
    )


def _nearest(said: list[tuple[str, T | None]], default: T) -> Sourced[T]:
    for name, value in said:
        if value is not None:
            return Sourced(value, name)
    return Sourced(default, None)

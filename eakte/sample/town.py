"""Stadt Rodenbeck as values: `town(seed, documents)` is the same for the same arguments, on every machine and day.

Days are counted from REFERENCE_DAY, not from today. Nothing is stored here; documents are made one by one on demand.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from eakte.sample.composing import fill, load, seeded, workday
from eakte.sample.people import UNITS, USERS
from eakte.sample.values import REFERENCE_DAY, SampleCase, SampleDocument, SampleDossier, SampleUnit, SampleUser
from eakte.sample.writing import Commission, facts_of, matter_of

PLAN = Path(__file__).with_name("plan.yaml")
"""The filing plan, as `eakte plan import` reads it."""

STATION = "S1"
"""Login of the scanning station's machine account."""

_STATES = ("open", "open", "running", "open", "due")
_LONGEST_DUE = 12
"""Years: a class with a longer term has no dossier that is already due; its letters would be older than their form."""
_HAPPENED = 0.7
"""Share of closed dossiers whose event has a date; the others wait for it."""


@dataclass(frozen=True, slots=True)
class Town:
    """The sample municipality; `count` documents in `dossiers`."""

    seed: int
    count: int
    units: tuple[SampleUnit, ...]
    users: tuple[SampleUser, ...]
    dossiers: tuple[SampleDossier, ...]

    def documents(self, references: Mapping[str, str] | None = None) -> Iterator[SampleDocument]:
        """The documents, made while iterating, one in memory at a time.

        Args:
            references: Reference numbers by dossier key, to be printed on the letters; a dossier that is missing gets
                one in the usual pattern.
        """
        return (self.document(number, references) for number in range(self.count))

    def document(self, number: int, references: Mapping[str, str] | None = None) -> SampleDocument:
        """One document, by its number from 0.

        Raises:
            IndexError: There is no document of that number.
        """
        if not 0 <= number < self.count:
            raise IndexError(f"The sample has {self.count} documents; there is no number {number}.")
        turn, index = divmod(number, len(self.dossiers))
        turns = len(range(index, self.count, len(self.dossiers)))
        dossier = self.dossiers[index]
        usual = f"{dossier.plan_class}-{index + 1:05}/{dossier.created_on.year}"
        return Commission(
            seed=self.seed,
            number=number,
            index=index,
            dossier=dossier,
            turn=turn,
            turns=turns,
            reference=(references or {}).get(dossier.key, usual),
            # The newest letter of a third of the open dossiers has just come in (by threes: scans are among them).
            inbox=turn + 1 == turns and dossier.closed_on is None and index // 3 % 3 == 0,
        ).write()


def town(seed: int, documents: int) -> Town:
    """The municipality with so many documents. The number of dossiers grows with them.

    Raises:
        ValueError: `documents` is negative.
    """
    if documents < 0:
        raise ValueError("The number of documents must not be negative.")
    # Not a multiple of 3, so that scans spread over all dossiers.
    number = 7 + 3 * (documents // 18)
    return Town(seed, documents, UNITS, USERS, tuple(_dossier(seed, index) for index in range(number)))


def _dossier(seed: int, index: int) -> SampleDossier:
    matter, key = matter_of(index), f"d{index + 1:05}"
    rng = seeded(seed, key, "life")
    created, closed = _life(matter, _STATES[(index + index // len(load("matters.yaml"))) % len(_STATES)], rng)
    happened = closed is not None and rng.random() < _HAPPENED
    named = matter.get("event")
    events = ((named, closed),) if named and closed and happened else ()
    cases = tuple(SampleCase(f"{key}/{n}", title) for n, title in enumerate(matter["cases"], start=1))
    title = fill(matter["title"], facts_of(seed, index, created.year), rng)
    return SampleDossier(
        key, title, matter["class"], matter["unit"], matter["confidentiality"], created, closed, events, cases
    )


def _life(matter: Any, state: str, rng: random.Random) -> tuple[date, date | None]:
    """Days of opening and closing: still open, in its term, or past it."""
    if matter.get("lasting"):
        return workday(REFERENCE_DAY - timedelta(days=rng.randint(800, 4000))), None
    if state == "open":
        return workday(REFERENCE_DAY - timedelta(days=rng.randint(50, 140 if matter.get("short") else 420))), None
    closed = REFERENCE_DAY - timedelta(days=rng.randint(40, 150))
    term = _terms()[matter["class"]]
    if state == "due" and term.endswith("M"):
        closed = REFERENCE_DAY - timedelta(days=31 * int(term[1:-1]) + rng.randint(30, 200))
    elif state == "due" and term.endswith("Y") and int(term[1:-1]) <= _LONGEST_DUE:
        closed = date(REFERENCE_DAY.year - int(term[1:-1]) - rng.randint(1, 2), rng.randint(2, 12), rng.randint(1, 28))
    closed = workday(closed)
    return workday(closed - timedelta(days=rng.randint(60, 100 if matter.get("short") else 400))), closed


@functools.cache
def _terms() -> dict[str, str]:
    """Retention terms by plan number, inherited ones included."""
    terms: dict[str, str] = {}

    def walk(entries: Any, inherited: str) -> None:
        for entry in entries:
            term = entry.get("retention", {}).get("term", inherited)
            terms[entry["number"]] = term
            walk(entry.get("children", ()), term)

    walk(load("plan.yaml")["classes"], "")
    return terms

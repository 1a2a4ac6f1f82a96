"""Taking over a filing plan from a file: what is wrong with it, what it would change."""

from __future__ import annotations

from dataclasses import dataclass, field

from eakte.web.views.administration import Section
from eakte.web.views.parts import Form


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One thing wrong in the file, and where."""

    place: str
    message: str
    rule: str


@dataclass(frozen=True, slots=True)
class PlanChange:
    """A class in the preview; `values` are name, before and after of what changes."""

    number: str
    title: str
    values: tuple[tuple[str, str, str], ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class PlanPreview:
    """POST /administration/plan/uebernehmen: step, digest, valid_from, close_missing."""

    step: str
    digest: str
    filename: str
    new: tuple[PlanChange, ...]
    changed: tuple[PlanChange, ...]
    missing: tuple[PlanChange, ...]
    unchanged: int
    counts: tuple[int, int, int] = (0, 0, 0)
    """How many are new, changed and missing: the lists may show fewer."""
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class PlanImportView:
    """GET /administration/plan; POST there: file."""

    sections: tuple[Section, ...]
    classes: int
    form: Form = field(default_factory=Form)
    problems: tuple[FileProblem, ...] = ()
    more_problems: int = 0
    preview: PlanPreview | None = None
    section: str = "plan"

"""What the registrar prepares: templates of dossiers and cases, data fields of a class."""

from __future__ import annotations

from dataclasses import dataclass, field

from eakte.web.views.administration import Section
from eakte.web.views.parts import Choice, Form


@dataclass(frozen=True, slots=True)
class TemplateRow:
    """A template in the list."""

    href: str
    name: str
    kind: str
    title: str
    cases: int
    active: bool


@dataclass(frozen=True, slots=True)
class TemplatesView:
    """GET /administration/plan/vorlagen."""

    sections: tuple[Section, ...]
    rows: tuple[TemplateRow, ...]
    next: str = ""
    section: str = "plan"


@dataclass(frozen=True, slots=True)
class TemplateView:
    """GET and POST /administration/plan/vorlagen/neu and …/{id}.

    name, kind, title, plan_class, unit, confidentiality, medium, cases, roles, active, revision.
    """

    sections: tuple[Section, ...]
    form: Form
    units: tuple[Choice, ...]
    id: str = ""
    """Empty while it is new."""
    name: str = ""
    kind: str = "dossier"
    revision: int = 0
    section: str = "plan"

    @property
    def address(self) -> str:
        """Where the form goes."""
        return f"/administration/plan/vorlagen/{self.id or 'neu'}"


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A data field; `source` is the class above that defines it, empty where the class itself does."""

    name: str
    label: str
    kind: str
    on: tuple[str, ...]
    required: bool
    choices: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class FieldsView:
    """GET and POST /administration/plan/felder?klasse=632.2; POST …/entfernen: name, class, revision.

    class, revision, name, label, type, on_…, required, choices.
    """

    sections: tuple[Section, ...]
    number: str = ""
    title: str = ""
    revision: int = 0
    rows: tuple[FieldRow, ...] = ()
    types: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    form: Form = field(default_factory=Form)
    find: Form = field(default_factory=Form)
    section: str = "plan"

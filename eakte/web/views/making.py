"""A new dossier or case from a template."""

from __future__ import annotations

from dataclasses import dataclass, field

from eakte.web.views.parts import Choice, Form, Link, Property
from eakte.web.views.plan import DataInput


@dataclass(frozen=True, slots=True)
class TemplateParty:
    """A role that the template names: its party is entered with it, `parties.N.name` and `parties.N.kind`."""

    role: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class MakingView:
    """GET and POST /vorlagen/{id}?plan=… or ?akte=…: as few fields as the template leaves open.

    POST: plan or akte · values.… · unit · fields.… · parties.N.name, parties.N.kind
    """

    id: str
    name: str
    title: str
    """The pattern of the title: „Bauantrag {grundstueck}“."""
    path: tuple[Link, ...]
    back: Link
    presets: tuple[Property, ...] = ()
    """What the template decides: class, unit, level, medium."""
    cases: tuple[tuple[str, int], ...] = ()
    """Titles of the cases that come with it, and how deep each lies."""
    plan: str = ""
    dossier: str = ""
    """Where it comes into being: the number of a class, or the id of the dossier of a case."""
    places: tuple[Choice, ...] = ()
    units: tuple[Choice, ...] = ()
    fields: tuple[DataInput, ...] = ()
    parties: tuple[TemplateParty, ...] = ()
    form: Form = field(default_factory=Form)

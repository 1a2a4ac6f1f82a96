"""The filing plan: its tree, a class with its dossiers, a new dossier."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from eakte.web.views.parts import Choice, Form, Link


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A class or dossier in the tree. `state` says whether it has children and shows them; leaf has none."""

    number: str
    title: str
    href: str
    state: Literal["open", "closed", "leaf"] = "leaf"
    kind: Literal["class", "dossier", "all"] = "class"
    count: int | None = None
    current: bool = False
    children: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class DossierRow:
    """A dossier in a list."""

    href: str
    reference_number: str
    title: str
    state: str
    unit: str
    documents: int
    changed: datetime
    protected: bool = False
    assign: str = ""
    """Where the registrar says where it belongs: what may not be read can be put elsewhere too."""


@dataclass(frozen=True, slots=True)
class DataInput:
    """An input for a data field that the class defines; a select where there are choices."""

    name: str
    label: str
    required: bool = False
    choices: tuple[Choice, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NewDossierForm:
    """POST /akten: plan_class, title, unit, confidentiality, and `fields.…` of the class."""

    plan_class: str
    units: tuple[Choice, ...]
    levels: tuple[str, ...] = ("internal", "open", "protected")
    fields: tuple[DataInput, ...] = ()
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class PlanView:
    """A class of the filing plan with its dossiers, page by page; without number the plan as a whole."""

    tree: tuple[TreeNode, ...]
    number: str = ""
    title: str = ""
    path: tuple[Link, ...] = ()
    retention: str = ""
    """The rule as a sentence: „10 Jahre nach zdA, § 6 Aktenordnung; danach B – bewerten“."""
    files_allowed: bool = False
    rows: tuple[DossierRow, ...] = ()
    total: int = 0
    filter: str = ""
    state: str = ""
    """Chosen filter by state: "", "open" or "closed"."""
    next: str = ""
    new_dossier: NewDossierForm | None = None
    templates: tuple[Link, ...] = ()
    """From which the person can make a dossier: here, or without a chosen class in the class that each names."""
    wanted: str = ""
    """Letters that the tree is filtered by, and how many classes fit them."""
    found: int | None = None

"""Where a dossier belongs: its class, its unit, its level."""

from __future__ import annotations

from dataclasses import dataclass

from eakte.web.views.parts import Choice, Form, Link
from eakte.web.views.plan import DataInput


@dataclass(frozen=True, slots=True)
class AssignView:
    """GET /akten/{id}/zuordnen; a form that is None is absent.

    POST there: plan_class, reason, revision, `fields.…` · …/abgeben: unit, confidentiality, reason, revision ·
    …/einstufen: confidentiality, reason, revision
    """

    dossier: str
    reference_number: str
    title: str
    path: tuple[Link, ...]
    back: Link
    revision: int
    plan_class: str
    unit: str
    level: str
    move: Form | None = None
    fields: tuple[DataInput, ...] = ()
    """Those of the class that was typed, where it asks for others."""
    reassign: Form | None = None
    units: tuple[Choice, ...] = ()
    classify: Form | None = None
    levels: tuple[str, ...] = ()

"""What a call of a procedure says (docs/adr/0015), and what is wrong with it before anything is looked up."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.operations.checking import placed
from eakte.operations.external import ExternalKey
from eakte.operations.filing import Draft, check_words
from eakte.operations.parties import PartyWords

MOST_DOCUMENTS = 100
"""Documents of one call; more are several calls into the same case."""


@dataclass(frozen=True, slots=True)
class DossierPart:
    """The dossier: one that exists (`id`), or a new one, perhaps from a template."""

    id: uuid.UUID | None = None
    template: uuid.UUID | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    plan_class: str | None = None
    title: str | None = None
    unit: str | None = None
    confidentiality: str | None = None
    medium: str | None = None
    location: str | None = None
    external: ExternalKey | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    parties: Sequence[PartyWords] = ()


@dataclass(frozen=True, slots=True)
class CasePart:
    """The case: one that exists (`id`, or its number in the dossier), or a new one, perhaps from a template."""

    id: uuid.UUID | None = None
    ordinal: int | None = None
    template: uuid.UUID | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    title: str | None = None
    external: ExternalKey | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    parties: Sequence[PartyWords] = ()

    @property
    def exists(self) -> bool:
        """Whether one is named that is there, or that the template of the dossier brings along."""
        return self.id is not None or self.ordinal is not None


@dataclass(frozen=True, slots=True)
class DocumentPart:
    """A document and the name of the part of the request that has its bytes."""

    file: str
    draft: Draft


@dataclass(frozen=True, slots=True)
class Procedure:
    """What a call says."""

    dossier: DossierPart
    case: CasePart | None
    documents: Sequence[DocumentPart]


def check_procedure(said: Procedure) -> None:
    """Raise InvalidInput for what is wrong with the call, whatever is stored."""
    if len(said.documents) > MOST_DOCUMENTS:
        raise InvalidInput(
            errors=[
                FieldError(
                    "documents",
                    _("Höchstens %(most_documents)s Dokumente in einem Aufruf.", most_documents=MOST_DOCUMENTS),
                )
            ]
        )
    _check_dossier(said.dossier)
    if said.case is not None:
        _check_case(said.case)
    files = Counter(each.file for each in said.documents)
    keys = Counter(each.draft.external for each in said.documents if each.draft.external)
    for number, each in enumerate(said.documents):
        with placed(f"documents[{number}]"):
            if not each.file or each.file == "metadata":
                raise InvalidInput(errors=[FieldError("file", _("Der Name des Teils mit der Datei fehlt."))])
            if files[each.file] > 1:
                message = _("Zwei Dokumente nennen denselben Teil „%(file)s“.", file=each.file)
                raise InvalidInput(errors=[FieldError("file", message)])
            if each.draft.external and keys[each.draft.external] > 1:
                raise InvalidInput(errors=[FieldError("external", _("Zwei Dokumente nennen denselben Schlüssel."))])
            check_words(each.draft)


def _check_dossier(said: DossierPart) -> None:
    with placed("dossier"):
        if said.id is not None:
            if said != DossierPart(id=said.id):
                raise InvalidInput(errors=[FieldError("id", _("Bei einer vorhandenen Akte steht nur ihre id."))])
        elif said.template is None:
            missing = [name for name in ("plan_class", "title") if not getattr(said, name)]
            if missing:
                message = _("Nötig sind id, template, oder plan_class und title.")
                raise InvalidInput(errors=[FieldError(name, message) for name in missing])
        elif said.medium is not None or said.location is not None:
            name = "medium" if said.medium is not None else "location"
            raise InvalidInput(errors=[FieldError(name, _("Das sagt die Vorlage."))])


def _check_case(said: CasePart) -> None:
    with placed("case"):
        if said.exists:
            if said not in (CasePart(id=said.id), CasePart(ordinal=said.ordinal)):
                message = _("Bei einem vorhandenen Vorgang steht nur id oder ordinal.")
                raise InvalidInput(errors=[FieldError("id", message)])
        elif said.template is None and not said.title:
            raise InvalidInput(errors=[FieldError("title", _("Nötig ist eines von id, ordinal, template und title."))])

"""What another system says of its dossier or case, by its own key: made the first time, then changed where it differs.

What is not said stays. What an act of its own does (another class, unit or level) is not changed by the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from eakte.errors import FieldError, InvalidInput
from eakte.language import _
from eakte.models import Case, Dossier
from eakte.operations.changing import change_case, change_dossier
from eakte.operations.opening import NewCase, NewDossier, create_case, create_dossier
from eakte.operations.plan import find_class
from eakte.operations.units import find_unit
from eakte.terms import Level
from eakte.transaction import Transaction


def put_dossier(
    tx: Transaction, new: NewDossier, *, said: frozenset[str], revision: int | None, pattern: str
) -> tuple[Dossier, bool]:
    """The dossier that the key of `new` names, as `new` says; `said` are the names that the caller gave.

    Returns the dossier and whether it is new. Nothing that differs: nothing happens, also in a closed dossier. Raises
    what creating and changing raise, InvalidInput for what only an act of its own changes.
    """
    dossier, is_new = create_dossier(tx, new, pattern=pattern)
    if is_new:
        return dossier, True
    elsewhere: dict[str, Callable[[], bool]] = {
        "plan_class": lambda: find_class(tx.session, new.plan_class).id != dossier.plan_class_id,
        "unit": lambda: new.unit is not None and find_unit(tx.session, new.unit).id != dossier.unit_id,
        "confidentiality": lambda: new.confidentiality != Level(dossier.confidentiality).word,
    }
    moved = [name for name, differs in elsewhere.items() if name in said and differs()]
    if moved:
        acts = {"plan_class": "move", "unit": "reassign", "confidentiality": "confidentiality"}
        raise InvalidInput(
            errors=[
                FieldError(name, _("Das ändert POST /dossiers/%(id)s/%(act)s.", id=dossier.id, act=acts[name]))
                for name in moved
            ]
        )
    changes = _differing(dossier, new, said & {"title", "medium", "location", "fields"})
    if changes:
        # Without If-Match the state that this act has read counts: a change at the same moment is told, not undone.
        change_dossier(tx, dossier.id, changes, revision=dossier.revision if revision is None else revision)
    return dossier, False


def put_case(tx: Transaction, new: NewCase, *, said: frozenset[str], revision: int | None) -> tuple[Case, bool]:
    """The same for a case. Its dossier is named where it may be new; another one than its own is refused."""
    case, is_new = create_case(tx, new)
    if is_new:
        return case, True
    if new.dossier not in {None, case.dossier_id} or new.parent not in {None, case.parent_id}:
        raise InvalidInput(errors=[FieldError("dossier", _("Der Vorgang gehört zu einer anderen Akte."))])
    changes = _differing(case, new, said & {"title", "fields"})
    if changes:
        change_case(tx, case.id, changes, revision=case.revision if revision is None else revision)
    return case, False


def _differing(row: Dossier | Case, new: NewDossier | NewCase, names: frozenset[str]) -> Mapping[str, Any]:
    said = replace(new, title=" ".join(new.title.split()))
    return {name: getattr(said, name) for name in sorted(names) if getattr(said, name) != getattr(row, name)}

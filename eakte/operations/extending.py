"""How long a dossier is kept at least, beyond what its class says (docs/adr/0015).

The class's rule is the law's minimum and maximum for most; where a single matter needs longer (a lawsuit, a warranty),
the registrar names a day and a reason. A term never becomes shorter by it: the later of both days counts.
"""

from __future__ import annotations

import uuid
from datetime import date

from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, WrongState
from eakte.language import _, shown_day
from eakte.models import Dossier
from eakte.operations.checking import line
from eakte.operations.closing import recount, reindex
from eakte.operations.moving import kept_dossier
from eakte.terms import today
from eakte.transaction import Transaction


def extend_retention(
    tx: Transaction, dossier_id: uuid.UUID, *, keep_until: date | None, reason: str, revision: int | None = None
) -> Dossier:
    """Say until when a dossier is kept at least; None goes back to the term of its class. The registrar's.

    It counts beside the class's rule from the closing on, through every recount. Raises NotFound, NotAllowed,
    StaleRevision, InvalidInput for a day that would extend nothing, WrongState for a permanent dossier.
    """
    dossier = kept_dossier(tx, dossier_id, revision)
    reason = line(reason, at="reason", label=_("Grund"))
    before = dossier.keep_until
    if keep_until is not None and keep_until <= today():
        raise InvalidInput(errors=[FieldError("keep_until", _("Der Tag liegt nicht in der Zukunft."))])
    if keep_until is not None and dossier.retention_state == "permanent":
        raise WrongState(_("Die Akte wird dauernd aufbewahrt."))
    dossier.keep_until = keep_until
    recount(tx, dossier)
    if keep_until is not None and dossier.retention_end is not None and dossier.retention_end > keep_until:
        message = _(
            "Die Frist endet ohnehin erst am %(retention_end)s; verkürzen lässt sie sich nicht.",
            retention_end=shown_day(dossier.retention_end),
        )
        raise InvalidInput(errors=[FieldError("keep_until", message)])
    end = dossier.retention_end.isoformat() if dossier.retention_end else None
    details = {"keep_until": keep_until.isoformat() if keep_until else None, "end": end}
    entry = tx.record(Tag.DOSSIER_EXTEND, dossier.id, details)
    tx.remember(entry, dossier.id, "keep_until", before.isoformat() if before else None)
    tx.remember(entry, dossier.id, "reason", reason)
    reindex(tx, dossier)
    return dossier

"""The shape of what happened to a record, as its readers see it."""

from __future__ import annotations

from pydantic import BaseModel

from eakte.api.shapes import Utc
from eakte.operations.histories import Happened


class FormerShape(BaseModel):
    """What a field held before the act; `reason` is the reason that was given."""

    field: str
    value: str | None


class HistoryShape(BaseModel):
    """One act; `who` is the person's name, null for the service's own work, `represented` whose deputy it was."""

    at: Utc
    tag: str
    who: str | None
    represented: list[str]
    before: list[FormerShape]

    @classmethod
    def of(cls, happened: Happened) -> HistoryShape:
        """From an act and the former values."""
        return cls(
            at=happened.entry.at,
            tag=happened.entry.tag,
            who=happened.who,
            represented=list(happened.represented),
            before=[FormerShape(field=each.field, value=each.value) for each in happened.before],
        )

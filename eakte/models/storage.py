"""What is known of the blobs by reading them again: how far the round is, and which are not as they should be."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from eakte.models.base import Operational


class FixityRound(Operational):
    """The round in which all blobs are read again: the one that runs, otherwise the last. One row at most.

    Former rounds are in the log, with what they found (`record:storage:verify`).
    """

    __tablename__ = "fixity_round"
    __table_args__ = (CheckConstraint("single", name="single"),)

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_name: Mapped[str]
    """The last blob that was read, in the order of names; the round goes on behind it."""
    planned: Mapped[int] = mapped_column(BigInteger)
    """How many blobs there were when it began; those that came since make it longer."""
    done: Mapped[int] = mapped_column(BigInteger)


class BlobFinding(Operational):
    """A blob that was missing or damaged when it was last read. It goes when the blob is whole again, or has gone."""

    __tablename__ = "blob_finding"

    name: Mapped[str] = mapped_column(ForeignKey("blob.name", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str]
    found_at: Mapped[datetime]
    looked_at: Mapped[datetime] = mapped_column(index=True)

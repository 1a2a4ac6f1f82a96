"""The client: everything hangs on one `Client`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast

from eakte.client.connection import PAUSES, Connection, File
from eakte.client.papers import Documents
from eakte.client.records import Cases, Dossiers, Parties, PlanClasses, Resubmissions, Templates

if TYPE_CHECKING:
    from types import TracebackType

    from eakte.client.said import CasePart, DocumentSaid, DossierPart
    from eakte.client.shapes import Filed, Hit, SearchAnswer


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of a procedure: its file, and what is said of it."""

    file: File | Path | str
    said: DocumentSaid


class Client:
    """eakte at an address, as the account of a token.

    Attributes:
        plan_classes, dossiers, cases, parties, templates, resubmissions, documents: the jobs by what they are about.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        ca: Path | None = None,
        timeout: float = 60.0,
        pauses: Sequence[float] = PAUSES,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is sent yet.

        Args:
            url: where eakte is, without `/api/v1`.
            token: the access key.
            ca: certificates to trust instead of those of the system.
            timeout: seconds without a byte after which a request has failed.
            pauses: seconds before each repetition of a request that may be repeated.
            sleep: how to wait.
        """
        self._connection = Connection(url, token, ca=ca, timeout=timeout, pauses=pauses, sleep=sleep)
        self.plan_classes = PlanClasses(self._connection)
        self.dossiers = Dossiers(self._connection)
        self.cases = Cases(self._connection)
        self.parties = Parties(self._connection)
        self.templates = Templates(self._connection)
        self.resubmissions = Resubmissions(self._connection)
        self.documents = Documents(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def procedure(self, dossier: DossierPart, case: CasePart | None = None, papers: Sequence[Paper] = ()) -> Filed:
        """A dossier or case with its parties and documents in one call: all of it is there afterwards, or nothing."""
        files = {f"file{number}": File.of(paper.file) for number, paper in enumerate(papers)}
        documents = [{"file": name, **paper.said} for name, paper in zip(files, papers, strict=True)]
        metadata = {"dossier": dossier, "case": case, "documents": documents}
        return cast("Filed", self._connection.upload("/procedures", metadata, files))

    def search(
        self,
        text: str,
        *,
        plan_class: str | None = None,
        unit: str | None = None,
        kind: str | None = None,
        since: date | None = None,
        until: date | None = None,
        cancelled: bool | None = None,
        sort: str | None = None,
        limit: int | None = None,
    ) -> SearchAnswer:
        """The first hits, with total and facets. `sort` is relevance, newest or reference."""
        query = {
            "q": text,
            "class": plan_class,
            "unit": unit,
            "kind": kind,
            "from": since.isoformat() if since else None,
            "until": until.isoformat() if until else None,
            "cancelled": cancelled,
            "sort": sort,
            "limit": limit,
        }
        return cast("SearchAnswer", self._connection.get("/search", query))

    def hits(self, text: str, *, plan_class: str | None = None, unit: str | None = None) -> Iterator[Hit]:
        """All hits, page by page as they are drawn."""
        page = self.search(text, plan_class=plan_class, unit=unit)
        while True:
            yield from page["hits"]
            if "next" not in page:
                return
            page = cast("SearchAnswer", self._connection.follow(page["next"]))

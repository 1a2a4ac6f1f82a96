"""Documents and what is done with them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from eakte.client.connection import File
from eakte.client.problems import EakteProblem
from eakte.language import ngettext

if TYPE_CHECKING:
    from typing import Unpack

    from eakte.client.connection import Connection
    from eakte.client.said import (
        DocumentChange,
        DocumentSaid,
        Reminder,
    )
    from eakte.client.shapes import (
        BulkAnswer,
        Document,
        External,
        Happened,
        Signature,
        Version,
        Words,
    )

READY = frozenset({"ready", "failed"})


class Documents:
    """Documents (Dokumente). Files are sent and fetched as streams, in constant memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def file(
        self,
        file: File | Path | str,
        *,
        dossier: str | None = None,
        case: str | None = None,
        inbox: bool = False,
        unit: str | None = None,
        **said: Unpack[DocumentSaid],
    ) -> Document:
        """File a document into a dossier, a case, or the inbox of a unit."""
        place = {"dossier": dossier, "case": case, "inbox": inbox, "unit": unit}
        return cast("Document", self._connection.upload("/documents", {**place, **said}, {"file": File.of(file)}))

    def get(self, document: str) -> Document:
        """One document, with the state of its processing."""
        return cast("Document", self._connection.get(f"/documents/{document}"))

    def wait(self, document: str, *, seconds: float = 120.0, every: float = 0.5) -> Document:
        """Ask until it is ready (found by search) or failed. Raises EakteProblem of kind `timeout`."""
        end = time.monotonic() + seconds
        while True:
            found = self.get(document)
            if found["state"] in READY:
                return found
            if time.monotonic() > end:
                title = ngettext(
                    "Nach %(num)s Sekunde ist das Dokument noch nicht verarbeitet.",
                    "Nach %(num)s Sekunden ist das Dokument noch nicht verarbeitet.",
                    round(seconds),
                )
                raise EakteProblem(kind="timeout", status=0, title=title)
            self._connection.sleep(every)

    def list(
        self,
        *,
        dossier: str | None = None,
        case: str | None = None,
        inbox: bool | None = None,
        source: str | None = None,
        name: str | None = None,
        kind: str | None = None,
        cancelled: bool | None = None,
    ) -> Iterator[Document]:
        """Of a place or from inside a document, newest first; or by a sender's or addressee's name."""
        query = {"dossier": dossier, "case": case, "inbox": inbox, "source": source}
        return self._connection.pages("/documents", {**query, "name": name, "kind": kind, "cancelled": cancelled})

    def find(self, external: External) -> Document | None:
        """The document that another system's key names."""
        query = {"external_system": external["system"], "external_id": external["id"]}
        return next(iter(self._connection.pages("/documents", query)), None)

    def content(self, document: str, target: Path, *, version: int | None = None) -> Path:
        """The bytes as received, into a file."""
        return self._connection.download(f"/documents/{document}/content", target, {"v": version})

    def rendition(self, document: str, target: Path, *, version: int | None = None) -> Path:
        """The PDF/A, into a file."""
        return self._connection.download(f"/documents/{document}/rendition", target, {"v": version})

    def text(self, document: str, *, version: int | None = None) -> str:
        """The text; pages are parted by form feeds."""
        return self._connection.get_bytes(f"/documents/{document}/text", {"v": version}).decode()

    def page_image(self, document: str, page: int, *, version: int | None = None) -> bytes:
        """The image of a page (WebP)."""
        return self._connection.get_bytes(f"/documents/{document}/pages/{page}/image", {"v": version})

    def page_words(self, document: str, page: int, *, version: int | None = None, question: str | None = None) -> Words:
        """The words of a page with their places; with a question also which of them fit it."""
        query = {"v": version, "q": question}
        return cast("Words", self._connection.get(f"/documents/{document}/pages/{page}/words", query))

    def change(self, document: str, *, revision: int, **changes: Unpack[DocumentChange]) -> Document:
        """Change what was read in that revision."""
        return cast("Document", self._connection.patch(f"/documents/{document}", changes, revision=revision))

    def check_out(self, document: str, *, revision: int | None = None) -> Document:
        """Say that you write the next version, alone."""
        return self._act(document, "check-out", {}, revision)

    def release(self, document: str, *, reason: str | None = None, revision: int | None = None) -> Document:
        """End a check-out without a new version."""
        return self._act(document, "release", {"reason": reason}, revision)

    def add_version(
        self,
        document: str,
        file: File | Path | str,
        *,
        comment: str | None = None,
        keep_checked_out: bool = False,
        revision: int | None = None,
    ) -> Document:
        """Add a version; who has the document checked out checks it in by that."""
        said = {"comment": comment, "keep_checked_out": keep_checked_out}
        path = f"/documents/{document}/versions"
        return cast("Document", self._connection.upload(path, said, {"file": File.of(file)}, revision=revision))

    def versions(self, document: str) -> Iterator[Version]:
        """All versions, newest first."""
        return self._connection.pages(f"/documents/{document}/versions")

    def restore(
        self, document: str, version: int, *, comment: str | None = None, revision: int | None = None
    ) -> Document:
        """Make an earlier version hold again, as a new one."""
        path = f"/documents/{document}/versions/{version}/restore"
        return cast("Document", self._connection.make(path, {"comment": comment}, revision=revision))

    def finalize(self, document: str, *, revision: int | None = None) -> Document:
        """The current version is the last one."""
        return self._act(document, "finalize", {}, revision)

    def cancel(self, document: str, reason: str, *, revision: int | None = None) -> Document:
        """Cancel it (stornieren); it stays, and is found only when asked for."""
        return self._act(document, "cancel", {"reason": reason}, revision)

    def sign(self, document: str, *, revision: int | None = None) -> Document:
        """Put a signature of the installation under the current version; the document is final from then on."""
        return cast("Document", self._connection.make(f"/documents/{document}/sign", {}, revision=revision))

    def signatures(self, document: str, version: int) -> Iterator[Signature]:
        """The signatures under a version, each checked anew by the service."""
        return self._connection.pages(f"/documents/{document}/versions/{version}/signatures")

    def retry(self, document: str) -> Document:
        """Process it again."""
        return self._act(document, "retry", {}, None)

    def history(self, document: str) -> Iterator[Happened]:
        """What happened to it, newest first."""
        return self._connection.pages(f"/documents/{document}/history")

    def move_all(self, documents: Sequence[str], *, dossier: str | None = None, case: str | None = None) -> BulkAnswer:
        """Put all of them into a dossier or case, in one act: out of the inbox, too."""
        return self._bulk(documents, "move", {"dossier": dossier, "case": case})

    def change_all(self, documents: Sequence[str], **changes: Unpack[DocumentChange]) -> BulkAnswer:
        """Change all of them in one act."""
        return self._bulk(documents, "change", dict(changes))

    def cancel_all(self, documents: Sequence[str], reason: str) -> BulkAnswer:
        """Cancel all of them in one act."""
        return self._bulk(documents, "cancel", {"reason": reason})

    def resubmit_all(self, documents: Sequence[str], reminder: Reminder) -> BulkAnswer:
        """Remind of all of them in one act."""
        return self._bulk(documents, "resubmit", dict(reminder))

    def _bulk(self, documents: Sequence[str], act: str, said: dict[str, Any]) -> BulkAnswer:
        return cast("BulkAnswer", self._connection.make("/documents/bulk", {"documents": list(documents), act: said}))

    def _act(self, document: str, act: str, body: dict[str, Any], revision: int | None) -> Document:
        return cast("Document", self._connection.post(f"/documents/{document}/{act}", body, revision=revision))

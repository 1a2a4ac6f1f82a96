"""Looking for viruses: the only way for bytes into the store leads past here (`filing.store_original`).

Bytes are looked at while they stream into the store, before it gives them their name: what is refused never becomes a
blob. Without EAKTE_CLAMAV_URL nothing is looked at; with it nothing passes that the scanner has not called clean.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eakte.audit import Tag
from eakte.errors import FieldError, FileInfected, ScannerUnavailable, TooLarge
from eakte.language import _, msgid
from eakte.terms import Actor
from eakte.transaction import Transactions
from indexing.clamav import Clamd, Infected, NotScanned, ScanFailed

logger = logging.getLogger(__name__)

NOT_LOOKED_AT = msgid(
    "Die Virenprüfung prüft keine Dateien dieser Größe oder Verschachtelung; ungeprüft wird nichts abgelegt."
)


@dataclass(frozen=True, slots=True)
class Screen:
    """The scanner, if there is one, and who brings the bytes to which objects: what the log keeps of a refusal."""

    scanner: Clamd | None
    transactions: Transactions
    actor: Actor
    beside: Sequence[uuid.UUID] = ()

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks as they come; the end comes only when they are clean. To be drawn outside any transaction.

        Raises:
            FileInfected: Something was found; the log has an entry of it: who, what, the file's digest, no content.
            ScannerUnavailable: The scanner does not answer.
            TooLarge: The scanner does not look at such files.
        """
        if self.scanner is None:
            yield from chunks
            return
        digest = hashlib.sha256()
        try:
            for chunk in self.scanner.passing(chunks):
                digest.update(chunk)
                yield chunk
        except Infected as found:
            details = {"signature": found.signature, "sha256": digest.hexdigest()}
            self.transactions.record_apart(self.actor, Tag.FILE_INFECTED, None, details, subjects=self.beside)
            message = _(
                "In der Datei wurde Schadsoftware gefunden (%(signature)s). Sie wurde nicht abgelegt.",
                signature=found.signature,
            )
            raise FileInfected(message, errors=[FieldError("file", message)]) from found
        except NotScanned as error:
            raise TooLarge(_(NOT_LOOKED_AT)) from error
        except ScanFailed as error:
            logger.exception("virus scanner failed")
            raise ScannerUnavailable(
                _("Es wurde nichts abgelegt. Bitte versuchen Sie es später noch einmal.")
            ) from error

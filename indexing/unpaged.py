"""Files that are no pages themselves: which reader makes what of which kind, and why of the others nothing is made."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from indexing import media, office, readings
from indexing.errors import UntrustedFailed, judged
from indexing.readings import Allowance, Reading
from indexing.untrusted import Limits

_PACKED: Final = "Nur ZIP-Archive werden ausgepackt; dieses Archiv ist als Original gespeichert."
_REASONS: Final = {
    media.EMPTY: "Die Datei ist leer.",
    media.OLE: "Die Datei ist beschädigt oder von einem unbekannten Programm; das Original ist gespeichert.",
    "application/x-7z-compressed": _PACKED,
    "application/x-tar": _PACKED,
    "application/gzip": _PACKED,
    "application/x-rar-compressed": _PACKED,
    "application/vnd.rar": _PACKED,
    "application/vnd.ms-tnef": "Anlagen im Format winmail.dat öffnet nur Outlook; das Original ist gespeichert.",
}
_READ: Final = frozenset({media.MAIL, media.OUTLOOK, media.ZIP, *media.TEXTS, *media.OFFICE})


def reason(media_type: str) -> str | None:
    """Why a file that is neither PDF nor image has no pages, in German; None where it will have some."""
    if media_type in _READ:
        return None
    return _REASONS.get(media_type, "Für dieses Dateiformat gibt es keine Seitenansicht; das Original ist gespeichert.")


def read(
    source: Path,
    media_type: str,
    *,
    folder: Callable[[], Path],
    workdir: Path,
    limits: Limits,
    libreoffice: Path | None,
    allowance: Allowance,
) -> Reading | None:
    """What the reader for this kind of file makes of it; None where the file itself has pages or is a text.

    Args:
        source: The file as received.
        media_type: As detected.
        folder: Makes an empty folder for a child process.
        workdir: Where the results go.
        limits: What the file may cost.
        libreoffice: Its program, if there is one.
        allowance: What may be taken out.

    Raises:
        UntrustedFailed: The file is refused with a reason, or it broke a limit.
        ProcessingFailed: Not the file's fault.
    """
    most = allowance.parts

    def run(reader: str, *, given: Limits = limits, parts: int = 0, **more: Any) -> Reading:
        place = folder()
        try:
            arguments = {"source": str(source), **more}
            return readings.read(reader, arguments, folder=place, workdir=workdir, limits=given, most_parts=parts)
        finally:
            shutil.rmtree(place)

    if media_type in media.OFFICE:
        return _office(run, media.OFFICE[media_type], limits, libreoffice)
    if media_type in {media.MAIL, media.OUTLOOK}:
        return run("indexing.mail:read" if media_type == media.MAIL else "indexing.outlook:read", parts=most, most=most)
    if media_type == media.ZIP:
        # All that is taken out lies here twice for a moment: as the child left it, and as it was taken over.
        total = limits.output_bytes // 2
        opened = allowance.archives and most > 0
        return run(
            "indexing.archives:read", parts=most, most=most, opened=opened, total=total, largest=limits.file_bytes
        )
    return run("indexing.invoices:read") if media_type == media.XML else None


def _office(run: Callable[..., Reading], ending: str, limits: Limits, libreoffice: Path | None) -> Reading:
    """Pages by LibreOffice; where it is missing or fails the text alone, where that can be had."""
    why = office.MISSING
    if libreoffice is not None:
        more = replace(limits, memory_bytes=office.MEMORY_FACTOR * limits.memory_bytes, open_files=office.OPEN_FILES)
        # A little before the limit by the clock, which would be taken for the machine's fault.
        seconds = 0.9 * limits.wall_seconds
        try:
            return run(
                "indexing.office_reader:convert", given=more, program=str(libreoffice), ending=ending, seconds=seconds
            )
        except UntrustedFailed as failure:
            why = judged(failure)
    return run("indexing.office_reader:words", remark=why)

"""The first look at a file: what it is by its bytes, how many pages it has, and what it warns of."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from indexing import media, unpaged
from indexing.errors import UntrustedFailed
from indexing.results import WARNINGS
from indexing.untrusted import Limits, one_line, run_untrusted

_MOST_FACTS: Final = 20


@dataclass(frozen=True)
class Survey:
    """What the first look at a file says.

    Attributes:
        media_type: Detected from the bytes.
        pages: How many it says it has.
        refused: One German sentence why it is not opened further.
        warnings: German sentences about what it contains.
        claim: Part and level of the PDF/A that it claims to be, such as ``2b``.
    """

    media_type: str
    pages: int
    refused: str | None
    warnings: tuple[str, ...]
    claim: str | None


def survey(source: Path, *, limits: Limits, folder: Callable[[], Path]) -> Survey:
    """Look at a file for the first time, in a process of its own.

    Raises:
        UntrustedFailed: The file cost more than the limits, or what came back is no survey.
    """
    arguments = {"source": str(source), "memory": limits.memory_bytes}
    place = folder()
    untrusted = run_untrusted("indexing.pages:survey", arguments, limits=limits, folder=place)
    shutil.rmtree(place)
    try:
        media_type, count, claim = untrusted["media_type"], untrusted["pages"], untrusted["claim"]
        if not media.KNOWN_FORMAT.fullmatch(media_type) or type(count) is not int or count < 0:
            raise unreadable("survey")
        warnings = tuple(sentence for key, sentence in WARNINGS.items() if key in untrusted["warnings"])
        claimed = claim if isinstance(claim, str) and 0 < len(claim) <= 2 else None  # noqa: PLR2004 - part and level
        warnings += tuple(one_line(fact) for fact in untrusted["facts"][:_MOST_FACTS])
        refused = untrusted["refused"]
        reason = None if refused is None else one_line(refused)
        return Survey(media_type, count, reason, warnings, claimed)
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable(str(error)) from error


def no_page_view(found: Survey, most: int) -> str | None:
    """Why this file gets no page images, as a German sentence; None where it does.

    Args:
        found: The file.
        most: How many pages are shown at most.
    """
    if found.media_type == media.PDF or found.media_type in media.IMAGES:
        if found.pages > most:
            return f"Die Datei hat {found.pages} Seiten; umgewandelt werden höchstens {most}."
        return None if found.pages else "Die Datei enthält keine Seiten."
    return unpaged.reason(found.media_type)


def unreadable(detail: str) -> UntrustedFailed:
    """What the process of an untrusted file sent back is not what it should be."""
    return UntrustedFailed("crash", "Die Datei konnte nicht gelesen werden.", detail)

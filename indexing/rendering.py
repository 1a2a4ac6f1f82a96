"""The PDF/A rendition of a file whose words are known: made in a process of its own, checked before it is used."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from indexing import media
from indexing.errors import UntrustedFailed, judged
from indexing.results import RENDITION
from indexing.survey import Survey
from indexing.untrusted import Limits, one_line, run_untrusted, take_untrusted_file

RenditionState = Literal["conforming", "claimed", "raster", "none"]

_PAGE_CPU_SECONDS: Final = 0.5
_STATES: Final = frozenset({"conforming", "claimed", "raster"})


@dataclass(frozen=True)
class Rendition:
    """What became of a rendition.

    Attributes:
        state: What the rendition is.
        flavour: ``2b``, ``3b``, …
        reason: One German sentence for the clerk, where there is something to say.
        path: The PDF/A; None when there is none or when the original is its own.
        is_original: The original is its own rendition.
    """

    state: RenditionState
    flavour: str | None = None
    reason: str | None = None
    path: Path | None = None
    is_original: bool = False


def render(
    source: Path, survey: Survey, origins: dict[int, str], *, words: Path, target: Path, limits: Limits, folder: Path
) -> Rendition:
    """Make the rendition of a file.

    Args:
        source: A PDF or an image.
        survey: What it is.
        origins: Where the text of each page comes from.
        words: Its word layer.
        target: Where the rendition is put.
        limits: What the file may cost; half a second of processor time more for each page.
        folder: An empty folder for the process; it is gone afterwards.

    Returns:
        The rendition; where the file cannot be turned into one, the state ``none`` and why.
    """
    arguments: dict[str, Any] = {
        "source": str(source),
        "words": str(words),
        "folder": str(folder),
        "max_pixels": limits.pixels,
    }
    function = "indexing.rendition:render_images"
    if survey.media_type == media.PDF:
        function = "indexing.rendition:render_pdf"
        arguments["recognised"] = [page for page, origin in origins.items() if origin == "recognised"]
        arguments["claim"] = survey.claim
    else:
        arguments["memory"] = limits.memory_bytes
    extra = survey.pages * _PAGE_CPU_SECONDS
    longer = replace(limits, cpu_seconds=limits.cpu_seconds + int(extra), wall_seconds=limits.wall_seconds + 4 * extra)
    try:
        untrusted = run_untrusted(function, arguments, limits=longer, folder=folder)
        return _checked(untrusted, folder, target, limits.file_bytes)
    except UntrustedFailed as failure:
        return Rendition("none", reason=judged(failure))
    finally:
        shutil.rmtree(folder)


def _checked(untrusted: Any, folder: Path, target: Path, most_bytes: int) -> Rendition:
    if not isinstance(untrusted, dict) or untrusted.get("state") not in _STATES:
        raise UntrustedFailed("crash", "Die Datei konnte nicht umgewandelt werden.", "state")
    flavour, reason = untrusted.get("flavour"), untrusted.get("reason")
    original = untrusted.get("original") is True
    if not original:
        take_untrusted_file(folder / RENDITION, target, most_bytes)
    return Rendition(
        untrusted["state"],
        flavour=flavour[:2] if isinstance(flavour, str) else None,
        reason=None if reason is None else one_line(reason),
        path=None if original else target,
        is_original=original,
    )

"""One file as received -> words, page images, text state, PDF/A rendition. The whole of a background job, composed.

Every step that touches the file happens in a throw-away process (`untrusted`); recognition sees pixels only
(`recognition`). What comes back is checked here before it is used.
"""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from indexing import media, readings, unpaged
from indexing.errors import BadWords, UntrustedFailed, judged
from indexing.page_reader import PageReader
from indexing.readings import Allowance, Letter, Part, Reading
from indexing.recognition import Recogniser
from indexing.rendering import Rendition, RenditionState, render
from indexing.results import RENDITION, TYPESET
from indexing.survey import Survey, no_page_view, survey, unreadable
from indexing.untrusted import Limits, read_untrusted_file, run_untrusted, take_untrusted_file
from indexing.words import PAGE_BYTES, from_json, member, read_pages, write_words

TextState = Literal["born-digital", "recognised", "none"]


@dataclass(frozen=True)
class Processed:
    """What was made of a file.

    Attributes:
        media_type: Detected from the bytes.
        pages: 0 when there is no page view; then the ZIPs are empty.
        text_state: Where the text comes from.
        text_reason: One German sentence for the clerk, where there is something to say.
        rendition_state: What the rendition is.
        rendition_flavour: ``2b``, ``3b``, …
        rendition_reason: One German sentence for the clerk, where there is something to say.
        rendition: Path of the PDF/A; None when there is none or when the original is its own.
        rendition_is_original: The original is its own rendition.
        words: The word layer (`indexing.words`).
        images: ZIP, stored, one WebP a page, 1,000 pixels wide.
        warnings: German sentences about what the file contains.
        letter: Of a mail: what its heads say.
        parts: Files that were inside this one and are to be files of their own (`readings.Part`), in the workdir.
    """

    media_type: str
    pages: int
    text_state: TextState
    text_reason: str | None
    rendition_state: RenditionState
    rendition_flavour: str | None
    rendition_reason: str | None
    rendition: Path | None
    rendition_is_original: bool
    words: Path
    images: Path
    warnings: tuple[str, ...]
    letter: Letter | None = None
    parts: tuple[Part, ...] = ()


def _silent(_done: int, _total: int) -> None:
    pass


def process(
    source: Path,
    *,
    filename: str,
    workdir: Path,
    recogniser: Recogniser,
    limits: Limits = Limits(),  # noqa: B008 - frozen
    progress: Callable[[int, int], None] = _silent,
    libreoffice: Path | None = None,
    allowance: Allowance = Allowance(),  # noqa: B008 - frozen
) -> Processed:
    """Process one file.

    Args:
        source: The file as received; only read.
        filename: The sender's name for it; deliberately not asked what the file is.
        workdir: An empty folder of the caller's, on a disk with room; the results are left there.
        recogniser: The pool to read scanned pages with.
        limits: What the file may cost.
        progress: Called with pages done and pages in all.
        libreoffice: Its program (`office.installed`); without it office files have text at most.
        allowance: How much of a mail or an archive may be taken out.

    Returns:
        The result, also for files that are broken, locked or of a kind that has no page view: they have reasons.

    Raises:
        ProcessingFailed: Not the file's fault (a busy or broken machine); ``retryable``.
    """
    del filename
    return _Job(
        source,
        workdir=workdir,
        recogniser=recogniser,
        limits=limits,
        progress=progress,
        libreoffice=libreoffice,
        allowance=allowance,
    ).run()


class _Job:
    def __init__(
        self,
        source: Path,
        *,
        workdir: Path,
        recogniser: Recogniser,
        limits: Limits,
        progress: Callable[[int, int], None],
        libreoffice: Path | None,
        allowance: Allowance,
    ) -> None:
        self._source = source.resolve()
        self._workdir = workdir.resolve()
        self._limits = limits
        self._libreoffice = libreoffice
        self._allowance = allowance
        self._words = self._workdir / "words.zip"
        self._images = self._workdir / "images.zip"
        self._folders = 0
        self._reader = PageReader(self._words, self._images, self._folder, recogniser, limits, progress)

    def run(self) -> Processed:
        try:
            return self._processed()
        finally:
            for folder in self._workdir.glob("untrusted-*"):
                shutil.rmtree(folder)
            for name in (TYPESET, readings.TEXT, readings.PDF):
                (self._workdir / name).unlink(missing_ok=True)

    def _processed(self) -> Processed:
        try:
            found = survey(self._source, limits=self._limits, folder=self._folder)
        except UntrustedFailed as failure:
            return self._without_pages(media.UNKNOWN, judged(failure), ())
        if reason := found.refused or no_page_view(found, self._limits.pages):
            return self._without_pages(found.media_type, reason, found.warnings)
        try:
            reading = unpaged.read(
                self._source,
                found.media_type,
                folder=self._folder,
                workdir=self._workdir,
                limits=self._limits,
                libreoffice=self._libreoffice,
                allowance=self._allowance,
            )
            if reading is None:
                return self._shown(found)
        except (UntrustedFailed, BadWords) as failure:
            return self._without_pages(found.media_type, judged(failure), found.warnings)
        return self._as_read(found, reading)

    def _shown(self, found: Survey) -> Processed:
        if found.media_type in media.TEXTS:
            return self._text(found, found.media_type)
        return self._with_pages(found, self._reader.read(self._source, found))

    # ---- files that are no pages themselves

    def _as_read(self, found: Survey, reading: Reading) -> Processed:
        """The pages of what a reader made; what else it found goes with them, also where there are no pages."""
        try:
            result = self._read_pages(reading)
        except (UntrustedFailed, BadWords) as failure:
            result = self._without_pages(found.media_type, judged(failure), ())
        return replace(
            result,
            media_type=found.media_type,
            rendition_reason=result.rendition_reason or reading.remark,
            warnings=found.warnings + reading.warnings,
            letter=reading.letter,
            parts=reading.parts,
        )

    def _read_pages(self, reading: Reading) -> Processed:
        if reading.pdf is not None:
            self._source = reading.pdf
            printed = replace(survey(self._source, limits=self._limits, folder=self._folder), claim=None)
            if reason := printed.refused or no_page_view(printed, self._limits.pages):
                return self._without_pages(media.PDF, reason, ())
            return self._shown(printed)
        if reading.text is None:
            raise unreadable("neither text nor pages")
        self._source = reading.text
        text = Survey(media.PLAIN, 0, None, (), None)
        return self._text(text, media.PLAIN, unlike=None if reading.whole else reading.remark or "")

    # ---- texts

    def _text(self, found: Survey, media_type: str, *, unlike: str | None = None) -> Processed:
        """Plain text and HTML are set on pages first; from there they are PDFs whose words are known.

        `unlike` says why these pages do not stand for the file; then they are no rendition of it.
        """
        folder = self._folder()
        arguments = {
            "source": str(self._source),
            "folder": str(folder),
            "media_type": media_type,
            "max_pages": self._limits.pages,
        }
        untrusted = run_untrusted("indexing.typeset:typeset", arguments, limits=self._limits, folder=folder)
        count = untrusted.get("pages") if isinstance(untrusted, dict) else None
        if type(count) is not int or not 0 < count <= self._limits.pages:
            raise unreadable("typeset")
        missing = str(untrusted.get("missing", ""))[:20]
        set_words = [
            from_json(read_untrusted_file(folder / member(number, "json"), PAGE_BYTES), number)
            for number in range(1, count + 1)
        ]
        pdf = self._workdir / TYPESET
        take_untrusted_file(folder / TYPESET, pdf, self._limits.file_bytes)
        shutil.rmtree(folder)
        self._source = pdf
        typeset_survey = replace(found, media_type=media.PDF, pages=count)
        self._reader.read(self._source, typeset_survey)
        self._words.unlink()  # the words of the text itself, not those that its typeset pages show
        write_words(self._words, set_words)
        result = self._with_pages(typeset_survey, dict.fromkeys(range(1, count + 1), "file"), unlike=unlike)
        return replace(
            result, media_type=found.media_type, rendition_reason=result.rendition_reason or _not_set(missing)
        )

    # ---- results

    def _with_pages(self, found: Survey, origins: dict[int, str], *, unlike: str | None = None) -> Processed:
        state, reason = self._text_state(origins)
        made = Rendition("none", reason=unlike) if unlike is not None else self._rendition(found, origins)
        return self._result(found.media_type, found.pages, (state, reason), made, found.warnings)

    def _rendition(self, found: Survey, origins: dict[int, str]) -> Rendition:
        return render(
            self._source,
            found,
            origins,
            words=self._words,
            target=self._workdir / RENDITION,
            limits=self._limits,
            folder=self._folder(),
        )

    def _text_state(self, origins: dict[int, str]) -> tuple[TextState, str | None]:
        with self._words.open("rb") as layer:
            if not any(page.words for page in read_pages(layer)):
                return "none", "Auf den Seiten wurde kein Text gefunden."
        found = set(origins.values()) - {"blank"}
        if found == {"file"}:
            return "born-digital", None
        if "recognised" not in found:
            return "recognised", "Der Text stammt aus einer Texterkennung, die die Datei mitgebracht hat."
        return "recognised", None

    def _without_pages(self, media_type: str, reason: str, warnings: tuple[str, ...]) -> Processed:
        for path in (self._words, self._images):
            path.unlink(missing_ok=True)
            zipfile.ZipFile(path, "x").close()
        return self._result(media_type, 0, ("none", reason), Rendition("none", reason=reason), warnings)

    def _result(
        self,
        media_type: str,
        pages: int,
        text: tuple[TextState, str | None],
        made: Rendition,
        warnings: tuple[str, ...],
    ) -> Processed:
        state, reason = text
        return Processed(
            media_type=media_type,
            pages=pages,
            text_state=state,
            text_reason=reason,
            rendition_state=made.state,
            rendition_flavour=made.flavour,
            rendition_reason=made.reason,
            rendition=made.path,
            rendition_is_original=made.is_original,
            words=self._words,
            images=self._images,
            warnings=warnings,
        )

    def _folder(self) -> Path:
        self._folders += 1
        folder = self._workdir / f"untrusted-{self._folders}"
        folder.mkdir(mode=0o700)
        return folder


def _not_set(missing: str) -> str | None:
    return f"Diese Zeichen fehlen in der Schrift und sind ersetzt: {missing}" if missing else None

"""One file as received -> words, page images, text state, PDF/A rendition. The whole of a background job, composed.

Every step that touches the file happens in a throw-away process (`untrusted`); recognition sees pixels only
(`recognition`). What comes back is checked here before it is used.
"""

import shutil
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from indexing import media, pages, readings, rendition, typeset, unpaged
from indexing.errors import BadWords, UntrustedFailed, judged
from indexing.readings import Allowance, Letter, Part, Reading
from indexing.recognition import Recogniser
from indexing.untrusted import (
    Limits,
    one_line,
    read_untrusted_file,
    run_untrusted,
    take_untrusted_file,
    untrusted_values,
)
from indexing.words import PAGE_BYTES, PageWords, from_json, member, read_pages, write_words

TextState = Literal["born-digital", "recognised", "none"]
RenditionState = Literal["conforming", "claimed", "raster", "none"]

_CHUNK: Final = 16
_IMAGE_BYTES: Final = 8 << 20
_PAGE_CPU_SECONDS: Final = 0.5
_MOST_FACTS: Final = 20
_STATES: Final = frozenset({"conforming", "claimed", "raster"})


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


@dataclass(frozen=True)
class _Survey:
    media_type: str
    pages: int
    refused: str | None
    warnings: tuple[str, ...]
    claim: str | None


@dataclass(frozen=True)
class _Waiting:
    """A page handed over: its words are there, or will be."""

    origin: str
    words: PageWords | Future[PageWords]


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
        self._recogniser = recogniser
        self._limits = limits
        self._progress = progress
        self._libreoffice = libreoffice
        self._allowance = allowance
        self._words = self._workdir / "words.zip"
        self._images = self._workdir / "images.zip"
        self._folders = 0

    def run(self) -> Processed:
        try:
            return self._processed()
        finally:
            for folder in self._workdir.glob("untrusted-*"):
                shutil.rmtree(folder)
            for name in (typeset.FILE, readings.TEXT, readings.PDF):
                (self._workdir / name).unlink(missing_ok=True)

    def _processed(self) -> Processed:
        try:
            survey = self._survey()
        except UntrustedFailed as failure:
            return self._without_pages(media.UNKNOWN, judged(failure), ())
        if reason := survey.refused or _no_page_view(survey, self._limits.pages):
            return self._without_pages(survey.media_type, reason, survey.warnings)
        try:
            reading = unpaged.read(
                self._source,
                survey.media_type,
                folder=self._folder,
                workdir=self._workdir,
                limits=self._limits,
                libreoffice=self._libreoffice,
                allowance=self._allowance,
            )
            if reading is None:
                return self._shown(survey)
        except (UntrustedFailed, BadWords) as failure:
            return self._without_pages(survey.media_type, judged(failure), survey.warnings)
        return self._as_read(survey, reading)

    def _shown(self, survey: _Survey) -> Processed:
        if survey.media_type in media.TEXTS:
            return self._text(survey, survey.media_type)
        return self._with_pages(survey, self._pages(survey))

    # ---- first look

    def _survey(self) -> _Survey:
        arguments = {"source": str(self._source), "memory": self._limits.memory_bytes}
        folder = self._folder()
        untrusted = run_untrusted(pages.survey, arguments, limits=self._limits, folder=folder)
        shutil.rmtree(folder)
        try:
            media_type, count, claim = untrusted["media_type"], untrusted["pages"], untrusted["claim"]
            if not media.KNOWN_FORMAT.fullmatch(media_type) or type(count) is not int or count < 0:
                raise _unreadable("survey")
            warnings = tuple(sentence for key, sentence in rendition.WARNINGS.items() if key in untrusted["warnings"])
            claimed = claim if isinstance(claim, str) and 0 < len(claim) <= 2 else None  # noqa: PLR2004 - part and level
            warnings += tuple(one_line(fact) for fact in untrusted["facts"][:_MOST_FACTS])
            refused = untrusted["refused"]
            reason = None if refused is None else one_line(refused)
            return _Survey(media_type, count, reason, warnings, claimed)
        except (KeyError, TypeError, ValueError) as error:
            raise _unreadable(str(error)) from error

    # ---- pages

    def _pages(self, survey: _Survey) -> dict[int, str]:
        """Words and images of all pages, written as they come; where the text of each page comes from."""
        origins: dict[int, str] = {}

        def arrived() -> Iterator[PageWords]:
            for number, (origin, words) in enumerate(self._read(survey, images), 1):
                origins[number] = origin
                yield words
                self._progress(number, survey.pages)

        with zipfile.ZipFile(self._images, "x", zipfile.ZIP_STORED) as images:
            write_words(self._words, arrived())
        return origins

    def _read(self, survey: _Survey, images: zipfile.ZipFile) -> Iterator[tuple[str, PageWords]]:
        """Pages in order: a process draws ahead while others recognise, at most a few pages further."""
        ahead = 2 * self._recogniser.processes
        waiting: deque[_Waiting] = deque()
        with ThreadPoolExecutor(self._recogniser.processes) as threads:
            try:
                for first in range(1, survey.pages + 1, _CHUNK):
                    folder = self._folder()
                    turned: dict[int, int] = {}
                    for page in self._hand_over(survey, folder, first, threads):
                        waiting.append(page)
                        while len(waiting) > ahead:
                            yield self._finished(waiting.popleft(), turned)
                    while waiting:  # the images of a chunk are packed when it is known which of them must be turned
                        yield self._finished(waiting.popleft(), turned)
                    self._pack(images, folder, first, min(first + _CHUNK - 1, survey.pages), turned)
            finally:
                threads.shutdown(cancel_futures=True)

    def _hand_over(self, survey: _Survey, folder: Path, first: int, threads: ThreadPoolExecutor) -> Iterator[_Waiting]:
        last = min(first + _CHUNK - 1, survey.pages)
        arguments: dict[str, Any] = {
            "source": str(self._source),
            "folder": str(folder),
            "first": first,
            "last": last,
            "max_pixels": self._limits.pixels,
        }
        function: Callable[..., Iterator[Any]] = pages.pdf_pages
        if survey.media_type != media.PDF:
            function = pages.image_pages
            arguments["memory"] = self._limits.memory_bytes
        number = first
        for untrusted in untrusted_values(function, arguments, limits=self._limits, folder=folder):
            yield self._checked(untrusted, number, last, folder, threads)
            number += 1
        if number != last + 1:
            raise UntrustedFailed("crash", "Die Datei hat weniger Seiten, als sie angibt.")

    def _checked(self, untrusted: Any, number: int, last: int, folder: Path, threads: ThreadPoolExecutor) -> _Waiting:
        if not isinstance(untrusted, dict) or untrusted.get("page") != number or number > last:
            raise _unreadable("page out of turn")
        origin = untrusted.get("origin")
        if origin in {"file", "earlier-recognition", "blank"}:
            path = folder / member(number, "json")
            return _Waiting(str(origin), from_json(read_untrusted_file(path, PAGE_BYTES), number))
        width, height, dpi = (untrusted.get(key) for key in ("width", "height", "dpi"))
        # Twice the pixels: a page of few dots to the inch is enlarged for recognition.
        bound = 4 * self._limits.pixels
        if not (
            type(width) is type(height) is type(dpi) is int and width > 0 and height > 0 and width * height <= bound
        ):
            raise _unreadable("bad size")
        path = folder / member(number, "grey")
        grey = read_untrusted_file(path, bound)
        path.unlink()
        if len(grey) != width * height:
            raise _unreadable("bad pixels")
        resolution = min(2400, max(1, dpi))
        words = threads.submit(
            self._recogniser.recognise, grey, width=width, height=height, dpi=resolution, page=number
        )
        return _Waiting("recognised", words)

    @staticmethod
    def _finished(page: _Waiting, turned: dict[int, int]) -> tuple[str, PageWords]:
        words = page.words.result() if isinstance(page.words, Future) else page.words
        if words.turned:
            turned[words.page] = words.turned
        return page.origin, words

    def _pack(self, images: zipfile.ZipFile, folder: Path, first: int, last: int, turned: dict[int, int]) -> None:
        if turned:
            arguments = {"folder": str(folder), "pages": {str(page): degrees for page, degrees in turned.items()}}
            run_untrusted(pages.turned_images, arguments, limits=self._limits, folder=folder)
        for number in range(first, last + 1):
            untrusted_image = read_untrusted_file(folder / member(number, "webp"), _IMAGE_BYTES)
            if untrusted_image[:4] != b"RIFF" or untrusted_image[8:12] != b"WEBP":
                raise _unreadable("no page image")
            images.writestr(zipfile.ZipInfo(member(number, "webp")), untrusted_image)
        shutil.rmtree(folder)

    # ---- files that are no pages themselves

    def _as_read(self, survey: _Survey, reading: Reading) -> Processed:
        """The pages of what a reader made; what else it found goes with them, also where there are no pages."""
        try:
            result = self._read_pages(reading)
        except (UntrustedFailed, BadWords) as failure:
            result = self._without_pages(survey.media_type, judged(failure), ())
        return replace(
            result,
            media_type=survey.media_type,
            rendition_reason=result.rendition_reason or reading.remark,
            warnings=survey.warnings + reading.warnings,
            letter=reading.letter,
            parts=reading.parts,
        )

    def _read_pages(self, reading: Reading) -> Processed:
        if reading.pdf is not None:
            self._source = reading.pdf
            printed = replace(self._survey(), claim=None)
            if reason := printed.refused or _no_page_view(printed, self._limits.pages):
                return self._without_pages(media.PDF, reason, ())
            return self._shown(printed)
        if reading.text is None:
            raise _unreadable("neither text nor pages")
        self._source = reading.text
        text = _Survey(media.PLAIN, 0, None, (), None)
        return self._text(text, media.PLAIN, unlike=None if reading.whole else reading.remark or "")

    # ---- texts

    def _text(self, survey: _Survey, media_type: str, *, unlike: str | None = None) -> Processed:
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
        untrusted = run_untrusted(typeset.typeset, arguments, limits=self._limits, folder=folder)
        count = untrusted.get("pages") if isinstance(untrusted, dict) else None
        if type(count) is not int or not 0 < count <= self._limits.pages:
            raise _unreadable("typeset")
        missing = str(untrusted.get("missing", ""))[:20]
        set_words = [
            from_json(read_untrusted_file(folder / member(number, "json"), PAGE_BYTES), number)
            for number in range(1, count + 1)
        ]
        pdf = self._workdir / typeset.FILE
        take_untrusted_file(folder / typeset.FILE, pdf, self._limits.file_bytes)
        shutil.rmtree(folder)
        self._source = pdf
        typeset_survey = replace(survey, media_type=media.PDF, pages=count)
        self._pages(typeset_survey)
        self._words.unlink()  # the words of the text itself, not those that its typeset pages show
        write_words(self._words, set_words)
        result = self._with_pages(typeset_survey, dict.fromkeys(range(1, count + 1), "file"), unlike=unlike)
        return replace(
            result, media_type=survey.media_type, rendition_reason=result.rendition_reason or _not_set(missing)
        )

    # ---- results

    def _with_pages(self, survey: _Survey, origins: dict[int, str], *, unlike: str | None = None) -> Processed:
        state, reason = self._text_state(origins)
        made = self._rendition(survey, origins) if unlike is None else _no_rendition(unlike)
        return Processed(
            media_type=survey.media_type,
            pages=survey.pages,
            text_state=state,
            text_reason=reason,
            words=self._words,
            images=self._images,
            warnings=survey.warnings,
            **made,
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

    def _rendition(self, survey: _Survey, origins: dict[int, str]) -> dict[str, Any]:
        folder = self._folder()
        arguments: dict[str, Any] = {
            "source": str(self._source),
            "words": str(self._words),
            "folder": str(folder),
            "max_pixels": self._limits.pixels,
        }
        function: Callable[..., Iterator[Any]] = rendition.render_images
        if survey.media_type == media.PDF:
            function = rendition.render_pdf
            arguments["recognised"] = [page for page, origin in origins.items() if origin == "recognised"]
            arguments["claim"] = survey.claim
        else:
            arguments["memory"] = self._limits.memory_bytes
        extra = survey.pages * _PAGE_CPU_SECONDS
        limits = replace(
            self._limits,
            cpu_seconds=self._limits.cpu_seconds + int(extra),
            wall_seconds=self._limits.wall_seconds + 4 * extra,
        )
        try:
            untrusted = run_untrusted(function, arguments, limits=limits, folder=folder)
            return self._checked_rendition(untrusted, folder)
        except UntrustedFailed as failure:
            return _no_rendition(judged(failure))
        finally:
            shutil.rmtree(folder)

    def _checked_rendition(self, untrusted: Any, folder: Path) -> dict[str, Any]:
        if not isinstance(untrusted, dict) or untrusted.get("state") not in _STATES:
            raise UntrustedFailed("crash", "Die Datei konnte nicht umgewandelt werden.", "state")
        flavour, reason = untrusted.get("flavour"), untrusted.get("reason")
        original = untrusted.get("original") is True
        target = None
        if not original:
            target = self._workdir / rendition.FILE
            take_untrusted_file(folder / rendition.FILE, target, self._limits.file_bytes)
        return {
            "rendition_state": untrusted["state"],
            "rendition_flavour": flavour[:2] if isinstance(flavour, str) else None,
            "rendition_reason": None if reason is None else one_line(reason),
            "rendition": target,
            "rendition_is_original": original,
        }

    def _without_pages(self, media_type: str, reason: str, warnings: tuple[str, ...]) -> Processed:
        for path in (self._words, self._images):
            path.unlink(missing_ok=True)
            zipfile.ZipFile(path, "x").close()
        return Processed(
            media_type=media_type,
            pages=0,
            text_state="none",
            text_reason=reason,
            words=self._words,
            images=self._images,
            warnings=warnings,
            **_no_rendition(reason),
        )

    def _folder(self) -> Path:
        self._folders += 1
        folder = self._workdir / f"untrusted-{self._folders}"
        folder.mkdir(mode=0o700)
        return folder


def _unreadable(detail: str) -> UntrustedFailed:
    return UntrustedFailed("crash", "Die Datei konnte nicht gelesen werden.", detail)


def _no_rendition(reason: str) -> dict[str, Any]:
    return {
        "rendition_state": "none",
        "rendition_flavour": None,
        "rendition_reason": reason,
        "rendition": None,
        "rendition_is_original": False,
    }


def _not_set(missing: str) -> str | None:
    return f"Diese Zeichen fehlen in der Schrift und sind ersetzt: {missing}" if missing else None


def _no_page_view(survey: _Survey, most: int) -> str | None:
    if survey.media_type == media.PDF or survey.media_type in media.IMAGES:
        if survey.pages > most:
            return f"Die Datei hat {survey.pages} Seiten; umgewandelt werden höchstens {most}."
        return None if survey.pages else "Die Datei enthält keine Seiten."
    return unpaged.reason(survey.media_type)

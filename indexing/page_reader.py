"""Pages of a file, one after the other: their words and images, drawn ahead while others are being recognised."""

import shutil
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from indexing import media
from indexing.errors import UntrustedFailed
from indexing.recognition import Recogniser
from indexing.survey import Survey, unreadable
from indexing.untrusted import Limits, read_untrusted_file, run_untrusted, untrusted_values
from indexing.words import PAGE_BYTES, PageWords, from_json, member, write_words

_CHUNK: Final = 16
_IMAGE_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class _Waiting:
    """A page handed over: its words are there, or will be."""

    origin: str
    words: PageWords | Future[PageWords]


@dataclass(frozen=True)
class PageReader:
    """Reads pages into a word layer and a ZIP of images.

    Attributes:
        words: Where the word layer is written.
        images: Where the images are written.
        folder: Makes an empty folder for a process that opens the file.
        recogniser: Reads scanned pages.
        limits: What the file may cost.
        progress: Called with pages done and pages in all.
    """

    words: Path
    images: Path
    folder: Callable[[], Path]
    recogniser: Recogniser
    limits: Limits
    progress: Callable[[int, int], None]

    def read(self, source: Path, survey: Survey) -> dict[int, str]:
        """Words and images of all pages, written as they come; where the text of each page comes from.

        Raises:
            UntrustedFailed: The file cost more than the limits, or what came back are no pages.
            BadWords: What came back are no words.
        """
        origins: dict[int, str] = {}

        def arrived() -> Iterator[PageWords]:
            for number, (origin, words) in enumerate(self._pages(source, survey, images), 1):
                origins[number] = origin
                yield words
                self.progress(number, survey.pages)

        with zipfile.ZipFile(self.images, "x", zipfile.ZIP_STORED) as images:
            write_words(self.words, arrived())
        return origins

    def _pages(self, source: Path, survey: Survey, images: zipfile.ZipFile) -> Iterator[tuple[str, PageWords]]:
        """Pages in order: a process draws ahead while others recognise, at most a few pages further."""
        ahead = 2 * self.recogniser.processes
        waiting: deque[_Waiting] = deque()
        with ThreadPoolExecutor(self.recogniser.processes) as threads:
            try:
                for first in range(1, survey.pages + 1, _CHUNK):
                    folder = self.folder()
                    turned: dict[int, int] = {}
                    for page in self._hand_over(source, survey, folder, first, threads):
                        waiting.append(page)
                        while len(waiting) > ahead:
                            yield self._finished(waiting.popleft(), turned)
                    while waiting:  # the images of a chunk are packed when it is known which of them must be turned
                        yield self._finished(waiting.popleft(), turned)
                    self._pack(images, folder, first, min(first + _CHUNK - 1, survey.pages), turned)
            finally:
                threads.shutdown(cancel_futures=True)

    def _hand_over(
        self, source: Path, survey: Survey, folder: Path, first: int, threads: ThreadPoolExecutor
    ) -> Iterator[_Waiting]:
        last = min(first + _CHUNK - 1, survey.pages)
        arguments: dict[str, Any] = {
            "source": str(source),
            "folder": str(folder),
            "first": first,
            "last": last,
            "max_pixels": self.limits.pixels,
        }
        reader = "indexing.pages:pdf_pages"
        if survey.media_type != media.PDF:
            reader = "indexing.pages:image_pages"
            arguments["memory"] = self.limits.memory_bytes
        number = first
        for untrusted in untrusted_values(reader, arguments, limits=self.limits, folder=folder):
            yield self._checked(untrusted, number, last, folder, threads)
            number += 1
        if number != last + 1:
            raise UntrustedFailed("crash", "Die Datei hat weniger Seiten, als sie angibt.")

    def _checked(self, untrusted: Any, number: int, last: int, folder: Path, threads: ThreadPoolExecutor) -> _Waiting:
        if not isinstance(untrusted, dict) or untrusted.get("page") != number or number > last:
            raise unreadable("page out of turn")
        origin = untrusted.get("origin")
        if origin in {"file", "earlier-recognition", "blank"}:
            path = folder / member(number, "json")
            return _Waiting(str(origin), from_json(read_untrusted_file(path, PAGE_BYTES), number))
        width, height, dpi = (untrusted.get(key) for key in ("width", "height", "dpi"))
        # Twice the pixels: a page of few dots to the inch is enlarged for recognition.
        bound = 4 * self.limits.pixels
        if not (
            type(width) is type(height) is type(dpi) is int and width > 0 and height > 0 and width * height <= bound
        ):
            raise unreadable("bad size")
        path = folder / member(number, "grey")
        grey = read_untrusted_file(path, bound)
        path.unlink()
        if len(grey) != width * height:
            raise unreadable("bad pixels")
        resolution = min(2400, max(1, dpi))
        words = threads.submit(self.recogniser.recognise, grey, width=width, height=height, dpi=resolution, page=number)
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
            run_untrusted("indexing.pages:turned_images", arguments, limits=self.limits, folder=folder)
        for number in range(first, last + 1):
            untrusted_image = read_untrusted_file(folder / member(number, "webp"), _IMAGE_BYTES)
            if untrusted_image[:4] != b"RIFF" or untrusted_image[8:12] != b"WEBP":
                raise unreadable("no page image")
            images.writestr(zipfile.ZipInfo(member(number, "webp")), untrusted_image)
        shutil.rmtree(folder)

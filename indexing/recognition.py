"""Text recognition: a pool of warm Tesseract processes that see pixels and nothing else.

Languages were chosen by measurement (README.md): German, with those words read again in English that look like a
paragraph sign, which the German data does not contain and takes for 8, $, 5 or S.
"""

import json
import queue
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import tesserocr
from PIL import Image

from indexing import pixels
from indexing.errors import BadWords, RecognitionFailed
from indexing.untrusted import Child, fork, read_message, send_message
from indexing.words import PAGE_BYTES, PageWords, Word, cleaned, clipped, from_json, to_json

TESSDATA: Final = Path(sys.prefix) / "share" / "tessdata"
LANGUAGES: Final = ("deu", "eng", "osd")

_RESOURCES: Final = {"RLIMIT_AS": 2 << 30, "RLIMIT_FSIZE": 0, "RLIMIT_NOFILE": 32, "RLIMIT_CORE": 0}
_LEVEL_ENOUGH: Final = 0.6  # degrees of skew that Tesseract reads without loss
_DOUBTFUL: Final = (
    65  # mean confidence under which a page may stand on its head: upside down gives about 30, upright 90
)
_SURE: Final = 4.0  # confidence of the orientation detector; right answers on printed pages are above 10
_AS_GOOD: Final = 0.9  # an upright page reads at least as well as one on its side, but for a word or two
_FEW: Final = 3  # words that do not say anything about a page's orientation

# What German makes of a paragraph sign, alone, doubled, or joined to its number; "so" and plain numbers stay out of
# the class.
_LIKE_PARAGRAPH: Final = re.compile(r"(\(?)([85$S3s&]{1,2})([0-9]{1,3}[a-z]?)?([,.;:)]*)")


class Recogniser:
    """A pool of recognition processes, started when needed; usable from several threads at once.

    Args:
        processes: How many pages are read at the same time; a process takes about 130 MB.
        wall_seconds: Time by the clock for one page, the time in the queue not counted.
    """

    def __init__(self, processes: int, *, wall_seconds: float = 120.0) -> None:
        if processes < 1:
            raise ValueError("a recogniser needs at least one process")
        missing = [language for language in LANGUAGES if not (TESSDATA / f"{language}.traineddata").is_file()]
        if missing:
            raise FileNotFoundError(f"no recognition data for {', '.join(missing)} under {TESSDATA}")
        self.processes = processes
        self._wall_seconds = wall_seconds
        self._closed = threading.Event()
        # Last in, first out: the warmest process first, and no more of them than are needed. None: not started.
        self._idle: queue.LifoQueue[Child | None] = queue.LifoQueue()
        for _ in range(processes):
            self._idle.put(None)

    def recognise(self, grey: bytes, *, width: int, height: int, dpi: int, page: int = 1) -> PageWords:
        """Read one page.

        Args:
            grey: One byte a pixel, row by row, 0 is black; `pixels.levelled` has stretched it.
            width: Pixels.
            height: Pixels.
            dpi: Resolution, pixels an inch.
            page: The number that the answer carries.

        Returns:
            The words; width and height are the pixels given, exchanged where the page lay on its side (``turned``).

        Raises:
            RecognitionFailed: The process died twice, or hung; it has been replaced and other pages are not concerned.
            ValueError: The pixels do not have the size that was said.
        """
        if len(grey) != width * height or not grey:
            raise ValueError("pixels and size disagree")
        header = json.dumps({"width": width, "height": height, "dpi": dpi, "page": page}).encode()
        try:
            return self._attempt(header, grey, page)
        except (EOFError, ConnectionError):
            pass  # killed from outside, perhaps: once more with a fresh process
        try:
            return self._attempt(header, grey, page)
        except (EOFError, ConnectionError) as error:
            raise RecognitionFailed(f"Die Texterkennung ist auf Seite {page} zweimal abgestürzt.") from error

    def _attempt(self, header: bytes, grey: bytes, page: int) -> PageWords:
        child = self._idle.get()
        healthy = False
        try:
            if self._closed.is_set():
                raise RecognitionFailed("Die Texterkennung wird gerade beendet.")
            if child is None:
                child = fork("indexing.recognition:serve", _RESOURCES)
            deadline = time.monotonic() + self._wall_seconds
            child.send(header, deadline)
            child.send(grey, deadline)
            words = from_json(child.receive(PAGE_BYTES, deadline), page)
            healthy = True
        except TimeoutError as error:
            raise RecognitionFailed(f"Die Texterkennung hat auf Seite {page} zu lange gedauert.") from error
        except (BadWords, ValueError) as error:
            raise RecognitionFailed(f"Die Texterkennung hat auf Seite {page} Unlesbares geliefert.") from error
        finally:
            if child is not None and not healthy:
                child.end()
            self._idle.put(child if healthy else None)
        return words

    def pids(self) -> list[int]:
        """Process ids of the idle processes, for health checks."""
        with self._idle.mutex:
            return [child.pid for child in self._idle.queue if child is not None]

    def close(self) -> None:
        """End all processes; waits for pages that are being read."""
        self._closed.set()
        for _ in range(self.processes):
            if (child := self._idle.get()) is not None:
                child.end()
        for _ in range(self.processes):  # whoever still waits wakes up and is told
            self._idle.put(None)


def serve(channel: socket.socket) -> None:
    """Runs in the child: read pages until the other end closes."""
    reader = _Reader()
    while True:
        try:
            header = json.loads(read_message(channel))
            grey = read_message(channel)
        except EOFError:
            return
        image = Image.frombytes("L", (header["width"], header["height"]), grey)
        send_message(channel, to_json(reader.read(image, header["dpi"], header["page"])))


class _Reader:
    """The warm Tesseract objects of one process."""

    def __init__(self) -> None:
        self._german = tesserocr.PyTessBaseAPI(path=str(TESSDATA), lang="deu", psm=tesserocr.PSM.AUTO)
        self._english = tesserocr.PyTessBaseAPI(path=str(TESSDATA), lang="eng", psm=tesserocr.PSM.SINGLE_WORD)

    def read(self, image: Image.Image, dpi: int, page: int) -> PageWords:
        """Read the page; where it lies on its side or stands on its head, turn it and read it again."""
        words = self._read_level(image, dpi)
        if not (turn := self._turn_of(image, dpi, words)):
            return PageWords(page, image.width, image.height, words)
        upright = image.rotate(-turn, expand=True)
        upright_words = self._read_level(upright, dpi)
        if _weight(upright_words) < _AS_GOOD * _weight(words):
            return PageWords(page, image.width, image.height, words)
        return PageWords(page, upright.width, upright.height, upright_words, turn)

    def _read_level(self, image: Image.Image, dpi: int) -> tuple[Word, ...]:
        angle = pixels.skew(image)
        if abs(angle) < _LEVEL_ENOUGH:
            return self._recognise(image, dpi)
        level = image.rotate(angle, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        return tuple(
            Word(
                word.text,
                clipped(pixels.rotated_back(word.box, angle, level.size, image.size), *image.size),
                word.confidence,
                word.line,
            )
            for word in self._recognise(level, dpi)
        )

    def _recognise(self, image: Image.Image, dpi: int) -> tuple[Word, ...]:
        _show(self._german, image, dpi)
        self._german.Recognize()
        words = []
        again = _Again(self._english, image, dpi)
        line = -1
        for item in _items(self._german):
            if item.IsAtBeginningOf(tesserocr.RIL.TEXTLINE) or line < 0:
                line += 1
            try:
                text = cleaned(item.GetUTF8Text(tesserocr.RIL.WORD))
            except RuntimeError:  # tesserocr's way of saying that there is none
                continue
            if not text:
                continue
            box = clipped(item.BoundingBox(tesserocr.RIL.WORD), *image.size)
            confidence = min(100, max(0, round(item.Confidence(tesserocr.RIL.WORD))))
            words.append(Word(again.read(text, box), box, confidence, line))
        return tuple(words)

    def _turn_of(self, image: Image.Image, dpi: int, words: tuple[Word, ...]) -> int:
        """Degrees clockwise to make the page stand upright.

        The detector costs a third of a second, so it is asked only about pages that read badly and about those whose
        words stand upright: Tesseract reads one of the two sideways positions by itself.
        """
        if len(words) <= _FEW or not (_mean_confidence(words) < _DOUBTFUL or _stand(words)):
            return 0
        with tesserocr.PyTessBaseAPI(path=str(TESSDATA), lang="osd", psm=tesserocr.PSM.OSD_ONLY) as detector:
            _show(detector, image, dpi)
            found = detector.DetectOrientationScript()
        if not found or found["orient_conf"] < _SURE:
            return 0
        return (360 - int(found["orient_deg"])) % 360


class _Again:
    """Reads single words of a page again in English, where they may be a paragraph sign."""

    def __init__(self, api: Any, image: Image.Image, dpi: int) -> None:
        self._api = api
        self._image = image
        self._dpi = dpi
        self._shown = False

    def read(self, text: str, box: tuple[int, int, int, int]) -> str:
        """The word with its paragraph sign, or as it was."""
        parts = _LIKE_PARAGRAPH.fullmatch(text)
        if not parts:
            return text
        if not self._shown:
            _show(self._api, self._image, self._dpi)
            self._shown = True
        margin = max(2, self._dpi // 40)
        x0, y0 = max(0, box[0] - margin), max(0, box[1] - margin)
        x1, y1 = min(self._image.width, box[2] + margin), min(self._image.height, box[3] + margin)
        self._api.SetRectangle(x0, y0, x1 - x0, y1 - y0)
        return with_paragraph(text, self._api.GetUTF8Text().strip())


def with_paragraph(german: str, english: str) -> str:
    """Put the paragraph sign that the English reading has seen into the German one, if both fit together.

    The numbers behind the sign must agree, so that no 8 of an amount becomes a paragraph sign by a slip.
    """
    parts = _LIKE_PARAGRAPH.fullmatch(german)
    if not parts or "§" not in english:
        return german
    bracket, sign, number, tail = parts.groups()
    seen = re.search(r"§+([0-9]{1,3}[a-z]?)", english)
    for count in (1, 2):
        rest = german[len(bracket) + count : len(german) - len(tail)]
        if seen and rest == seen[1]:
            return f"{bracket}{'§' * count}{rest}{tail}"
    # Without a number the signs stand alone; two are often read as a sign and something else ("8§", "§s§").
    return german if number else f"{bracket}{'§' * len(sign)}{tail}"


def _show(api: Any, image: Image.Image, dpi: int) -> None:
    api.SetImageBytes(image.tobytes(), image.width, image.height, 1, image.width)
    api.SetSourceResolution(min(2400, max(70, dpi)))


def _items(api: Any) -> Iterator[Any]:
    iterator = api.GetIterator()
    if iterator is not None:
        yield from tesserocr.iterate_level(iterator, tesserocr.RIL.WORD)


def _stand(words: tuple[Word, ...]) -> bool:
    """Whether most words of several letters are higher than wide."""
    long = [word.box for word in words if len(word.text) > _FEW]
    return 2 * sum(y1 - y0 > x1 - x0 for x0, y0, x1, y1 in long) > len(long)


def _mean_confidence(words: tuple[Word, ...]) -> float:
    return sum(word.confidence or 0 for word in words) / max(1, len(words))


def _weight(words: tuple[Word, ...]) -> float:
    """How much has been read, and how surely; letters that are guessed at 30 percent weigh little."""
    return sum(len(word.text) * ((word.confidence or 0) / 100) ** 2 for word in words)

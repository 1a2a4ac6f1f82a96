"""One page read by Tesseract: what the processes of the pool in `recognition` run; they see pixels and nothing else.

Languages were chosen by measurement (README.md): German, with those words read again in English that look like a
paragraph sign, which the German data does not contain and takes for 8, $, 5 or S.
"""

import json
import re
import socket
from collections.abc import Iterator
from typing import Any, Final

import tesserocr
from PIL import Image

from indexing import pixels
from indexing.forking import read_message, send_message
from indexing.recognition import TESSDATA
from indexing.words import PageWords, Word, cleaned, clipped, to_json

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

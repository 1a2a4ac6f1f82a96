"""Setting plain text and HTML on A4 pages: their page view and rendition. Runs in a throw-away process."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from indexing import media
from indexing.errors import Refused
from indexing.results import TYPESET
from indexing.text import UNITS_PER_POINT, decoded, html_decoded, html_text
from indexing.words import MAX_WORDS, PageWords, Word, cleaned, clipped, member, to_json

_FONT: Final = "Vera"
_SIZE: Final = 10
_LEADING: Final = 13.5
_MARGIN: Final = 62.0
_TAB: Final = 4
_TEXT_BYTES: Final = 32 << 20
_MISSING: Final = "?"
_PIECE: Final = 150  # characters; more fit on no line


def typeset(source: str, folder: str, *, media_type: str, max_pages: int) -> Iterator[dict[str, Any]]:
    """Set a text on pages: ``typeset.pdf`` and the words of each page (``00001.json``) in the folder.

    The words are those of the text; on paper a character that the font lacks stands as its base letter or as a
    question mark.

    Yields:
        Once: ``pages``, and ``missing``, the characters that could not be set as they are (at most 20).

    Raises:
        Refused: The text is longer than what can be shown.
    """
    path = Path(source)
    if path.stat().st_size > _TEXT_BYTES:
        raise Refused("Der Text ist zu lang für eine Seitenansicht.")
    data = path.read_bytes()
    text = html_text(html_decoded(data)) if media_type == media.HTML else decoded(data)
    setter = _Setter(Path(folder), max_pages)
    for line in text.replace("\f", "\n").splitlines():
        setter.line(line.expandtabs(_TAB))
    setter.close()
    yield {"pages": setter.number, "missing": "".join(sorted(setter.missing)[:20])}


class _Setter:
    def __init__(self, folder: Path, max_pages: int) -> None:
        fonts = Path(reportlab.__file__).parent / "fonts"
        pdfmetrics.registerFont(TTFont(_FONT, str(fonts / "Vera.ttf")))
        self._known = pdfmetrics.getFont(_FONT).face.charToGlyph
        # The first font is named on every page: the usual Helvetica would not be embedded, which PDF/A forbids.
        self._canvas = Canvas(
            str(folder / TYPESET), pagesize=A4, invariant=1, initialFontName=_FONT, initialFontSize=_SIZE
        )
        self._folder = folder
        self._max_pages = max_pages
        self._words: list[Word] = []
        self._y = A4[1] - _MARGIN
        self._row = 0
        self.number = 1
        self.missing: set[str] = set()

    def line(self, line: str) -> None:
        """Set one line of the text, wrapped at the margin; its indentation stays."""
        x = _MARGIN + self._width(" ") * (len(line) - len(line.lstrip(" ")))
        x = min(x, A4[0] / 2)
        for original in line.split():
            for piece in self._pieces(original):
                shown = self._shown(piece)
                width = self._width(shown)
                if x + width > A4[0] - _MARGIN and x > _MARGIN:
                    self._feed()
                    x = _MARGIN
                self._set(piece, shown, x, width)
                x += width + self._width(" ")
        self._feed()

    def close(self) -> None:
        """Finish the last page and the file."""
        self._finish_page()
        self._canvas.save()

    def _set(self, piece: str, shown: str, x: float, width: float) -> None:
        if self._y < _MARGIN or len(self._words) >= MAX_WORDS:
            self._next_page()
        self._canvas.drawString(x, self._y, shown)
        top = A4[1] - self._y
        unit = UNITS_PER_POINT
        edges = (x * unit, (top - 0.8 * _SIZE) * unit, (x + width) * unit, (top + 0.25 * _SIZE) * unit)
        if text := cleaned(piece):
            self._words.append(Word(text, clipped(edges, *_extent()), None, self._row))

    def _feed(self) -> None:
        self._y -= _LEADING
        self._row += 1

    def _next_page(self) -> None:
        self._finish_page()
        self.number += 1
        if self.number > self._max_pages:
            raise Refused("Der Text ist zu lang für eine Seitenansicht.")
        self._y = A4[1] - _MARGIN
        self._row = 0
        self._words = []

    def _finish_page(self) -> None:
        page = PageWords(self.number, *_extent(), tuple(self._words))
        (self._folder / member(self.number, "json")).write_bytes(to_json(page))
        self._canvas.showPage()

    def _width(self, text: str) -> float:
        return float(pdfmetrics.stringWidth(text, _FONT, _SIZE))

    def _pieces(self, word: str) -> Iterator[str]:
        """A word that is longer than the line is cut; all others come whole."""
        room = A4[0] - 2 * _MARGIN
        while word:
            end = min(len(word), _PIECE)
            while end > 1 and self._width(self._shown(word[:end])) > room:
                end -= 1
            yield word[:end]
            word = word[end:]

    def _shown(self, text: str) -> str:
        return "".join(
            character if ord(character) in self._known else self._substitute(character) for character in text
        )

    def _substitute(self, character: str) -> str:
        base = unicodedata.normalize("NFKD", character)
        known = "".join(part for part in base if ord(part) in self._known)
        if unicodedata.category(character)[0] in {"C", "M"}:
            return known
        self.missing.add(character)
        return known or _MISSING


def _extent() -> tuple[int, int]:
    return round(A4[0] * UNITS_PER_POINT), round(A4[1] * UNITS_PER_POINT)

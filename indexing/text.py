"""Text that a file brings with it: the text layer of a PDF page, plain text, HTML. Runs in a throw-away process."""

import html.parser
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import nh3
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from indexing.words import MAX_WORDS, PageWords, Word, cleaned, clipped

Origin = Literal["file", "earlier-recognition", "blank", "recognise"]
"""Where a page's text comes from: the file itself, a recognition that the file carries, nowhere, or from us."""

UNITS_PER_POINT: Final = 4
"""Boxes of text layers are whole quarters of a point (288 to the inch)."""

_MAX_CHARACTERS: Final = 400_000
_MAX_OBJECTS: Final = 2_000
_MAX_SAMPLES: Final = 200
_HYPHENS: Final = frozenset({0x02, 0xAD, 0xFFFE})
_BAD_SHARE: Final = 0.15  # characters without a Unicode value; symbol fonts for bullets stay well below
_MOSTLY: Final = 0.5
_STAMP: Final = 150  # characters that a stamp or a header laid over a scan may have
_WORD_LENGTHS: Final = (2.0, 16.0)  # mean length of words in any European text, generously


@dataclass(frozen=True)
class Layer:
    """What the text layer of a page holds and whether it can be used."""

    words: PageWords
    origin: Origin


def pdf_layer(page: Any, number: int) -> Layer:
    """Read the text layer of a pdfium page and judge it.

    A layer is not used, and the page is to be recognised, when there is none although something is drawn, when its
    characters have no Unicode values (broken ToUnicode), when a scan carries only a stamp, or when the invisible text
    over a scan does not look like text.
    """
    text_page = page.get_textpage()
    try:
        words, counts = _read(page, text_page, number)
        return Layer(words, _judge(page, text_page, words, counts))
    finally:
        text_page.close()


@dataclass
class _Counts:
    printable: int = 0
    letters: int = 0
    bad: int = 0


def _read(page: Any, text_page: Any, number: int) -> tuple[PageWords, _Counts]:
    width = max(1, round(page.get_width() * UNITS_PER_POINT))
    height = max(1, round(page.get_height() * UNITS_PER_POINT))
    counts = _Counts()
    words: list[Word] = []
    codes: list[int] = []
    box: list[float] = []
    line = 0
    rectangle = pdfium_raw.FS_RECTF()

    def finish() -> None:
        text = cleaned(_characters(codes))
        if text and len(words) < MAX_WORDS:
            words.append(Word(text, _on_page(page, box, width, height), None, line))
        codes.clear()
        box.clear()

    for index in range(min(text_page.count_chars(), _MAX_CHARACTERS)):
        code = pdfium_raw.FPDFText_GetUnicode(text_page, index)
        if code in (0x0A, 0x0D):
            finish()
            if words and words[-1].line == line:
                line += 1
            continue
        if code in _HYPHENS:
            code = 0x2D
        character = chr(code) if code < 0x110000 else "\ufffd"  # noqa: PLR2004 - the end of Unicode
        if character.isspace():
            finish()
            continue
        counts.printable += 1
        counts.letters += character.isalnum()
        counts.bad += _is_bad(code) or pdfium_raw.FPDFText_HasUnicodeMapError(text_page, index) == 1
        if not pdfium_raw.FPDFText_GetLooseCharBox(text_page, index, rectangle):
            continue
        codes.append(code)
        edges = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
        box[:] = _union(box, edges) if box else edges
    finish()
    return PageWords(number, width, height, tuple(words)), counts


def _union(box: list[float], edges: tuple[float, ...]) -> tuple[float, float, float, float]:
    return min(box[0], edges[0]), min(box[1], edges[1]), max(box[2], edges[2]), max(box[3], edges[3])


def _characters(codes: list[int]) -> str:
    """Halves of surrogate pairs come one by one."""
    units = b"".join(chr(code).encode("utf-16-le", "surrogatepass") for code in codes if code < 0x110000)  # noqa: PLR2004 - the end of Unicode
    return units.decode("utf-16-le", "ignore")


def _is_bad(code: int) -> bool:
    return code == 0xFFFD or 0xE000 <= code <= 0xF8FF or code < 0x20  # noqa: PLR2004 - replacement, private use, controls


def _on_page(page: Any, box: list[float], width: int, height: int) -> tuple[int, int, int, int]:
    """Page coordinates to those of the page as shown: crop box and rotation are pdfium's business."""
    x, y = pdfium_raw.c_int(), pdfium_raw.c_int()
    corners = []
    for left, top in ((box[0], box[1]), (box[2], box[3])):
        pdfium_raw.FPDF_PageToDevice(page, 0, 0, width, height, 0, left, top, x, y)
        corners.append((x.value, y.value))
    (x0, y0), (x1, y1) = corners
    return clipped((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)), width, height)


def _judge(page: Any, text_page: Any, words: PageWords, counts: _Counts) -> Origin:
    drawn, covered = _drawn(page)
    if not counts.printable or not words.words:
        return "recognise" if drawn else "blank"
    if counts.bad > _BAD_SHARE * counts.printable:
        return "recognise"
    if covered < _MOSTLY:
        return "file"
    if _invisible(text_page) < _MOSTLY:
        return "recognise" if counts.printable < _STAMP else "file"
    mean = counts.printable / len(words.words)
    looks_like_text = counts.letters > _MOSTLY * counts.printable and _WORD_LENGTHS[0] <= mean <= _WORD_LENGTHS[1]
    return "earlier-recognition" if looks_like_text else "recognise"


def _drawn(page: Any) -> tuple[bool, float]:
    """Whether anything is drawn, and which share of the page images cover (overlaps count twice)."""
    area = max(1.0, page.get_width() * page.get_height())
    drawn, covered = False, 0.0
    for count, item in enumerate(page.get_objects(max_depth=4)):
        if count > _MAX_OBJECTS:
            break
        drawn = True
        if item.type == pdfium_raw.FPDF_PAGEOBJ_IMAGE:
            try:
                left, bottom, right, top = item.get_bounds()
            except pdfium.PdfiumError:
                continue
            covered += abs((right - left) * (top - bottom)) / area
    return drawn, covered


def _invisible(text_page: Any) -> float:
    """The share of characters drawn with render mode 3, by a sample."""
    total = text_page.count_chars()
    step = max(1, total // _MAX_SAMPLES)
    seen = hidden = 0
    for index in range(0, total, step):
        text_object = pdfium_raw.FPDFText_GetTextObject(text_page, index)
        if text_object:
            seen += 1
            hidden += pdfium_raw.FPDFTextObj_GetTextRenderMode(text_object) == pdfium_raw.FPDF_TEXTRENDERMODE_INVISIBLE
    return hidden / seen if seen else 0.0


def decoded(data: bytes) -> str:
    """Plain text by its encoding: UTF-8, UTF-16 by its mark, else Windows-1252, which German offices long wrote."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    return data.decode("cp1252", "replace")


_BLOCKS: Final = frozenset(
    [
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset", "figure", "footer"),
        *("form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section"),
        *("table", "tr", "ul"),
    ]
)


_KEPT: Final = set(_BLOCKS) | {"td", "th"}
_DROPPED: Final = {"script", "style", "template", "iframe", "object", "svg", "math", "title"}


class _Html(html.parser.HTMLParser):
    """Collects the text of an HTML page that nh3 has cleaned; nothing of it is executed or fetched."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in _BLOCKS:
            self.pieces.append("\n")
        elif tag in {"td", "th"}:
            self.pieces.append("  ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        self.pieces.append(re.sub(r"\s+", " ", data))


def html_text(markup: str) -> str:
    """The readable text of an HTML page: block elements are lines, scripts and styles are dropped.

    The markup is parsed first as browsers do (nh3): what is never closed must not hide the rest of a letter.
    """
    reader = _Html()
    reader.feed(nh3.clean(markup, tags=_KEPT, clean_content_tags=_DROPPED, attributes={}))
    reader.close()
    lines = (re.sub(r" {3,}", "  ", line).strip() for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


_CHARSET: Final = re.compile(rb"charset\s*=\s*[\"']?([a-zA-Z0-9_-]{2,30})", re.IGNORECASE)


def html_decoded(data: bytes) -> str:
    """HTML by the encoding it declares, else as `decoded` finds it."""
    declared = _CHARSET.search(data[:2048])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(declared[1].decode())
        except (LookupError, UnicodeDecodeError):
            pass
    return decoded(data)

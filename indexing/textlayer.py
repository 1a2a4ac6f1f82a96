"""The invisible text over a page image: a font of a single box, and the operators that place words, drawing nothing."""

import io
import zlib
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Final

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib.tables._g_l_y_f import Glyph

from indexing.words import PageWords, Word

FONT_NAME: Final = "EAKTEI+Unsichtbar"
ADVANCE: Final = 500
"""Width of the glyph in thousandths of the font size; words are stretched to their boxes, so any will do."""

ASCENT: Final = 800
DESCENT: Final = -200
_BOX: Final = 1  # glyph 0 is .notdef, which PDF/A forbids to show

_DIRECTIONS: Final = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}


@cache
def font_program() -> bytes:
    """A TrueType font with one glyph, a box.

    It is never drawn (render mode 3). A blank glyph would do for viewers, but pdfium drops text without any extent when
    it runs upwards.
    """
    pen = TTGlyphPen(None)
    pen.moveTo((0, DESCENT))
    for corner in ((0, ASCENT), (ADVANCE, ASCENT), (ADVANCE, DESCENT)):
        pen.lineTo(corner)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "box"])
    builder.setupCharacterMap({0x20: "box"})
    builder.setupGlyf({".notdef": Glyph(), "box": pen.glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "box": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupNameTable({"familyName": "Unsichtbar", "styleName": "Regular", "psName": "Unsichtbar"})
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupPost()
    builder.updateHead(created=0, modified=0)  # the same bytes every time
    builder.font.recalcTimestamp = False
    buffer = io.BytesIO()
    builder.save(buffer)
    return buffer.getvalue()


@cache
def glyph_map() -> bytes:
    """CIDToGIDMap, deflated: every code shows the box."""
    return zlib.compress(_BOX.to_bytes(2, "big") * 0x10000, 9)


@cache
def unicode_map() -> bytes:
    """ToUnicode: a code is its own UTF-16 value. Ranges end where the first byte changes, as the format demands."""
    ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256) if not 0xD8 <= high <= 0xDF]  # noqa: PLR2004 - surrogates
    blocks = [ranges[start : start + 100] for start in range(0, len(ranges), 100)]
    body = "\n".join(f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{body}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def operators(words: PageWords, box: tuple[float, float, float, float], rotation: int, font: str) -> bytes:
    """Content stream operators that write the words invisibly over a page.

    Args:
        words: In the coordinates of the page as shown.
        box: Left, bottom, right, top of the visible part of the page in its own coordinates, before rotation.
        rotation: Degrees clockwise by which the page is turned when shown.
        font: The name of the font among the page's resources.
    """
    lines = [b"BT", b"3 Tr"]
    for line in _lines(words):
        lines.extend(_word(word, words, box, rotation, font, last=word is line[-1]) for word in line)
    lines.append(b"ET")
    return b"\n".join(lines) + b"\n"


def _lines(words: PageWords) -> Iterator[list[Word]]:
    for _, line in groupby(words.words, key=lambda word: word.line):
        yield list(line)


def _word(
    word: Word, page: PageWords, box: tuple[float, float, float, float], rotation: int, font: str, *, last: bool
) -> bytes:
    sideways = rotation in (90, 270)
    shown_width = box[3] - box[1] if sideways else box[2] - box[0]
    shown_height = box[2] - box[0] if sideways else box[3] - box[1]
    x0, y0, x1, y1 = word.box
    size = max(1.0, (y1 - y0) / page.height * shown_height)
    width = max(0.5, (x1 - x0) / page.width * shown_width)
    baseline = y1 + DESCENT / 1000 * (y1 - y0)
    x, y = _place(x0 / page.width, 1 - baseline / page.height, box, rotation)
    across, up = _DIRECTIONS[rotation]
    text = "".join(character if ord(character) < 0x10000 else "\ufffd" for character in word.text)  # noqa: PLR2004 - the font's codes
    stretch = 100 * width / (len(text) * ADVANCE / 1000 * size)
    code = (text if last else text + " ").encode("utf-16-be").hex()
    return (
        f"/{font} {size:.2f} Tf {stretch:.2f} Tz {across} {up} {-up} {across} {x:.2f} {y:.2f} Tm <{code}> Tj"
    ).encode("ascii")


def _place(across: float, up: float, box: tuple[float, float, float, float], rotation: int) -> tuple[float, float]:
    """A point of the page as shown (shares of its extent, from the lower left) in the page's own coordinates."""
    share_x, share_y = {
        0: (across, up),
        90: (1 - up, across),
        180: (1 - across, 1 - up),
        270: (up, 1 - across),
    }[rotation]
    return box[0] + share_x * (box[2] - box[0]), box[1] + share_y * (box[3] - box[1])

"""Files made for the tests, and where the corpora lie."""

import io
import os
import random
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from indexing.processing import Processed
from indexing.words import PageWords, page_text, read_pages

Run = Callable[..., Processed]
VERA = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
LETTER = (
    "Stadt Musterhausen, Fachdienst Bürgerservice",
    "Sehr geehrte Frau Köhler, über Ihren Antrag auf",
    "Gewährung einer Ermäßigung nach § 12 Absatz 3 der",
    "Gebührensatzung wurde am 14. März entschieden.",
    "Gemäß § 5 und § 27 wird die Gebühr auf 85 Euro",
    "festgesetzt. Die Größe der Fläche beträgt 538 m,",
    "die Höhe des Zuschusses richtet sich nach § 9.",
    "Mit freundlichen Grüßen, Jürgen Straßer",
)


def corpora() -> Path:
    """The folder of real material; without it the test is skipped, and fails where nothing may be skipped."""
    folder = Path(os.environ.get("EAKTE_CORPORA", Path(__file__).parents[3].parent / "shared" / "corpora"))
    if not folder.is_dir():
        message = f"no corpora under {folder} (EAKTE_CORPORA)"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder


def scan(*, skew: float = 0.0, noise: int = 12, lines: tuple[str, ...] = LETTER, dpi: int = 200) -> Image.Image:
    """A page as a scanner sees it: grey paper, dark grey ink, noise, hanging to one side."""
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    page = Image.new("L", (width, height), 236)
    draw = ImageDraw.Draw(page)
    font = ImageFont.truetype(VERA, dpi // 6)
    for number, line in enumerate(lines):
        draw.text(place(number, dpi), line, fill=50, font=font)
    if skew:
        page = page.rotate(skew, Image.Resampling.BICUBIC, fillcolor=236)
    grain = Image.frombytes("L", page.size, random.Random(7).randbytes(width * height))  # noqa: S311 - reproducible noise
    return Image.blend(page, grain, noise / 256)


def place(line: int, dpi: int = 200) -> tuple[int, int]:
    """Where a line of `scan` begins, before skew."""
    return dpi, dpi + line * dpi // 2


def scanned_pdf(path: Path, pages: list[Image.Image], dpi: int = 200) -> None:
    """A PDF as a scanner delivers it: a JPEG a page."""
    pages[0].save(path, "PDF", resolution=dpi, save_all=True, append_images=pages[1:])


def written_pdf(path: Path, lines: tuple[str, ...] = LETTER, *, hidden: str = "", font: str = "Vera") -> None:
    """A PDF as a word processor writes it; with ``hidden`` text drawn invisibly."""
    pdfmetrics.registerFont(TTFont("Vera", str(VERA)))
    canvas = Canvas(str(path), pagesize=(595, 842), initialFontName="Vera")
    canvas.setFont(font, 11)
    for number, line in enumerate(lines):
        canvas.drawString(72, 770 - 20 * number, line)
    if hidden:
        writer = canvas.beginText(72, 100)
        writer.setTextRenderMode(3)
        writer.textLine(hidden)
        canvas.drawText(writer)
    canvas.showPage()
    canvas.save()


def photograph_pdf(path: Path, *, hidden: str, picture: Image.Image) -> None:
    """A scan with an invisible text layer that somebody else has made."""
    pdfmetrics.registerFont(TTFont("Vera", str(VERA)))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    image = path.with_suffix(".jpg")
    image.write_bytes(buffer.getvalue())
    canvas = Canvas(str(path), pagesize=(595, 842), initialFontName="Vera")
    canvas.drawImage(str(image), 0, 0, 595, 842)
    writer = canvas.beginText(72, 700)
    writer.setFont("Vera", 8)
    writer.setTextRenderMode(3)
    for start in range(0, len(hidden), 80):
        writer.textLine(hidden[start : start + 80])
    canvas.drawText(writer)
    canvas.showPage()
    canvas.save()


def members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def order_free_errors(truth: str, read: str) -> tuple[int, int]:
    """Characters missing or surplus (whichever are more) whatever their order, and how many there should be."""
    expected, found = Counter("".join(truth.split())), Counter("".join(read.split()))
    return max((expected - found).total(), (found - expected).total()), expected.total()


def pages(result: Processed) -> list[PageWords]:
    """The word layer."""
    with result.words.open("rb") as layer:
        return list(read_pages(layer))


def text_of(result: Processed) -> str:
    """All words, pages one after the other."""
    return "\n".join(page_text(page) for page in pages(result))

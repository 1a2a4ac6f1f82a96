"""What a scanning station or a phone makes of a letter: pictures without any text, a little crooked and dirty.

Only Pillow and PDFium: numpy is no dependency of the product. All chance comes from the caller's seeded source;
Pillow's own noise is avoided because it cannot be seeded.
"""

from __future__ import annotations

import functools
import io
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium
import reportlab
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

_WHITE = 255
_LEVELS = 256
_EPOCH = time.struct_time((2026, 1, 1, 0, 0, 0, 3, 1, 0))
"""Pillow would write the time of making into the file."""
_PHOTO_DPI = 130


def scan(pdf: bytes, rng: random.Random, stamp: Sequence[str]) -> bytes:
    """The pages as grey JPEG pictures in a PDF without text layer.

    Args:
        pdf: The letter.
        rng: Decides resolution (200 to 300 dpi), skew, noise, specks and where the stamp sits.
        stamp: Lines of the stamp on the first page; empty for none.
    """
    dpi = rng.choices((200, 240, 300), weights=(8, 2, 1))[0]
    holes = rng.random() < 0.6  # noqa: PLR2004 - most paper was in a folder before
    sheets = []
    for number, page in enumerate(_render(pdf, dpi, "L")):
        sheet = _stamped(page, rng, stamp, dpi) if number == 0 and stamp else page
        sheets.append(_scanned(sheet, rng, dpi, holes=holes))
    target = io.BytesIO()
    sheets[0].save(
        target,
        "PDF",
        save_all=True,
        append_images=sheets[1:],
        resolution=float(dpi),
        quality=58,
        title="Scan",
        producer="Scanstation S1",
        creationDate=_EPOCH,
        modDate=_EPOCH,
    )
    return target.getvalue()


def photo(pdf: bytes, rng: random.Random, media_type: str) -> bytes:
    """The first page as a phone would see it on a table: in colour, in perspective, unevenly lit.

    Args:
        pdf: The letter.
        rng: Decides angle and light.
        media_type: image/jpeg or image/png.
    """
    page = _render(pdf, _PHOTO_DPI, "RGB")[0]
    width, height = page.size
    edge = width // 12
    table = Image.new("RGB", (width + 2 * edge, height + 2 * edge), rng.choice(("#7a5c3e", "#4b5563", "#8d7b68")))
    table.paste(page, (edge, edge))
    corners = [(0, 0), (0, table.height), (table.width, table.height), (table.width, 0)]
    # Each corner of the view lies a little inside the table, never inside the page.
    seen = [abs(value - rng.randint(0, edge * 2 // 3)) for corner in corners for value in corner]
    picture = table.transform(table.size, Image.Transform.QUAD, seen, Image.Resampling.BICUBIC)
    light = Image.linear_gradient("L").rotate(rng.choice((0, 90, 180, 270))).resize(picture.size)
    light = light.point([_WHITE - level // 4 for level in range(_LEVELS)])
    picture = ImageChops.multiply(picture, Image.merge("RGB", (light, light, light)))
    target = io.BytesIO()
    if media_type == "image/png":
        # A palette keeps the file at a tenth; the letters stay as readable as before.
        picture.quantize(48, dither=Image.Dither.NONE).save(target, "PNG")
    else:
        picture.save(target, "JPEG", quality=72)
    return target.getvalue()


def _render(pdf: bytes, dpi: int, mode: str) -> list[Image.Image]:
    with pdfium.PdfDocument(pdf) as document:
        pages = (document[number] for number in range(len(document)))
        return [page.render(scale=dpi / 72).to_pil().convert(mode) for page in pages]


def _scanned(page: Image.Image, rng: random.Random, dpi: int, *, holes: bool) -> Image.Image:
    width, height = page.size
    sheet = page.rotate(rng.uniform(-0.9, 0.9), Image.Resampling.BILINEAR, fillcolor=_WHITE)
    draw = ImageDraw.Draw(sheet)
    for _ in range(rng.randint(12, 45)):
        x, y, size = rng.randrange(width), rng.randrange(height), rng.choice((1, 1, 1, 2, 3))
        draw.ellipse((x, y, x + size, y + size), fill=rng.randint(60, 190))
    if holes:
        radius, x = dpi * 3 // 25, dpi // 2
        for y in (height // 2 - dpi * 8 // 5, height // 2 + dpi * 8 // 5):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rng.randint(70, 120))
    if rng.random() < 0.5:  # noqa: PLR2004 - the lid was open, or not
        draw.rectangle((width - rng.randint(3, 14), 0, width, height), fill=rng.randint(90, 160))
    sheet = sheet.filter(ImageFilter.BoxBlur(rng.uniform(0.2, 0.6) * dpi / 250))
    # Paper is never quite white and ink never quite black.
    dark, bright = rng.randint(15, 45), rng.randint(236, 250)
    sheet = sheet.point([dark + level * (bright - dark) // _WHITE for level in range(_LEVELS)])
    grain = Image.frombytes("L", (width, height), rng.randbytes(width * height))
    return ImageChops.subtract(sheet, grain.point([level * 11 // _WHITE for level in range(_LEVELS)]))


def _stamped(page: Image.Image, rng: random.Random, lines: Sequence[str], dpi: int) -> Image.Image:
    """The page with a rubber stamp in its upper right, where the mail room has room."""
    font = _font(dpi * 12 // 72)
    gap, line_height = dpi // 12, dpi // 5
    width = max(round(font.getlength(line)) for line in lines) + 2 * gap
    rubber = Image.new("L", (width, line_height * len(lines) + gap), _WHITE)
    draw = ImageDraw.Draw(rubber)
    draw.rectangle((0, 0, width - 1, rubber.height - 1), outline=80, width=max(2, dpi // 80))
    for number, line in enumerate(lines):
        left = (width - round(font.getlength(line))) // 2
        draw.text((left, gap // 2 + number * line_height), line, font=font, fill=70)
    turned = rubber.rotate(rng.uniform(-6, 6), Image.Resampling.BICUBIC, expand=True, fillcolor=_WHITE)
    place = (page.width - turned.width - rng.randint(dpi // 2, dpi), rng.randint(dpi, dpi * 5 // 4))
    layer = Image.new("L", page.size, _WHITE)
    layer.paste(turned, place)
    return ImageChops.multiply(page, layer)


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(reportlab.__file__).parent / "fonts" / "VeraBd.ttf"), size)

"""From a file to pages: number, pixels for recognition, page images. Runs in a throw-away process.

What it hands over lies in a folder: a page image (``00001.webp``), for a page with text its words (``00001.json``),
for a page to be recognised its grey levels (``00001.grey``, one byte a pixel).
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pi_heif
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw
from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from indexing import media, office_reader, pdf_facts, pixels
from indexing.detection import detect
from indexing.errors import Refused
from indexing.text import pdf_layer
from indexing.words import member, to_json

IMAGE_WIDTH: Final = 1_000
"""Width of a page image in pixels: readable on a screen, 50 to 70 kB."""

_IMAGE_HEIGHT: Final = 6_000
_IMAGE_BYTES: Final = 120_000
_QUALITIES: Final = (70, 50, 30)
_RENDER_DPI: Final = 300
_PIXEL_BYTES: Final = {"1": 1, "L": 1, "P": 1}
_A4_INCHES: Final = 11.69
_PLAUSIBLE_DPI: Final = (60, 2_400)
_PASSWORD: Final = pdfium_raw.FPDF_ERR_PASSWORD
_ORIENTATION: Final = 0x0112  # EXIF tag

Image.MAX_IMAGE_PIXELS = None  # `frames` has its own bound, by memory
pi_heif.register_heif_opener()


def survey(source: str, memory: int) -> Iterator[dict[str, Any]]:
    """Look at a file for the first time.

    Args:
        source: Path of the file as received.
        memory: Bytes that a decoded image may take.

    Yields:
        Once: ``media_type``, ``pages``, ``refused`` (why there are none, or null), ``warnings`` (keys of
        `results.WARNINGS`), ``facts`` (sentences), ``claim`` (the PDF/A flavour that the file claims, or null).
    """
    path = Path(source)
    found: dict[str, Any] = {
        "media_type": detect(path),
        "pages": 0,
        "refused": None,
        "warnings": [],
        "facts": [],
        "claim": None,
    }
    try:
        if found["media_type"] == media.PDF:
            with open_pdf(path) as document:
                found["pages"] = len(document)
            found |= pdf_facts.inspect(path)
        elif found["media_type"] in media.IMAGES:
            found["pages"] = sum(1 for _ in frames(path, 1, memory))
        elif found["media_type"] in media.OFFICE or found["media_type"] == media.LOCKED_OFFICE:
            found["warnings"] = office_reader.inspect(path, found["media_type"])
    except _Locked as refusal:
        found |= {"refused": str(refusal), "warnings": ["encrypted"]}
    except Refused as refusal:
        found |= {"refused": str(refusal)}
    yield found


class _Locked(Refused):
    """Die PDF-Datei ist mit einem Kennwort verschlüsselt."""


def open_pdf(path: Path) -> Any:
    """Open a PDF with its form fields shown; raises Refused with the reason."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        if error.err_code == _PASSWORD:
            raise _Locked("Die PDF-Datei ist mit einem Kennwort verschlüsselt.") from error
        raise Refused("Die PDF-Datei ist beschädigt und lässt sich nicht öffnen.") from error
    if len(document) < 1:
        document.close()
        raise Refused("Die PDF-Datei enthält keine Seiten.")
    document.init_forms()
    return document


def pdf_pages(source: str, folder: str, *, first: int, last: int, max_pixels: int) -> Iterator[dict[str, Any]]:
    """Hand over the pages ``first`` to ``last`` of a PDF.

    Yields:
        For each page ``page``, ``origin`` (see `text.Origin`) and, where it is to be recognised, ``width``,
        ``height``, ``dpi``.
    """
    with open_pdf(Path(source)) as document:
        for number in range(first, last + 1):
            page = _page(document, number)
            layer = pdf_layer(page, number)
            if layer.origin != "recognise":
                _leave(folder, number, "json", to_json(layer.words))
                factor = min(IMAGE_WIDTH / page.get_width(), _IMAGE_HEIGHT / page.get_height())
                _leave_image(folder, number, drawn(page, factor))
                yield {"page": number, "origin": layer.origin}
            else:
                scale = _RENDER_DPI / 72 * pixels.fitting(*_at(page, _RENDER_DPI), max_pixels)
                yield _leave_pixels(folder, number, drawn(page, scale), scale * 72)
            page.close()


def image_pages(
    source: str, folder: str, *, first: int, last: int, max_pixels: int, memory: int
) -> Iterator[dict[str, Any]]:
    """Hand over the frames ``first`` to ``last`` of an image file, as `pdf_pages` does; all are to be recognised."""
    for number, (frame, dpi) in enumerate(frames(Path(source), max_pixels, memory), 1):
        if number > last:
            return
        if number >= first:
            yield _leave_pixels(folder, number, frame, dpi)


def turned_images(folder: str, *, pages: dict[str, int]) -> Iterator[bool]:
    """Turn page images clockwise, in place: {page: degrees}."""
    for page, degrees in pages.items():
        path = Path(folder) / member(int(page), "webp")
        with Image.open(path) as image:
            upright = image.rotate(-degrees, expand=True)
        _leave_image(folder, int(page), upright)
    yield True


def _page(document: Any, number: int) -> Any:
    try:
        page = document[number - 1]
    except pdfium.PdfiumError as error:
        raise Refused(f"Seite {number} der PDF-Datei ist beschädigt.") from error
    if page.get_width() <= 0 or page.get_height() <= 0:
        raise Refused(f"Seite {number} der PDF-Datei hat keine Fläche.")
    if pdfium_raw.FPDFPage_GetAnnotCount(page) < 1:
        return page
    # What someone has filled into a form is text of the page only when the fields have become part of it.
    pdfium_raw.FPDFPage_Flatten(page, pdfium_raw.FLAT_NORMALDISPLAY)
    page.close()
    return document[number - 1]


def _at(page: Any, dpi: float) -> tuple[float, float]:
    return page.get_width() * dpi / 72, page.get_height() * dpi / 72


def drawn(page: Any, scale: float) -> Image.Image:
    """The page as shown, in RGB: pdfium draws colour three times faster than grey."""
    try:
        return pdfium_image(
            page.render(scale=max(scale, 1.5 / min(page.get_width(), page.get_height())), rev_byteorder=True)
        )
    except pdfium.PdfiumError as error:
        raise MemoryError(str(error)) from error  # the only reason why a bitmap cannot be made


def pdfium_image(bitmap: Any) -> Image.Image:
    """A copy of the bitmap's pixels that outlives it."""
    image: Image.Image = bitmap.to_pil().convert("RGB")
    bitmap.close()
    return image


def frames(path: Path, max_pixels: int, memory: int) -> Iterator[tuple[Image.Image, float]]:
    """The pages of an image file, upright by their EXIF mark, on white, scaled down to a number of pixels; their dpi.

    Raises:
        Refused: No image, or one that cannot be decoded within the memory.
    """
    try:
        with Image.open(path) as image:
            for number, frame in enumerate(ImageSequence.Iterator(image)):
                if number and image.format in {"GIF", "WEBP", "PNG", "JPEG", "MPO", "AVIF"}:
                    return  # an animation or a preview: not pages
                needed = frame.width * frame.height * _PIXEL_BYTES.get(frame.mode, 4)
                if image.format != "JPEG" and needed > memory // 2:
                    raise Refused("Das Bild hat mehr Bildpunkte, als im Arbeitsspeicher Platz haben.")
                if max_pixels == 1:  # only counting
                    yield image, 0.0
                    continue
                yield _frame(frame, max_pixels)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Refused("Die Bilddatei ist beschädigt.") from error


def _frame(frame: Image.Image, max_pixels: int) -> tuple[Image.Image, float]:
    dpi = resolution(frame)
    wide, high = frame.size
    factor = pixels.fitting(wide, high, max_pixels)
    if factor < 1:
        frame.draft("RGB", (int(wide * factor), int(high * factor)))  # JPEG alone can decode itself smaller
    upright = ImageOps.exif_transpose(frame)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.new("RGB", layer.size, "white")
        upright.paste(layer, mask=layer.getchannel("A"))
    elif upright.mode.startswith("I;16") or upright.mode in {"I", "F"}:
        upright = (
            upright.convert("F").point(lambda level: level / 256, "L") if upright.mode != "F" else upright.convert("L")
        )
    else:
        upright = upright.convert("L" if upright.mode in {"1", "L"} else "RGB")
    scaled = pixels.resized(upright, pixels.fitting(*upright.size, max_pixels))
    return scaled, dpi * max(scaled.size) / max(wide, high)


def resolution(image: Image.Image) -> float:
    """Pixels an inch: as the file says, if that can be, else so that the longer side is that of an A4 page."""
    said = image.info.get("dpi", (0, 0))[0]
    try:
        dpi = float(said)
    except (TypeError, ValueError, ZeroDivisionError):
        dpi = 0.0
    longer = max(image.size)
    # Cameras and screens say 72 or 96 whatever the size; a page longer than a metre is none.
    if _PLAUSIBLE_DPI[0] <= dpi <= _PLAUSIBLE_DPI[1] and longer / dpi < 3 * _A4_INCHES and dpi not in (72, 96):
        return dpi
    return max(72.0, longer / _A4_INCHES)


def _leave_pixels(folder: str, number: int, image: Image.Image, dpi: float) -> dict[str, Any]:
    factor = min(IMAGE_WIDTH / image.width, _IMAGE_HEIGHT / image.height)
    _leave_image(folder, number, pixels.resized(image, factor))
    grey = pixels.resized(pixels.levelled(image), min(2.0, pixels.RECOGNITION_DPI / dpi))
    _leave(folder, number, "grey", grey.tobytes())
    seen_dpi = round(dpi * grey.width / image.width)
    return {"page": number, "origin": "recognise", "width": grey.width, "height": grey.height, "dpi": seen_dpi}


def _leave_image(folder: str, number: int, image: Image.Image) -> None:
    data = b""
    for quality in _QUALITIES:
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=quality, method=2)
        data = buffer.getvalue()
        if len(data) <= _IMAGE_BYTES:
            break
    _leave(folder, number, "webp", data)


def _leave(folder: str, number: int, suffix: str, data: bytes) -> None:
    (Path(folder) / member(number, suffix)).write_bytes(data)


def plain_jpeg(path: Path, max_pixels: int) -> bool:
    """Whether a PDF can carry the file byte by byte: a JPEG, grey or RGB, upright, not too large."""
    with Image.open(path) as image:
        upright = image.getexif().get(_ORIENTATION, 1) == 1
        small = image.width * image.height <= max_pixels
        return image.format == "JPEG" and image.mode in {"L", "RGB"} and upright and small


def is_lossy(path: Path) -> bool:
    """Whether the format has lost detail already, so that a good JPEG loses nothing more that matters."""
    with Image.open(path) as image:
        return image.format in {"JPEG", "MPO", "WEBP", "HEIF", "AVIF"}

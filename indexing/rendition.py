"""The rendition: PDF/A for reading in twenty years. Runs in a throw-away process.

In this order, and the first that holds counts: the original is PDF/A already; it can be made PDF/A (2b, with embedded
files 3b) without touching its contents, recognised pages getting their text invisibly; its pages are drawn and become
images with a text layer (``raster``); there is none, for a reason. The original is never altered.
"""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pikepdf
import pikepdf.pdfa
from pikepdf import Array, Dictionary, Name, Pdf

from indexing import pages, pixels, textlayer
from indexing.pdf_passive import make_passive
from indexing.results import RENDITION
from indexing.words import PageWords, read_pages

_RASTER_DPI: Final = 150
_RASTER_QUALITY: Final = 80
_LAYER_FONT: Final = "EakteUnsichtbar"


def render_pdf(
    source: str, words: str, folder: str, *, recognised: list[int], claim: str | None, max_pixels: int
) -> Iterator[dict[str, Any]]:
    """Make the rendition of a PDF.

    Args:
        source: Path of the PDF.
        words: Path of its word layer, already checked.
        folder: Where ``rendition.pdf`` goes.
        recognised: Pages whose text was recognised and must be laid over them.
        claim: The PDF/A flavour that the file claims.
        max_pixels: Size of the page images of a ``raster``.

    Yields:
        Once: ``state``, ``flavour``, ``reason`` and ``original`` (the file is its own rendition).
    """
    if claim and (own := _own(Path(source), claim)):
        yield own
        return
    target = Path(folder) / RENDITION
    try:
        yield _converted(Path(source), Path(words), target, recognised)
    except (pikepdf.pdfa.PdfaError, pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError) as error:
        yield _raster(Path(source), Path(words), target, max_pixels, _why(error))


def _own(path: Path, claim: str) -> dict[str, Any] | None:
    """The verdict on a file that says that it is PDF/A; None when it provably is not."""
    if claim[0] in "123":
        report = pikepdf.pdfa.validate_written(path, f"{claim[0]}b")
        if report.verdict == "pass":
            return _result("conforming", f"{claim[0]}b", original=True)
        if report.verdict == "fail":
            return None
    reason = f"Die Datei gibt sich als PDF/A-{claim} aus; das konnte nicht vollständig geprüft werden."
    return _result("claimed", claim, reason, original=True)


def _converted(source: Path, words: Path, target: Path, recognised: list[int]) -> dict[str, Any]:
    with pikepdf.open(source) as pdf:
        make_passive(pdf)
        if recognised:
            wanted = set(recognised)
            font = _invisible_font(pdf)
            with words.open("rb") as layer:
                for page in read_pages(layer):
                    if page.page in wanted:
                        _lay_over(pdf.pages[page.page - 1], page, font)
        flavour = "3b" if len(pdf.attachments) else "2b"
        pikepdf.pdfa.save(pdf, target, flavour)
    return _result("conforming", flavour)


def _lay_over(page: pikepdf.Page, words: PageWords, font: pikepdf.Object) -> None:
    if words.turned:
        page.rotate(words.turned, relative=True)
    if not words.words:
        return
    left, bottom, right, top = (float(edge) for edge in page.cropbox)
    rotation = int(page.obj.get(Name.Rotate, 0)) % 360
    box = (min(left, right), min(bottom, top), max(left, right), max(bottom, top))
    name = str(page.add_resource(font, Name.Font, Name("/" + _LAYER_FONT), replace_existing=True)).removeprefix("/")
    # The page's own operators may leave the coordinate system changed.
    page.contents_add(b"q\n", prepend=True)
    page.contents_add(b"Q\nq\n" + textlayer.operators(words, box, rotation, name) + b"Q\n")


def _invisible_font(pdf: Pdf) -> pikepdf.Object:
    program = textlayer.font_program()
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=Name("/" + textlayer.FONT_NAME),
        Flags=32,
        FontBBox=Array([0, textlayer.DESCENT, textlayer.ADVANCE, textlayer.ASCENT]),
        ItalicAngle=0,
        Ascent=textlayer.ASCENT,
        Descent=textlayer.DESCENT,
        CapHeight=textlayer.ASCENT,
        StemV=0,
        FontFile2=pdf.make_indirect(pikepdf.Stream(pdf, program, Length1=len(program))),
    )
    glyphs = pdf.make_indirect(pikepdf.Stream(pdf, textlayer.glyph_map(), Filter=Name.FlateDecode))
    descendant = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=Name("/" + textlayer.FONT_NAME),
        CIDSystemInfo=Dictionary(Registry=pikepdf.String("Adobe"), Ordering=pikepdf.String("Identity"), Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=textlayer.ADVANCE,
        CIDToGIDMap=glyphs,
    )
    font = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=Name("/" + textlayer.FONT_NAME),
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(descendant)]),
        ToUnicode=pdf.make_indirect(pikepdf.Stream(pdf, textlayer.unicode_map())),
    )
    return pdf.make_indirect(font)


def _raster(source: Path, words: Path, target: Path, max_pixels: int, why: str) -> dict[str, Any]:
    """Page images with a text layer: what is seen is kept, what cannot be kept is said."""
    with pages.open_pdf(source) as document, Pdf.new() as pdf, words.open("rb") as layer:
        font = _invisible_font(pdf)
        for page_words in read_pages(layer):
            page = document[page_words.page - 1]
            width, height = page.get_width(), page.get_height()
            factor = pixels.fitting(width * _RASTER_DPI / 72, height * _RASTER_DPI / 72, max_pixels)
            image = pages.drawn(page, _RASTER_DPI / 72 * factor)
            page.close()
            new = _image_page(pdf, _photograph(pdf, image), width, height)
            _lay_over(new, page_words, font)
        pikepdf.pdfa.save(pdf, target, "2b")
    return _result("raster", "2b", f"Die Seiten wurden als Bilder mit Text übernommen, weil {why}.")


def render_images(source: str, words: str, folder: str, *, max_pixels: int, memory: int) -> Iterator[dict[str, Any]]:
    """Make the rendition of an image file: its frames as pages, without loss where they were without loss.

    Yields:
        Once, as `render_pdf` does.
    """
    path = Path(source)
    with Pdf.new() as pdf, Path(words).open("rb") as layer:
        font = _invisible_font(pdf)
        frames = pages.frames(path, max_pixels, memory)
        jpeg = pages.plain_jpeg(path, max_pixels)
        for page_words, (frame, dpi) in zip(read_pages(layer), frames, strict=True):
            width, height = _paper(frame.size, dpi)
            image = _as_is(pdf, path, frame) if jpeg else _image(pdf, frame, lossy=pages.is_lossy(path))
            _lay_over(_image_page(pdf, image, width, height), page_words, font)
        pikepdf.pdfa.save(pdf, Path(folder) / RENDITION, "2b")
    yield _result("conforming", "2b")


def _paper(size: tuple[int, int], dpi: float) -> tuple[float, float]:
    """Points; a page of PDF/A has 3 to 14,400 of them each way (ISO 32000-1, Annex C)."""
    width, height = size[0] * 72 / dpi, size[1] * 72 / dpi
    factor = min(1.0, 14_400 / max(width, height)) * max(1.0, 3 / min(width, height))
    return min(14_400, width * factor), min(14_400, height * factor)


def _image_page(pdf: Pdf, image: pikepdf.Object, width: float, height: float) -> pikepdf.Page:
    page = pdf.add_blank_page(page_size=(width, height))
    name = page.add_resource(image, Name.XObject, Name.Seite)
    page.contents_add(f"q {width:.4f} 0 0 {height:.4f} 0 0 cm {name} Do Q\n".encode("ascii"))
    return page


def _stream(
    pdf: Pdf, data: bytes, size: tuple[int, int], space: pikepdf.Object, filter_: pikepdf.Object
) -> pikepdf.Object:
    stream = pikepdf.Stream(
        pdf,
        data,
        Type=Name.XObject,
        Subtype=Name.Image,
        Width=size[0],
        Height=size[1],
        ColorSpace=space,
        BitsPerComponent=8,
        Filter=filter_,
    )
    return pdf.make_indirect(stream)


def _space(mode: str) -> pikepdf.Object:
    return Name.DeviceGray if mode == "L" else Name.DeviceRGB


def _as_is(pdf: Pdf, path: Path, frame: Any) -> pikepdf.Object:
    return _stream(pdf, path.read_bytes(), frame.size, _space(frame.mode), Name.DCTDecode)


def _photograph(pdf: Pdf, image: Any, quality: int = _RASTER_QUALITY) -> pikepdf.Object:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, optimize=True)
    return _stream(pdf, buffer.getvalue(), image.size, _space(image.mode), Name.DCTDecode)


def _image(pdf: Pdf, image: Any, *, lossy: bool) -> pikepdf.Object:
    if lossy:
        return _photograph(pdf, image, quality=92)
    return _stream(pdf, zlib.compress(image.tobytes(), 6), image.size, _space(image.mode), Name.FlateDecode)


def _result(state: str, flavour: str | None, reason: str | None = None, *, original: bool = False) -> dict[str, Any]:
    return {"state": state, "flavour": flavour, "reason": reason, "original": original}


_EXPLANATIONS: Final = (
    ("font", "Schriften fehlen oder fehlerhaft eingebettet sind"),
    ("encod", "Schriften fehlen oder fehlerhaft eingebettet sind"),
    ("glyph", "Schriften fehlen oder fehlerhaft eingebettet sind"),
    ("colo", "Farben nicht eindeutig beschrieben sind"),
    ("annot", "die Datei Formularfelder oder Anmerkungen enthält, die PDF/A nicht erlaubt"),
    ("widget", "die Datei Formularfelder oder Anmerkungen enthält, die PDF/A nicht erlaubt"),
    ("action", "die Datei Aktionen enthält, die PDF/A nicht erlaubt"),
)


def _why(error: Exception) -> str:
    if isinstance(error, pikepdf.pdfa.PdfaError) and error.report.findings:
        finding = error.report.findings[0]
        said = f"{finding.message} {finding.where}".lower()
        for word, explanation in _EXPLANATIONS:
            if word in said:
                return explanation
        return "die Datei Bestandteile enthält, die PDF/A nicht erlaubt"
    return "die Datei fehlerhaft aufgebaut ist"

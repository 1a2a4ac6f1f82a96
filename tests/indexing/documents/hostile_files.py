"""Files made to cost: each runs into one limit of the throw-away process. A few kilobytes each, made when asked for."""

from __future__ import annotations

import random
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image


def slow_pdf(path: Path, *, steps: int = 20_000) -> None:
    """A page whose every pixel has a colour that takes thousands of steps to compute, and hardly any memory."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(600, 900))
    colour = pdf.make_stream(
        b"{ add " + b"dup mul sqrt " * steps + b"}",
        FunctionType=4,
        Domain=Array([0, 1, 0, 1]),
        Range=Array([0, 1]),
    )
    shading = Dictionary(
        ShadingType=1, ColorSpace=Name.DeviceGray, Matrix=Array([600, 0, 0, 900, 0, 0]), Function=colour
    )
    page.Resources = Dictionary(Shading=Dictionary(S=shading))
    page.Contents = pdf.make_stream(b"/S sh")
    pdf.save(path)


def hungry_pdf(path: Path, *, depth: int = 12) -> None:
    """A page that draws a form ten times that draws a form ten times that … (the "billion laughs" of PDF)."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    form = _form(pdf, b"0 0 m 500 900 l S " * 20, None)
    for _ in range(depth):
        form = _form(pdf, b"/F Do " * 10, form)
    page.Resources = Dictionary(XObject=Dictionary(F=form))
    page.Contents = pdf.make_stream(b"/F Do")
    pdf.save(path)


def _form(pdf: pikepdf.Pdf, content: bytes, inner: pikepdf.Object | None) -> pikepdf.Object:
    stream = pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 600, 900]))
    if inner is not None:
        stream.Resources = Dictionary(XObject=Dictionary(F=inner))
    return stream


def nested_arrays_pdf(path: Path, *, depth: int = 200_000) -> None:
    """Arrays in arrays where a page's contents should be: recursive readers run out of stack."""
    deep = b"[" * depth + b"]" * depth
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Annots 4 0 R>>",
        deep,
    ]
    path.write_bytes(_assembled(objects))


def nested_operands_pdf(path: Path, *, depth: int = 200_000) -> None:
    """The same inside the page's contents."""
    pdf = pikepdf.new()
    pdf.add_blank_page().Contents = pdf.make_stream(b"[" * depth + b"]" * depth + b" TJ")
    pdf.save(path)


def endless_page_tree_pdf(path: Path) -> None:
    """A page tree that contains itself."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>"]
    path.write_bytes(_assembled(objects))


def many_filters_pdf(path: Path, *, filters: int = 40) -> None:
    """Contents packed again and again."""
    pdf = pikepdf.new()
    data = b"0 0 m"
    for _ in range(filters):
        data = data.hex().encode() + b">" if len(data) < 1 << 20 else data
    kinds = Array([Name.ASCIIHexDecode] * filters)
    pdf.add_blank_page().Contents = pdf.make_indirect(pikepdf.Stream(pdf, data, Filter=kinds))
    pdf.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def nested_html(path: Path, *, depth: int = 200_000) -> None:
    """Elements in elements."""
    path.write_text("<!doctype html>" + "<div>" * depth + "Bescheid")


def noisy_tiff(path: Path, *, frames: int = 1, edge: int = 400) -> None:
    """Pictures of noise, which nothing packs: as pixels they are as large as they look."""
    noise = random.Random(7)  # noqa: S311 - reproducible
    pictures = [Image.frombytes("L", (edge, edge), noise.randbytes(edge * edge)) for _ in range(frames)]
    pictures[0].save(path, "TIFF", save_all=True, append_images=pictures[1:], dpi=(200, 200))


def _assembled(objects: list[bytes]) -> bytes:
    data, offsets = b"%PDF-1.4\n", []
    for number, value in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return data + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, start)

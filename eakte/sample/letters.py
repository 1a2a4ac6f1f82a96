"""Letters on paper: PDF with embedded fonts, plain text, or the HTML of a mail. The same letter gives the same bytes."""

from __future__ import annotations

import functools
import html
import io
import random
import re
from typing import Any

import pypdfium2 as pdfium
from reportlab.graphics.shapes import Drawing, Line, Path, Polygon, String
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as PaperTable

from eakte.sample.composing import POSTCODE, Block, Form, Heading, Letter, Points, Sketch, Table, Text, german_day

# Bitstream Vera comes with reportlab itself and has umlauts, § and €: no font of the machine is needed.
PLAIN, BOLD, ITALIC = "Rodenbeck", "Rodenbeck-Bold", "Rodenbeck-Italic"
_INKS = ("#1f3b6f", "#5a2d2d", "#24543c", "#333333", "#6b4a12")
_WIDTH, _HEIGHT = A4
_LEFT, _RIGHT = 25 * mm, 20 * mm
_CLOSE_COLUMN = 5
"""More columns than this make a table with smaller type."""


@functools.cache
def _register_fonts() -> None:
    for name, file in ((PLAIN, "Vera.ttf"), (BOLD, "VeraBd.ttf"), (ITALIC, "VeraIt.ttf")):
        pdfmetrics.registerFont(TTFont(name, file))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=ITALIC, boldItalic=BOLD)


def to_pdf(letter: Letter) -> bytes:
    """The letter as PDF of one page or more, text as text, fonts embedded, without any date of making."""
    _register_fonts()
    target = io.BytesIO()
    paper = SimpleDocTemplate(
        target,
        pagesize=A4,
        leftMargin=_LEFT,
        rightMargin=_RIGHT,
        topMargin=24 * mm,
        bottomMargin=27 * mm,
        title=letter.title,
        author=letter.sender.name,
        lang="de",
        invariant=1,
    )
    paper.build(
        _story(letter),
        onFirstPage=functools.partial(_first_page, letter=letter),
        onLaterPages=functools.partial(_later_page, letter=letter),
    )
    return target.getvalue()


def page_texts(pdf: bytes) -> tuple[str, ...]:
    """What stands on each page, read back from the PDF, with plain spaces and line feeds."""
    with pdfium.PdfDocument(pdf) as document:
        return tuple(_plain(page.get_textpage().get_text_range()) for page in document)


def to_text(letter: Letter) -> str:
    """The letter as plain text: for notes typed at the desk."""
    head = [letter.title, "=" * len(letter.title), ""]
    head += [f"{label}: {value}" for label, value in letter.details]
    return "\n".join([*head, "", *_lines(letter.blocks), "gez. " + letter.signer, ""])


def to_html(letter: Letter) -> str:
    """The letter as the HTML body of a mail."""
    to = letter.addressee.name if letter.addressee else ""
    head = {"Von": letter.sender.name, "An": to, "Datum": german_day(letter.day), "Betreff": letter.title}
    rows = "".join(f"<tr><th>{key}:</th><td>{html.escape(value)}</td></tr>\n" for key, value in head.items())
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in _lines(letter.blocks) if line)
    return (
        f'<!DOCTYPE html>\n<html lang="de"><head><meta charset="utf-8"><title>{html.escape(letter.title)}</title></head>'
        f"<body>\n<table>\n{rows}</table>\n<p>{html.escape(letter.greeting)}</p>\n{body}"
        f"<p>{html.escape(letter.closing)}<br>{html.escape(letter.signer)}<br>{html.escape(letter.sender.short)}</p>\n"
        "</body></html>\n"
    )


def _plain(text: str) -> str:
    # U+FFFE is what PDFium says for a hyphen at the end of a line.
    return text.replace("\r\n", "\n").replace("\ufffe", "-").replace("\u00a0", " ")


def _lines(blocks: tuple[Block, ...]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        match block:
            case Heading(text) | Text(text):
                lines += [text, ""]
            case Points(texts):
                lines += [*(f"- {text}" for text in texts), ""]
            case Table(rows):
                lines += [*(" | ".join(row) for row in rows), ""]
            case Form(entries):
                lines += [*(f"{label}: {value}" for label, value in entries), ""]
            case Sketch():
                lines += ["(Skizze)", ""]
    return lines


# ------------------------------------------------------------------------------------------------------------- story


def _style(letter: Letter, **changes: Any) -> Any:
    size = (9.2, 9.6, 10)[letter.style % 3]
    values = {"fontName": PLAIN, "fontSize": size, "leading": size * 1.42, "spaceAfter": 2.6 * mm}
    if letter.style % 4 == 0:
        values["alignment"] = TA_JUSTIFY
    return ParagraphStyle("letter", **(values | changes))


def _marked(text: str) -> str:
    """Escaped for reportlab, with § and its number, a sum and its € on one line."""
    tied = re.sub(r"(§§?|Art\.|Nr\.|Abs\.) (?=\d)", "\\1\u00a0", text)
    return html.escape(re.sub(r"(?<=\d) (?=[€%])", "\u00a0", tied), quote=False)


def _story(letter: Letter) -> list[Any]:
    body, bold = _style(letter), _style(letter, fontName=BOLD, spaceAfter=4 * mm)
    story: list[Any] = [Spacer(1, 82 * mm if letter.addressee else 22 * mm)]
    story.append(Paragraph(_marked(letter.title), bold))
    if not letter.addressee:
        story.append(_form(Form(letter.details), letter))
    if letter.greeting:
        story.append(Paragraph(_marked(letter.greeting + ","), body))
    story += _flow(letter.blocks, letter)
    if letter.closing:
        story.append(
            KeepTogether([Paragraph(letter.closing, body), _scribble(letter), Paragraph(_marked(letter.signer), body)])
        )
    if letter.annexes:
        names = [title if title.startswith("Anlage") else f"Anlage – {title}" for title, _ in letter.annexes]
        story.append(Paragraph("<br/>".join(map(_marked, names)), _style(letter, fontSize=8, leading=11)))
    for title, blocks in letter.annexes:
        story += [PageBreak(), Paragraph(_marked(title), bold), *_flow(blocks, letter)]
    return story


def _flow(blocks: tuple[Block, ...], letter: Letter) -> list[Any]:
    body = _style(letter)
    heading = _style(letter, fontName=BOLD, spaceBefore=2 * mm, spaceAfter=1.5 * mm, keepWithNext=1)
    flow: list[Any] = []
    for block in blocks:
        match block:
            case Heading(text):
                flow.append(Paragraph(_marked(text), heading))
            case Text(text):
                flow.append(Paragraph(_marked(text), body))
            case Points(texts):
                item = _style(letter, leftIndent=7 * mm, bulletIndent=1 * mm, spaceAfter=1.4 * mm)
                flow += [Paragraph(_marked(text), item, bulletText=f"{n}.") for n, text in enumerate(texts, start=1)]
                flow.append(Spacer(1, 1.5 * mm))
            case Table():
                flow += [_table(block, letter), Spacer(1, 3.5 * mm)]
            case Form():
                flow += [_form(block, letter), Spacer(1, 3.5 * mm)]
            case Sketch():
                flow += [_sketch(block), Spacer(1, 3 * mm)]
    return flow


def _table(block: Table, letter: Letter) -> Any:
    columns = len(block.rows[0])
    size = 8.2 if columns >= _CLOSE_COLUMN else 9
    cell = _style(letter, fontSize=size, leading=size * 1.3, spaceAfter=0, alignment=0)
    head = _style(letter, fontSize=size, leading=size * 1.3, spaceAfter=0, alignment=0, fontName=BOLD)
    money = _style(letter, fontSize=size, leading=size * 1.3, spaceAfter=0, alignment=TA_RIGHT)
    cells = [[Paragraph(_marked(text), head) for text in block.rows[0]]]
    cells += [[Paragraph(_marked(t), money if t.endswith("€") else cell) for t in row] for row in block.rows[1:]]
    width = _WIDTH - _LEFT - _RIGHT
    # The widest text of a column decides its share, within reason.
    weights = [min(34, max(6, *(len(row[column]) for row in block.rows))) for column in range(columns)]
    table = PaperTable(cells, colWidths=[width * weight / sum(weights) for weight in weights], repeatRows=1)
    table.setStyle(
        TableStyle([
            ("GRID", (0, 0), (-1, -1), 0.4, HexColor("#777777")),
            ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e9e9e9")),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("TOPPADDING", (0, 0), (-1, -1), 2),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ])
    )
    return table


def _form(block: Form, letter: Letter) -> Any:
    entered = letter.sender.kind == "person"
    label = _style(letter, fontSize=8.4, leading=11.5, spaceAfter=0, alignment=0)
    ink = HexColor("#20306e") if entered else HexColor("#000000")
    value = _style(
        letter, leading=13, spaceAfter=0, alignment=0, fontName=ITALIC if entered else PLAIN, textColor=ink
    )
    rows = [[Paragraph(_marked(a), label), Paragraph(_marked(b), value)] for a, b in block.entries]
    table = PaperTable(rows, colWidths=[48 * mm, _WIDTH - _LEFT - _RIGHT - 48 * mm])
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.4, HexColor("#888888")), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]))
    return table


def _scribble(letter: Letter) -> Any:
    """A signature: a few loops that always look the same for the same name."""
    hand = random.Random(letter.signer)  # noqa: S311 - a drawing, not a secret
    drawing = Drawing(60 * mm, 15 * mm)
    path = Path(strokeColor=HexColor("#1c2a66"), strokeWidth=1.1, fillColor=None)
    x, middle = 6.0, 18.0
    path.moveTo(x, middle)
    for _ in range(hand.randint(5, 8)):
        high, low, step = hand.uniform(4, 19), hand.uniform(3, 13), hand.uniform(7, 17)
        path.curveTo(x + step * 0.6, middle + high, x - step * 0.2, middle - low, x + step, middle + hand.uniform(-3, 4))
        x += step
    path.curveTo(x + 10, middle + 8, x + 22, middle - 6, x + hand.uniform(26, 50), middle - 2)
    drawing.add(path)
    return drawing


def _sketch(block: Sketch) -> Any:
    hand = random.Random(block.seed)  # noqa: S311 - a drawing, not a secret
    drawing = Drawing(150 * mm, 90 * mm)
    x, y = 70 + hand.uniform(0, 30), 60 + hand.uniform(0, 20)
    w, h, lean = hand.uniform(190, 250), hand.uniform(120, 160), hand.uniform(-25, 25)
    ink = HexColor("#222222")
    drawing.add(Polygon([x, y, x + w, y + 6, x + w + lean, y + h, x + lean, y + h - 8], strokeColor=ink, fillColor=None))
    a, b, s = x + w * 0.3, y + h * 0.3, hand.uniform(50, 80)
    house = [a, b, a + s, b + 3, a + s - 2, b + s * 0.7, a - 2, b + s * 0.7 - 3]
    drawing.add(Polygon(house, strokeColor=ink, fillColor=HexColor("#d8d8d8")))
    drawing.add(Line(10, 38, 400, 44, strokeColor=ink, strokeWidth=1.5))
    drawing.add(Line(10, 20, 400, 26, strokeColor=ink, strokeWidth=1.5))
    labels = ((a + 8, b + s * 0.3, "Gebäude"), (x + w * 0.6, y + h * 0.8, block.plot), (180, 29, "Straße"), (x, y + h, "N ↑"))
    for left, bottom, text in labels:
        drawing.add(String(left, bottom, text.replace("↑", "^"), fontName=PLAIN, fontSize=8))
    return drawing


# ------------------------------------------------------------------------------------------------------- letterheads


def _first_page(canvas: Any, _paper: Any, letter: Letter) -> None:
    ink = HexColor(_INKS[0] if letter.sender.kind == "town" else _INKS[letter.style % len(_INKS)])
    canvas.saveState()
    if not letter.addressee:
        _memo_head(canvas, letter, ink)
    elif letter.sender.kind == "town":
        _town_head(canvas, letter, ink)
    elif letter.sender.kind == "person":
        _private_head(canvas, letter)
    else:
        _business_head(canvas, letter, ink)
    canvas.restoreState()


def _later_page(canvas: Any, paper: Any, letter: Letter) -> None:
    canvas.saveState()
    canvas.setFont(PLAIN, 7.5)
    note = f"Seite {paper.page} zum Schreiben vom {german_day(letter.day)} · {letter.title}"
    canvas.drawString(_LEFT, _HEIGHT - 15 * mm, note[:105])
    canvas.line(_LEFT, _HEIGHT - 17 * mm, _WIDTH - _RIGHT, _HEIGHT - 17 * mm)
    canvas.restoreState()


def _memo_head(canvas: Any, letter: Letter, ink: Any) -> None:
    canvas.setFont(BOLD, 12)
    canvas.setFillColor(ink)
    canvas.drawString(_LEFT, _HEIGHT - 25 * mm, letter.sender.name)
    canvas.setFont(PLAIN, 9)
    canvas.setFillColor(HexColor("#000000"))
    canvas.drawString(_LEFT, _HEIGHT - 31 * mm, letter.sender.lines[1])
    canvas.drawRightString(_WIDTH - _RIGHT, _HEIGHT - 25 * mm, f"Rodenbeck, {german_day(letter.day)}")
    canvas.line(_LEFT, _HEIGHT - 35 * mm, _WIDTH - _RIGHT, _HEIGHT - 35 * mm)


def _town_head(canvas: Any, letter: Letter, ink: Any) -> None:
    _shield(canvas, _WIDTH - _RIGHT - 16 * mm, _HEIGHT - 35 * mm, ink)
    canvas.setFillColor(ink)
    canvas.setFont(BOLD, 17)
    canvas.drawString(_LEFT, _HEIGHT - 22 * mm, letter.sender.name)
    canvas.setFont(PLAIN, 9)
    canvas.drawString(_LEFT, _HEIGHT - 28 * mm, "Die Bürgermeisterin · " + letter.sender.lines[1])
    canvas.setFillColor(HexColor("#000000"))
    _address(canvas, letter, f"{letter.sender.name} · Marktplatz 1 · {POSTCODE}")
    _details(canvas, letter, _HEIGHT - 52 * mm)
    _foot(
        canvas,
        ink,
        "Öffnungszeiten: Mo–Fr 8:30–12:00, Do 14:00–18:00 · Telefon 05037 900-0 · www.rodenbeck.example",
        "Stadtkasse Rodenbeck · IBAN DE02 9999 9999 0000 0001 00 · USt-IdNr. DE000000000",
    )


def _business_head(canvas: Any, letter: Letter, ink: Any) -> None:
    name, place = letter.sender.name, " · ".join(letter.sender.lines[1:])
    canvas.setFillColor(ink)
    if letter.style % 2:
        canvas.rect(0, _HEIGHT - 32 * mm, _WIDTH, 15 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.setFont(BOLD, 15)
        canvas.drawString(_LEFT, _HEIGHT - 26.5 * mm, name)
    else:
        canvas.setFont(BOLD, 15)
        canvas.drawRightString(_WIDTH - _RIGHT, _HEIGHT - 24 * mm, name)
        canvas.setFont(PLAIN, 8.5)
        canvas.drawRightString(_WIDTH - _RIGHT, _HEIGHT - 30 * mm, place)
        canvas.rect(_LEFT, _HEIGHT - 30 * mm, 10 * mm, 10 * mm, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#000000"))
    _address(canvas, letter, f"{name} · {place}")
    _details(canvas, letter, _HEIGHT - 52 * mm)
    company = "Amtsgericht Rodenbeck" if letter.sender.kind == "firm" else "Landkreis Weserbogen · Kreishaus"
    _foot(canvas, ink, f"{name} · {place}", f"{company} · Telefon 05037 {4000 + letter.style % 5000}")


def _private_head(canvas: Any, letter: Letter) -> None:
    lines = letter.sender.lines
    canvas.setFont(ITALIC if letter.style % 3 == 0 else PLAIN, 10.5)
    for number, line in enumerate(lines):
        height = _HEIGHT - (20 + 5 * number) * mm
        match letter.style % 3:
            case 0:
                canvas.drawCentredString(_WIDTH / 2, height, line)
            case 1:
                canvas.drawString(_LEFT, height, line)
            case _:
                canvas.drawRightString(_WIDTH - _RIGHT, height, line)
    _address(canvas, letter, "")
    canvas.setFont(PLAIN, 9.5)
    canvas.drawRightString(_WIDTH - _RIGHT, _HEIGHT - 96 * mm, f"Rodenbeck, {german_day(letter.day)}")


def _address(canvas: Any, letter: Letter, above: str) -> None:
    top = _HEIGHT - 50 * mm
    if above:
        size = 6.5
        while pdfmetrics.stringWidth(above, PLAIN, size) > 84 * mm:
            size -= 0.25
        canvas.setFont(PLAIN, size)
        canvas.drawString(_LEFT, top, above)
        canvas.line(_LEFT, top - 1 * mm, _LEFT + 84 * mm, top - 1 * mm)
    canvas.setFont(PLAIN, 9.8)
    for number, line in enumerate(letter.addressee.lines if letter.addressee else ()):
        canvas.drawString(_LEFT, top - (9 + 5 * number) * mm, line)
    for height in (105, 148.5, 210):
        canvas.line(4 * mm, _HEIGHT - height * mm, 8 * mm, _HEIGHT - height * mm)


def _details(canvas: Any, letter: Letter, top: float) -> None:
    left = _LEFT + 98 * mm
    for number, (label, value) in enumerate((*letter.details, ("Datum", german_day(letter.day)))):
        height = top - number * 8.2 * mm
        canvas.setFont(PLAIN, 6.5)
        canvas.drawString(left, height, label)
        canvas.setFont(PLAIN, 9)
        canvas.drawString(left, height - 4 * mm, value)


def _foot(canvas: Any, ink: Any, *lines: str) -> None:
    canvas.setStrokeColor(ink)
    canvas.line(_LEFT, 20 * mm, _WIDTH - _RIGHT, 20 * mm)
    canvas.setFont(PLAIN, 6.8)
    for number, line in enumerate(lines):
        canvas.drawString(_LEFT, (16.5 - 3.6 * number) * mm, line)


def _shield(canvas: Any, x: float, y: float, ink: Any) -> None:
    """The arms of Rodenbeck: a wavy brook under a clearing's stump."""
    path = canvas.beginPath()
    path.moveTo(x, y + 18 * mm)
    path.lineTo(x + 15 * mm, y + 18 * mm)
    path.lineTo(x + 15 * mm, y + 8 * mm)
    path.curveTo(x + 15 * mm, y + 3 * mm, x + 10 * mm, y + 1 * mm, x + 7.5 * mm, y)
    path.curveTo(x + 5 * mm, y + 1 * mm, x, y + 3 * mm, x, y + 8 * mm)
    path.close()
    canvas.setStrokeColor(ink)
    canvas.setLineWidth(1.2)
    canvas.drawPath(path)
    canvas.setFillColor(ink)
    canvas.rect(x + 5.5 * mm, y + 10 * mm, 4 * mm, 5 * mm, stroke=0, fill=1)
    for level in (4, 6.3):
        wave = canvas.beginPath()
        wave.moveTo(x + 2 * mm, y + level * mm)
        for step in range(3):
            a = x + (2 + step * 3.6) * mm
            wave.curveTo(a + 1.2 * mm, y + (level + 1.6) * mm, a + 2.4 * mm, y + (level - 1.6) * mm, a + 3.6 * mm, y + level * mm)
        canvas.drawPath(wave)
    canvas.setLineWidth(0.6)

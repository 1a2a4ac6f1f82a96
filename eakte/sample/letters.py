"""Letters as PDF with embedded fonts, plain text, or the HTML of a mail. The same letter gives the same bytes."""

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
from reportlab.platypus import KeepTogether, PageBreak, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as PaperTable

from eakte.sample import letterheads
from eakte.sample.composing import Block, Form, Heading, Letter, Points, Sketch, Table, Text, german_day
from eakte.sample.letterheads import BOLD, ITALIC, LEFT, PLAIN, RIGHT, WIDTH, register_fonts

_CLOSE_COLUMN = 5
"""More columns than this make a table with smaller type."""


def to_pdf(letter: Letter) -> bytes:
    """The letter as PDF of one page or more, text as text, fonts embedded, without any date of making."""
    register_fonts()
    target = io.BytesIO()
    paper = SimpleDocTemplate(
        target,
        pagesize=A4,
        # A frame pads its sides by 6 points.
        leftMargin=LEFT - 6,
        rightMargin=RIGHT - 6,
        topMargin=24 * mm,
        bottomMargin=27 * mm,
        title=letter.title,
        author=letter.sender.name,
        lang="de",
        invariant=1,
        # Without it every page names Helvetica, which is not embedded, and the letter could not become PDF/A as it is.
        initialFontName=letterheads.PLAIN,
    )
    paper.build(
        _story(letter),
        onFirstPage=functools.partial(letterheads.first_page, letter=letter),
        onLaterPages=functools.partial(letterheads.later_page, letter=letter),
    )
    return target.getvalue()


def page_texts(pdf: bytes) -> tuple[str, ...]:
    """What stands on each page, read back from the PDF, with plain spaces and line feeds."""
    with pdfium.PdfDocument(pdf) as document:
        pages = (document[number] for number in range(len(document)))
        return tuple(_plain(page.get_textpage().get_text_range()) for page in pages)


def to_text(letter: Letter) -> str:
    """The letter as plain text: for notes typed at the desk."""
    head = [letter.title, "=" * len(letter.title), ""]
    head += [f"{label}: {value}" for label, value in letter.details]
    return "\n".join([*head, "", *_lines(letter.blocks), "gez. " + letter.signer, ""])


def mail_lines(letter: Letter) -> list[str]:
    """What a reader of the mail sees below its head, line by line."""
    body = [line for line in _lines(letter.blocks) if line]
    return [f"{letter.greeting},", *body, letter.closing, letter.signer, ", ".join(letter.sender.lines[1:])]


def to_html(letter: Letter) -> str:
    """The letter as the HTML of a mail."""
    rows = "".join(f"<tr><th>{key}:</th><td>{html.escape(value)}</td></tr>\n" for key, value in mail_head(letter))
    body = "".join(f"<p>{html.escape(line)}</p>\n" for line in mail_lines(letter))
    return (
        f'<!DOCTYPE html>\n<html lang="de"><head><meta charset="utf-8"><title>{html.escape(letter.title)}</title>'
        f"</head><body>\n<table>\n{rows}</table>\n{body}</body></html>\n"
    )


def mail_head(letter: Letter) -> tuple[tuple[str, str], ...]:
    """The head of the mail: label and value."""
    to = letter.addressee.name if letter.addressee else ""
    return (("Von", letter.sender.name), ("An", to), ("Datum", german_day(letter.day)), ("Betreff", letter.title))


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
        story += [_form(Form(letter.details), letter), Spacer(1, 3.5 * mm)]
    if letter.greeting:
        story.append(Paragraph(_marked(letter.greeting + ","), body))
    story += _flow(letter.blocks, letter)
    end = [Paragraph(letter.closing, body), _scribble(letter), Paragraph(_marked(letter.signer), body)]
    if letter.annexes:
        names = [title if title.startswith("Anlage") else f"Anlage – {title}" for title, _ in letter.annexes]
        end.append(Paragraph("<br/>".join(map(_marked, names)), _style(letter, fontSize=8, leading=11)))
    story.append(KeepTogether(end))
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
    width = WIDTH - LEFT - RIGHT
    # The widest text of a column decides its share, within reason.
    weights = [min(34, max(8, *(len(row[column]) for row in block.rows))) for column in range(columns)]
    table = PaperTable(cells, colWidths=[width * weight / sum(weights) for weight in weights], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("GRID", (0, 0), (-1, -1), 0.4, HexColor("#777777")),
                ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e9e9e9")),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return table


def _form(block: Form, letter: Letter) -> Any:
    entered = letter.sender.kind == "person"
    label = _style(letter, fontSize=8.4, leading=11.5, spaceAfter=0, alignment=0)
    ink = HexColor("#20306e") if entered else HexColor("#000000")
    value = _style(letter, leading=13, spaceAfter=0, alignment=0, fontName=ITALIC if entered else PLAIN, textColor=ink)
    rows = [[Paragraph(_marked(a), label), Paragraph(_marked(b), value)] for a, b in block.entries]
    table = PaperTable(rows, colWidths=[48 * mm, WIDTH - LEFT - RIGHT - 48 * mm])
    table.setStyle(
        TableStyle([("GRID", (0, 0), (-1, -1), 0.4, HexColor("#888888")), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
    )
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
        path.curveTo(
            x + step * 0.6, middle + high, x - step * 0.2, middle - low, x + step, middle + hand.uniform(-3, 4)
        )
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
    drawing.add(
        Polygon([x, y, x + w, y + 6, x + w + lean, y + h, x + lean, y + h - 8], strokeColor=ink, fillColor=None)
    )
    a, b, s = x + w * 0.3, y + h * 0.3, hand.uniform(50, 80)
    house = [a, b, a + s, b + 3, a + s - 2, b + s * 0.7, a - 2, b + s * 0.7 - 3]
    drawing.add(Polygon(house, strokeColor=ink, fillColor=HexColor("#d8d8d8")))
    drawing.add(Line(10, 38, 400, 44, strokeColor=ink, strokeWidth=1.5))
    drawing.add(Line(10, 20, 400, 26, strokeColor=ink, strokeWidth=1.5))
    labels = (
        (a + 8, b + s * 0.3, "Gebäude"),
        (x + w * 0.6, y + h * 0.8, block.plot),
        (180, 29, "Straße"),
        (x, y + h, "N ↑"),
    )
    for left, bottom, text in labels:
        drawing.add(String(left, bottom, text.replace("↑", "^"), fontName=PLAIN, fontSize=8))
    return drawing

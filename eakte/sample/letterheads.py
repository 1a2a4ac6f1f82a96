"""What surrounds the text of a letter: letterheads, address window, foot, and the fonts."""

from __future__ import annotations

import functools
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from eakte.sample.composing import POSTCODE, Letter, german_day

# Bitstream Vera comes with reportlab itself and has umlauts, § and €: no font of the machine is needed.
PLAIN, BOLD, ITALIC = "Rodenbeck", "Rodenbeck-Bold", "Rodenbeck-Italic"
_INKS = ("#1f3b6f", "#5a2d2d", "#24543c", "#333333", "#6b4a12")
WIDTH, _HEIGHT = A4
LEFT, RIGHT = 25 * mm, 20 * mm


@functools.cache
def register_fonts() -> None:
    """Make the fonts known to reportlab, once a process."""
    for name, file in ((PLAIN, "Vera.ttf"), (BOLD, "VeraBd.ttf"), (ITALIC, "VeraIt.ttf")):
        pdfmetrics.registerFont(TTFont(name, file))
    pdfmetrics.registerFontFamily(PLAIN, normal=PLAIN, bold=BOLD, italic=ITALIC, boldItalic=BOLD)


def first_page(canvas: Any, _paper: Any, letter: Letter) -> None:
    """Draw what surrounds the text of a first page: a letterhead by sender, the address, the foot."""
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


def later_page(canvas: Any, paper: Any, letter: Letter) -> None:
    """Draw the line above a further page."""
    canvas.saveState()
    canvas.setFont(PLAIN, 7.5)
    note = f"Seite {paper.page} zum Schreiben vom {german_day(letter.day)} · {letter.title}"
    canvas.drawString(LEFT, _HEIGHT - 15 * mm, note[:105])
    canvas.line(LEFT, _HEIGHT - 17 * mm, WIDTH - RIGHT, _HEIGHT - 17 * mm)
    canvas.restoreState()


def _memo_head(canvas: Any, letter: Letter, ink: Any) -> None:
    canvas.setFont(BOLD, 12)
    canvas.setFillColor(ink)
    canvas.drawString(LEFT, _HEIGHT - 25 * mm, letter.sender.name)
    canvas.setFont(PLAIN, 9)
    canvas.setFillColor(HexColor("#000000"))
    canvas.drawString(LEFT, _HEIGHT - 31 * mm, letter.sender.lines[1])
    canvas.drawRightString(WIDTH - RIGHT, _HEIGHT - 25 * mm, f"Rodenbeck, {german_day(letter.day)}")
    canvas.line(LEFT, _HEIGHT - 35 * mm, WIDTH - RIGHT, _HEIGHT - 35 * mm)


def _town_head(canvas: Any, letter: Letter, ink: Any) -> None:
    _shield(canvas, WIDTH - RIGHT - 16 * mm, _HEIGHT - 35 * mm, ink)
    canvas.setFillColor(ink)
    canvas.setFont(BOLD, 17)
    canvas.drawString(LEFT, _HEIGHT - 22 * mm, letter.sender.name)
    canvas.setFont(PLAIN, 9)
    canvas.drawString(LEFT, _HEIGHT - 28 * mm, "Die Bürgermeisterin · " + letter.sender.lines[1])
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
        canvas.rect(0, _HEIGHT - 32 * mm, WIDTH, 15 * mm, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#ffffff"))
        canvas.setFont(BOLD, 15)
        canvas.drawString(LEFT, _HEIGHT - 26.5 * mm, name)
    else:
        canvas.setFont(BOLD, 15)
        canvas.drawRightString(WIDTH - RIGHT, _HEIGHT - 24 * mm, name)
        canvas.setFont(PLAIN, 8.5)
        canvas.drawRightString(WIDTH - RIGHT, _HEIGHT - 30 * mm, place)
        canvas.rect(LEFT, _HEIGHT - 30 * mm, 10 * mm, 10 * mm, stroke=0, fill=1)
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
                canvas.drawCentredString(WIDTH / 2, height, line)
            case 1:
                canvas.drawString(LEFT, height, line)
            case _:
                canvas.drawRightString(WIDTH - RIGHT, height, line)
    _address(canvas, letter, "")
    canvas.setFont(PLAIN, 9.5)
    canvas.drawRightString(WIDTH - RIGHT, _HEIGHT - 96 * mm, f"Rodenbeck, {german_day(letter.day)}")


def _address(canvas: Any, letter: Letter, above: str) -> None:
    top = _HEIGHT - 50 * mm
    if above:
        size = 6.5
        while pdfmetrics.stringWidth(above, PLAIN, size) > 84 * mm:
            size -= 0.25
        canvas.setFont(PLAIN, size)
        canvas.drawString(LEFT, top, above)
        canvas.line(LEFT, top - 1 * mm, LEFT + 84 * mm, top - 1 * mm)
    canvas.setFont(PLAIN, 9.8)
    for number, line in enumerate(letter.addressee.lines if letter.addressee else ()):
        canvas.drawString(LEFT, top - (9 + 5 * number) * mm, line)
    for height in (105, 148.5, 210):
        canvas.line(4 * mm, _HEIGHT - height * mm, 8 * mm, _HEIGHT - height * mm)


def _details(canvas: Any, letter: Letter, top: float) -> None:
    left = LEFT + 98 * mm
    for number, (label, value) in enumerate((*letter.details, ("Datum", german_day(letter.day)))):
        height = top - number * 8.2 * mm
        canvas.setFont(PLAIN, 6.5)
        canvas.drawString(left, height, label)
        canvas.setFont(PLAIN, 9)
        canvas.drawString(left, height - 4 * mm, value)


def _foot(canvas: Any, ink: Any, *lines: str) -> None:
    canvas.setStrokeColor(ink)
    canvas.line(LEFT, 20 * mm, WIDTH - RIGHT, 20 * mm)
    canvas.setFont(PLAIN, 6.8)
    for number, line in enumerate(lines):
        canvas.drawString(LEFT, (16.5 - 3.6 * number) * mm, line)


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
            wave.curveTo(
                a + 1.2 * mm, y + (level + 1.6) * mm, a + 2.4 * mm, y + (level - 1.6) * mm, a + 3.6 * mm, y + level * mm
            )
        canvas.drawPath(wave)
    canvas.setLineWidth(0.6)

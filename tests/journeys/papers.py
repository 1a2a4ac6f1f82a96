"""Documents that the journeys file, made here: every kind that a clerk meets, one of them a bad scan."""

from __future__ import annotations

import io
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from tests.indexing.documents.material import scan

FIRST_PAGE = ("Stadt Rodenbeck", "Der Bürgermeister", "Bescheid über die Genehmigung", "gemäß § 63 Absatz 1 NBauO")
SECOND_PAGE = (
    "Auflagen und Hinweise",
    "Die Rückhaltebecken sind jährlich zu prüfen.",
    "Gebühr nach § 7 der Satzung: 120 Euro",
)
TEXT = "Vermerk\nDie Anwohner wünschen eine Geschwindigkeitsbegrenzung vor der Grundschule.\n".encode()
HTML = (
    "<!doctype html><html lang=de><meta charset=utf-8><title>Anfrage</title><body><h1>Anfrage zum Spielplatz</h1>"
    "<p>Wann werden die <b>Spielgeräte</b> erneuert?</p><script>document.title='x'</script></body></html>"
).encode()


def written_pdf() -> bytes:
    """A letter of two pages, born digital."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595, 842))
    for lines in (FIRST_PAGE, SECOND_PAGE):
        canvas.setFont("Helvetica", 12)
        for number, line in enumerate(lines):
            canvas.drawString(70, 760 - 24 * number, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def scanned_pdf() -> bytes:
    """Two skewed, noisy sheets without a word of text in them."""
    out = io.BytesIO()
    first = scan(skew=1.3, noise=40, lines=FIRST_PAGE)
    first.save(out, "PDF", resolution=200, save_all=True, append_images=[scan(skew=-1.1, noise=40, lines=SECOND_PAGE)])
    return out.getvalue()


def long_scan(pages: int) -> bytes:
    """A scan that keeps a worker busy for a while."""
    out = io.BytesIO()
    sheet = scan(noise=30, lines=FIRST_PAGE + SECOND_PAGE)
    sheet.save(out, "PDF", resolution=200, save_all=True, append_images=[sheet] * (pages - 1))
    return out.getvalue()


def photo() -> bytes:
    """One sheet as PNG."""
    out = io.BytesIO()
    scan(lines=("Aushang am Rathaus", "Öffentliche Bekanntmachung")).save(out, "PNG", dpi=(200, 200))
    return out.getvalue()


def phone_photo(corpora: Path) -> bytes:
    """A picture as telephones make them. HEIC can be read here, not written, so it comes from the corpora."""
    return (corpora / "images" / "simple.heic").read_bytes()

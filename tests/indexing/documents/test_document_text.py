from pathlib import Path

import pytest

from indexing import media
from indexing.detection import detect
from indexing.pages import open_pdf
from indexing.text import Layer, decoded, html_decoded, html_text, pdf_layer
from indexing.words import page_text
from tests.indexing.documents.material import LETTER, corpora, photograph_pdf, scan, scanned_pdf, written_pdf


def layer(path: Path) -> Layer:
    with open_pdf(path) as document:
        page = document[0]
        try:
            return pdf_layer(page, 1)
        finally:
            page.close()


def test_a_written_page_gives_its_words_with_their_boxes(tmp_path: Path) -> None:
    written_pdf(tmp_path / "letter.pdf")
    found = layer(tmp_path / "letter.pdf")
    assert found.origin == "file"
    assert page_text(found.words) == "\n".join(LETTER)
    first = found.words.words[0]
    assert (first.text, first.confidence) == ("Stadt", None)
    # quarters of a point from the upper left: drawn at x 72, baseline 770 of 842, 11 points high
    assert first.box[0] == pytest.approx(72 * 4, abs=6)
    assert first.box[1] < (842 - 770) * 4 < first.box[3] <= (842 - 770 + 4) * 4


def test_a_scan_without_text_is_to_be_recognised(tmp_path: Path) -> None:
    scanned_pdf(tmp_path / "scan.pdf", [scan(dpi=72)], dpi=72)
    assert layer(tmp_path / "scan.pdf").origin == "recognise"


def test_a_sound_hidden_layer_over_a_scan_is_kept(tmp_path: Path) -> None:
    photograph_pdf(tmp_path / "scan.pdf", hidden=" ".join(LETTER), picture=scan(dpi=72))
    found = layer(tmp_path / "scan.pdf")
    assert found.origin == "earlier-recognition"
    assert "Gebührensatzung" in page_text(found.words)


@pytest.mark.parametrize("garbage", ["~ |_ ;: .,-' ^^ /\\ == " * 20, "a b c d e f g h i j k l m n o p q r " * 10])
def test_a_garbled_hidden_layer_over_a_scan_is_not_used(tmp_path: Path, garbage: str) -> None:
    photograph_pdf(tmp_path / "scan.pdf", hidden=garbage, picture=scan(dpi=72))
    assert layer(tmp_path / "scan.pdf").origin == "recognise"


def test_letters_without_unicode_values_are_not_used() -> None:
    assert layer(corpora() / "pdf" / "type3_font_nomapping.pdf").origin == "recognise"


def test_a_page_on_which_nothing_is_drawn_is_blank() -> None:
    assert layer(corpora() / "pdf" / "no_contents.pdf").origin == "blank"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_plain_text_is_read_in_the_encodings_of_german_offices(encoding: str) -> None:
    assert decoded("Größe: 5 € – „gut“".encode(encoding)) == "Größe: 5 € – „gut“"


def test_html_gives_its_text_and_drops_scripts() -> None:
    markup = """<!doctype html><html><head><title>x</title><style>p { color: red }</style></head><body>
    <h1>Antrag&nbsp;auf</h1><p>Erm&auml;&szlig;igung
    <b>sofort</b></p><script>alert("böse")</script><table><tr><td>A</td><td>B</td></tr></table></body></html>"""
    assert html_text(markup) == "Antrag auf\n\nErmäßigung sofort\n\nA  B"


def test_html_is_decoded_as_it_declares() -> None:
    assert html_decoded('<meta charset="iso-8859-1"><p>Größe'.encode("latin-1")).endswith("Größe")
    assert html_decoded('<meta charset="no-such-code"><p>Größe'.encode()).endswith("Größe")


@pytest.mark.parametrize("markup", ["<", "<script>never closed", "</script></p></div>", "<![CDATA[x", "<p " * 500])
def test_broken_html_is_read_without_complaint(markup: str) -> None:
    assert isinstance(html_text(markup), str)


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (b"", media.EMPTY),
        (b"junk\n%PDF-1.4", media.PDF),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"<!DOCTYPE html><p>", media.HTML),
        (b"\xef\xbb\xbf<html>", media.HTML),
        ("Grüße".encode(), media.PLAIN),
        ("Grüße".encode("utf-16"), media.PLAIN),
        (b"From: a@example.org\nTo: b@example.org\nSubject: x\n\nText", media.MAIL),
        (b"Date: today\n\na letter", media.PLAIN),
        (b"{\\rtf1", "application/rtf"),
        (b"PK\3\4broken", "application/zip"),
        (b"\x7fELF\0\0\0\1", media.UNKNOWN),
    ],
)
def test_the_kind_of_a_file_follows_from_its_bytes(tmp_path: Path, data: bytes, media_type: str) -> None:
    path = tmp_path / "invoice.docx"
    path.write_bytes(data)
    found = detect(path)
    assert found == media_type or (media_type == media.UNKNOWN and found.startswith("application/"))


def test_office_files_are_told_apart() -> None:
    office = corpora() / "office"
    assert detect(office / "sample.docx").endswith("wordprocessingml.document")
    assert detect(office / "sample.odt") == "application/vnd.oasis.opendocument.text"
    assert detect(office / "multi-part-broken.odt") == "application/vnd.oasis.opendocument.text"
    assert detect(office / "sample.doc") == "application/msword"

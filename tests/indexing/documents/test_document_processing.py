import io
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path

import pikepdf
import pikepdf.pdfa
import pypdfium2 as pdfium
import pytest
from PIL import Image

from indexing.errors import ProcessingFailed
from indexing.processing import Processed, process
from indexing.recognition import Recogniser
from indexing.untrusted import Limits
from indexing.words import page_text
from tests.indexing.documents.material import (
    LETTER,
    Run,
    corpora,
    members,
    order_free_errors,
    pages,
    scan,
    scanned_pdf,
    written_pdf,
)


def text_of_pdf(path: Path) -> str:
    with pdfium.PdfDocument(path) as document:
        texts = []
        for page in document:  # type: ignore[attr-defined]
            text_page = page.get_textpage()
            texts.append(text_page.get_text_range())
            text_page.close()
            page.close()
    return "\n".join(texts)


def assert_conforms(result: Processed, flavour: str) -> Path:
    assert result.rendition_flavour == flavour
    assert result.rendition is not None
    report = pikepdf.pdfa.validate_written(result.rendition, flavour)
    assert report.passed, report.summary()
    return result.rendition


def page_image(result: Processed, page: int = 1) -> Image.Image:
    with zipfile.ZipFile(result.images) as archive:
        info = archive.getinfo(f"{page:05}.webp")
        assert info.compress_type == zipfile.ZIP_STORED
        assert info.file_size <= 120_000
        return Image.open(io.BytesIO(archive.read(info)))


def test_a_scan_becomes_pdfa_2b_with_its_pixels_untouched_and_its_text_beneath(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "scan.pdf"
    scanned_pdf(source, [scan(skew=1.5), scan(lines=LETTER[:3])])
    calls: list[tuple[int, int]] = []
    result = run(source, progress=lambda done, total: calls.append((done, total)))
    assert (result.media_type, result.pages, result.text_state, result.text_reason) == (
        "application/pdf",
        2,
        "recognised",
        None,
    )
    assert (result.rendition_state, result.rendition_is_original, result.warnings) == ("conforming", False, ())
    assert calls == [(1, 2), (2, 2)]
    assert members(result.words) == ["00001.json", "00002.json"]
    assert members(result.images) == ["00001.webp", "00002.webp"]
    image = page_image(result)
    assert image.width == 1000
    assert image.height == pytest.approx(1000 * 11.69 / 8.27, abs=2)

    rendition = assert_conforms(result, "2b")
    wrong, total = order_free_errors(" ".join(LETTER + LETTER[:3]), text_of_pdf(rendition))
    assert wrong / total < 0.01
    with pikepdf.open(source) as before, pikepdf.open(rendition) as after:
        for old, new in zip(before.pages, after.pages, strict=True):
            (old_image,), (new_image,) = old.get_images().values(), new.get_images().values()
            assert old_image.read_raw_bytes() == new_image.read_raw_bytes()


def test_words_of_the_text_layer_lie_on_the_words_of_the_image(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "scan.pdf"
    scanned_pdf(source, [scan()])
    result = run(source)
    assert result.rendition is not None
    (words,) = pages(result)
    wanted = next(word for word in words.words if word.text == "Gebührensatzung")
    with pdfium.PdfDocument(result.rendition) as document:
        page = document[0]
        text_page = page.get_textpage()
        start = text_page.get_text_range().index("Gebührensatzung")
        left, bottom, _, _ = text_page.get_charbox(start, loose=True)
        _, _, right, top = text_page.get_charbox(start + len("Gebührensatzung") - 1, loose=True)
        scale = words.width / page.get_width()
        height = page.get_height()
        text_page.close()
        page.close()
    found = [left * scale, (height - top) * scale, right * scale, (height - bottom) * scale]
    assert found == pytest.approx(wanted.box, abs=0.02 * words.width)


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_scan_lying_on_its_side_is_shown_and_kept_upright(run: Run, tmp_path: Path, rotate: int) -> None:
    source = tmp_path / "scan.pdf"
    scanned_pdf(source, [scan(noise=4, lines=LETTER[:5]).rotate(rotate, expand=True)])
    result = run(source)
    (words,) = pages(result)
    assert words.turned == rotate
    assert words.width < words.height
    image = page_image(result)
    assert image.width < image.height
    rendition = assert_conforms(result, "2b")
    with pikepdf.open(rendition) as pdf:
        assert pdf.pages[0].Rotate == rotate
    wrong, total = order_free_errors(" ".join(LETTER[:5]), text_of_pdf(rendition))
    assert wrong / total < 0.02
    assert text_of_pdf(rendition).split()[:2] == ["Stadt", "Musterhausen,"]


def test_a_written_letter_keeps_its_own_text(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "letter.pdf"
    written_pdf(source)
    result = run(source)
    assert (result.text_state, result.rendition_state) == ("born-digital", "conforming")
    assert page_text(pages(result)[0]) == "\n".join(LETTER)
    assert LETTER[1] in text_of_pdf(assert_conforms(result, "2b"))


def test_a_letter_whose_fonts_are_missing_becomes_images_with_text(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "letter.pdf"
    written_pdf(source, ("A letter in a font that nobody has embedded",), font="Helvetica")
    result = run(source)
    assert (result.text_state, result.rendition_state) == ("born-digital", "raster")
    assert result.rendition_reason is not None
    assert "Schriften" in result.rendition_reason
    assert "nobody has embedded" in text_of_pdf(assert_conforms(result, "2b"))


def test_what_is_pdfa_already_is_its_own_rendition(run: Run, tmp_path: Path) -> None:
    written_pdf(tmp_path / "letter.pdf")
    archived = assert_conforms(run(tmp_path / "letter.pdf"), "2b")
    result = run(archived)
    assert (result.rendition_state, result.rendition_flavour) == ("conforming", "2b")
    assert result.rendition_is_original
    assert result.rendition is None


def test_a_false_claim_of_pdfa_is_not_believed(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "letter.pdf"
    written_pdf(source, ("A letter in a font that nobody has embedded",), font="Helvetica")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        with pdf.open_metadata() as metadata:
            metadata["pdfaid:part"] = "2"
            metadata["pdfaid:conformance"] = "B"
        pdf.save()
    assert run(source).rendition_state in {"raster", "claimed"}


def test_embedded_files_survive_in_pdfa_3b(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "invoice.pdf"
    written_pdf(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.attachments["factur-x.xml"] = b"<Rechnung/>"
        pdf.save()
    result = run(source)
    assert result.warnings == ("Die Datei enthält eingebettete Dateien: factur-x.xml.",)
    with pikepdf.open(assert_conforms(result, "3b")) as pdf:
        assert pdf.attachments["factur-x.xml"].get_file().read_bytes() == b"<Rechnung/>"


def test_scripts_and_actions_are_reported_and_not_taken_over(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "active.pdf"
    written_pdf(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))
        pdf.Root.OpenAction = pdf.make_indirect(script)
        pdf.pages[0].AA = pikepdf.Dictionary(O=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe")))
        pdf.pages[0].Annots = pikepdf.Array(
            [
                pdf.make_indirect(
                    pikepdf.Dictionary(
                        Type=pikepdf.Name.Annot,
                        Subtype=pikepdf.Name.Link,
                        Rect=pikepdf.Array([0, 0, 10, 10]),
                        A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe")),
                    )
                )
            ]
        )
        pdf.save()
    result = run(source)
    assert result.warnings == (
        "Die Datei enthält JavaScript.",
        "Die Datei will beim Öffnen eine Aktion ausführen.",
        "Die Datei will ein Programm starten.",
    )
    rendition = assert_conforms(result, "2b")
    with pikepdf.open(rendition) as pdf:
        assert b"JavaScript" not in b"".join(item.unparse(resolved=True) for item in pdf.objects)
        assert b"Launch" not in b"".join(item.unparse(resolved=True) for item in pdf.objects)


def test_what_was_filled_into_a_form_is_found_and_stays_visible(run: Run, tmp_path: Path) -> None:
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 - only here

    canvas = Canvas(str(tmp_path / "form.pdf"), pagesize=(595, 842))
    canvas.acroForm.textfield(name="Name", value="Wesselmann", x=72, y=700, width=200, height=20)
    canvas.showPage()
    canvas.save()
    result = run(tmp_path / "form.pdf")
    assert "Wesselmann" in page_text(pages(result)[0])
    assert result.rendition is not None
    assert "Wesselmann" in text_of_pdf(result.rendition)


def test_a_signed_file_says_so_and_its_copy_carries_no_signature(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "signed.pdf"
    written_pdf(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        field = pdf.make_indirect(
            pikepdf.Dictionary(
                FT=pikepdf.Name.Sig,
                T=pikepdf.String("Signature"),
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                Rect=pikepdf.Array([0, 0, 0, 0]),
                V=pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=pikepdf.String("signature")),
            )
        )
        pdf.pages[0].Annots = pikepdf.Array([field])
        pdf.Root.AcroForm = pikepdf.Dictionary(SigFlags=3, Fields=pikepdf.Array([field]))
        pdf.save()
    result = run(source)
    assert result.warnings == (
        "Die Datei ist elektronisch signiert; die Signatur gilt nur für das Original und wurde nicht geprüft.",
        "Signatur im Feld „Signature“ von unbekannt; sie umfasst nicht die ganze Datei.",
    )
    with pikepdf.open(assert_conforms(result, "2b")) as pdf:
        assert "/AcroForm" not in pdf.Root


def test_a_locked_file_has_no_pages_and_says_why(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "locked.pdf"
    written_pdf(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.save(encryption=pikepdf.Encryption(owner="o", user="u"))
    result = run(source)
    assert (result.media_type, result.pages, result.text_state, result.rendition_state) == (
        "application/pdf",
        0,
        "none",
        "none",
    )
    assert result.text_reason == result.rendition_reason == "Die PDF-Datei ist mit einem Kennwort verschlüsselt."
    assert members(result.words) == members(result.images) == []


@pytest.mark.parametrize(
    ("name", "data", "media_type", "reason"),
    [
        ("broken.pdf", b"%PDF-1.4 broken", "application/pdf", "beschädigt"),
        ("broken.png", b"\x89PNG\r\n\x1a\nbroken", "image/png", "beschädigt"),
        ("empty.txt", b"", "application/x-empty", "leer"),
        ("letter.rtf", b"{\\rtf1 x}", "application/rtf", "LibreOffice ist nicht installiert"),
        ("letter.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "application/x-ole-storage", "beschädigt"),
        ("archive.zip", b"PK\3\4" + bytes(18), "application/zip", "beschädigt"),
        ("archive.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "application/x-7z-compressed", "Nur ZIP-Archive"),
        ("archive.rar", b"Rar!\x1a\x07\x00" + bytes(40), "application/x-rar-compressed", "Nur ZIP-Archive"),
        ("unknown.bin", bytes(range(256)), "application/octet-stream", "Dateiformat"),
    ],
)
def test_what_cannot_be_shown_is_ready_with_a_reason(
    run: Run, tmp_path: Path, *, name: str, data: bytes, media_type: str, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    result = run(tmp_path / name)
    assert (result.media_type, result.pages, result.text_state, result.rendition_state) == (
        media_type,
        0,
        "none",
        "none",
    )
    assert result.text_reason is not None
    assert reason in result.text_reason


def test_plain_text_is_set_on_pages(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "note.txt"
    lines = ["Vermerk zu § 5: Größe „Nord“ — Łódź", "", "  eingerückt", "x" * 300]
    source.write_text("\n".join(lines + [f"Zeile {number}" for number in range(80)]))
    result = run(source)
    assert (result.media_type, result.pages, result.text_state) == ("text/plain", 2, "born-digital")
    found = pages(result)
    assert page_text(found[0]).splitlines()[0] == lines[0]  # the text itself, whatever the font can show
    assert page_text(found[1]).endswith("Zeile 79")
    assert found[0].words[0].box[0] < found[0].words[8].box[0]
    rendition = assert_conforms(result, "2b")
    assert "Vermerk zu § 5: Größe" in text_of_pdf(rendition)
    assert result.rendition_reason == "Diese Zeichen fehlen in der Schrift und sind ersetzt: ź"
    assert page_image(result, 2).width == 1000


def test_html_is_set_as_text_without_its_scripts(run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><h1>Bescheid</h1><script>fetch('//evil')</script><p>Größe")
    result = run(tmp_path / "page.html")
    assert result.media_type == "text/html"
    assert page_text(pages(result)[0]).split() == ["Bescheid", "Größe"]
    assert_conforms(result, "2b")


@pytest.mark.parametrize("suffix", ["png", "jpg", "tiff", "webp"])
def test_a_picture_of_a_letter_is_read_and_kept(run: Run, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / f"letter.{suffix}"
    picture = scan(lines=LETTER[:3], noise=4)
    if suffix == "jpg":  # as a camera stores it: lying on its side, with a mark that says so
        exif = Image.Exif()
        exif[0x0112] = 6
        picture.rotate(90, expand=True).save(source, exif=exif, quality=90)
    else:
        picture.save(source, quality=95)
    result = run(source)
    assert (result.pages, result.text_state) == (1, "recognised")
    rendition = assert_conforms(result, "2b")
    wrong, total = order_free_errors(" ".join(LETTER[:3]), text_of_pdf(rendition))
    assert wrong / total < 0.02
    with pikepdf.open(rendition) as pdf:
        width, height = (float(edge) for edge in pdf.pages[0].mediabox[2:])
        assert height / width == pytest.approx(11.69 / 8.27, abs=0.01)
        assert max(width, height) == pytest.approx(842, abs=3)


def test_all_pages_of_a_tiff_are_pages(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "fax.tiff"
    frames = [scan(lines=(line,), dpi=100, noise=0).convert("1") for line in LETTER[:3]]
    frames[0].save(source, save_all=True, append_images=frames[1:], compression="group4", dpi=(100, 100))
    result = run(source)
    assert result.pages == 3
    assert len(pages(result)) == 3
    assert_conforms(result, "2b")


def test_a_heic_photograph_is_read(run: Run) -> None:
    result = run(corpora() / "images" / "simple.heic")
    assert (result.media_type, result.pages, result.rendition_state) == ("image/heic", 1, "conforming")


def test_a_huge_plan_is_scaled_down_not_refused(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "plan.png"
    Image.new("1", (6_000, 5_000), 1).save(source)
    result = run(source, Limits(pixels=1_000_000))
    assert (result.pages, result.rendition_state) == (1, "conforming")
    with pikepdf.open(assert_conforms(result, "2b")) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert image.Width * image.Height <= 1_010_000


def test_a_huge_pdf_page_is_scaled_down_not_refused(run: Run) -> None:
    result = run(corpora() / "pdf" / "enormous.pdf", Limits(pixels=1_000_000))
    assert (result.pages, result.rendition_state) == (1, "conforming")


def test_a_picture_that_unpacks_to_gigabytes_is_refused(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "bomb.png"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = (60_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    body = zlib.compress(bytes(1 << 20))
    source.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))
    result = run(source)
    assert (result.media_type, result.pages, result.rendition_state) == ("image/png", 0, "none")
    assert result.rendition_reason == "Das Bild hat mehr Bildpunkte, als im Arbeitsspeicher Platz haben."


def bomb(path: Path) -> None:
    """A page whose contents unpack to half a gigabyte, packed twice."""
    data = zlib.compress(zlib.compress(bytes(512 << 20), 1), 9)
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    page.Contents = pdf.make_indirect(pikepdf.Stream(pdf, data, Filter=pikepdf.Array([pikepdf.Name.FlateDecode] * 2)))
    pdf.save(path, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def test_a_pdf_that_unpacks_to_gigabytes_costs_only_its_own_process(run: Run, tmp_path: Path) -> None:
    bomb(tmp_path / "bomb.pdf")
    assert (tmp_path / "bomb.pdf").stat().st_size < 100_000
    result = run(tmp_path / "bomb.pdf", Limits(memory_bytes=384 << 20, cpu_seconds=10))
    assert result.rendition_state in {"none", "raster"}
    assert result.rendition_reason is not None


def test_too_many_pages_are_refused_with_a_reason(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "book.pdf"
    pdf = pikepdf.new()
    for _ in range(6):
        pdf.add_blank_page()
    pdf.save(source)
    result = run(source, replace(Limits(), pages=5))
    assert (result.pages, result.text_reason) == (0, "Die Datei hat 6 Seiten; umgewandelt werden höchstens 5.")


def test_a_broken_recognition_fails_the_job_so_that_it_is_tried_again(tmp_path: Path) -> None:
    pool = Recogniser(1, wall_seconds=0.001)
    scanned_pdf(tmp_path / "scan.pdf", [scan(dpi=100)], dpi=100)
    (tmp_path / "work").mkdir()
    with pytest.raises(ProcessingFailed) as caught:
        process(tmp_path / "scan.pdf", filename="scan.pdf", workdir=tmp_path / "work", recogniser=pool)
    pool.close()
    assert caught.value.retryable
    assert "Seite 1" in caught.value.sentence


def test_the_name_of_a_file_is_not_believed(run: Run, tmp_path: Path) -> None:
    source = tmp_path / "harmless.txt"
    written_pdf(source)
    assert run(source).media_type == "application/pdf"


def test_results_are_private_files(run: Run, tmp_path: Path) -> None:
    written_pdf(tmp_path / "letter.pdf")
    result = run(tmp_path / "letter.pdf")
    assert result.rendition is not None
    assert result.rendition.stat().st_nlink == 1

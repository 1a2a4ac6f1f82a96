"""Office files: pages by a real LibreOffice, text without it, and what a file may not do to the one that opens it."""

import io
import os
import socket
import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest

from indexing import office
from tests.indexing.documents.material import Run, corpora, text_of

ODF = "application/vnd.oasis.opendocument."
NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "text", "draw", "table")
)


@pytest.fixture(scope="session")
def libreoffice() -> Path:
    """The real one. Missing in CI it is a failure, elsewhere a loud skip."""
    found = office.installed()
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("LibreOffice is missing; tools/test-servers installs it")
        pytest.skip("MISSING PROGRAM: LibreOffice (tools/test-servers installs it)")
    return found


def odf(path: Path, kind: str, body: str, **more: str) -> Path:
    """A file of the OpenDocument family with this body."""
    root = f'<office:document-content {NAMESPACES} xmlns:xlink="http://www.w3.org/1999/xlink" office:version="1.2">'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", ODF + kind)
        archive.writestr("content.xml", f"{root}<office:body>{body}</office:body></office:document-content>")
        manifest = (
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODF + kind}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>"
        )
        archive.writestr("META-INF/manifest.xml", more.pop("manifest", manifest))
        for name, content in more.items():
            archive.writestr(name, content)
    return path


def letter(path: Path, text: str = "Bescheid über die Gebühr", **more: str) -> Path:
    body = f"<office:text><text:h>{text}</text:h><text:p>Größe<text:tab/>85 Euro</text:p></office:text>"
    return odf(path, "text", body, **more)


def slides(path: Path) -> Path:
    box = "<draw:frame><draw:text-box><text:p>Haushalt 2027</text:p></draw:text-box></draw:frame>"
    return odf(path, "presentation", f"<office:presentation><draw:page>{box}</draw:page></office:presentation>")


def table(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Kehrplan", 4711])
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["sample.doc", "sample.docx", "sample.odt", "multi-part-broken.odt"])
def test_real_office_files_become_pages(run: Run, libreoffice: Path, name: str) -> None:
    result = run(corpora() / "office" / name, libreoffice=libreoffice)
    assert (result.pages, result.text_state) == (1, "born-digital")
    assert (result.rendition_state, result.rendition_flavour) == ("conforming", "2b")
    assert ("Text123" if "broken" in name else "test document") in text_of(result)


def test_tables_slides_and_rich_text_become_pages(run: Run, libreoffice: Path, tmp_path: Path) -> None:
    (tmp_path / "brief.rtf").write_bytes(rb"{\rtf1\ansi Gr\'fc\'dfe aus dem Bauamt}")
    made = {
        table(tmp_path / "liste.xlsx"): "Kehrplan",
        # LibreOffice 7.4 prints slides without styles as an empty page.
        slides(tmp_path / "folien.odp"): "",
        tmp_path / "brief.rtf": "Grüße aus dem Bauamt",
    }
    for source, text in made.items():
        result = run(source, libreoffice=libreoffice)
        assert (result.pages, result.rendition_state) == (1, "conforming"), source
        assert text in text_of(result)


def test_the_binary_formats_are_recognised_and_printed(run: Run, libreoffice: Path, tmp_path: Path) -> None:
    """LibreOffice itself writes them for us; both are OLE containers."""
    for source, ending, media_type in (
        (table(tmp_path / "liste.xlsx"), "xls", "application/vnd.ms-excel"),
        (slides(tmp_path / "folien.odp"), "ppt", "application/vnd.ms-powerpoint"),
    ):
        profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
        command = [
            str(libreoffice),
            profile,
            "--headless",
            "--convert-to",
            ending,
            "--outdir",
            str(tmp_path),
            str(source),
        ]
        subprocess.run(command, check=True, capture_output=True)
        result = run(source.with_suffix(f".{ending}"), libreoffice=libreoffice)
        assert (result.media_type, result.pages) == (media_type, 1)
        assert result.rendition_state in {"conforming", "raster"}


def test_what_a_file_links_to_is_neither_fetched_nor_read(run: Run, libreoffice: Path, tmp_path: Path) -> None:
    secret = letter(tmp_path / "geheim.odt", text="Geheimnis der Nachbarakte")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.png"
        link = f'xlink:type="simple" xlink:href="{secret.as_uri()}" '
        body = (
            f'<office:text><text:section text:name="s"><text:section-source {link}/><text:p>alt</text:p></text:section>'
            f'<text:p>Sichtbar<draw:frame><draw:image xlink:type="simple" xlink:href="{address}" xlink:show="embed" '
            'xlink:actuate="onLoad"/></draw:frame></text:p></office:text>'
        )
        result = run(odf(tmp_path / "brief.odt", "text", body), libreoffice=libreoffice)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert "Sichtbar" in text_of(result)
    assert "Geheimnis" not in text_of(result)


def test_a_locked_file_and_macros_are_told(run: Run, libreoffice: Path, tmp_path: Path) -> None:
    locked = letter(tmp_path / "zu.odt", manifest="<manifest:encryption-data/>")
    result = run(locked, libreoffice=libreoffice)
    assert (result.pages, result.text_reason) == (0, "Die Office-Datei ist mit einem Kennwort verschlüsselt.")
    macros = letter(tmp_path / "makro.odt", **{"Basic/Standard/Module1.xml": "<x/>"})
    assert run(macros).warnings == ("Die Datei enthält Makros; sie wurden nicht ausgeführt.",)


def test_without_libreoffice_the_text_is_there_and_the_reason(run: Run, tmp_path: Path) -> None:
    made = {
        letter(tmp_path / "brief.odt"): "Größe 85 Euro",
        table(tmp_path / "liste.xlsx"): "Kehrplan",
        slides(tmp_path / "folien.odp"): "Haushalt 2027",
        corpora() / "office" / "sample.docx": "DOCX test document",
    }
    for source, text in made.items():
        result = run(source)
        assert text in text_of(result), source
        assert (result.text_state, result.rendition_state) == ("born-digital", "none")
        assert str(result.rendition_reason).startswith("LibreOffice ist nicht installiert")
    old = run(corpora() / "office" / "sample.doc")
    assert (old.pages, old.text_reason) == (0, office.MISSING)


def test_a_converter_that_fails_or_hangs_costs_only_the_pages(run: Run, tmp_path: Path) -> None:
    failing = tmp_path / "soffice"
    failing.write_text("#!/bin/sh\nkill -9 $$\n")
    failing.chmod(0o755)
    result = run(letter(tmp_path / "brief.odt"), libreoffice=failing)
    assert "Größe 85 Euro" in text_of(result)
    assert "LibreOffice ist an der Datei gescheitert" in str(result.rendition_reason)


def test_entities_that_grow_without_end_cost_nothing_but_the_file(run: Run, tmp_path: Path) -> None:
    grow = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 50}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "lol">{grow}]><Invoice>&e11;</Invoice>'
    (tmp_path / "bomb.xml").write_text('<?xml version="1.0"?>' + bomb)
    assert run(tmp_path / "bomb.xml").text_state == "born-digital"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("word/document.xml", bomb)
    (tmp_path / "bomb.docx").write_bytes(buffer.getvalue())
    assert run(tmp_path / "bomb.docx").text_reason == office.MISSING

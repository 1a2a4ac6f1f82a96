"""Mails, Outlook's messages and archives: what is the letter, what comes out of it, and what is left alone."""

import email
import email.policy
import io
import stat
import struct
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from indexing import mail
from indexing.errors import Refused
from indexing.processing import Processed
from indexing.readings import TEXT, Allowance, part_name
from indexing.untrusted import Limits
from tests.indexing.documents.material import Run, corpora, text_of
from tests.indexing.documents.ole import ole_file

LOGO = b"\x89PNG\r\n\x1a\n" + bytes(2_000)
SMALL = Limits(output_bytes=400 << 20, file_bytes=256 << 20)
PHOTOGRAPH = b"\xff\xd8\xff" + bytes(mail.INLINE_BYTES)


def letter(text: str = "Anbei der Plan.") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Jürgen Köhler <j.koehler@example.org>"
    message["To"] = "bauamt@rodenbeck.example"
    message["Date"] = "Thu, 12 Mar 2026 23:30:00 +0100"
    message["Subject"] = "Bauantrag Lindenweg 12 – Nachreichung"
    message["Message-ID"] = "<4711@example.org>"
    message.set_content(text)
    return message


def told(message: Any, folder: Path, most: int = 200) -> tuple[dict[str, Any], str, list[bytes]]:
    """What the reader says of a mail, its text, and its attachments."""
    content = message if isinstance(message, bytes) else message.as_bytes()
    said = mail.tell(email.message_from_bytes(content, policy=email.policy.compat32), folder, most)
    parts = [(folder / part_name(number)).read_bytes() for number in range(1, len(said["names"]) + 1)]
    return said, (folder / TEXT).read_text(), parts


def test_a_mail_becomes_pages_and_its_attachments_files_of_their_own(run: Run, tmp_path: Path) -> None:
    message = letter()
    message.add_alternative('<p>Anbei der <b>Plan</b>.<img src="cid:logo"><img src="cid:foto">', subtype="html")
    for name, content in (("logo", LOGO), ("foto", PHOTOGRAPH)):
        html = message.get_payload()[1]  # type: ignore[index]
        html.add_related(content, "image", "png", cid=f"<{name}>", filename=f"{name}.png")  # type: ignore[union-attr]
    message.add_attachment(b"%PDF-1.4 plan", "application", "pdf", filename="Lageplan Süd.pdf")
    inner = letter("Der ältere Brief.")
    inner.replace_header("Subject", "Früher")
    message.add_attachment(inner)
    source = tmp_path / "brief.eml"
    source.write_bytes(message.as_bytes())
    result = run(source)
    assert (result.media_type, result.pages, result.text_state) == ("message/rfc822", 1, "born-digital")
    assert (result.rendition_state, result.rendition_flavour) == ("conforming", "2b")
    assert text_of(result).splitlines()[:4] == [
        "Von: Jürgen Köhler <j.koehler@example.org>",
        "An: bauamt@rodenbeck.example",
        "Datum: 12.03.2026 23:30 (+0100)",
        "Betreff: Bauantrag Lindenweg 12 – Nachreichung",
    ]
    assert text_of(result).endswith("Anbei der Plan.")
    assert [part.filename for part in result.parts] == ["foto.png", "Lageplan Süd.pdf", "Früher.eml"]
    assert result.parts[1].path.read_bytes() == b"%PDF-1.4 plan"
    assert result.warnings == ("Kleine Bilder im Text (Logos) bleiben im Original: 1.",)
    assert result.letter is not None
    assert (result.letter.subject, result.letter.sender, result.letter.message_id) == (
        "Bauantrag Lindenweg 12 – Nachreichung",
        "Jürgen Köhler <j.koehler@example.org>",
        "<4711@example.org>",
    )
    assert result.letter.sent_at == datetime(2026, 3, 12, 22, 30, tzinfo=UTC)


def test_a_mail_inside_a_mail_keeps_its_bytes(tmp_path: Path) -> None:
    inner = b"Subject: innen\nX-Long: " + b"a" * 200 + b"\n\nFrom hier an gilt es.\n"
    outer = b'Subject: a\nContent-Type: multipart/mixed; boundary="x"\n\n--x\nContent-Type: message/rfc822\n\n'
    _said, _text, (part,) = told(outer + inner + b"\n--x--\n", tmp_path)
    assert part == inner


@pytest.mark.parametrize(
    ("plain", "markup", "text"),
    [
        ("Ein ganzer Brief.", "<p>Ein ganzer Brief.</p>", "Ein ganzer Brief."),
        (
            "Bitte HTML.",
            "<h1>Bescheid</h1><p>Die Gebühr von 85 Euro ist fällig.</p>",
            "Die Gebühr von 85 Euro ist fällig.",
        ),
        (
            "Bitte.",
            "<svg><p>Die Gebühr von 85 Euro<script>böse()</script><p>ist nun fällig.",
            "ist nun fällig.",
        ),
    ],
)
def test_the_best_text_is_the_letter(tmp_path: Path, plain: str, markup: str, text: str) -> None:
    message = letter(plain)
    message.add_alternative(markup, subtype="html")
    assert told(message, tmp_path)[1].endswith(text)
    assert "böse" not in told(message, tmp_path)[1]


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        (b"From: J\xfcrgen <a@b>\nSubject: x\nTo: c\n\n", "Jürgen <a@b>"),
        (b"From: =?utf-8?q?J=C3=BCrgen?= <a@b>\nSubject: x\n\n", "Jürgen <a@b>"),
        (b"From: =?gibtsnicht?q?J=FCrgen?= <a@b>\nSubject: x\n\n", "Jürgen <a@b>"),
        (b"From: =?utf-8?b?kaputt\nSubject: x\n\n", "=?utf-8?b?kaputt"),
        (b"From: a@b\nDate: Fri, 99 Foo 20266 99:99\nSubject: x\n\n", "a@b"),
        (b"From: a\x00b@c\nContent-Type: multipart/mixed\nSubject: x\n\nText", "ab@c"),
    ],
)
def test_odd_heads_are_read_as_well_as_can_be(tmp_path: Path, raw: bytes, sender: str) -> None:
    assert told(raw, tmp_path)[0]["letter"]["sender"] == sender


def signed_data(content: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Erika Muster")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [pkcs7.PKCS7Options.Binary])


def test_what_is_signed_is_read_and_what_is_locked_says_so(tmp_path: Path) -> None:
    opaque = EmailMessage()
    opaque["Subject"] = "signiert"
    inner = b"Content-Type: text/plain; charset=utf-8\n\nDer Bescheid."
    opaque.set_content(
        signed_data(inner), "application", "pkcs7-mime", params={"smime-type": "signed-data"}, disposition="inline"
    )
    said, text, parts = told(opaque, tmp_path)
    assert text.endswith("Der Bescheid.")
    assert (parts, len(said["warnings"])) == ([], 1)
    assert "signiert" in said["warnings"][0]

    detached = (
        b'Subject: s\nContent-Type: multipart/signed; boundary="x"\n\n--x\n\nKlartext.\n--x\n'
        b"Content-Type: application/pkcs7-signature; name=smime.p7s\n\nMIIB\n--x--\n"
    )
    said, text, parts = told(detached, tmp_path)
    assert (text.endswith("Klartext."), parts) == (True, [])
    assert "signiert" in said["warnings"][0]

    locked = b"Subject: s\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx"
    assert "verschlüsselt (S/MIME)" in told(locked, tmp_path)[0]["warnings"][0]
    pgp = b'Subject: s\nContent-Type: multipart/encrypted; boundary="x"\n\n--x\n\nx\n--x--\n'
    assert "verschlüsselt (PGP)" in told(pgp, tmp_path)[0]["warnings"][0]


def test_more_attachments_than_allowed_stay_in_the_original_and_are_named(tmp_path: Path) -> None:
    message = letter()
    for number in range(5):
        message.add_attachment(f"{number}".encode(), "application", "octet-stream", filename=f"{number}.bin")
    said, text, parts = told(message, tmp_path, 3)
    assert (parts, said["names"]) == ([b"0", b"1", b"2"], ["0.bin", "1.bin", "2.bin"])
    assert said["warnings"] == ["Die E-Mail hat 5 Anlagen; nur die ersten 3 sind als Dokument abgelegt."]
    assert "4.bin (1 Byte)" in text
    (warning,) = told(message, tmp_path, 0)[0]["warnings"]
    assert warning == "Die E-Mail hat 5 Anlagen; keine ist als Dokument abgelegt."


def test_a_mail_nested_without_end_is_refused_not_followed(run: Run, tmp_path: Path) -> None:
    deep = b"From: a@b\nTo: c@d\nSubject: tief\n"
    deep += b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(5_000))
    (tmp_path / "deep.eml").write_bytes(deep)
    result = run(tmp_path / "deep.eml")
    assert (result.pages, result.text_reason) == (0, "Die E-Mail ist zu tief verschachtelt.")


@pytest.mark.parametrize("name", ["eml_with_umlaut.eml", "html.eml", "simple_text.eml", "broken.eml"])
def test_real_mails_are_read(run: Run, name: str) -> None:
    result = run(corpora() / "mail" / name)
    assert (result.text_state, result.rendition_state) == ("born-digital", "conforming")
    assert len(result.parts) == (name == "html.eml")


def outlook(*attachments: dict[str, Any], **body: str) -> bytes:
    """A message as Outlook saves it."""
    moment = int((datetime(2026, 3, 12, 22, 30, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
    tree: dict[str, Any] = {
        "__properties_version1.0": bytes(32) + struct.pack("<IIQ", 0x00390040, 6, moment),
        "__substg1.0_0037001F": "Angebot Dach".encode("utf-16-le"),
        "__substg1.0_0C1A001F": "Jürgen Köhler".encode("utf-16-le"),
        "__substg1.0_5D01001F": b"j@example.org".decode().encode("utf-16-le"),
        "__substg1.0_0E04001F": "Bauamt; Müller, Eva".encode("utf-16-le"),
        **{
            f"__substg1.0_{tag}": text.encode("utf-16-le" if tag.endswith("1F") else "utf-8")
            for tag, text in body.items()
        },
    }
    for number, each in enumerate(attachments):
        tree[f"__attach_version1.0_#{number:08X}"] = each
    return ole_file(tree)


def test_an_outlook_message_is_a_mail(run: Run, tmp_path: Path) -> None:
    plan: dict[str, Any] = {
        "__substg1.0_3707001F": "Plan Süd.pdf".encode("utf-16-le"),
        "__substg1.0_37010102": b"%PDF-1.4 plan",
    }
    logo: dict[str, Any] = {"__substg1.0_3712001F": "logo@1".encode("utf-16-le"), "__substg1.0_37010102": LOGO}
    inside: dict[str, Any] = {
        "__substg1.0_3001001F": "Früher".encode("utf-16-le"),
        "__substg1.0_3701000D": {
            "__properties_version1.0": bytes(24),
            "__substg1.0_0037001F": "Früher".encode("utf-16-le"),
            "__substg1.0_1000001F": "Der ältere Brief.".encode("utf-16-le"),
        },
    }
    source = tmp_path / "angebot.msg"
    markup = '<p>Das Dach kostet 12.000 Euro.</p><img src="cid:logo@1">'
    source.write_bytes(outlook(plan, logo, inside, **{"1000001F": "Das Dach kostet 12.000 Euro.", "10130102": markup}))
    result = run(source)
    assert (result.media_type, result.rendition_state) == ("application/vnd.ms-outlook", "conforming")
    assert text_of(result).splitlines()[0] == "Von: Jürgen Köhler <j@example.org>"
    assert text_of(result).endswith("Das Dach kostet 12.000 Euro.")
    assert [part.filename for part in result.parts] == ["Plan Süd.pdf", "Früher.eml"]
    assert result.parts[0].path.read_bytes() == b"%PDF-1.4 plan"
    (old,) = email.message_from_bytes(result.parts[1].path.read_bytes()).walk()
    assert old.get_payload(decode=True) == "Der ältere Brief.\n".encode()
    assert result.letter is not None
    assert (result.letter.addressee, result.letter.sent_at) == (
        "Bauamt; Müller, Eva",
        datetime(2026, 3, 12, 22, 30, tzinfo=UTC),
    )


def test_a_body_in_rtf_alone_is_read(run: Run, tmp_path: Path) -> None:
    rtf = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0 Gr\'fc\'dfe\par aus dem Bauamt}"
    packed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    source = tmp_path / "rtf.msg"
    source.write_bytes(outlook(**{"10090102": packed.decode("latin-1")}))
    assert text_of(run(source)).endswith("Grüße\naus dem Bauamt")


def zipped(
    tmp_path: Path, change: Callable[[zipfile.ZipFile], None], *, spoil: Callable[[bytes], bytes] = bytes
) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Briefe/Müller.txt", "Sehr geehrte Damen")
        change(archive)
    path = tmp_path / "archiv.zip"
    path.write_bytes(spoil(buffer.getvalue()))
    return path


def test_the_files_of_an_archive_come_out_and_their_list_is_its_page(run: Run, tmp_path: Path) -> None:
    def more(archive: zipfile.ZipFile) -> None:
        archive.writestr("Briefe/zwei.txt", "zwei")
        archive.writestr("__MACOSX/Briefe/._zwei.txt", "x")
        archive.writestr("Thumbs.db", "x")
        archive.mkdir("leer")

    result = run(zipped(tmp_path, more))
    assert [(part.filename, part.path.read_text()) for part in result.parts] == [
        ("Müller.txt", "Sehr geehrte Damen"),
        ("zwei.txt", "zwei"),
    ]
    assert "Briefe/Müller.txt" in text_of(result)
    assert (result.rendition_state, result.warnings) == ("none", ())
    assert "Inhaltsverzeichnis" in str(result.rendition_reason)


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(info, "/etc/passwd")


def many(archive: zipfile.ZipFile) -> None:
    for number in range(100_000):
        archive.writestr(zipfile.ZipInfo(str(number)), b"x")


def locked(content: bytes) -> bytes:
    for mark, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = content.index(mark) + place
        content = content[:at] + b"\1" + content[at + 1 :]
    return content


def lying(content: bytes) -> bytes:
    """The directory says that 300 MB of zeros are ten bytes."""
    at = content.rindex(b"PK\1\2") + 24
    return content[:at] + struct.pack("<I", 10) + content[at + 4 :]


NASTY: dict[str, tuple[Callable[[zipfile.ZipFile], None], Callable[[bytes], bytes], str]] = {
    "way out": (lambda archive: archive.writestr("../../etc/cron.d/x", "x"), bytes, "führt aus dem Archiv hinaus"),
    "root": (lambda archive: archive.writestr("/etc/passwd", "x"), bytes, "führt aus dem Archiv hinaus"),
    "drive": (lambda archive: archive.writestr("C:\\x", "x"), bytes, "führt aus dem Archiv hinaus"),
    "link": (link, bytes, "Verknüpfung"),
    "many": (many, bytes, "100001 Dateien; erlaubt sind 200"),
    "bomb": (lambda archive: archive.writestr("zeros", bytes(300 << 20)), bytes, "größer als erlaubt"),
    "lock": (lambda _archive: None, locked, "Kennwort"),
}


@pytest.mark.parametrize("kind", NASTY)
def test_a_nasty_archive_stays_whole_and_says_why(run: Run, tmp_path: Path, *, kind: str) -> None:
    change, spoil, reason = NASTY[kind]
    result = run(zipped(tmp_path, change, spoil=spoil), limits=SMALL)
    assert result.parts == ()
    assert [warning.startswith("Das Archiv wurde nicht ausgepackt: ") for warning in result.warnings] == [True]
    assert reason in result.warnings[0]
    assert "Müller.txt" in text_of(result)


def test_an_archive_that_lies_about_its_sizes_gives_nothing(run: Run, tmp_path: Path) -> None:
    source = zipped(tmp_path, lambda archive: archive.writestr("zeros", bytes(300 << 20)), spoil=lying)
    result = run(source, limits=SMALL)
    assert (result.parts, result.pages) == ((), 0)
    assert "beschädigt" in str(result.text_reason)


def test_an_archive_out_of_an_archive_is_listed_only(run: Run, tmp_path: Path) -> None:
    result = run(zipped(tmp_path, lambda _archive: None), allowance=Allowance(archives=False))
    assert result.parts == ()
    assert "liegt selbst in einem Archiv" in result.warnings[0]


def test_the_xml_of_real_hybrid_invoices_is_in_the_rendition_byte_by_byte(run: Run) -> None:
    for name in ("XRECHNUNG_Einfach.pdf", "EN16931_Einfach.pdf"):
        source = corpora() / "invoices" / name
        result: Processed = run(source)
        with pikepdf.open(source) as before, pikepdf.open(str(result.rendition or source)) as after:
            (file,) = before.attachments
            assert file in " ".join(result.warnings)
            assert (result.rendition_state, result.rendition_flavour) == ("conforming", "3b")
            assert after.attachments[file].get_file().read_bytes() == before.attachments[file].get_file().read_bytes()


UBL = """<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:a="urn:x:basic">
<a:ID>R-4711</a:ID><a:IssueDate>2026-03-12</a:IssueDate><a:BuyerReference>04011000-12345-34</a:BuyerReference>
<AccountingSupplierParty><Party><PartyLegalEntity><RegistrationName>Dachdecker Köhler</RegistrationName>
</PartyLegalEntity></Party></AccountingSupplierParty>
<LegalMonetaryTotal><PayableAmount currencyID="EUR">119.00</PayableAmount></LegalMonetaryTotal>
<InvoiceLine><Item><Name>Ziegel</Name></Item><InvoicedQuantity>3</InvoicedQuantity><LineExtensionAmount>100.00</LineExtensionAmount>
</InvoiceLine></Invoice>"""


def test_an_invoice_that_is_xml_alone_can_be_read_by_people(run: Run, tmp_path: Path) -> None:
    (tmp_path / "ubl.xml").write_text(UBL_HEAD + UBL)
    result = run(tmp_path / "ubl.xml")
    assert text_of(result).splitlines() == [
        "Elektronische Rechnung (UBL)",
        "Rechnungsnummer: R-4711",
        "Rechnungsdatum: 12.03.2026",
        "Leitweg-ID: 04011000-12345-34",
        "Verkäufer: Dachdecker Köhler",
        "Zu zahlen: 119,00 EUR",
        "Positionen:",
        "1. Ziegel, Menge 3, netto 100,00",
    ]
    assert "es gilt die XML-Datei" in str(result.rendition_reason)
    with pikepdf.open(corpora() / "invoices" / "XRECHNUNG_Einfach.pdf") as pdf:
        (name,) = pdf.attachments
        (tmp_path / "cii.xml").write_bytes(pdf.attachments[name].get_file().read_bytes())
    shown = text_of(run(tmp_path / "cii.xml"))
    for fact in (
        "Rechnungsnummer: 471102",
        "Verkäufer: Lieferant GmbH",
        "Käufer: Kunden AG Mitte",
        "Leitweg-ID: 04011000",
    ):
        assert fact in shown


UBL_HEAD = '<?xml version="1.0" encoding="UTF-8"?>'


def test_a_mail_without_anything_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        told(b"X-Nothing: 1\n\n", tmp_path)

"""What was inside a mail becomes documents: all of it once or none, beside the mail, with what is known of it."""

from __future__ import annotations

import dataclasses
import io
import threading
import uuid
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from email.message import EmailMessage

import pytest

from eakte.audit import Tag
from eakte.errors import ScannerUnavailable
from eakte.models import Document
from eakte.operations import attachments, processing, queueing
from eakte.operations.attachments import relations
from eakte.operations.document_changes import change_document
from eakte.operations.processing import process_version
from eakte.terms import SYSTEM
from indexing.clamav import Clamd
from indexing.recognition import Recogniser
from tests.operations.office import Office
from tests.support.clamd import EICAR

Run = Callable[[uuid.UUID], None]


@pytest.fixture(scope="module")
def recogniser() -> Iterator[Recogniser]:
    pool = Recogniser(1)
    yield pool
    pool.close()


@pytest.fixture
def run(office: Office, recogniser: Recogniser) -> Run:
    """One run of a document's job."""

    def once(document: uuid.UUID) -> None:
        process_version(
            office.backends.transactions,
            office.backends.blobs,
            recogniser,
            screen=office.backends.screen(SYSTEM, document),
            document_id=document,
            number=1,
            max_attempts=3,
            stopping=threading.Event(),
        )

    return once


def mail(*attached: tuple[str, bytes], subject: str = "Bauantrag Lindenweg") -> bytes:
    message = EmailMessage()
    message["From"] = "Jürgen Köhler <j@example.org>"
    message["To"] = "bauamt@rodenbeck.example"
    message["Date"] = "Thu, 12 Mar 2026 23:30:00 -0100"
    message["Subject"] = subject
    message["Message-ID"] = "<4711@example.org>"
    message.set_content("Anbei die Unterlagen.")
    for name, content in attached:
        message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


TWO = (("Plan.txt", b"Der Grundriss."), ("Statik.txt", "Die Tragfähigkeit.".encode()))


def inside(office: Office, document: uuid.UUID, by: str = "clerk63") -> list[Document]:
    with office.backends.transactions.read() as session:
        return list(relations(session, office.people[by], session.get_one(Document, document)).attachments)


def test_attachments_lie_beside_their_mail_and_are_found(office: Office, run: Run) -> None:
    dossier = office.dossier()
    case = office.case(dossier)
    letter = office.file(case=case, content=mail(*TWO), filename="brief.eml", received_on=date(2026, 3, 13))
    run(letter)
    row = office.row(letter)
    assert (row.title, row.sender, row.addressee) == (
        "Bauantrag Lindenweg",
        "Jürgen Köhler <j@example.org>",
        "bauamt@rodenbeck.example",
    )
    assert (row.written_on, row.received_on, row.fields) == (
        date(2026, 3, 13),  # the day in Germany
        date(2026, 3, 13),
        {"message_id": "<4711@example.org>"},
    )
    children = inside(office, letter)
    assert [(child.title, child.source_position, child.state) for child in children] == [
        ("Plan", 1, "received"),
        ("Statik", 2, "received"),
    ]
    for child in children:
        assert (child.dossier_id, child.case_id, child.sender) == (dossier, case, row.sender)
        assert (child.written_on, child.received_on, child.created_by) == (
            row.written_on,
            row.received_on,
            row.created_by,
        )
        run(child.id)
    office.index()
    assert office.titles("clerk63", "Tragfähigkeit") == ["Statik"]
    assert office.titles("clerk10", "Tragfähigkeit") == []
    filed = office.sql(
        "SELECT actor, subject FROM audit_entry WHERE tag = %s AND actor = 'system' ORDER BY id",
        Tag.DOCUMENT_FILE.value,
    )
    assert filed == [("system", child.id) for child in children]
    former = office.sql("SELECT field, value FROM former_value WHERE object_id = %s AND field = 'title'", letter)
    assert former == [("title", "brief")]


def test_an_attachment_with_a_virus_is_left_out_and_said(office: Office, run: Run, clamd: str) -> None:
    """The mail was filed before the scanner knew the virus; now its attachment is refused, the rest is read."""
    document = office.file(dossier=office.dossier(), content=mail(("Plan.txt", EICAR), TWO[1]), filename="mail.eml")
    office.backends = dataclasses.replace(office.backends, scanner=Clamd("unix:///nowhere/clamd.sock"))
    with pytest.raises(ScannerUnavailable):
        run(document)
    office.backends = dataclasses.replace(office.backends, scanner=Clamd(clamd))
    run(document)
    assert [each.title for each in inside(office, document)] == ["Statik"]
    assert any("Schadsoftware" in sentence for sentence in office.version(document).warnings)
    ((details,),) = office.sql("SELECT details FROM audit_entry WHERE tag = 'record:file:refuse-infected'")
    assert details["subjects"] == [str(document)]


def test_what_the_uploader_said_is_kept(office: Office, run: Run) -> None:
    letter = office.file(
        dossier=office.dossier(),
        content=mail(),
        filename="brief.eml",
        title="Mein Betreff",
        sender="Köhler",
        written_on=date(2026, 1, 2),
    )
    run(letter)
    row = office.row(letter)
    assert (row.title, row.sender, row.written_on) == ("Mein Betreff", "Köhler", date(2026, 1, 2))


def test_running_twice_or_dying_between_files_each_attachment_once(
    office: Office, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = office.file(dossier=office.dossier(), content=mail(*TWO), filename="brief.eml")
    real = queueing.enqueue_processing
    left = iter(range(2))

    def dying(*given: object, **named: object) -> None:
        if next(left) == 1:
            raise KeyboardInterrupt  # the first is filed, the second is not: here the worker dies
        real(*given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(attachments, "enqueue_processing", dying)
        with pytest.raises(KeyboardInterrupt):
            run(letter)
    assert inside(office, letter) == []
    assert office.version(letter).processed_at is None
    run(letter)
    run(letter)
    assert [child.title for child in inside(office, letter)] == ["Plan", "Statik"]
    jobs = office.sql("SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'eakte.process'")
    assert jobs == [(3,)]


def test_a_run_that_comes_second_files_nothing(office: Office, run: Run) -> None:
    """Two workers have read the same mail: the first that commits counts."""
    letter = office.file(dossier=office.dossier(), content=mail(*TWO), filename="brief.eml")
    real = processing._finish

    def first_another(*given: object, **named: object) -> None:
        processing._finish = real
        run(letter)
        real(*given, **named)  # type: ignore[arg-type]

    processing._finish = first_another
    try:
        run(letter)
    finally:
        processing._finish = real
    assert len(inside(office, letter)) == 2


def test_a_dossier_closed_meanwhile_gets_what_belongs_to_its_mail(office: Office, run: Run) -> None:
    dossier = office.dossier()
    letter = office.file(dossier=dossier, content=mail(*TWO), filename="brief.eml")
    office.close(dossier)
    run(letter)
    assert [child.dossier_id for child in inside(office, letter)] == [dossier, dossier]


def test_in_the_inbox_they_stay_in_the_inbox(office: Office, run: Run) -> None:
    letter = office.file(inbox=True, content=mail(*TWO), filename="brief.eml")
    run(letter)
    assert {child.inbox_unit_id for child in inside(office, letter)} == {office.units["63"]}
    with office.backends.transactions.begin(office.people["clerk63"]) as tx:
        child = inside(office, letter)[0]
        change_document(tx, child.id, {"title": "Grundriss"}, revision=child.revision)


def zipped(*files: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_nesting_ends(office: Office, run: Run) -> None:
    """Mail in mail in mail in mail: the fourth stays whole. An archive out of an archive too."""
    content = mail(*TWO, subject="innen")
    for depth in range(3):
        content = mail((f"{depth}.eml", content), subject=f"{depth}")
    here = [office.file(dossier=office.dossier(), content=content, filename="aussen.eml")]
    seen = []
    while here:
        document = here.pop()
        run(document)
        seen.append((office.row(document).title, len(office.version(document).warnings)))
        here += [child.id for child in inside(office, document)]
    assert seen == [("2", 0), ("1", 0), ("0", 0), ("innen", 1)]

    outer = office.file(
        dossier=office.dossier(), content=zipped(("innen.zip", zipped(*TWO)), *TWO), filename="aussen.zip"
    )
    run(outer)
    (archive, *_others) = inside(office, outer)
    run(archive.id)
    assert inside(office, archive.id) == []
    assert "liegt selbst in einem Archiv" in office.version(archive.id).warnings[0]


def test_one_upload_becomes_so_many_documents_and_no_more(
    office: Office, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attachments, "MOST_TOGETHER", 3)
    letter = office.file(
        dossier=office.dossier(), content=mail(("a.eml", mail(*TWO)), ("b.eml", mail(*TWO))), filename="viele.eml"
    )
    run(letter)
    children = inside(office, letter)
    for child in children:
        run(child.id)
    assert [len(inside(office, child.id)) for child in children] == [1, 0]

"""Filing: a document arrives. Bytes first, row second, job in the same transaction."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePath, PureWindowsPath
from typing import Any

from sqlalchemy.orm import Session

from eakte.access import Want, may_write, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound, StorageFailed, TooLarge
from eakte.language import _
from eakte.models import Blob, Case, Document, Dossier, PlanClass, Version
from eakte.operations.checking import line, one_of, optional_line
from eakte.operations.documents import note_inbox, readable_document
from eakte.operations.dossiers import readable_case, readable_dossier, require_open, writable_dossier
from eakte.operations.external import ExternalKey, claim
from eakte.operations.fields import FieldOwner, checked_values
from eakte.operations.queueing import enqueue_processing
from eakte.operations.screening import Screen
from eakte.operations.units import find_unit
from eakte.operations.volumes import current_volume
from eakte.terms import Actor, DocumentKind, DocumentState, new_id, today
from eakte.transaction import Transaction
from storage.blobs import BlobStore, Digests
from storage.errors import BlobTooLarge, StorageError

LONGEST_FILENAME = 200
MOST_NAMES = 50
"""Further senders or addressees of one document."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller says about a document to be filed: into a dossier, a case, or the inbox of a unit."""

    dossier: uuid.UUID | None = None
    case: uuid.UUID | None = None
    inbox: bool = False
    unit: str | None = None
    title: str | None = None
    kind: str = DocumentKind.INCOMING.value
    received_on: date | None = None
    sent_on: date | None = None
    written_on: date | None = None
    sender: str | None = None
    addressee: str | None = None
    further_senders: Sequence[str] = ()
    further_addressees: Sequence[str] = ()
    external: ExternalKey | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def places(self) -> list[uuid.UUID]:
        """The dossier or case that is named, for the log of what did not get there."""
        return [place for place in (self.dossier, self.case) if place is not None]


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that lie safely under their name, waiting for their row. Without one they are an orphan, swept later."""

    document_id: uuid.UUID
    version: int
    name: str
    filename: str
    media_type: str
    digests: Digests


def check_draft(session: Session, actor: Actor, draft: Draft) -> None:
    """Raise what filing would raise for this draft, before any byte is taken."""
    _check_one_place(draft)
    check_words(draft)
    if draft.inbox:
        _inbox_unit(session, actor, draft.unit)
        return
    case = readable_case(session, actor, draft.case) if draft.case else None
    dossier = readable_dossier(session, actor, case.dossier_id if case else _dossier_id(draft))
    if actor.user_id is not None and not may_write(session, rule_for(session, actor), dossier):
        raise NotAllowed(_("In dieser Akte dürfen Sie nichts ablegen."))
    _check_place(dossier, case)
    checked_fields(session, dossier, draft.fields)


def store_original(
    blobs: BlobStore,
    chunks: Iterable[bytes],
    *,
    screen: Screen | None,
    filename: str,
    media_type: str,
    limit: int,
    document_id: uuid.UUID | None = None,
    version: int = 1,
) -> Stored:
    """Write the bytes as received, hashed and looked at for viruses while they stream, in constant memory.

    `screen` is None only for bytes that the program has made itself.

    Raises TooLarge above `limit` bytes, StorageFailed when the store fails, FileInfected and ScannerUnavailable as
    `Screen.passing` says; in every case nothing is stored.
    """
    document_id = document_id or new_id()
    # A version that is sent twice (a retry, or a loser of If-Match) must not collide: each upload has its own name.
    name = f"{document_id}/{version}/original.{new_id().hex}"
    passing = chunks if screen is None else screen.passing(chunks)
    try:
        digests = blobs.put(name, passing, limit=limit)
    except BlobTooLarge as error:
        raise TooLarge(_("Erlaubt sind %(size)s GB je Datei.", size=f"{limit / 1e9:.1f}")) from error
    except StorageError as error:
        raise StorageFailed(str(error)) from error
    return Stored(document_id, version, name, clean_filename(filename), media_type, digests)


def file_document(tx: Transaction, draft: Draft, stored: Stored) -> Document:
    """File stored bytes as a document and ask for its processing; all of it commits or none.

    A known external key answers with the document that it names, whose id is not that of the stored bytes: they are
    not needed then.
    """
    _check_one_place(draft)
    check_words(draft)
    if draft.external is not None:
        known = claim(tx, Document, draft.external)
        if known is not None:
            return _known_document(tx, known)
    if draft.inbox:
        document = _new_document(tx, draft, stored)
        document.inbox_unit_id = _inbox_unit(tx.session, tx.actor, draft.unit)
        note_inbox(tx, document.inbox_unit_id)
        document.fields = checked_values(tx.session, None, FieldOwner.DOCUMENT, draft.fields)
        place = {"inbox": str(document.inbox_unit_id)}
        beside = [document.inbox_unit_id]
        _insert(tx, document, stored)
    else:
        case = readable_case(tx.session, tx.actor, draft.case) if draft.case else None
        dossier = writable_dossier(tx, case.dossier_id if case else _dossier_id(draft))
        if case is not None:
            # Read before its dossier was locked: somebody may have closed it meanwhile.
            tx.session.refresh(case)
        document = add_document(tx, draft, stored, dossier=dossier, case=case)
        place = {"dossier": str(dossier.id), **({"case": str(case.id)} if case else {})}
        beside = [dossier.id, *([case.id] if case else [])]
    tx.record(Tag.DOCUMENT_FILE, document.id, {**place, **digest_details(stored)}, subjects=beside)
    return document


def add_document(tx: Transaction, draft: Draft, stored: Stored, *, dossier: Dossier, case: Case | None) -> Document:
    """A document of a locked dossier, as part of an act that records it; its processing is asked for.

    The places of the draft do not count. Raises InvalidInput naming the field, WrongState for a closed dossier.
    """
    check_words(draft)
    _check_place(dossier, case)
    document = _new_document(tx, draft, stored)
    document.dossier_id, document.case_id = dossier.id, case.id if case else None
    document.volume_id = current_volume(tx.session, dossier.id)
    document.fields = checked_fields(tx.session, dossier, draft.fields)
    _insert(tx, document, stored)
    return document


def _new_document(tx: Transaction, draft: Draft, stored: Stored) -> Document:
    return Document(
        id=stored.document_id,
        title=optional_line(draft.title, at="title", label=_("Betreff")) or title_from(stored.filename),
        kind=DocumentKind(draft.kind).value,
        received_on=draft.received_on,
        sent_on=draft.sent_on,
        written_on=draft.written_on,
        sender=optional_line(draft.sender, at="sender", label=_("Absender")),
        addressee=optional_line(draft.addressee, at="addressee", label=_("Empfänger")),
        further_senders=further_names(draft.further_senders, at="further_senders"),
        further_addressees=further_names(draft.further_addressees, at="further_addressees"),
        external_system=draft.external.system if draft.external else None,
        external_id=draft.external.id if draft.external else None,
        fields={},
        version=1,
        state=DocumentState.RECEIVED.value,
        created_by=tx.actor.user_id,
    )


def _insert(tx: Transaction, document: Document, stored: Stored) -> None:
    insert_version(tx, document, stored)
    enqueue_processing(tx, document.id, 1)


def clean_filename(name: str) -> str:
    """The last part of a name as sent, on one line, without folders (of either system) or leading dots."""
    last = PurePath(PureWindowsPath(name).name).name
    visible = (c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C")
    kept = "".join(" " if c.isspace() else c for c in visible).strip(" .")
    if len(kept) > LONGEST_FILENAME:
        stem, dot, suffix = kept.rpartition(".")
        kept = f"{stem[: LONGEST_FILENAME - 12]}{dot}{suffix[:11]}" if dot else kept[:LONGEST_FILENAME]
    return kept or "unbenannt"


def insert_version(tx: Transaction, document: Document, stored: Stored, comment: str | None = None) -> None:
    """The rows of a content state whose bytes are stored; the caller records the act and enqueues the work."""
    tx.session.add(
        Blob(
            name=stored.name,
            size=stored.digests.size,
            sha256=stored.digests.sha256,
            blocks=stored.digests.blocks,
        )
    )
    tx.session.add(document)
    tx.session.flush()
    tx.session.add(
        Version(
            document_id=document.id,
            number=stored.version,
            filename=stored.filename,
            media_type=stored.media_type,
            size=stored.digests.size,
            sha256=stored.digests.sha256,
            original=stored.name,
            comment=comment,
            created_by=tx.actor.user_id,
        )
    )
    tx.session.flush()


def digest_details(stored: Stored) -> dict[str, Any]:
    """What the log keeps of stored bytes."""
    return {"version": stored.version, "sha256": stored.digests.sha256.hex(), "size": stored.digests.size}


def _known_document(tx: Transaction, document_id: uuid.UUID) -> Document:
    try:
        return readable_document(tx.session, tx.actor, document_id, Want.METADATA)
    except NotFound:
        raise NotAllowed(_("Dieser Schlüssel gehört zu einem anderen System.")) from None


def checked_fields(session: Session, dossier: Dossier | None, values: dict[str, Any]) -> dict[str, Any]:
    """Data fields of a document as the class of its dossier defines them. Raises InvalidInput."""
    if not values:
        # Mail, scans and forms without data fields come in as well; what is needed is asked for with the first value.
        return {}
    plan_class = session.get_one(PlanClass, dossier.plan_class_id) if dossier else None
    return checked_values(session, plan_class, FieldOwner.DOCUMENT, values)


def _check_one_place(draft: Draft) -> None:
    places = [draft.dossier is not None, draft.case is not None, draft.inbox]
    if sum(places) != 1:
        raise InvalidInput(errors=[FieldError("dossier", _("Genau eines von dossier, case und inbox ist nötig."))])


def check_words(draft: Draft) -> None:
    """Raise InvalidInput for what is wrong with the words of a draft, wherever it is filed."""
    one_of(DocumentKind, draft.kind, at="kind", label=_("Art"))
    optional_line(draft.title, at="title", label=_("Betreff"))
    check_received(draft.received_on)
    check_first_names(draft.sender, draft.addressee, draft.further_senders, draft.further_addressees)


def check_received(day: date | None) -> None:
    """Raise InvalidInput for a day of arrival that is still to come."""
    if day is not None and day > today():
        raise InvalidInput(errors=[FieldError("received_on", _("Der Tag des Eingangs liegt in der Zukunft."))])


def further_names(names: Sequence[str] | None, *, at: str) -> list[str]:
    """Who else sent or received a document. Raises InvalidInput naming the place."""
    if len(names or ()) > MOST_NAMES:
        raise InvalidInput(errors=[FieldError(at, _("Höchstens %(most_names)s Namen.", most_names=MOST_NAMES))])
    return [line(name, at=f"{at}.{number}", label=_("Name")) for number, name in enumerate(names or ())]


def check_first_names(
    sender: str | None, addressee: str | None, senders: Sequence[str], addressees: Sequence[str]
) -> None:
    """Raise InvalidInput where further senders or addressees are named and the first is not."""
    for first, further, at in (
        (sender, senders, "further_senders"),
        (addressee, addressees, "further_addressees"),
    ):
        if further and not first:
            name = at.removeprefix("further_").removesuffix("s")
            raise InvalidInput(errors=[FieldError(at, _("Der erste Name gehört in %(name)s.", name=name))])


def _check_place(dossier: Dossier, case: Case | None) -> None:
    require_open(dossier)
    if case is not None and case.closed_on is not None:
        raise InvalidInput(errors=[FieldError("case", _("Der Vorgang ist geschlossen."))])


def _dossier_id(draft: Draft) -> uuid.UUID:
    if draft.dossier is None:
        raise NotFound
    return draft.dossier


def _inbox_unit(session: Session, actor: Actor, reference: str | None) -> uuid.UUID:
    unit_id = find_unit(session, reference).id if reference else actor.unit_id
    if unit_id is None:
        raise InvalidInput(errors=[FieldError("unit", _("Die Organisationseinheit des Posteingangs fehlt."))])
    if actor.user_id is not None and unit_id not in rule_for(session, actor).inbox_units:
        raise NotAllowed(_("In diesen Posteingang dürfen Sie nichts legen."))
    return unit_id


def title_from(filename: str) -> str:
    """The title of a document of which only the file's name is known."""
    stem = filename.rpartition(".")[0] or filename
    return " ".join(stem.replace("_", " ").split()) or _("Ohne Betreff")

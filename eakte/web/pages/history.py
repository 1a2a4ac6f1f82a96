"""The history of a record in sentences: who did what, and when. Acts only; looks are for the mandated."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from eakte.audit import Tag
from eakte.language import _, msgid, ngettext
from eakte.models import AuditEntry, AuditSubject, Document, User
from eakte.operations.auditing import history
from eakte.operations.taking_back import may_take_back
from eakte.terms import Actor
from eakte.web.views import HistoryEntry

SENTENCES = msgid(
    {
        "record:dossier:create": "%(who)s legte die Akte an",
        "record:dossier:close": "%(who)s verfügte zdA",
        "record:dossier:reopen": "%(who)s öffnete die Akte wieder",
        "record:dossier:event": "%(who)s trug ein Ereignis ein",
        "record:dossier:change": "%(who)s änderte Angaben zur Akte",
        "record:dossier:move": "%(who)s ordnete die Akte einer anderen Aktenplaneinheit zu",
        "record:dossier:reassign": "%(who)s gab die Akte an eine andere Organisationseinheit",
        "record:dossier:classify": "%(who)s änderte die Vertraulichkeit der Akte",
        "record:dossier:extend-retention": "%(who)s änderte, bis wann die Akte mindestens aufbewahrt wird",
        "record:procedure:file": "%(who)s legte in einem Zug an und ab",
        "record:dossier:open-volume": "%(who)s begann einen neuen Band",
        "record:dossier:lend": "%(who)s lieh das Papier der Akte aus",
        "record:dossier:return": "%(who)s nahm das Papier der Akte zurück",
        "record:dossier:refer": "%(who)s trug einen Verweis ein",
        "record:dossier:unrefer": "%(who)s entfernte einen Verweis",
        "record:plan:recount": "Die Frist wurde nach einer Änderung des Aktenplans neu gerechnet",
        "record:party:add": "%(who)s trug Beteiligte ein",
        "record:party:change": "%(who)s änderte Angaben zu Beteiligten",
        "record:party:remove": "%(who)s entfernte Beteiligte",
        "record:case:move": "%(who)s verschob einen Vorgang in eine andere Akte",
        "record:case:change": "%(who)s änderte Angaben zu einem Vorgang",
        "record:case:create": "%(who)s legte einen Vorgang an",
        "record:case:close": "%(who)s schloss einen Vorgang ab",
        "record:case:reopen": "%(who)s öffnete einen Vorgang wieder",
        "record:document:file": "%(who)s legte %(what)s ab",
        "record:document:change": "%(who)s änderte Angaben zu %(what)s",
        "record:document:add-version": "%(who)s legte eine neue Fassung von %(what)s ab",
        "record:document:check-out": "%(who)s checkte %(what)s aus",
        "record:document:release": "%(who)s hob das Auschecken von %(what)s auf",
        "record:document:restore-version": "%(who)s holte eine frühere Fassung von %(what)s zurück",
        "record:document:finalize": "%(who)s schloss %(what)s ab",
        "record:document:sign": "%(who)s versah %(what)s mit einer Signatur",
        "record:document:cancel": "%(who)s stornierte %(what)s",
        "record:document:move": "%(who)s ordnete %(what)s anders zu",
        "record:resubmission:create": "%(who)s trug eine Wiedervorlage ein",
        "record:resubmission:change": "%(who)s änderte eine Wiedervorlage",
        "record:resubmission:done": "%(who)s erledigte eine Wiedervorlage",
        "record:document:process": "Text und PDF/A-Fassung von %(what)s entstanden",
        "record:document:fail": "Die Verarbeitung von %(what)s gelang nicht",
        "record:file:refuse-infected": "%(who)s wollte eine Datei mit Schadsoftware ablegen; sie wurde abgewiesen",
        "record:file:lose": "Eine Datei von %(what)s fehlt in der Ablage oder ist beschädigt",
        "record:file:recover": "Eine Datei von %(what)s ist wieder da und unversehrt",
        "record:document:retry": "%(who)s ließ %(what)s erneut verarbeiten",
    }
)
"""A sentence for each act on a dossier, case or document."""


TAKEN_BACK = msgid("%(who)s nahm die Zuordnung zurück: %(what)s")


def sentences(
    session: Session, subject: uuid.UUID, *, limit: int, actor: Actor | None = None
) -> tuple[HistoryEntry, ...]:
    """The acts on an object, newest first; those that `actor` may take back say where.

    The caller has checked that the object may be read.
    """
    rows = history(session, subject, limit=limit)
    names = _names(session, [row.actor for row in rows])
    titles = _titles(session, [row.subject for row in rows if row.subject])
    undone = {row.details.get("undoes") for row in rows}
    entries = []
    for row in rows:
        what = _("„%(title)s“", title=titles[row.subject]) if row.subject in titles else _how_many(row)
        sentence = TAKEN_BACK if "undoes" in row.details else SENTENCES.get(row.tag, row.tag)
        text = _(sentence, who=names.get(row.actor, "eakte"), what=what)
        possible = actor is not None and may_take_back(actor, row) and str(row.id) not in undone
        entries.append(HistoryEntry(at=row.at, text=text, undo=f"/zuruecknehmen/{row.id}" if possible else ""))
    return tuple(entries)


def _how_many(row: AuditEntry) -> str:
    """What a bulk act was on: its entry names no subject of its own but how many there were."""
    if row.tag == Tag.CASE_MOVE:
        return _("ein Vorgang")
    count = row.details.get("documents")
    return ngettext("ein Dokument", "%(num)s Dokumente", count if isinstance(count, int) and count > 1 else 1)


def entry_of_filing(session: Session, document_id: uuid.UUID) -> AuditEntry | None:
    """The act by which a document came in."""
    alone = and_(AuditEntry.subject == document_id, AuditEntry.tag == "record:document:file")
    named = select(AuditSubject.entry_id).where(AuditSubject.subject == document_id)
    with_others = and_(AuditEntry.id.in_(named), AuditEntry.tag == "record:procedure:file")
    return session.scalar(select(AuditEntry).where(or_(alone, with_others)).limit(1))


def last_changer(session: Session, document_id: uuid.UUID) -> str:
    """Who changed what is said of a document last."""
    newest = select(AuditEntry.actor).where(
        AuditEntry.subject == document_id, AuditEntry.tag == Tag.DOCUMENT_CHANGE.value
    )
    actor = session.scalar(newest.order_by(AuditEntry.id.desc()).limit(1))
    return _names(session, [actor]).get(actor, "eakte") if actor else "eakte"


def _names(session: Session, actors: Sequence[str]) -> dict[str, str]:
    ids = []
    for actor in set(actors):
        try:
            ids.append(uuid.UUID(actor))
        except ValueError:
            continue
    rows = session.execute(select(User.id, User.display_name).where(User.id.in_(ids)))
    return {str(user_id): name for user_id, name in rows}


def _titles(session: Session, subjects: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = session.execute(select(Document.id, Document.title).where(Document.id.in_(subjects)))
    return {row[0]: row[1] for row in rows}

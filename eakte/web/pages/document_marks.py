"""What stands at the head of a document, and what the person may do with it now."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from eakte.access import may_write, rule_for
from eakte.language import _, shown_moment
from eakte.models import Document, Dossier, User
from eakte.operations.documents import OpenedDocument
from eakte.terms import BERLIN, Actor, Role
from eakte.web.typed_days import as_typed
from eakte.web.views import DocumentActs, DocumentEdit, Form, Mark

FORMS = ("add_version", "finalize", "cancel", "remind", "release_other")


def marks(session: Session, actor: Actor, document: Document) -> tuple[Mark, ...]:
    """Cancelled, final, checked out: in words, with who and since when."""
    found = []
    if document.cancelled_at is not None:
        text = _cancelled(_moment(document.cancelled_at), _name(session, document.cancelled_by))
        found.append(Mark("cancelled", text, document.cancel_reason or ""))
    if document.final_at is not None:
        text = _final(_moment(document.final_at), _name(session, document.final_by), document.version)
        found.append(Mark("final", text))
    if document.checked_out_by is not None and document.checked_out_at is not None:
        since = _moment(document.checked_out_at)
        if document.checked_out_by == actor.user_id:
            text = _("Von Ihnen ausgecheckt seit %(day)s. Nur Sie können eine neue Fassung ablegen.", day=since)
            found.append(Mark("mine", text))
        else:
            who = _name(session, document.checked_out_by)
            text = _(
                "%(name)s hat das Dokument ausgecheckt, seit %(day)s. Lesen können Sie es weiter.", name=who, day=since
            )
            found.append(Mark("held", text))
    return tuple(found)


def _cancelled(day: str, who: str) -> str:
    if who:
        return _("Storniert am %(day)s von %(name)s.", day=day, name=who)
    return _("Storniert am %(day)s.", day=day)


def _final(day: str, who: str, version: int) -> str:
    if who:
        return _(
            "Abgeschlossen am %(day)s von %(name)s: Fassung %(number)s gilt, und die Angaben bleiben, wie sie sind.",
            day=day,
            name=who,
            number=version,
        )
    return _(
        "Abgeschlossen am %(day)s: Fassung %(number)s gilt, und die Angaben bleiben, wie sie sind.",
        day=day,
        number=version,
    )


def works_there(session: Session, actor: Actor, dossier: Dossier | None) -> bool:
    """Whether the person works in the open dossier, or in the inbox, which only those read who work in it."""
    if dossier is None:
        return True
    return dossier.closed_on is None and may_write(session, rule_for(session, actor), dossier)


def acts(actor: Actor, opened: OpenedDocument) -> DocumentActs:
    """What is possible now; the operations decide again when it is done."""
    document, dossier = opened.document, opened.dossier
    mine = document.checked_out_by is not None and document.checked_out_by == actor.user_id
    held = document.checked_out_by is not None and not mine
    possible = DocumentActs(release=mine, release_other=Form() if held and actor.has(Role.REGISTRAR) else None)
    if document.cancelled_at is not None or not opened.works:
        return possible
    possible = replace(possible, remind=Form(), cancel=None if held else Form())
    if dossier is not None:
        possible = replace(possible, share=f"/akten/{dossier.id}/rechte")
    if dossier is not None and not held:
        possible = replace(possible, move=f"/akten/{dossier.id}/auswahl?act=move&d={document.id}")
    if document.final_at is not None:
        return possible
    if held:
        return replace(possible, edit=True)
    return replace(
        possible,
        check_out=not mine and actor.user_id is not None,
        add_version=Form(),
        finalize=Form(),
        edit=True,
    )


def with_form(possible: DocumentActs, name: str, form: Form) -> DocumentActs | None:
    """The acts with a form that came back; None where the act is not possible any more."""
    if name not in FORMS or getattr(possible, name) is None:
        return None
    changed: Any = {name: form}
    return replace(possible, **changed)


def edit_form(document: Document) -> DocumentEdit:
    """The properties as a form."""
    return DocumentEdit(before=stated(document), revision=str(document.revision), form=Form(values=stated(document)))


def stated(document: Document) -> dict[str, str]:
    """What is said about a document, as it stands in the form's fields."""
    days = {name: getattr(document, name) for name in ("received_on", "written_on", "sent_on")}
    return {
        "title": document.title,
        "kind": document.kind,
        "sender": document.sender or "",
        "addressee": document.addressee or "",
        **{name: as_typed(day) if day else "" for name, day in days.items()},
    }


def _moment(at: datetime) -> str:
    return shown_moment(at.astimezone(BERLIN))


def _name(session: Session, user_id: uuid.UUID | None) -> str:
    """Who it was; empty where nobody is named."""
    if user_id is None:
        return ""
    user = session.get(User, user_id)
    return user.display_name if user else _("jemand")

"""Who sees a dossier and why; giving and ending access; shutting somebody out and letting in again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response

from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import DossierExclusion, DossierShare
from eakte.operations.accounts import person_called
from eakte.operations.dossiers import readable_case, readable_dossier, writable_dossier
from eakte.operations.exclusions import exclude, list_exclusions, readmit
from eakte.operations.shares import ShareWords, end_share, give_share
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Refused, Sent, Submitted, attempt, make_frame, page
from eakte.web.pages.rights_view import rights_view
from eakte.web.typed_days import typed_day

router = APIRouter(include_in_schema=False)
PLACE = "/akten/{dossier_id}/rechte"


@router.get(PLACE)
def show(request: Request, actor: Person, dossier_id: uuid.UUID) -> Response:
    """Oneself; with `wer` somebody else, for who may ask that."""
    with get_backends(request).transactions.read() as session:
        view = rights_view(session, actor, dossier_id, request.query_params)
    return page("rechte.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post(PLACE + "/zugriff")
def share(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Give access; who has it already gets the new last day."""

    def act(tx: Transaction) -> None:
        writable_dossier(tx, dossier_id)
        until = typed_day(sent.text("until"), at="until", label=_("Letzter Tag"))
        if until is None:
            raise InvalidInput(errors=[FieldError("until", _("Bitte nennen Sie den letzten Tag."))])
        reason = sent.optional("reason")
        if sent.text("who") == "unit":
            if not sent.text("unit"):
                raise InvalidInput(errors=[FieldError("unit", _("Bitte wählen Sie die Einheit."))])
            words = ShareWords(until, unit=sent.text("unit"), reason=reason)
        else:
            words = ShareWords(until, user=str(person_called(tx.session, sent.text("user")).id), reason=reason)
        case = _case(tx, sent, dossier_id)
        give_share(tx, words, dossier_id=None if case else dossier_id, case_id=case)

    return _do(request, sent, dossier_id, act, "zugriff", "share")


@router.post(PLACE + "/zugriff/{share_id}/beenden")
def unshare(request: Request, sent: Sent, dossier_id: uuid.UUID, share_id: uuid.UUID) -> Response:
    """End access at once."""

    def act(tx: Transaction) -> None:
        writable_dossier(tx, dossier_id)
        row = tx.session.get(DossierShare, share_id)
        if row is None or dossier_id != (
            row.dossier_id or readable_case(tx.session, sent.actor, row.case_id or uuid.UUID(int=0)).dossier_id
        ):
            raise NotFound
        end_share(tx, share_id)

    return _do(request, sent, dossier_id, act, "zugriff-beendet", "share")


@router.post(PLACE + "/ausschluss")
def shut_out(request: Request, sent: Sent, dossier_id: uuid.UUID) -> Response:
    """Shut a person out, with the ground in law and the reason."""

    def act(tx: Transaction) -> None:
        # Asked first, so that nobody without the right learns whether there is such an account.
        list_exclusions(tx.session, sent.actor, dossier_id, after=None, limit=1)
        person = person_called(tx.session, sent.text("user"))
        exclude(tx, dossier_id, user=str(person.id), ground=sent.text("ground"), reason=sent.text("reason"))

    return _do(request, sent, dossier_id, act, "ausgeschlossen", "exclude")


@router.post(PLACE + "/ausschluss/{exclusion_id}/aufheben")
def let_in(request: Request, sent: Sent, dossier_id: uuid.UUID, exclusion_id: uuid.UUID) -> Response:
    """Let in again, with a reason."""

    def act(tx: Transaction) -> None:
        readable_dossier(tx.session, sent.actor, dossier_id)
        row = tx.session.get(DossierExclusion, exclusion_id)
        if row is None or row.dossier_id != dossier_id:
            raise NotFound
        readmit(tx, exclusion_id, reason=sent.text("reason"))

    return _do(request, sent, dossier_id, act, "zugelassen", "readmit", shown={"id": str(exclusion_id)})


def _case(tx: Transaction, sent: Submitted, dossier_id: uuid.UUID) -> uuid.UUID | None:
    if not sent.optional("case"):
        return None
    try:
        case = readable_case(tx.session, sent.actor, uuid.UUID(sent.text("case")))
    except ValueError:
        raise NotFound from None
    if case.dossier_id != dossier_id:
        raise NotFound
    return case.id


def _do(
    request: Request,
    sent: Submitted,
    dossier_id: uuid.UUID,
    act: Callable[[Transaction], None],
    done: str,
    form: str,
    *,
    shown: dict[str, str] | None = None,
) -> Response:
    def run(tx: Transaction) -> str:
        act(tx)
        return f"/akten/{dossier_id}/rechte?ok={done}"

    def refused(why: Refused) -> Response:
        with get_backends(request).transactions.read() as session:
            view = rights_view(session, sent.actor, dossier_id, {})
        if why.form is not None:
            if getattr(view, form) is None:
                raise why.error
            changed: Any = {form: replace(why.form, values={**why.form.values, **(shown or {})})}
            view = replace(view, **changed)
        frame = make_frame(request, sent.actor, area="files", message=why.message)
        return page("rechte.html", frame=frame, view=view, status=why.status)

    return attempt(request, sent, run, refused)

"""What every page asks for: who is there, the frame around it, a form that came back."""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import quote

import anyio.from_thread
from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from eakte import __version__
from eakte.api.dependencies import check_csrf, get_backends, signed_in
from eakte.api.problems import status_of
from eakte.errors import EakteError, InvalidInput, NotSignedIn, StaleRevision, WrongState
from eakte.language import _
from eakte.operations.idempotency import Reply, once
from eakte.operations.inbox import count_inbox
from eakte.operations.personal import preference
from eakte.operations.taking_back import last_act, own_act
from eakte.terms import Actor, Role, now
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import sections_of
from eakte.web.pages.happened import message_of
from eakte.web.rendering import SECURITY_HEADERS, render, render_block
from eakte.web.views import FieldError, Form, Frame, Message, Undo

MOST_FIELDS = 400
"""Fields of a form: one act takes 300 documents."""
OWN_PLACE = re.compile(r"/|/wiedervorlagen|/posteingang|/(akten|dokumente)/[0-9a-f-]{36}(/zuordnen)?")


def reader(request: Request) -> Actor:
    """The signed-in person of a page. A token is for machines: pages take only the session. Raises NotSignedIn."""
    if request.headers.get("authorization"):
        raise NotSignedIn
    # The token of a form stands in its body, which `submitted` reads and checks.
    request.state.csrf_in_form = True
    return signed_in(request)


class Submitted:
    """A form that a person sent from our own page: its CSRF token was checked."""

    def __init__(self, actor: Actor, address: str, data: FormData) -> None:
        self.actor = actor
        self._address = address
        self._data = data

    def text(self, name: str) -> str:
        """A field as typed; empty when absent."""
        value = self._data.get(name, "")
        return value if isinstance(value, str) else ""

    def optional(self, name: str) -> str | None:
        """A field as typed; None when empty."""
        return self.text(name).strip() or None

    def all(self, name: str) -> list[str]:
        """All values of a field that may stand several times."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def file(self, name: str) -> UploadFile | None:
        """An uploaded file; None when none was chosen."""
        value = self._data.get(name)
        return value if isinstance(value, UploadFile) and value.filename else None

    def values(self) -> dict[str, str]:
        """All typed values, to show them again."""
        return {name: value for name, value in self._data.items() if isinstance(value, str)}

    def once(self, tx: Transaction, act: Callable[[], str], *, content: str = "") -> str:
        """Do an act once for the key of this form; sending it twice leads to the same place.

        Who goes back, types something else (or chooses another file: `content` names it) and sends again means
        another act, though browsers show the old page with the old key: so the key stands for what was typed too, and
        for the form's address: the forms of one page share its key.
        """

        def run() -> Reply:
            return Reply(303, {"location": act()}, None)

        sent = ((name, value) for name, value in self._data.multi_items() if isinstance(value, str))
        typed = sorted((name, value) for name, value in sent if name not in {"csrf", "idempotency"})
        fingerprint = sha256(repr((self._address, typed, content)).encode()).digest()
        key = self.optional("idempotency")
        reply = once(tx, f"{key[:100]}.{fingerprint.hex()}" if key else None, fingerprint, run)
        return str(reply.body["location"])


def submitted(request: Request, actor: Annotated[Actor, Depends(reader)]) -> Iterator[Submitted]:
    """The form of a POST. Every route that changes something asks for this; a test walks them."""
    data = read_form(request, files=1)
    try:
        token = data.get("csrf", "")
        check_csrf(token if isinstance(token, str) else "", request.state.csrf)
        yield Submitted(actor, request.url.path, data)
    finally:
        anyio.from_thread.run(data.close)


def read_form(request: Request, *, files: int = 0) -> FormData:
    """The form of a request, read from a worker thread; more files than the page asks for are refused unread."""

    async def read() -> FormData:
        return await request.form(max_files=files, max_fields=MOST_FIELDS, max_part_size=100_000)

    return anyio.from_thread.run(read)


Person = Annotated[Actor, Depends(reader)]
Sent = Annotated[Submitted, Depends(submitted)]


def make_frame(request: Request, actor: Actor, *, area: str, query: str = "", message: Message | None = None) -> Frame:
    """The frame around a page that reads nothing else, or has read it."""
    with get_backends(request).transactions.read() as session:
        return frame_in(session, request, actor, area=area, query=query, message=message)


def frame_in(
    session: Session, request: Request, actor: Actor, *, area: str, query: str = "", message: Message | None = None
) -> Frame:
    """The frame around what the same session reads: the access rule is made once for both."""
    chosen = preference(session, actor.user_id) if actor.user_id else None
    lying = count_inbox(session, actor)
    administers = bool(sections_of(session, actor))
    happened = request.query_params.get("ok", "")
    messages = [message] if message else []
    said = message_of(happened)
    undo = _undo(session, request, actor, said) if said else None
    if said and undo is None:
        messages.append(Message("info" if happened in {"inzwischen", "nicht-zurueck"} else "success", said))
    reads = actor.has(Role.CLERK, Role.REGISTRAR)
    areas = ("start", "inbox", "files", "search", "resubmissions") if reads else ("start",)
    return Frame(
        municipality=get_backends(request).settings.municipality,
        now=now(),
        user=_short(actor.display_name),
        user_name=actor.display_name,
        areas=(*areas, "administration") if administers else areas,
        area=area,
        counts={"inbox": lying},
        csrf=request.state.csrf,
        idempotency=secrets.token_urlsafe(16),
        keys=chosen.single_keys if chosen else True,
        theme=chosen.theme if chosen else "auto",  # type: ignore[arg-type] # checked when it was set
        density=chosen.density if chosen else "compact",  # type: ignore[arg-type]
        query=query,
        messages=tuple(messages),
        undo=undo,
        version=__version__,
    )


def _undo(session: Session, request: Request, actor: Actor, said: str) -> Undo | None:
    """What the address says was just done (`akt`), where the person can take it back."""
    try:
        entry_id = uuid.UUID(request.query_params.get("akt", ""))
    except ValueError:
        return None
    if own_act(session, actor, entry_id) is None:
        return None
    return Undo(said, f"/zuruecknehmen/{entry_id}", own_place(request.url.path, "/"))


def undoable(tx: Transaction, address: str, object_id: uuid.UUID) -> str:
    """The address after an act on an object, with the act that its page offers to take back."""
    entry = last_act(tx.session, object_id)
    return f"{address}{'&' if '?' in address else '?'}akt={entry}" if entry else address


def page(template: str, *, frame: Frame, view: Any, status: int = 200, **more: Any) -> HTMLResponse:
    """A whole page with its security headers."""
    return HTMLResponse(render(template, frame=frame, view=view, **more), status, headers=dict(SECURITY_HEADERS))


def part(template: str, block: str, *, frame: Frame, view: Any) -> HTMLResponse:
    """One named block of a page, for the script that replaces it."""
    return HTMLResponse(render_block(template, block, frame=frame, view=view), headers=dict(SECURITY_HEADERS))


def go(address: str, *, ok: str = "") -> Response:
    """After an act: to the page that shows it (303, so that reloading repeats nothing)."""
    if ok:
        address = with_ok(address, ok)
    return RedirectResponse(address, status_code=303, headers=dict(SECURITY_HEADERS))


def with_ok(address: str, ok: str, *, at: str = "") -> str:
    """The address that says what happened, and where on the page the keyboard goes on."""
    return address + ("&" if "?" in address else "?") + f"ok={ok}" + (f"#{at}" if at else "")


def own_place(typed: str | None, default: str) -> str:
    """A page of ours that a form names to come back to; anything else is the default."""
    return typed if typed and OWN_PLACE.fullmatch(typed) else default


def numbered(typed: str) -> int:
    """The revision that a form was made from. Raises InvalidInput."""
    if not (typed.isascii() and typed.isdecimal() and len(typed) < 10):  # noqa: PLR2004 - fits into the column
        raise InvalidInput(_("Dieses Formular ist unvollständig. Bitte laden Sie die Seite neu."))
    return int(typed)


def form_again(sent: Submitted, error: InvalidInput, rename: Mapping[str, str] | None = None) -> Form:
    """A form with what was typed and what is wrong with it."""
    names = rename or {}
    errors = [FieldError(names.get(each.at, each.at), each.message) for each in error.errors]
    if not errors:
        errors = [FieldError("", error.detail or error.title)]
    return Form(values=sent.values(), errors=tuple(errors), open=True)


@dataclass(frozen=True, slots=True)
class Refused:
    """An act that was not done: what is wrong stands in `form`, all else is said above the page as it is now."""

    error: EakteError
    form: Form | None = None
    message: Message | None = None

    @property
    def status(self) -> int:
        """The status of the answer: 422 for the form, 412 or 409 for what somebody else did meanwhile."""
        return status_of(self.error)


def attempt(
    request: Request,
    sent: Submitted,
    act: Callable[[Transaction], str],
    refused: Callable[[Refused], Response],
    *,
    stale: str = "",
    rename: Callable[[str], str] | None = None,
) -> Response:
    """Do an act once and go to the address that it answers; where it is refused, the page as it is now.

    `stale` is the sentence that says what somebody else changed meanwhile; `rename` tells the field of the form for the
    place that an error names.
    """
    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            address = sent.once(tx, lambda: act(tx))
    except InvalidInput as error:
        names = {each.at: rename(each.at) for each in error.errors} if rename else None
        return refused(Refused(error, form=form_again(sent, error, names)))
    except StaleRevision as error:
        told = stale or _("Inzwischen hat jemand diese Angaben geändert. Hier steht, was jetzt gilt.")
        return refused(Refused(error, message=Message("warning", told)))
    except WrongState as error:
        return refused(Refused(error, message=Message("warning", error.detail or error.title)))
    return go(address)


def quoted(text: str) -> str:
    """Text as a part of an address."""
    return quote(text, safe="")


def _short(name: str) -> str:
    """P. Hansen."""
    first, _space, last = name.rpartition(" ")
    return f"{first[0]}. {last}" if first else last

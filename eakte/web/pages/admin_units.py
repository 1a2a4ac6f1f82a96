"""Organisation units: the tree, new ones, their names and heads, and merging and splitting with a look before."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import InvalidInput, NotFound, WrongState
from eakte.language import _
from eakte.models import Unit, User
from eakte.operations.people import people_per_unit
from eakte.operations.restructuring import (
    Effect,
    Split,
    merge_unit,
    preview_merge,
    preview_split,
    split_unit,
)
from eakte.operations.units import create_unit, find_unit, list_units, rename_unit, set_head
from eakte.terms import Actor, Role
from eakte.transaction import Transaction
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import (
    Person,
    Refused,
    Sent,
    Submitted,
    attempt,
    form_again,
    make_frame,
    numbered,
    page,
)
from eakte.web.views import Choice, EffectView, Form, Message, UnitRow, UnitsView, UnitView

router = APIRouter(include_in_schema=False)
HOME = "/administration/einheiten"
ONE = HOME + "/{unit_id}"


@router.get(HOME)
def index(request: Request, actor: Person) -> Response:
    """All units in the order of the tree, those that were merged at their place."""
    return _index(request, actor)


@router.post(HOME)
def create(request: Request, sent: Sent) -> Response:
    """A new unit."""

    def act(tx: Transaction) -> str:
        require_section(tx.session, sent.actor, "einheiten")
        parent = sent.optional("parent")
        above = find_unit(tx.session, parent, at="parent").id if parent else None
        create_unit(tx, number=sent.text("number"), name=sent.text("name"), parent_id=above)
        return f"{HOME}?ok=einheit"

    def refused(why: Refused) -> Response:
        return _index(request, sent.actor, why.form, message=why.message, status=why.status)

    return attempt(request, sent, act, refused)


@router.get(ONE)
def show(request: Request, actor: Person, unit_id: uuid.UUID) -> Response:
    """One unit with what may be done to it."""
    return _one(request, actor, unit_id)


@router.post(ONE)
def rename(request: Request, sent: Sent, unit_id: uuid.UUID) -> Response:
    """Another name."""

    def act(tx: Transaction) -> str:
        rename_unit(tx, unit_id, sent.text("name"), revision=numbered(sent.text("revision")))
        return f"{HOME}/{unit_id}?ok=gespeichert"

    return _do(request, sent, unit_id, act, "rename")


@router.post(ONE + "/leitung")
def head(request: Request, sent: Sent, unit_id: uuid.UUID) -> Response:
    """Who heads it; nobody where the field is empty."""

    def act(tx: Transaction) -> str:
        set_head(tx, unit_id, sent.optional("head"), revision=numbered(sent.text("revision")))
        return f"{HOME}/{unit_id}?ok=gespeichert"

    return _do(request, sent, unit_id, act, "head")


@router.post(ONE + "/zusammenfassen")
def merge(request: Request, sent: Sent, unit_id: uuid.UUID) -> Response:
    """Let it become part of another: first what that changes, then the act."""
    if sent.text("do") != "yes":
        return _preview(request, sent, unit_id, "merge", _merged)

    def act(tx: Transaction) -> str:
        said = {"into": sent.text("into"), "reason": sent.text("reason")}
        merge_unit(tx, unit_id, revision=numbered(sent.text("revision")), **said)
        return f"{HOME}?ok=umgebaut"

    return _do(request, sent, unit_id, act, "merge")


@router.post(ONE + "/teilen")
def split(request: Request, sent: Sent, unit_id: uuid.UUID) -> Response:
    """Give some of what it has to another: first what that changes, then the act."""
    if sent.text("do") != "yes":
        return _preview(request, sent, unit_id, "split", _splitted)

    def act(tx: Transaction) -> str:
        said = {"to": sent.text("to"), "reason": sent.text("reason")}
        split_unit(tx, unit_id, _named(sent), revision=numbered(sent.text("revision")), **said)
        return f"{HOME}?ok=umgebaut"

    return _do(request, sent, unit_id, act, "split")


def _merged(session: Session, sent: Submitted, unit_id: uuid.UUID) -> Effect:
    return preview_merge(session, sent.actor, unit_id, into=sent.text("into"))


def _splitted(session: Session, sent: Submitted, unit_id: uuid.UUID) -> Effect:
    return preview_split(session, sent.actor, unit_id, _named(sent), to=sent.text("to"))


def _named(sent: Submitted) -> Split:
    """Plan numbers and logins, one a line or with commas."""

    def names(field: str) -> list[str]:
        return [name.strip() for name in sent.text(field).replace(",", "\n").splitlines() if name.strip()]

    return Split(plan_classes=names("plan_classes"), users=names("users"))


def _preview(
    request: Request,
    sent: Submitted,
    unit_id: uuid.UUID,
    form: str,
    look: Callable[[Session, Submitted, uuid.UUID], Effect],
) -> Response:
    try:
        with get_backends(request).transactions.read() as session:
            require_section(session, sent.actor, "einheiten")
            _find(session, unit_id)
            effect = look(session, sent, unit_id)
    except InvalidInput as error:
        return _one(request, sent.actor, unit_id, {form: form_again(sent, error)}, status=422)
    except WrongState as error:
        message = Message("warning", error.detail or error.title)
        return _one(request, sent.actor, unit_id, message=message, status=409)
    typed = Form(values=sent.values(), open=True)
    return _one(request, sent.actor, unit_id, {form: typed}, effect={f"{form}_effect": _words(effect)})


def _words(effect: Effect) -> EffectView:
    rows = (
        (_("Akten"), effect.dossiers),
        (_("Dokumente darin"), effect.documents),
        (_("Dokumente im Posteingang"), effect.inbox_documents),
        (_("Konten"), effect.people),
        (_("Aktenplaneinheiten"), effect.plan_classes),
        (_("Organisationseinheiten darunter"), effect.units_below),
        (_("Prüfaufträge, die hier enden"), effect.mandates),
    )
    return EffectView(tuple(row for row in rows if row[1]))


def _do(
    request: Request, sent: Submitted, unit_id: uuid.UUID, act: Callable[[Transaction], str], form: str
) -> Response:
    """An act on a unit; then its page, with what is wrong or what somebody else changed meanwhile."""

    def run(tx: Transaction) -> str:
        require_section(tx.session, sent.actor, "einheiten")
        return act(tx)

    def refused(why: Refused) -> Response:
        forms = {form: why.form} if why.form else None
        return _one(request, sent.actor, unit_id, forms, message=why.message, status=why.status)

    return attempt(
        request,
        sent,
        run,
        refused,
        stale=_("Inzwischen hat jemand diese Einheit geändert. Hier steht, was jetzt gilt."),
    )


def _find(session: Session, unit_id: uuid.UUID) -> Unit:
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound
    return unit


def _index(
    request: Request, actor: Actor, form: Form | None = None, *, message: Message | None = None, status: int = 200
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "einheiten")
        units = list(list_units(session))
        counts = people_per_unit(session, actor)
        heads = _people(session, [unit.head_id for unit in units if unit.head_id])
    names = {unit.id: unit.number for unit in units}
    view = UnitsView(sections, _rows(units, counts, heads, names), _open(units), form or Form())
    frame = make_frame(request, actor, area="administration", message=message)
    return page("einheiten.html", frame=frame, view=view, status=status)


def _rows(
    units: list[Unit],
    counts: dict[uuid.UUID | None, int],
    heads: dict[uuid.UUID, User],
    names: dict[uuid.UUID, str],
) -> tuple[UnitRow, ...]:
    below: dict[uuid.UUID | None, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.parent_id, []).append(unit)

    def walk(parent: uuid.UUID | None, depth: int) -> list[UnitRow]:
        found = []
        for unit in below.get(parent, []):
            row = UnitRow(
                href=f"{HOME}/{unit.id}",
                number=unit.number,
                name=unit.name,
                depth=depth,
                head=heads[unit.head_id].display_name if unit.head_id else "",
                people=counts.get(unit.id, 0),
                closed=unit.closed_on,
                successor=names[unit.successor_id] if unit.successor_id else "",
            )
            found += [row, *walk(unit.id, depth + 1)]
        return found

    return tuple(walk(None, 0))


def _people(session: Session, ids: list[uuid.UUID]) -> dict[uuid.UUID, User]:
    return {user_id: session.get_one(User, user_id) for user_id in dict.fromkeys(ids)}


def _open(units: list[Unit], but: uuid.UUID | None = None) -> tuple[Choice, ...]:
    mine = (unit for unit in units if unit.closed_on is None and unit.id != but)
    return tuple(Choice(unit.number, f"{unit.number} {unit.name}") for unit in mine)


def _one(
    request: Request,
    actor: Actor,
    unit_id: uuid.UUID,
    forms: dict[str, Form] | None = None,
    *,
    effect: dict[str, EffectView] | None = None,
    message: Message | None = None,
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "einheiten")
        unit = _find(session, unit_id)
        units = list(list_units(session))
        by_id = {each.id: each for each in units}
        above = by_id[unit.parent_id] if unit.parent_id else None
        after = by_id[unit.successor_id] if unit.successor_id else None
        boss = session.get_one(User, unit.head_id) if unit.head_id else None
        view = UnitView(
            sections=sections,
            id=str(unit.id),
            number=unit.number,
            name=unit.name,
            revision=unit.revision,
            parent=f"{above.number} {above.name}" if above else "",
            people=people_per_unit(session, actor).get(unit.id, 0),
            closed=unit.closed_on,
            successor=f"{after.number} {after.name}" if after else "",
            rename=Form(values={"name": unit.name}),
            head=Form(values={"head": boss.login if boss else ""}),
            head_name=boss.display_name if boss else "",
            others=_open(units, but=unit.id),
            merge=Form(),
            split=Form(),
        )
    view = replace(view, **(forms or {}), **(effect or {}))  # type: ignore[arg-type] # named as the fields are
    if unit.closed_on is not None:
        view = replace(view, rename=None)
    if unit.closed_on is not None or not actor.has(Role.REGISTRAR):
        view = replace(view, head=None, merge=None, split=None)
    frame = make_frame(request, actor, area="administration", message=message)
    return page("einheit.html", frame=frame, view=view, status=status)

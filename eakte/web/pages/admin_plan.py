"""Taking a filing plan over from a file: read, looked at with old and new values, then done in one act."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import FieldError as DomainFieldError
from eakte.errors import InvalidInput, StaleRevision
from eakte.language import _
from eakte.models import PlanClass
from eakte.operations.plan_import import COLUMNS, Changed, Difference, Value, compare_plan, take_over
from eakte.operations.plan_reading import entries_to_rows, read_upload, rows_to_entries
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_saying import shown
from eakte.operations.plan_words import PlanFileError
from eakte.operations.steps import begin_step, end_step, find_step
from eakte.terms import Actor, today
from eakte.web.pages.admin_sections import require_section
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page
from eakte.web.typed_days import as_typed, typed_day
from eakte.web.views import FileProblem, Form, PlanChange, PlanImportView, PlanPreview

router = APIRouter(include_in_schema=False)
HOME = "/administration/plan"
STEP = "plan"
LIFE = timedelta(hours=2)
"""How long a plan that was read waits for its act: it is looked at with care."""
SHOWN = 300
"""Rows of each list of the preview."""


@router.get(HOME)
def show(request: Request, actor: Person) -> Response:
    """The way to choose a file."""
    return _page(request, actor)


@router.post(HOME)
def look(request: Request, sent: Sent) -> Response:
    """Read a file and show what it would change, or everything that is wrong with it."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        require_section(session, sent.actor, "plan")
    upload = sent.file("file")
    if upload is None:
        error = InvalidInput(errors=[DomainFieldError("file", _("Bitte wählen Sie eine Datei."))])
        return _page(request, sent.actor, form=form_again(sent, error), status=422)
    try:
        rows = _read(upload)
        with backends.transactions.read() as session:
            found = compare_plan(session, sent.actor, rows)
    except PlanFileError as error:
        return _page(request, sent.actor, error=error, status=422)
    # A step of the way, no act: nothing of the plan changes, and it goes by itself.
    with backends.transactions.begin(sent.actor) as tx:
        remember = {"rows": rows_to_entries(rows), "filename": upload.filename or ""}
        user_id = sent.actor.user_id
        step = begin_step(tx.session, backends.transactions.ledger, STEP, user_id=user_id, remember=remember, life=LIFE)
    return _page(request, sent.actor, preview=_preview(found, step, upload.filename or "", rows))


@router.post(HOME + "/uebernehmen")
def take(request: Request, sent: Sent) -> Response:
    """Take over what was looked at."""
    backends = get_backends(request)
    step = sent.text("step")

    def act() -> str:
        _filename, rows = _remembered(tx.session, backends, sent.actor, step)
        day = typed_day(sent.text("valid_from"), at="valid_from", label=_("Gilt ab")) or today()
        close = sent.text("close_missing") == "on"
        take_over(tx, rows, digest=sent.text("digest"), valid_from=day, close_missing=close)
        end_step(tx.session, step)
        return f"{HOME}?ok=plan"

    try:
        with backends.transactions.begin(sent.actor) as tx:
            require_section(tx.session, sent.actor, "plan")
            return go(sent.once(tx, act))
    except PlanFileError as error:
        return _page(request, sent.actor, error=error, status=422)
    except StaleRevision as error:
        return _look_again(
            request, sent, step, InvalidInput(_("%(problem)s Hier steht, was jetzt gilt.", problem=error.detail))
        )
    except InvalidInput as error:
        return _look_again(request, sent, step, error)


def _remembered(session: Session, backends: Backends, actor: Actor, step: str) -> tuple[str, list[PlanRow]]:
    """The name and the plan of the file that this person looked at. Raises InvalidInput when that is over."""
    kept = find_step(session, backends.transactions.ledger, STEP, step)
    if kept is None or kept[0] != actor.user_id:
        raise InvalidInput(_("Die Vorschau ist abgelaufen. Bitte wählen Sie die Datei noch einmal."))
    return str(kept[1]["filename"]), entries_to_rows(kept[1]["rows"])


def _look_again(request: Request, sent: Submitted, step: str, error: InvalidInput) -> Response:
    """The preview as it would be now, with what is wrong; the way to choose a file where the preview is over."""
    backends = get_backends(request)
    form = form_again(sent, error)
    try:
        with backends.transactions.read() as session:
            filename, rows = _remembered(session, backends, sent.actor, step)
            found = compare_plan(session, sent.actor, rows)
    except PlanFileError as changed:
        return _page(request, sent.actor, error=changed, status=422)
    except InvalidInput as over:
        return _page(request, sent.actor, form=form_again(sent, over), status=422)
    return _page(request, sent.actor, preview=_preview(found, step, filename, rows, form), status=422)


def _read(upload: UploadFile) -> list[PlanRow]:
    """The file's plan. The throw-away process that reads it is given a file with the ending of the name."""
    with tempfile.TemporaryDirectory(prefix="eakte-plan-") as folder:
        suffix = Path(upload.filename or "").suffix.lower()
        path = Path(folder) / f"plan{suffix if suffix.isascii() and len(suffix) <= 6 else ''}"  # noqa: PLR2004 - ".xlsx"
        with path.open("wb") as file:
            shutil.copyfileobj(upload.file, file)
        return read_upload(path)


def _page(
    request: Request,
    actor: Actor,
    *,
    form: Form | None = None,
    error: PlanFileError | None = None,
    preview: PlanPreview | None = None,
    status: int = 200,
) -> Response:
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "plan")
        classes = session.scalar(select(func.count()).select_from(PlanClass)) or 0
    told = error.errors if error else ()
    view = PlanImportView(
        sections=sections,
        classes=classes,
        form=form or Form(),
        problems=tuple(FileProblem(each.at, each.message, each.rule) for each in told[:SHOWN]),
        more_problems=max(0, len(told) - SHOWN),
        preview=preview,
    )
    frame = make_frame(request, actor, area="administration")
    return page("planimport.html", frame=frame, view=view, status=status)


def _preview(
    found: Difference, step: str, filename: str, rows: Sequence[PlanRow], form: Form | None = None
) -> PlanPreview:
    notes = {row.number: row.note or "" for row in rows}
    new = (PlanChange(row.number, row.title, _rule(row), notes[row.number]) for row in found.new[:SHOWN])
    changed = (_change(each, notes[each.number]) for each in found.changed[:SHOWN])
    missing = (PlanChange(number, title) for _id, number, title in found.missing[:SHOWN])
    return PlanPreview(
        step=step,
        digest=found.digest,
        filename=filename,
        new=tuple(new),
        changed=tuple(changed),
        missing=tuple(missing),
        unchanged=found.unchanged,
        counts=(len(found.new), len(found.changed), len(found.missing)),
        form=form or Form(values={"valid_from": as_typed(today())}),
    )


def _rule(row: PlanRow) -> tuple[tuple[str, str, str], ...]:
    """What a new class says of keeping: all else is plain from its number and title."""
    said = (("term", row.term), ("legal_basis", row.legal_basis), ("appraisal", row.appraisal))
    return tuple((COLUMNS[name].value, "", shown(name, str(value))) for name, value in said if value is not None)


def _change(each: Changed, note: str) -> PlanChange:
    return PlanChange(each.number, each.title, tuple(_words(value) for value in each.values), note)


def _words(value: Value) -> tuple[str, str, str]:
    return COLUMNS[value.name].value, shown(value.name, value.before), shown(value.name, value.after)

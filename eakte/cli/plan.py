"""The filing plan from a file: looked at, or taken over in one act. The page of the administration does the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from eakte.cli.output import AsUser, JsonFlag, acting, backends
from eakte.cli.saying import emit, fail, say, wrong_call
from eakte.language import _, ngettext, shown_day
from eakte.operations.plan_files import read_plan
from eakte.operations.plan_import import COLUMNS, Difference, compare_plan, take_over
from eakte.operations.plan_rows import PlanRow
from eakte.operations.plan_saying import shown
from eakte.operations.plan_words import PlanFileError
from eakte.terms import today

plan = typer.Typer(help="Aktenplan.", no_args_is_help=True)
DAYS = ["%Y-%m-%d", "%d.%m.%Y"]
TOLD = 50
"""Lines of each kind that are said; `--json` has all."""


@plan.command("import")
def plan_import(
    file: Annotated[Path, typer.Argument(help="xlsx, csv oder yaml")],
    check: Annotated[bool, typer.Option("--check", help="Nur sagen, was sich ändern würde.")] = False,
    valid_from: Annotated[
        datetime | None, typer.Option("--valid-from", formats=DAYS, help="Tag, ab dem Änderungen gelten; sonst heute")
    ] = None,
    close_missing: Annotated[
        bool, typer.Option("--close-missing", help="Schließt auch, was in der Datei nicht steht.")
    ] = False,
    as_user: AsUser = None,
    as_json: JsonFlag = False,
) -> None:
    """Übernimmt einen Aktenplan mit Aufbewahrungsfristen: Neues und Geändertes; bei einem Fehler gar nichts davon."""
    if not file.is_file():
        wrong_call(_("Die Datei %(file)s gibt es nicht.", file=file))
    day = valid_from.date() if valid_from else today()
    try:
        rows = read_plan(file)
        with backends() as opened:
            with opened.transactions.read() as session:
                actor = acting(session, as_user)
                found = compare_plan(session, actor, rows)
            if not (check or found.is_empty(close_missing=close_missing)):
                with opened.transactions.begin(actor) as tx:
                    found = take_over(tx, rows, digest=found.digest, valid_from=day, close_missing=close_missing)
    except PlanFileError as error:
        _refuse(file, error, as_json=as_json)
    if as_json:
        emit(_report(rows, found, close_missing=close_missing))
        return
    _tell(rows, found, day, close_missing=close_missing, check=check)


def _refuse(file: Path, error: PlanFileError, *, as_json: bool) -> NoReturn:
    problems = [
        {"sheet": each.sheet, "row": each.row, "column": each.column, "rule": each.rule, "message": each.message}
        for each in error.errors
    ]
    if as_json:
        emit({"ok": False, "errors": problems})
    for each in problems[:TOLD]:
        place = ", ".join(str(each[name]) for name in ("sheet", "row", "column") if each[name])
        say(f"{place}: {each['message']}")
    fail(
        ngettext(
            "%(name)s hat %(num)s Fehler; nichts wurde übernommen.",
            "%(name)s hat %(num)s Fehler; nichts wurde übernommen.",
            len(problems),
            name=file.name,
        )
    )


def _report(rows: Sequence[PlanRow], found: Difference, *, close_missing: bool) -> dict[str, Any]:
    named = [{"number": number, "title": title} for _id, number, title in found.missing]
    return {
        "ok": True,
        "classes": len(rows),
        "created": len(found.new),
        "changed": len(found.changed),
        "closed": len(named) if close_missing else 0,
        "unchanged": found.unchanged,
        "differences": {
            "new": [{"number": row.number, "title": row.title} for row in found.new],
            "changed": [
                {
                    "number": each.number,
                    "title": each.title,
                    "values": [
                        {
                            "column": COLUMNS[value.name].value,
                            "before": shown(value.name, value.before),
                            "after": shown(value.name, value.after),
                        }
                        for value in each.values
                    ],
                }
                for each in found.changed
            ],
            "missing": named,
        },
        "errors": [],
        "notes": [
            {"sheet": row.position.sheet, "row": row.position.row, "number": row.number, "message": row.note}
            for row in rows
            if row.note
        ],
    }


def _tell(rows: Sequence[PlanRow], found: Difference, day: date, *, close_missing: bool, check: bool) -> None:
    for row in rows:
        if row.note:
            say(_("Hinweis: %(note)s", note=row.note))
    changes = [
        _(
            "%(number)s %(title)s: %(column)s bisher %(before)s, künftig %(after)s",
            number=each.number,
            title=each.title,
            column=COLUMNS[value.name].value,
            before=shown(value.name, value.before),
            after=shown(value.name, value.after),
        )
        for each in found.changed
        for value in each.values
    ]
    _lines(_("neu"), [f"{row.number} {row.title}" for row in found.new])
    _lines(_("geändert ab %(day)s", day=shown_day(day)), changes)
    what = _("geschlossen") if close_missing else _("nicht in der Datei, bleibt offen")
    _lines(what, [f"{number} {title}" for _id, number, title in found.missing])
    numbers = {"new": len(found.new), "changed": len(found.changed), "unchanged": found.unchanged}
    counted = _("%(new)s neu, %(changed)s geändert, %(unchanged)s wie bisher", **numbers)
    if close_missing:
        counted = _(
            "%(new)s neu, %(changed)s geändert, %(unchanged)s wie bisher, %(missing)s geschlossen",
            missing=len(found.missing),
            **numbers,
        )
    if check:
        say(
            ngettext(
                "%(num)s Aktenplaneinheit, kein Fehler. Übernommen würden: %(counted)s.",
                "%(num)s Aktenplaneinheiten, kein Fehler. Übernommen würden: %(counted)s.",
                len(rows),
                counted=counted,
            )
        )
    else:
        say(_("Übernommen: %(counted)s.", counted=counted))


def _lines(what: str, lines: Sequence[str]) -> None:
    for line in lines[:TOLD]:
        say(f"{what}: {line}")
    if len(lines) > TOLD:
        say(_("%(what)s: und %(number)s weitere (alle mit --json)", what=what, number=len(lines) - TOLD))

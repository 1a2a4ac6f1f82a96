"""Looking: doctor, search, index."""

from __future__ import annotations

from typing import Annotated

import typer

from eakte.cli.output import AsUser, JsonFlag, acting, backends, load_settings
from eakte.cli.progress import Progress
from eakte.cli.saying import emit, say, wrong_call
from eakte.embedded import EmbeddedError
from eakte.errors import EakteError
from eakte.language import _, ngettext, shown_moment
from eakte.operations import entries
from eakte.operations.health import Check, checks
from eakte.operations.searching import Question, find
from eakte.settings import Settings
from eakte.terms import BERLIN

index = typer.Typer(help="Suchindex: abgeleitet, jederzeit neu aufbaubar.", no_args_is_help=True)


def doctor(context: typer.Context, as_json: JsonFlag = False) -> None:
    """Prüft Datenbank, Ablage, Suche, Texterkennung, Virenprüfung, Uhr und Platz; zeigt die Einstellungen."""
    if context.invoked_subcommand is not None:
        return
    settings = load_settings()
    try:
        with backends() as opened:
            found = list(
                checks(
                    opened.database,
                    opened.transactions,
                    opened.blobs,
                    opened.search,
                    settings.data_dir,
                    opened.scanner,
                )
            )
    except (EakteError, EmbeddedError) as error:
        found = [Check(_("Start"), ok=False, detail=str(error), advice=_("Die Meldung nennt, was fehlt."))]
    ok = all(check.ok for check in found)
    if as_json:
        emit(
            {
                "ok": ok,
                "checks": [
                    {"name": check.name, "ok": check.ok, "detail": check.detail, "advice": check.advice}
                    for check in found
                ],
                "settings": _settings_shown(settings),
            }
        )
    else:
        for check in found:
            say(f"{'✓' if check.ok else '✗'} {check.name}: {check.detail}")
            if not check.ok and check.advice:
                say(f"    → {check.advice}")
        say(_("Einstellungen:"))
        for name, value in _settings_shown(settings).items():
            say(f"  {name}={value}")
    if not ok:
        raise typer.Exit(1)


def search(
    text: Annotated[str, typer.Argument(help="Suchwörter")],
    as_user: AsUser = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200)] = 20,
    as_json: JsonFlag = False,
) -> None:
    """Sucht, was die Person findet, für die gehandelt wird."""
    if as_user is None:
        wrong_call(_("--as KENNUNG ist nötig: gefunden wird nur, was diese Person sehen darf."))
    from eakte.api.search import answer  # noqa: PLC0415 - the web framework, for this command alone

    with backends() as opened, opened.transactions.read() as session:
        actor = acting(session, as_user)
        result = find(session, opened.blobs, opened.search, actor, Question(text=text, limit=limit))
        shape = answer(result, None)
    if as_json:
        emit(shape.model_dump(mode="json"))
        return
    say(ngettext("%(num)s Treffer", "%(num)s Treffer", shape.total))
    for hit in shape.hits:
        place = hit.dossier.reference_number if hit.dossier else _("Posteingang")
        typer.echo(f"{place}  {hit.document.title}")
        for passage in hit.passages:
            typer.echo("    " + _("S. %(page)s: %(text)s", page=passage.page, text=passage.text))


@index.command("rebuild")
def index_rebuild(as_json: JsonFlag = False) -> None:
    """Baut den Suchindex aus der Datenbank neu auf; der alte antwortet, bis der neue fertig ist."""
    with backends() as opened, Progress(_("Suchindex"), _("Dokumente")) as progress:
        done = 0
        for done, total in entries.rebuild(opened.transactions, opened.blobs, opened.search):
            progress.show(done, total)
        entries.index_pending(opened.transactions, opened.blobs, opened.search)
    if as_json:
        emit({"ok": True, "documents": done})
    else:
        say(ngettext("%(num)s Dokument ist im neuen Index.", "%(num)s Dokumente sind im neuen Index.", done))


@index.command("status")
def index_status(as_json: JsonFlag = False) -> None:
    """Zeigt, wie weit der Suchindex hinter der Datenbank liegt."""
    with backends() as opened:
        status = entries.status(opened.transactions, opened.search)
    rebuild = status.rebuild
    if as_json:
        emit(
            {
                "documents": status.documents,
                "indexed": status.indexed,
                "waiting": status.waiting,
                "waiting_since": status.waiting_since,
                "condition": status.condition.value,
                "generation": status.generation,
                "rebuild": {"generation": rebuild.name, "done": rebuild.done} if rebuild else None,
            }
        )
        return
    indexed = ngettext(
        "%(indexed)s von %(num)s Dokument im Index",
        "%(indexed)s von %(num)s Dokumenten im Index",
        status.documents,
        indexed=status.indexed,
    )
    waiting = ngettext("%(num)s wartet", "%(num)s warten", status.waiting)
    if status.waiting_since:
        since = shown_moment(status.waiting_since.astimezone(BERLIN))
        say(_("%(indexed)s, %(waiting)s seit %(since)s.", indexed=indexed, waiting=waiting, since=since))
    else:
        say(_("%(indexed)s, %(waiting)s.", indexed=indexed, waiting=waiting))
    say(
        _(
            "Zustand: %(condition)s, Generation %(generation)s",
            condition=status.condition.value,
            generation=status.generation or _("keine"),
        )
    )
    if rebuild is not None:
        say(
            ngettext(
                "Neuaufbau %(name)s: %(done)s von %(num)s Dokument;"
                " `eakte index rebuild` setzt ihn fort, wenn er abgebrochen ist.",
                "Neuaufbau %(name)s: %(done)s von %(num)s Dokumenten;"
                " `eakte index rebuild` setzt ihn fort, wenn er abgebrochen ist.",
                status.documents,
                name=rebuild.name,
                done=rebuild.done,
            )
        )


def _settings_shown(settings: Settings) -> dict[str, str]:
    """Settings by variable; secrets stay masked."""
    shown = {f"EAKTE_{name.upper()}": str(getattr(settings, name)) for name in type(settings).model_fields}
    url = settings.blob_url.get_secret_value()
    # Where files lie is worth knowing; whatever stands before the last @ may be a key.
    if url.startswith("file://"):
        shown["EAKTE_STORAGE_URL"] = url
    elif "@" in url:
        shown["EAKTE_STORAGE_URL"] = f"{url.partition('://')[0]}://**********@{url.rpartition('@')[2]}"
    return shown

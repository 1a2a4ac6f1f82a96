"""`eakte`: every command by its name. Exit codes: 0 done, 1 the thing failed, 2 wrong call."""

from __future__ import annotations

import gc
import importlib
import logging
import sys
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

import typer
from typer._click.exceptions import NoArgsIsHelpError, UsageError

from eakte.cli import calling
from eakte.cli.saying import say
from eakte.embedded import EmbeddedError
from eakte.errors import EakteError
from eakte.language import _, gettext, msgid
from indexing.search_errors import SearchError
from storage.errors import StorageError

if TYPE_CHECKING:
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import Processor

# Which module has which command, and what help says of it. Only what is called is imported: a worker needs no pages and
# no sample data, a command that looks something up answers a second earlier, and help needs none of them.
_COMMANDS = {
    "serve": (
        "serving:serve",
        msgid("Startet den Dienst. Mit eingebetteter Datenbank arbeitet ein Helfer im selben Prozessbaum mit."),
    ),
    "work": ("working:work", msgid("Arbeitet Aufträge ab: Texterkennung, PDF/A, Suchindex, Protokoll.")),
    "migrate": (
        "administration:migrate_command",
        msgid("Bringt das Schema der Datenbank auf den Stand dieses Programms."),
    ),
    "demo": (
        "demo:demo",
        msgid("Legt eine Beispielkommune an: Aktenplan, Einheiten, Konten, Akten und selbst gemachte Dokumente."),
    ),
    "search": ("inspecting:search", msgid("Sucht, was die Person findet, für die gehandelt wird.")),
    "doctor": (
        "worm:doctor",
        msgid("Prüft Datenbank, Ablage, Suche, Texterkennung, Virenprüfung, Uhr und Platz; zeigt die Einstellungen."),
    ),
    "plan": ("plan:plan", msgid("Aktenplan.")),
    "user": ("administration:user", msgid("Konten von Menschen und Maschinen.")),
    "token": ("administration:token", msgid("Zugriffsschlüssel.")),
    "database": ("administration:database", msgid("Datenbank.")),
    "index": ("inspecting:index", msgid("Suchindex: abgeleitet, jederzeit neu aufbaubar.")),
    "audit": ("audit:audit", msgid("Protokoll: prüfen, beweisen, ausgeben.")),
    "storage": ("storing:storage", msgid("Ablage der Dateien.")),
}


def commands(called: str | None = None) -> typer.Typer:
    """The command line with the command of that name alone; where there is none (help, typos) all names with a line."""
    app = typer.Typer(
        name="eakte",
        help="Offener E-Akten-Dienst für Kommunen.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)
    if called not in _COMMANDS:
        for name, (_place, line) in _COMMANDS.items():
            app.command(name, help=gettext(line))(_no_options)
        return app
    module, attribute = _COMMANDS[called][0].split(":")
    command = getattr(importlib.import_module(f"eakte.cli.{module}"), attribute)
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=called)
    else:
        app.command(called)(command)
    return app


def _no_options() -> None:
    """Offener E-Akten-Dienst für Kommunen."""


TOLD = ("path", "problem", "document", "job", "blob", "kept", "windows", "reason")
"""What our lines say beside the event. Those of libraries carry more, whole jobs among it."""


class _Told(logging.StreamHandler[TextIO]):
    """Structured lines on standard error: JSON for machines, readable on a terminal.

    Most commands have nothing to log; what makes the lines is loaded with the first one.
    """

    @cached_property
    def _lines(self) -> ProcessorFormatter:
        import structlog  # noqa: PLC0415 - see above

        shared: list[Processor] = [
            structlog.stdlib.add_log_level,
            structlog.stdlib.ExtraAdder(allow=TOLD),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
        ]
        renderer: Processor = (
            structlog.dev.ConsoleRenderer()
            if self.stream.isatty()
            else structlog.processors.JSONRenderer(ensure_ascii=False)
        )
        return structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared)

    def format(self, record: logging.LogRecord) -> str:
        return self._lines.format(record)


def configure_logging() -> None:
    """Warnings and worse, on standard error."""
    logging.basicConfig(level=logging.WARNING, handlers=[_Told(sys.stderr)], force=True)
    # Each repeated request of the storage is a warning there; what does not succeed in the end is said by us.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def main() -> None:
    """Run a command; every expected failure is one line in the user's words."""
    configure_logging()
    try:
        command = commands(sys.argv[1] if len(sys.argv) > 1 else None)
        if not gc.isenabled():  # as a process of its own starts, until all is loaded
            gc.freeze()
            gc.enable()
        sys.exit(command(prog_name="eakte", standalone_mode=False))
    except NoArgsIsHelpError:
        sys.exit(2)  # help was printed
    except UsageError as error:
        say(_("Aufruf: %(sentence)s", sentence=calling.sentence_of(error)))
        sys.exit(2)
    except EakteError as error:
        parts = [error.title, error.detail or "", *(each.message for each in error.errors)]
        say(_("Fehler: %(error)s", error=" ".join(part for part in parts if part)))
        sys.exit(1)
    except (EmbeddedError, StorageError, SearchError) as error:
        say(_("Fehler: %(error)s", error=error))
        sys.exit(1)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(130)

"""`eakte`: every command by its name. Exit codes: 0 done, 1 the thing failed, 2 wrong call."""

from __future__ import annotations

import gc
import importlib
import logging
import sys

import structlog
import typer

from eakte.cli.output import say
from eakte.embedded import EmbeddedError
from eakte.errors import EakteError
from eakte.language import _
from indexing.search_errors import SearchError
from storage.errors import StorageError

# Which module has which command. Only what is called is imported: a worker needs no pages and no sample data, and a
# command that looks something up answers a second earlier.
_COMMANDS = {
    "serve": "serving:serve",
    "work": "working:work",
    "migrate": "administration:migrate_command",
    "demo": "demo:demo",
    "search": "inspecting:search",
    "doctor": "worm:doctor",
    "plan": "plan:plan",
    "user": "administration:user",
    "token": "administration:token",
    "database": "administration:database",
    "index": "inspecting:index",
    "audit": "audit:audit",
    "storage": "inspecting:storage",
}


def commands(called: str | None = None) -> typer.Typer:
    """The command line with the command of that name alone; whole where there is none of that name (help, typos)."""
    app = typer.Typer(
        name="eakte",
        help="Offener E-Akten-Dienst für Kommunen.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_no_options)
    for name in [called] if called in _COMMANDS else list(_COMMANDS):
        module, attribute = _COMMANDS[name].split(":")
        command = getattr(importlib.import_module(f"eakte.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    return app


def _no_options() -> None:
    """Offener E-Akten-Dienst für Kommunen."""


def configure_logging() -> None:
    """Structured lines on standard error: JSON for machines, readable on a terminal."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=("path", "problem", "document", "job", "reason")),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
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
        command()
    except EakteError as error:
        parts = [error.title, error.detail or "", *(each.message for each in error.errors)]
        say(_("Fehler: %(error)s", error=" ".join(part for part in parts if part)))
        sys.exit(1)
    except (EmbeddedError, StorageError, SearchError) as error:
        say(_("Fehler: %(error)s", error=error))
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

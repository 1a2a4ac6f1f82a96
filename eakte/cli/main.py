"""`eakte`: every command by its name. Exit codes: 0 done, 1 the thing failed, 2 wrong call."""

from __future__ import annotations

import logging
import sys

import structlog
import typer

from eakte.cli import administration, demo, inspecting, serving, working, worm
from eakte.cli.output import say
from eakte.embedded import EmbeddedError
from eakte.errors import EakteError
from indexing.search_errors import SearchError
from storage.errors import StorageError

app = typer.Typer(
    name="eakte",
    help="Offener E-Akten-Dienst für Kommunen.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serving.serve)
app.command("work")(working.work)
app.command("migrate")(administration.migrate_command)
app.command("demo")(demo.demo)
examination = typer.Typer(invoke_without_command=True)
examination.callback()(inspecting.doctor)
examination.command("worm")(worm.worm)
app.add_typer(examination, name="doctor")
app.command("search")(inspecting.search)
app.add_typer(administration.plan, name="plan")
app.add_typer(administration.user, name="user")
app.add_typer(administration.token, name="token")
app.add_typer(administration.database, name="database")
app.add_typer(inspecting.index, name="index")
app.add_typer(inspecting.audit, name="audit")
app.add_typer(inspecting.storage, name="storage")


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
        app()
    except EakteError as error:
        parts = [error.title, error.detail or "", *(each.message for each in error.errors)]
        say("Fehler: " + " ".join(part for part in parts if part))
        sys.exit(1)
    except (EmbeddedError, StorageError, SearchError) as error:
        say(f"Fehler: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

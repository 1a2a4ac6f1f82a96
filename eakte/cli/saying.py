"""What commands print and how they fail. Loads nothing, so that help and a wrong call are answered at once."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

import typer

from eakte.language import _


def say(sentence: str) -> None:
    """Tell the operator something; never data."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def emit(value: Any) -> None:
    """Print a result as one line of JSON."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def fail(sentence: str, advice: str = "") -> NoReturn:
    """End with one line and exit code 1."""
    say(_("Fehler: %(error)s", error=f"{sentence} {advice}" if advice else sentence))
    raise typer.Exit(1)


def wrong_call(sentence: str) -> NoReturn:
    """End with one line and exit code 2."""
    say(_("Aufruf: %(sentence)s", sentence=sentence))
    raise typer.Exit(2)

"""A wrong call in the operator's words: one line, whatever the library would have drawn around it."""

from __future__ import annotations

import re
from difflib import get_close_matches

from pydantic import ValidationError
from typer import BadParameter
from typer._click.exceptions import BadOptionUsage, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperGroup

from eakte.language import _, gettext, msgid

_EXPECTED = {
    "int_parsing": msgid("eine ganze Zahl"),
    "uuid_parsing": msgid("eine Kennung wie 0191c2f4-7d3e-7b1a-9c55-1f2e3d4c5b6a"),
    "date_from_datetime_parsing": msgid("ein Tag wie 2026-12-31"),
    "date_parsing": msgid("ein Tag wie 2026-12-31"),
}
"""By pydantic's name of the error."""


def sentence_of(error: UsageError) -> str:
    """What is wrong with the call, and where its help is."""
    place = error.ctx.command_path if error.ctx else "eakte"
    return _("%(wrong)s Hilfe: %(place)s --help", wrong=_wrong(error), place=place)


def _wrong(error: UsageError) -> str:
    if isinstance(error, MissingParameter):
        return _("Es fehlt: %(name)s.", name=_name(error))
    if isinstance(error, BadParameter):
        return _("%(name)s: %(wrong)s", name=_name(error), wrong=_unfit(error))
    if isinstance(error, NoSuchOption | BadOptionUsage):
        return _wrong_option(error)
    named = re.search(r"'(.+?)'", error.message)
    if error.ctx and isinstance(error.ctx.command, TyperGroup) and named:
        known = error.ctx.command.list_commands(error.ctx)
        wrong = _("Den Befehl %(command)s gibt es nicht.", command=named[1])
        return wrong + _meant(get_close_matches(named[1], known))
    too_many = re.search(r"\(([^()]+)\)$", error.message)
    return _("Das ist zu viel: %(values)s.", values=too_many[1]) if too_many else error.message


def _wrong_option(error: NoSuchOption | BadOptionUsage) -> str:
    if isinstance(error, NoSuchOption):
        wrong = _("Die Option %(option)s gibt es nicht.", option=error.option_name)
        return wrong + _meant(list(error.possibilities or ()))
    if "does not take" in error.message:
        return _("Die Option %(option)s nimmt keinen Wert.", option=error.option_name)
    return _("Die Option %(option)s braucht einen Wert.", option=error.option_name)


def _meant(possible: list[str]) -> str:
    return _(" Gemeint ist vielleicht: %(possible)s.", possible=", ".join(possible)) if possible else ""


def _name(error: BadParameter) -> str:
    param = error.param
    if param is None:
        return _("Angabe")
    return param.opts[-1] if param.param_type_name == "option" else str(param.name)


def _unfit(error: BadParameter) -> str:
    if isinstance(error.__cause__, ValidationError):
        (first, *_rest) = error.__cause__.errors()
        if expected := _EXPECTED.get(first["type"]):
            return _(
                "%(value)s ist nicht, was erwartet wird: %(expected)s.",
                value=first["input"],
                expected=gettext(expected),
            )
    if "does not exist" in error.message:
        return _("Die Datei gibt es nicht.")
    return error.message

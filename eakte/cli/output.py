"""What commands share: their options, their settings and backends, and who acts."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.orm import Session

from eakte.bootstrap import Backends, open_backends
from eakte.cli.saying import say
from eakte.errors import SetupFailed
from eakte.language import _
from eakte.malformed import sentence_of
from eakte.operations.accounts import actor_of, find_user, session_scopes
from eakte.settings import Settings
from eakte.terms import SYSTEM, Actor, Scope

JsonFlag = Annotated[bool, typer.Option("--json", help="Ergebnis als JSON auf die Standardausgabe.")]
AsUser = Annotated[str | None, typer.Option("--as", help="Kennung, für die gehandelt wird.", metavar="KENNUNG")]


def load_settings() -> Settings:
    """The settings of the environment. Raises SetupFailed naming the variable."""
    try:
        return Settings()
    except ValidationError as error:
        each = error.errors()[0]
        name = "EAKTE_" + "_".join(str(part) for part in each["loc"]).upper()
        raise SetupFailed(f"{name}: {sentence_of(each)}") from None
    except SettingsError as error:
        raise SetupFailed(str(error)) from None


@contextmanager
def backends() -> Iterator[Backends]:
    """The backends of this command."""
    with open_backends(load_settings(), say=say) as opened:
        yield opened


def acting(session: Session, login: str | None) -> Actor:
    """Who acts: the named account, marked with the machine's user; without one the service itself, marked alike."""
    machine = getpass.getuser()
    if login is None:
        return Actor(
            user_id=None,
            name=SYSTEM.name,
            display_name=_("%(machine)s (Maschine)", machine=machine),
            roles=SYSTEM.roles,
            unit_id=None,
            level=SYSTEM.level,
            scopes=SYSTEM.scopes,
            machine=machine,
        )
    user = find_user(session, login)
    return actor_of(user, scopes=session_scopes(user) | frozenset(Scope), machine=machine)

"""Accounts, keys, database: what an administrator or registrar does on the machine."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import uuid
from typing import Annotated
from urllib.parse import unquote, urlsplit

import typer

from eakte.bootstrap import open_backends
from eakte.cli.output import AsUser, JsonFlag, acting, backends, load_settings
from eakte.cli.saying import emit, fail, say, wrong_call
from eakte.embedded import client_program
from eakte.language import _
from eakte.operations.accounts import (
    create_token,
    create_user,
    find_token,
    find_user,
    list_tokens,
    list_users,
    revoke_token,
)
from eakte.operations.schema import migrate
from eakte.operations.second_factor import remove_second_factor
from eakte.operations.signing_in import set_password
from eakte.operations.units import create_unit, find_unit, list_units
from eakte.terms import Level, Role, Scope

user = typer.Typer(help="Konten von Menschen und Maschinen.", no_args_is_help=True)
token = typer.Typer(help="Zugriffsschlüssel.", no_args_is_help=True)
database = typer.Typer(help="Datenbank.", no_args_is_help=True)


def migrate_command(as_json: JsonFlag = False) -> None:
    """Bringt das Schema der Datenbank auf den Stand dieses Programms."""
    with open_backends(load_settings(), say=say, require_schema=False) as opened:
        revision = migrate(opened.database)
    if as_json:
        emit({"revision": revision})
    else:
        say(_("Die Datenbank ist auf Stand %(revision)s.", revision=revision))


@user.command("add")
def user_add(
    name: Annotated[str, typer.Argument(help="Kennung")],
    role: Annotated[list[Role], typer.Option("--role", help="mehrfach möglich")],
    unit: Annotated[str | None, typer.Option("--unit", help="Nummer der Organisationseinheit")] = None,
    display_name: Annotated[str | None, typer.Option("--display-name")] = None,
    level: Annotated[str, typer.Option("--level", help="open, internal oder protected")] = "internal",
    machine: Annotated[bool, typer.Option("--machine", help="Maschinenkonto ohne Passwort")] = False,
    operator: Annotated[
        str | None, typer.Option("--operator", help="Person, die für ein Maschinenkonto verantwortlich ist")
    ] = None,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Passwort von der Standardeingabe")] = False,
    as_user: AsUser = None,
    as_json: JsonFlag = False,
) -> None:
    """Legt ein Konto an. Ohne --password-stdin wird ein Passwort erzeugt und einmal gezeigt.

    Eine Organisationseinheit, die es noch nicht gibt, wird angelegt, solange es noch gar keine gibt.
    """
    if level.upper() not in Level.__members__:
        wrong_call(_("--level ist open, internal oder protected."))
    password = None if machine else (sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12))
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, as_user)
            first = not list_units(session)
        with opened.transactions.begin(actor) as tx:
            if unit and first:
                create_unit(tx, number=unit, name=unit, parent_id=None)
            row = create_user(
                tx,
                login=name,
                display_name=display_name or name,
                roles=role,
                unit_id=find_unit(tx.session, unit).id if unit else None,
                level=Level.parse(level),
                password=password,
                machine=machine,
                operator=operator,
            )
            user_id = row.id
    shown = None if machine or password_stdin else password
    if as_json:
        emit({"id": str(user_id), "login": name, "password": shown})
    else:
        without = _("Das Konto %(login)s ist angelegt.", login=name)
        say(
            _("Das Konto %(login)s ist angelegt. Passwort: %(password)s", login=name, password=shown)
            if shown
            else without
        )


@user.command("password")
def user_password(
    name: Annotated[str, typer.Argument(help="Kennung")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Passwort von der Standardeingabe")] = False,
    as_user: AsUser = None,
    as_json: JsonFlag = False,
) -> None:
    """Setzt ein neues Passwort und beendet alle Anmeldungen des Kontos. Nur auf dem Rechner des Dienstes."""
    password = sys.stdin.readline().rstrip("\n") if password_stdin else secrets.token_urlsafe(12)
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, as_user)
        with opened.transactions.begin(actor) as tx:
            set_password(tx, find_user(tx.session, name), password, municipality=opened.settings.municipality)
    shown = None if password_stdin else password
    if as_json:
        emit({"login": name, "password": shown})
    else:
        without = _("Das Passwort von %(login)s ist gesetzt.", login=name)
        say(
            _("Das Passwort von %(login)s ist gesetzt. Es lautet: %(password)s", login=name, password=shown)
            if shown
            else without
        )


@user.command("reset-second-factor")
def user_reset_second_factor(
    name: Annotated[str, typer.Argument(help="Kennung")], as_user: AsUser = None, as_json: JsonFlag = False
) -> None:
    """Nimmt den zweiten Faktor weg, wenn das Gerät verloren ist; das Passwort gilt weiter."""
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, as_user)
        with opened.transactions.begin(actor) as tx:
            remove_second_factor(tx, find_user(tx.session, name))
    emit({"login": name}) if as_json else say(_("Der zweite Faktor von %(name)s ist weggenommen.", name=name))


@token.command("create")
def token_create(
    user_name: Annotated[str, typer.Option("--user", help="Kennung")],
    scope: Annotated[list[Scope], typer.Option("--scope", help="mehrfach möglich")],
    name: Annotated[str | None, typer.Option("--name", show_default="Kommandozeile")] = None,
    days: Annotated[int | None, typer.Option("--days", min=1, max=3650, help="Gültigkeit in Tagen")] = None,
    as_user: AsUser = None,
    as_json: JsonFlag = False,
) -> None:
    """Erzeugt einen Zugriffsschlüssel; er wird nur dieses eine Mal gezeigt."""
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, as_user)
        with opened.transactions.begin(actor) as tx:
            owner, said = find_user(tx.session, user_name), name or _("Kommandozeile")
            _row, secret = create_token(tx, user=owner, name=said, scopes=scope, days=days)
    if as_json:
        emit({"token": secret})
    else:
        sys.stdout.write(secret + "\n")


@token.command("list")
def token_list(
    user_name: Annotated[str | None, typer.Option("--user", help="Kennung; ohne: alle")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Zählt die Zugriffsschlüssel auf, neueste zuerst."""
    with backends() as opened, opened.transactions.read() as session:
        owner = find_user(session, user_name).id if user_name else None
        logins = {each.id: each.login for each in list_users(session)}
        rows = [
            {
                "id": str(row.id),
                "user": logins[row.user_id],
                "name": row.name,
                "prefix": row.prefix,
                "scopes": row.scopes,
                "expires_at": row.expires_at,
                "revoked_at": row.revoked_at,
                "last_used_at": row.last_used_at,
            }
            for row in list_tokens(session, owner)
        ]
    if as_json:
        emit({"tokens": rows})
        return
    for row in rows:
        state = _("gilt bis %(expires_at)s", expires_at=row["expires_at"] or _("auf Weiteres"))
        if row["revoked_at"]:
            state = _("beendet")
        sys.stdout.write(f"{row['id']}  {row['prefix']}…  {row['user']}  {row['name']}  {state}\n")


@token.command("revoke")
def token_revoke(
    token_id: Annotated[uuid.UUID, typer.Argument(help="id aus eakte token list")],
    as_user: AsUser = None,
    as_json: JsonFlag = False,
) -> None:
    """Beendet einen Zugriffsschlüssel sofort."""
    with backends() as opened:
        with opened.transactions.read() as session:
            actor = acting(session, as_user)
        with opened.transactions.begin(actor) as tx:
            revoke_token(tx, find_token(tx.session, tx.actor, token_id))
    emit({"id": str(token_id)}) if as_json else say(_("Der Zugriffsschlüssel ist beendet."))


@database.command("url")
def database_url(as_json: JsonFlag = False) -> None:
    """Zeigt die Verbindung der benutzten Datenbank, auch der eigenen. Sie enthält das Passwort."""
    with backends() as opened:
        url = opened.database.url
    if as_json:
        emit({"url": url})
    else:
        sys.stdout.write(url + "\n")


@database.command("shell")
def database_shell() -> None:
    """Öffnet psql auf der benutzten Datenbank."""
    with backends() as opened:
        program = client_program("psql")
        if program is None:
            fail(_("psql wurde nicht gefunden."), _("Bitte das Paket postgresql-client einrichten."))
        parts = urlsplit(opened.database.url)
        # The password goes by the environment: arguments are readable for every user of the machine.
        secret = {"PGPASSWORD": unquote(parts.password)} if parts.password else {}
        account = parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@", 1)).geturl()
        code = subprocess.run([program, account], env={**os.environ, **secret}, check=False).returncode
    raise typer.Exit(1 if code else 0)

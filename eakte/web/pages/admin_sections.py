"""The pages of the administration, and which of them are a person's."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from eakte.access import headed_units
from eakte.errors import NotFound
from eakte.language import _, msgid
from eakte.terms import Actor, Role
from eakte.web.views import Section

SECTIONS = (
    (Section("zustand", msgid("Zustand"), "monitor_heart"), {Role.ADMIN}),
    (Section("benutzer", msgid("Benutzer"), "group"), {Role.ADMIN, Role.REGISTRAR}),
    (Section("einheiten", msgid("Organisationseinheiten"), "account_tree"), {Role.ADMIN, Role.REGISTRAR}),
    (Section("rollen", msgid("Rollen und Rechte"), "badge"), {Role.ADMIN, Role.REGISTRAR}),
    (Section("plan", msgid("Aktenplan und Fristen"), "folder"), {Role.REGISTRAR}),
    (Section("schluessel", msgid("Zugriffsschlüssel"), "key"), {Role.ADMIN, Role.REGISTRAR}),
    (Section("einstellungen", msgid("Einstellungen"), "tune"), {Role.ADMIN}),
    (Section("protokoll", msgid("Prüfprotokoll"), "policy"), {Role.AUDITOR}),
)
"""Each page with the roles that may use it (records, "Who may do what")."""

OF_A_HEAD = "benutzer"
"""What the head of a unit has of it: the people of the unit and their roles."""


def sections_of(session: Session, actor: Actor) -> tuple[Section, ...]:
    """The pages that a person may use, in order; none for most people."""
    mine = [section for section, roles in SECTIONS if actor.has(*roles)]
    if not mine and headed_units(session, actor.user_id):
        mine = [section for section, _roles in SECTIONS if section.name == OF_A_HEAD]
    return tuple(replace(section, label=_(section.label)) for section in mine)


def require_section(session: Session, actor: Actor, name: str) -> tuple[Section, ...]:
    """The person's pages, this one among them. Raises NotFound: who may not use one is not told that it is there."""
    mine = sections_of(session, actor)
    if name not in {section.name for section in mine}:
        raise NotFound
    return mine

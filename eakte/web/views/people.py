"""People and units in the administration: accounts with their roles, units with their heads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from eakte.web.views.administration import Section
from eakte.web.views.parts import Choice, Form
from eakte.web.views.plan import TreeNode


@dataclass(frozen=True, slots=True)
class UserRow:
    """An account in the list."""

    href: str
    name: str
    login: str
    unit: str
    roles: tuple[str, ...]
    seen: datetime | None
    state: Literal["active", "locked", "machine", "idle"] = "active"
    idle_days: int = 0
    head: bool = False


@dataclass(frozen=True, slots=True)
class NewAccount:
    """POST /administration/benutzer: login, display_name, kind, operator, unit, level, role_… ."""

    roles: tuple[str, ...]
    units: tuple[Choice, ...]
    levels: tuple[str, ...] = ("internal", "open", "protected")
    form: Form = field(default_factory=Form)


@dataclass(frozen=True, slots=True)
class UsersView:
    """GET /administration/benutzer?einheit=&rolle=&q=."""

    sections: tuple[Section, ...]
    tree: tuple[TreeNode, ...]
    rows: tuple[UserRow, ...]
    unit: str = ""
    role: str = ""
    query: str = ""
    roles: tuple[str, ...] = ()
    next: str = ""
    new: NewAccount | None = None
    made: str = ""
    """The login of an account that was just made, and its first password, shown this once."""
    password: str = ""
    section: str = "benutzer"

    @property
    def filtered(self) -> bool:
        """Whether not all are asked for."""
        return bool(self.unit or self.role or self.query)


@dataclass(frozen=True, slots=True)
class UserView:
    """GET and POST /administration/benutzer/{id}: role_…, unit, level, revision.

    POST …/sperren, …/entsperren, …/zweiter-faktor: revision.
    """

    sections: tuple[Section, ...]
    id: str
    name: str
    login: str
    revision: int
    unit: str
    level: str
    active: bool
    machine: bool
    seen: datetime | None
    roles: tuple[str, ...]
    """Those that the account has."""
    operator: str = ""
    heads: tuple[str, ...] = ()
    second_factor: bool = False
    offered: tuple[str, ...] = ()
    """Roles that the person may give or take here; the others are only named."""
    units: tuple[Choice, ...] = ()
    """Where unit and level may be changed too."""
    levels: tuple[str, ...] = ("internal", "open", "protected")
    may_lock: bool = False
    may_unlock: bool = False
    may_reset: bool = False
    own: bool = False
    form: Form = field(default_factory=Form)
    section: str = "benutzer"


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role: what it may, who gives it, who has it."""

    code: str
    may: str
    given_by: str
    count: int
    href: str


@dataclass(frozen=True, slots=True)
class RolesView:
    """GET /administration/rollen."""

    sections: tuple[Section, ...]
    rows: tuple[RoleRow, ...]
    section: str = "rollen"


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in the list, in the order of the tree; `depth` from 0."""

    href: str
    number: str
    name: str
    depth: int
    head: str = ""
    people: int = 0
    closed: date | None = None
    successor: str = ""


@dataclass(frozen=True, slots=True)
class UnitsView:
    """GET /administration/einheiten; POST there: number, name, parent."""

    sections: tuple[Section, ...]
    rows: tuple[UnitRow, ...]
    parents: tuple[Choice, ...] = ()
    new: Form = field(default_factory=Form)
    section: str = "einheiten"


@dataclass(frozen=True, slots=True)
class EffectView:
    """What merging or splitting would change: words with numbers."""

    rows: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class UnitView:
    """GET and POST /administration/einheiten/{id}: name, revision.

    POST …/leitung: head; …/zusammenfassen: into, reason; …/teilen: to, plan_classes, users, reason. The last two show
    first what they change.
    """

    sections: tuple[Section, ...]
    id: str
    number: str
    name: str
    revision: int
    parent: str = ""
    people: int = 0
    closed: date | None = None
    successor: str = ""
    rename: Form | None = None
    head: Form | None = None
    head_name: str = ""
    others: tuple[Choice, ...] = ()
    merge: Form | None = None
    merge_effect: EffectView | None = None
    split: Form | None = None
    split_effect: EffectView | None = None
    section: str = "einheiten"

"""The own account: sessions, keys, second factor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eakte.web.views.parts import Form


@dataclass(frozen=True, slots=True)
class AccountView:
    """POST /konto: theme, density, keys. And who one is here."""

    name: str
    login: str
    units: tuple[str, ...]
    roles: tuple[str, ...]
    signed_in: datetime
    deputies: bool = False
    """Whether the person can be represented: /konto/vertretung."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A signed-in browser."""

    id: str
    browser: str
    """„Firefox, Linux“, as it calls itself."""
    address: str
    method: str
    since: datetime
    seen: datetime
    current: bool = False


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An access key, without the key."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    expires: datetime | None
    used: datetime | None


@dataclass(frozen=True, slots=True)
class SecurityView:
    """GET /konto/sicherheit, and again with the form that came back."""

    sessions: tuple[SessionRow, ...]
    tokens: tuple[TokenRow, ...]
    scopes: tuple[str, ...]
    """Those that a key of this person may have."""
    has_password: bool = True
    second_factor: bool = False
    codes_left: int = 0
    provider: str = ""
    """Whether accounts can be connected with a provider, and with this one: "", "no" or "yes"."""
    password: Form = field(default_factory=Form)
    factor: Form = field(default_factory=Form)
    token: Form = field(default_factory=Form)
    new_token: str = ""
    """A key that was just made, shown this once."""


@dataclass(frozen=True, slots=True)
class SecondFactorView:
    """GET and POST /konto/zweiter-faktor: enrolling; with `codes` it is done and they are shown this once."""

    secret: str = ""
    """In groups of four, to be typed."""
    form: Form = field(default_factory=Form)
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderView:
    """Before the way to the provider to connect an account: a form may not lead to another site, a link may.

    Without address the provider does not answer.
    """

    href: str

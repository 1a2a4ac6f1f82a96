"""Signing in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from eakte.web.views.parts import Form, Link


@dataclass(frozen=True, slots=True)
class SignInView:
    """The sign-in page. Wrong and unknown look the same; a pause says until when."""

    form: Form = field(default_factory=Form)
    next: str = "/"
    locked_until: datetime | None = None
    code_wanted: bool = False
    """The password was right, a one-time code is asked for."""
    oidc: Link | None = None
    trouble: str = ""
    """Why the provider did not sign the person in: a sentence with what to do now."""
    provider_out: Link | None = None
    """Where a person who has signed out here may sign out at the provider too."""
    help: str = ""
    """Whom to ask, as the municipality set it."""
    insecure: bool = False
    """The address is neither TLS nor localhost, so the session cookie will not stick; the page says so."""

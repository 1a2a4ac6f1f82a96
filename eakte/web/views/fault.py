"""An answer that is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ErrorView:
    """An answer that is none; 404 says the same for missing and unreadable."""

    status: Literal[403, 404, 500, 503]
    reference: str
    """Number for questions, also in the log."""
    detail: str = ""
    """403 only: what exactly is not allowed, as a sentence."""

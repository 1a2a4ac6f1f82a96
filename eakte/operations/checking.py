"""Checks of input that several operations share. Every failure names its field in the user's words."""

from __future__ import annotations

import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, TypeVar

from eakte.errors import EakteError, FieldError, InvalidInput, StaleRevision
from eakte.language import _
from eakte.models import AuditEntry
from eakte.transaction import Transaction

LONGEST_LINE = 500
"""Characters of a title or name."""

Word = TypeVar("Word", bound=StrEnum)


def line(value: str | None, *, at: str, label: str, longest: int = LONGEST_LINE) -> str:
    """One line of text: composed (NFC), inner space folded, not empty. Raises InvalidInput naming the field."""
    text = optional_line(value, at=at, label=label, longest=longest)
    if text is None:
        raise InvalidInput(errors=[FieldError(at, _("%(label)s fehlt.", label=label))])
    return text


def optional_line(value: str | None, *, at: str, label: str, longest: int = LONGEST_LINE) -> str | None:
    """As `line`, but nothing is None."""
    text = unicodedata.normalize("NFC", " ".join((value or "").split()))
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise InvalidInput(errors=[FieldError(at, _("%(label)s enthält Steuerzeichen.", label=label))])
    if len(text) > longest:
        raise InvalidInput(
            errors=[FieldError(at, _("%(label)s ist länger als %(longest)s Zeichen.", label=label, longest=longest))]
        )
    return text or None


def one_of(kind: type[Word], value: str, *, at: str, label: str) -> Word:
    """A word of a closed list. Raises InvalidInput naming the allowed ones."""
    try:
        return kind(value)
    except ValueError:
        raise InvalidInput(
            errors=[FieldError(at, _("%(label)s: erlaubt sind %(words)s.", label=label, words=allowed(kind)))]
        ) from None


def allowed(words: Iterable[str]) -> str:
    """A list of words for a message."""
    return ", ".join(str(word) for word in words)


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Let the errors of a part say where in the whole it stands: `sender` becomes `documents[2].sender`."""
    try:
        yield
    except EakteError as error:
        error.errors = tuple(
            FieldError(f"{place}.{each.at}" if each.at else place, each.message) for each in error.errors
        )
        raise


def same_revision(expected: int | None, actual: int) -> None:
    """Raise StaleRevision when the caller read an older state than the one that would be changed."""
    if expected is not None and expected != actual:
        raise StaleRevision(
            _("Gelesen wurde Stand %(expected)s, jetzt gilt Stand %(actual)s.", expected=expected, actual=actual)
        )


def remember_reason(tx: Transaction, entry: AuditEntry, object_id: uuid.UUID, reason: str | None) -> None:
    """Keep the reason of an act beside the log, where one was given."""
    text = optional_line(reason, at="reason", label=_("Grund"))
    if text:
        tx.remember(entry, object_id, "reason", text)


def replaced(row: Any, new: Mapping[str, Any]) -> dict[str, Any]:
    """Set what differs and count the row's revision up where something does; answers what stood there before."""
    before = {name: getattr(row, name) for name, value in new.items() if getattr(row, name) != value}
    for name in before:
        setattr(row, name, new[name])
    if before:
        row.revision += 1
    return before

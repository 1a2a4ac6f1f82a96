"""The one error of the client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eakte.language import _

UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong at one place of a request."""

    at: str
    message: str


class EakteProblem(Exception):
    """What eakte refused or could not do, in its own words (RFC 9457); or that it could not be reached.

    Attributes:
        kind: the last part of the problem's type, such as `not-allowed`; `unreachable` without an answer.
        status: the HTTP status; 0 without an answer.
        title: what went wrong, for people.
        detail: more of it, if anything.
        faults: each wrong place of the request.
        instance: the number under which the operators find it.
    """

    def __init__(
        self,
        *,
        kind: str,
        status: int,
        title: str,
        detail: str | None = None,
        faults: Sequence[Fault] = (),
        instance: str | None = None,
    ) -> None:
        self.kind = kind
        self.status = status
        self.title = title
        self.detail = detail
        self.faults = tuple(faults)
        self.instance = instance
        parts = [title, detail or "", *(f"{fault.at}: {fault.message}" for fault in self.faults)]
        super().__init__(" ".join(part for part in parts if part))

    @classmethod
    def of(cls, status: int, body: object) -> EakteProblem:
        """From an answer; one that is no problem (of a proxy between) keeps its status."""
        said: Mapping[str, Any] = body if isinstance(body, dict) else {}
        return cls(
            kind=str(said.get("type", f"http-{status}")).rpartition(":")[2],
            status=status,
            title=str(said.get("title", _("Die Antwort hat den Status %(status)s.", status=status))),
            detail=said.get("detail"),
            faults=[Fault(each["at"], each["message"]) for each in said.get("errors") or ()],
            instance=said.get("instance"),
        )

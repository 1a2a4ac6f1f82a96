"""Plan, dossiers, cases, parties, templates, resubmissions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

if TYPE_CHECKING:
    from typing import Unpack

    from eakte.client.connection import Connection
    from eakte.client.said import (
        CaseChange,
        DossierChange,
        DossierKeyed,
        DossierSaid,
        PartyChange,
        PartySaid,
    )
    from eakte.client.shapes import (
        Case,
        Dossier,
        External,
        Happened,
        Made,
        Party,
        PlanClass,
        Resubmission,
        Template,
    )


class PlanClasses:
    """The filing plan."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self) -> Iterator[PlanClass]:
        """All classes, in reading order."""
        return self._connection.pages("/plan-classes")

    def get(self, plan_class: str) -> PlanClass:
        """One class, by its id."""
        return cast("PlanClass", self._connection.get(f"/plan-classes/{plan_class}"))


class Dossiers:
    """Dossiers (Akten)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(self, plan_class: str, title: str, **said: Unpack[DossierSaid]) -> Dossier:
        """A new dossier; for a known external key the one that it names."""
        return cast("Dossier", self._connection.make("/dossiers", {"plan_class": plan_class, "title": title, **said}))

    def put(
        self,
        external: External,
        plan_class: str,
        title: str,
        *,
        revision: int | None = None,
        **said: Unpack[DossierKeyed],
    ) -> Dossier:
        """The dossier of another system's key, as it is said: made if there is none, else changed where it differs."""
        body = {"plan_class": plan_class, "title": title, **said}
        return cast("Dossier", self._connection.put(f"/dossiers/{_external(external)}", body, revision=revision))

    def get(self, dossier: str) -> Dossier:
        """One dossier."""
        return cast("Dossier", self._connection.get(f"/dossiers/{dossier}"))

    def find(self, external: External) -> Dossier | None:
        """The dossier that another system's key names."""
        query = {"external_system": external["system"], "external_id": external["id"]}
        return next(iter(self._connection.pages("/dossiers", query)), None)

    def list(
        self,
        *,
        plan_class: str | None = None,
        unit: str | None = None,
        state: str | None = None,
        reference: str | None = None,
    ) -> Iterator[Dossier]:
        """Dossiers by reference number; `reference` is a number that it has or had, in any spelling."""
        query = {"class": plan_class, "unit": unit, "state": state, "reference": reference}
        return self._connection.pages("/dossiers", query)

    def change(self, dossier: str, *, revision: int, **changes: Unpack[DossierChange]) -> Dossier:
        """Change what was read in that revision."""
        return cast("Dossier", self._connection.patch(f"/dossiers/{dossier}", changes, revision=revision))

    def move(
        self,
        dossier: str,
        plan_class: str,
        reason: str,
        *,
        fields: dict[str, Any] | None = None,
        revision: int | None = None,
    ) -> Dossier:
        """Into another class, under a new reference number (registrar)."""
        body = {"plan_class": plan_class, "reason": reason, "fields": fields}
        return self._act(dossier, "move", body, revision)

    def reassign(
        self, dossier: str, unit: str, reason: str, *, confidentiality: str | None = None, revision: int | None = None
    ) -> Dossier:
        """To another unit (registrar)."""
        body = {"unit": unit, "reason": reason, "confidentiality": confidentiality}
        return self._act(dossier, "reassign", body, revision)

    def classify(self, dossier: str, confidentiality: str, reason: str, *, revision: int | None = None) -> Dossier:
        """Another level of confidentiality."""
        return self._act(dossier, "confidentiality", {"confidentiality": confidentiality, "reason": reason}, revision)

    def keep_until(self, dossier: str, day: date | None, reason: str, *, revision: int | None = None) -> Dossier:
        """Until when it is kept at least (registrar); None goes back to the term of its class."""
        body = {"keep_until": day.isoformat() if day else None, "reason": reason}
        return self._act(dossier, "retention", body, revision)

    def close(
        self,
        dossier: str,
        *,
        closed_on: date | None = None,
        close_cases: bool = False,
        reason: str | None = None,
        revision: int | None = None,
    ) -> Dossier:
        """Close it (zdA) and count its term."""
        day = closed_on.isoformat() if closed_on else None
        return self._act(dossier, "close", {"closed_on": day, "close_cases": close_cases, "reason": reason}, revision)

    def reopen(self, dossier: str, reason: str, *, revision: int | None = None) -> Dossier:
        """Open it again."""
        return self._act(dossier, "reopen", {"reason": reason}, revision)

    def event(self, dossier: str, name: str, on: date) -> Dossier:
        """Say when a named event happened, from which its term is counted."""
        return self._act(dossier, "events", {"name": name, "on": on.isoformat()}, None)

    def history(self, dossier: str) -> Iterator[Happened]:
        """What happened to it, newest first."""
        return self._connection.pages(f"/dossiers/{dossier}/history")

    def letter_reference(self, dossier: str) -> str:
        """Its letter reference (Geschäftszeichen)."""
        return str(self._connection.get(f"/dossiers/{dossier}/letter-reference")["letter_reference"])

    def _act(self, dossier: str, act: str, body: dict[str, Any], revision: int | None) -> Dossier:
        return cast("Dossier", self._connection.post(f"/dossiers/{dossier}/{act}", body, revision=revision))


class Cases:
    """Cases (Vorgänge)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        dossier: str | None = None,
        *,
        title: str,
        parent: str | None = None,
        external: External | None = None,
        fields: dict[str, Any] | None = None,
    ) -> Case:
        """A new case of a dossier, or with `parent` a sub-case."""
        body = {"dossier": dossier, "parent": parent, "title": title, "external": external, "fields": fields or {}}
        return cast("Case", self._connection.make("/cases", body))

    def put(self, external: External, dossier: str, *, title: str, fields: dict[str, Any] | None = None) -> Case:
        """The case of another system's key, as it is said: made if there is none, else changed where it differs."""
        body: dict[str, Any] = {"dossier": dossier, "title": title}
        if fields is not None:
            body["fields"] = fields
        return cast("Case", self._connection.put(f"/cases/{_external(external)}", body))

    def get(self, case: str) -> Case:
        """One case."""
        return cast("Case", self._connection.get(f"/cases/{case}"))

    def find(self, external: External) -> Case | None:
        """The case that another system's key names."""
        query = {"external_system": external["system"], "external_id": external["id"]}
        return next(iter(self._connection.pages("/cases", query)), None)

    def list(self, dossier: str, *, parent: str | None = None) -> Iterator[Case]:
        """The cases of a dossier, newest first, or the sub-cases of one."""
        return self._connection.pages("/cases", {"dossier": dossier, "parent": parent})

    def change(self, case: str, *, revision: int, **changes: Unpack[CaseChange]) -> Case:
        """Change what was read in that revision."""
        return cast("Case", self._connection.patch(f"/cases/{case}", changes, revision=revision))

    def close(
        self, case: str, *, closed_on: date | None = None, close_cases: bool = False, revision: int | None = None
    ) -> Case:
        """Close it, with `close_cases` its open sub-cases too."""
        body = {"closed_on": closed_on.isoformat() if closed_on else None, "close_cases": close_cases}
        return cast("Case", self._connection.post(f"/cases/{case}/close", body, revision=revision))

    def reopen(self, case: str, reason: str, *, revision: int | None = None) -> Case:
        """Open it again."""
        return cast("Case", self._connection.post(f"/cases/{case}/reopen", {"reason": reason}, revision=revision))

    def history(self, case: str) -> Iterator[Happened]:
        """What happened to it, newest first."""
        return self._connection.pages(f"/cases/{case}/history")


class Parties:
    """Parties (Beteiligte) of dossiers and cases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, party: PartySaid, *, dossier: str | None = None, case: str | None = None) -> Party:
        """A party of a dossier or of a case."""
        return cast("Party", self._connection.make("/parties", {**party, "dossier": dossier, "case": case}))

    def list(self, *, dossier: str | None = None, case: str | None = None, name: str | None = None) -> Iterator[Party]:
        """Of a dossier or case, or by any part of a name in all that may be read."""
        return self._connection.pages("/parties", {"dossier": dossier, "case": case, "name": name})

    def change(self, party: str, *, revision: int, **changes: Unpack[PartyChange]) -> Party:
        """Change what was read in that revision."""
        return cast("Party", self._connection.patch(f"/parties/{party}", changes, revision=revision))

    def remove(self, party: str) -> None:
        """Take it away."""
        self._connection.delete(f"/parties/{party}")


class Templates:
    """Templates of dossiers and cases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def list(self, *, kind: str | None = None) -> Iterator[Template]:
        """The active ones; `kind` is dossier or case."""
        return self._connection.pages("/templates", {"kind": kind})

    def make(
        self,
        template: str,
        values: dict[str, str] | None = None,
        *,
        dossier: str | None = None,
        title: str | None = None,
        external: External | None = None,
        fields: dict[str, Any] | None = None,
        parties: Sequence[PartySaid] = (),
    ) -> Made:
        """A dossier with its cases, or in `dossier` a case with its sub-cases."""
        body = {
            "values": values or {},
            "dossier": dossier,
            "title": title,
            "external": external,
            "fields": fields or {},
            "parties": list(parties),
        }
        return cast("Made", self._connection.make(f"/templates/{template}/make", body))


class Resubmissions:
    """Reminders (Wiedervorlagen)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def create(
        self,
        due_on: date,
        note: str,
        *,
        dossier: str | None = None,
        case: str | None = None,
        document: str | None = None,
        user: str | None = None,
        unit: str | None = None,
    ) -> Resubmission:
        """Remind `user` or `unit`, else the caller, of one object."""
        body = {"due_on": due_on.isoformat(), "note": note, "user": user, "unit": unit}
        place = {"dossier": dossier, "case": case, "document": document}
        return cast("Resubmission", self._connection.make("/resubmissions", {**body, **place}))

    def list(
        self,
        *,
        dossier: str | None = None,
        case: str | None = None,
        document: str | None = None,
        mine: bool | None = None,
        until: date | None = None,
    ) -> Iterator[Resubmission]:
        """Of one object, or with `mine` the caller's own, up to a day."""
        query = {"dossier": dossier, "case": case, "document": document, "mine": mine}
        return self._connection.pages("/resubmissions", {**query, "until": until.isoformat() if until else None})

    def done(self, resubmission: str) -> Resubmission:
        """It is done."""
        return cast("Resubmission", self._connection.post(f"/resubmissions/{resubmission}/done"))


def _external(key: External) -> str:
    return f"external/{quote(key['system'], safe='')}/{quote(key['id'], safe='')}"

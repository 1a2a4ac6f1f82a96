"""One rule asked in four ways: the SQL predicate, the search rights, the reasons, and the words of the domain."""

from __future__ import annotations

import itertools
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import NOTHING, READERS, Source, Want, rule_for, why
from eakte.models import AccessScope, Document, Dossier, Unit
from eakte.operations.entries import scope_of
from eakte.operations.units import create_unit
from eakte.terms import SYSTEM, Level, Role
from indexing.embedded import EmbeddedIndex
from indexing.passages import describe
from indexing.search import DocumentEntries, Query
from tests.access.towns import Built, Town, below, played, towns
from tests.operations.office import Office


class Oracle:
    """The rule as a person would apply it to one object, after the paragraph "Who may do what"."""

    def __init__(self, town: Town, person: int) -> None:
        self.town = town
        self.number = person
        self.person = town.people[person]
        self.reads = bool(self.person.roles & {Role.CLERK, Role.REGISTRAR})

    def posts(self) -> Iterator[tuple[int, Level, int | None]]:
        """Where one works: unit, level, and for whom."""
        if not self.reads:
            return
        if self.person.unit is not None:
            yield self.person.unit, self.person.level, None
        for each in self.town.deputies:
            other = self.town.people[each.person]
            holds = each.begins <= 0 <= each.ends and not each.ended and other.active
            if each.deputy == self.number and holds and other.unit is not None and other.roles & {*READERS}:
                reach = Level.PROTECTED if each.protected else Level.INTERNAL
                yield other.unit, min(other.level, reach), each.person

    def works(self, dossier: int, unit: int) -> bool:
        """In this unit, with dossiers of this level: by oneself, or for somebody who is not excluded from it."""
        level = self.town.dossiers[dossier][1]
        return any(
            below(self.town.units, top, unit) and level <= reach and not (whom is not None and self.out(whom, dossier))
            for top, reach, whom in self.posts()
        )

    def by_unit(self, dossier: int) -> bool:
        return self.works(dossier, self.town.dossiers[dossier][0])

    def by_registrar(self, dossier: int) -> bool:
        keeps = Role.REGISTRAR in self.person.roles and self.person.unit is not None
        return keeps and self.town.dossiers[dossier][1] < Level.PROTECTED

    def shared(self, dossier: int, *, case: bool) -> bool:
        return self.reads and any(
            share.dossier == dossier
            and share.case == case
            and share.days >= 0
            and not share.ended
            and (self.works(dossier, share.unit) if share.unit is not None else share.person == self.number)
            for share in self.town.shares
        )

    def mandated(self, dossier: int) -> bool:
        unit, level = self.town.dossiers[dossier]
        return Role.AUDITOR in self.person.roles and any(
            each.auditor == self.number
            and each.days >= 0
            and not each.ended
            and (
                dossier in each.dossiers
                or (level <= each.level and any(below(self.town.units, top, unit) for top in each.units))
            )
            for each in self.town.mandates
        )

    def offered(self, dossier: int) -> bool:
        return Role.ARCHIVE in self.person.roles and dossier in self.town.offers

    def out(self, person: int, dossier: int) -> bool:
        return (person, dossier, False) in self.town.exclusions

    def dossier(self, dossier: int, want: Want) -> bool:
        if self.out(self.number, dossier):
            return False
        known = want is Want.METADATA and self.by_registrar(dossier)
        reads = self.by_unit(dossier) or self.shared(dossier, case=False)
        return known or reads or self.mandated(dossier) or self.offered(dossier)

    def writes(self, dossier: int) -> bool:
        return self.by_unit(dossier) and not self.out(self.number, dossier)

    def document(self, dossier: int, want: Want, *, in_case: bool) -> bool:
        if self.out(self.number, dossier):
            return False
        return self.dossier(dossier, want) or (in_case and self.shared(dossier, case=True))

    def inbox(self, unit: int) -> bool:
        return any(below(self.town.units, top, unit) and level >= Level.INTERNAL for top, level, _ in self.posts())


class RolledBack(Exception):
    """Ends an example without leaving anything of it."""


_SETTINGS = {"derandomize": True, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=80, **_SETTINGS)  # type: ignore[arg-type] # one dictionary for two tests
@given(towns())
def test_the_sql_predicate_the_search_rights_the_reasons_and_the_words_of_the_domain_say_the_same(
    shared_office: Office, town: Town
) -> None:
    with suppress(RolledBack), shared_office.backends.transactions.begin(SYSTEM) as tx:
        built = Built(tx, town)
        entries = [_entry(tx.session, built, document) for document in built.documents]
        for oracle in _oracles(town):
            for want in Want:
                _compare_dossiers(tx.session, built, oracle, want)
                _compare_documents(tx.session, built, oracle, want, entries)
            _compare_reasons(tx.session, built, oracle)
        raise RolledBack


@settings(max_examples=10, **_SETTINGS)  # type: ignore[arg-type] # as above
@given(towns())
def test_the_index_itself_finds_what_the_words_of_the_domain_allow(shared_office: Office, town: Town) -> None:
    with (
        suppress(RolledBack),
        tempfile.TemporaryDirectory(prefix="eakte-test-") as folder,
        shared_office.backends.transactions.begin(SYSTEM) as tx,
    ):
        built = Built(tx, town)
        index = EmbeddedIndex(Path(folder))
        index.finish_rebuild(index.start_rebuild())
        index.put([_entry(tx.session, built, document) for document in built.documents])
        for oracle, want in itertools.product(_oracles(town), Want):
            rights = rule_for(tx.session, built.people[oracle.number]).search_rights(tx.session, want)
            answer = index.query(Query(limit=200), content=rights, metadata=rights)
            said = {document for document in built.documents if _may(oracle, built, document, want)}
            assert {hit.document for hit in answer.hits} == said
        raise RolledBack


def _oracles(town: Town) -> list[Oracle]:
    after = played(town)
    return [Oracle(after, number) for number in range(len(town.people))]


def _may(oracle: Oracle, built: Built, document: uuid.UUID, want: Want) -> bool:
    kind, place = built.documents[document]
    if kind == "inbox":
        return oracle.inbox(oracle.town.inboxes[place])
    return oracle.document(place, want, in_case=kind == "case")


def _compare_dossiers(session: Session, built: Built, oracle: Oracle, want: Want) -> None:
    rule = rule_for(session, built.people[oracle.number])
    rights = rule.search_rights(session, want)
    allowed = set(session.scalars(select(Dossier.id).where(rule.dossiers(want))))
    for place, dossier in enumerate(built.dossiers):
        said = oracle.dossier(place, want)
        assert (dossier.id in allowed) == said, (want, "SQL", place)
        assert rights.allow(scope=dossier.scope_number, dossier=dossier.number, case=0) == said, (want, "search", place)


def _compare_reasons(session: Session, built: Built, oracle: Oracle) -> None:
    """Each reason is true, and there is one for all that is allowed."""
    rule = rule_for(session, built.people[oracle.number])
    writable = set(session.scalars(select(Dossier.id).where(rule.writable())))
    for place, dossier in enumerate(built.dossiers):
        reasons = why(session, rule, dossier)
        whole = [reason for reason in reasons if reason.case_id is None]
        assert any(reason.want is Want.CONTENT for reason in whole) == oracle.dossier(place, Want.CONTENT)
        assert any(reason.want is not None for reason in whole) == oracle.dossier(place, Want.METADATA)
        assert any(reason.writes for reason in reasons) == oracle.writes(place) == (dossier.id in writable)
        in_case = any(reason.case_id is not None for reason in reasons)
        assert in_case == (oracle.shared(place, case=True) and not oracle.out(oracle.number, place))
        forbidding = [reason.source is Source.EXCLUSION for reason in reasons]
        # Without any rule there is nothing to forbid.
        assert any(forbidding) == (rule.user_id is not None and oracle.out(oracle.number, place))
        assert not any(forbidding) or len(forbidding) == 1


def _compare_documents(
    session: Session, built: Built, oracle: Oracle, want: Want, entries: Sequence[DocumentEntries]
) -> None:
    rule = rule_for(session, built.people[oracle.number])
    rights = rule.search_rights(session, want)
    statement = select(Document.id).outerjoin(Dossier, Dossier.id == Document.dossier_id).where(rule.documents(want))
    readable = set(session.scalars(statement))
    for entry in entries:
        said = _may(oracle, built, entry.document, want)
        assert (entry.document in readable) == said, (want, "SQL", built.documents[entry.document])
        found = rights.allow(scope=entry.scope, dossier=entry.dossier, case=entry.case)
        assert found == said, (want, "search", built.documents[entry.document])


def _entry(session: Session, built: Built, document_id: uuid.UUID) -> DocumentEntries:
    """A document as the index has it."""
    kind, place = built.documents[document_id]
    dossier = built.dossiers[place] if kind != "inbox" else None
    return DocumentEntries(
        document=document_id,
        revision=1,
        scope=scope_of(session, session.get_one(Document, document_id), dossier),
        dossier=dossier.number if dossier else 0,
        case=built.cases[place].number if kind == "case" else 0,
        plan_class="6",
        unit="u",
        kind="incoming",
        state="open",
        day=date(2026, 1, 2),
        reference_key="",
        description=describe(exact=["Brief"], others=[]),
    )


def test_every_role_stands_on_one_side_of_the_line_between_readers_and_others() -> None:
    assert set(READERS) == {Role.CLERK, Role.REGISTRAR}
    assert {role for role in Role if role not in READERS} == {
        Role.ARCHIVE,
        Role.APPROVER,
        Role.AUDITOR,
        Role.ADMIN,
        Role.STATION,
    }


def test_an_empty_rule_sees_nothing_whatever_there_is(office: Office) -> None:
    office.file(dossier=office.dossier(confidentiality="open"))
    office.file(inbox=True)
    with office.backends.transactions.read() as session:
        for want in Want:
            assert session.scalars(select(Dossier).where(NOTHING.dossiers(want))).all() == []
            documents = select(Document).outerjoin(Dossier, Dossier.id == Document.dossier_id)
            assert session.scalars(documents.where(NOTHING.documents(want))).all() == []
            rights = NOTHING.search_rights(session, want)
            numbers = range(1, 50)
            assert not any(rights.allow(scope=n, dossier=n, case=n) for n in numbers)


def test_the_service_itself_sees_nothing_through_the_rule(office: Office) -> None:
    with office.backends.transactions.read() as session:
        assert rule_for(session, SYSTEM) == NOTHING


def test_the_rule_is_made_anew_in_every_session(office: Office) -> None:
    dossier = office.dossier()
    clerk = office.people["clerk10"]
    with office.backends.transactions.read() as session:
        assert rule_for(session, clerk) is rule_for(session, clerk)
    office.sql("UPDATE user_account SET unit_id = %s WHERE login = 'clerk10'", office.units["63"])
    with office.backends.transactions.read() as session:
        moved = replace(clerk, unit_id=office.units["63"])
        seen = session.scalars(select(Dossier.id).where(rule_for(session, moved).dossiers(Want.CONTENT))).all()
    assert seen == [dossier]


def test_a_unit_made_later_below_an_own_one_is_inherited_at_once(office: Office) -> None:
    with office.backends.transactions.begin(SYSTEM) as tx:
        below = create_unit(tx, number="6311", name="Trupp", parent_id=office.units["631"])
    with office.backends.transactions.read() as session:
        rule = rule_for(session, office.people["clerk63"])
        numbers = set(
            session.scalars(
                select(AccessScope.number).where(AccessScope.unit_id == below.id, AccessScope.level <= Level.INTERNAL)
            )
        )
        assert len(numbers) == 2
        assert numbers <= rule.worked
        assert session.get_one(Unit, below.id).id in rule.inbox_units

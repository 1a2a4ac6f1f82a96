"""One rule asked in three ways: the SQL predicate, the search rights, and the words of the domain, object by object."""

from __future__ import annotations

import itertools
import uuid
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import NOTHING, READERS, Want, may_write, rule_for
from eakte.models import (
    AccessScope,
    Case,
    Document,
    Dossier,
    DossierExclusion,
    DossierShare,
    PlanClass,
    Unit,
    User,
)
from eakte.operations.entries import scope_of
from eakte.operations.units import create_unit, scope_number
from eakte.terms import SYSTEM, Actor, CaseState, DocumentState, DossierState, Level, Medium, Role, Scope, new_id, today
from eakte.transaction import Transaction
from tests.operations.office import Office


@dataclass(frozen=True)
class Person:
    roles: frozenset[Role]
    unit: int | None
    level: Level


@dataclass(frozen=True)
class Grant:
    """A share of a dossier, or of its case."""

    person: int
    dossier: int
    case: bool
    days: int


@dataclass(frozen=True)
class Town:
    """Units by the place of the unit above (earlier in the list), and everything else by places in these lists."""

    units: list[int | None]
    people: list[Person]
    dossiers: list[tuple[int, Level]]
    inboxes: list[int]
    shares: list[Grant]
    exclusions: list[tuple[int, int]]


@st.composite
def towns(draw: st.DrawFn) -> Town:
    size = draw(st.integers(1, 5))
    units = [draw(st.sampled_from([None, *range(place)])) for place in range(size)]
    unit = st.integers(0, size - 1)
    people = draw(
        st.lists(
            st.builds(
                Person,
                roles=st.frozensets(st.sampled_from(Role), min_size=1, max_size=2),
                unit=st.none() | unit,
                level=st.sampled_from(Level),
            ),
            min_size=1,
            max_size=4,
        )
    )
    dossiers = draw(st.lists(st.tuples(unit, st.sampled_from(Level)), min_size=1, max_size=5))
    person, dossier = st.integers(0, len(people) - 1), st.integers(0, len(dossiers) - 1)
    days = st.sampled_from([-400, -1, 0, 1, 30])
    grants = st.builds(Grant, person=person, dossier=dossier, case=st.booleans(), days=days)
    return Town(
        units=units,
        people=people,
        dossiers=dossiers,
        inboxes=draw(st.lists(unit, max_size=3)),
        shares=draw(st.lists(grants, max_size=5)),
        exclusions=draw(st.lists(st.tuples(person, dossier), max_size=3, unique=True)),
    )


class Oracle:
    """The rule as a person would apply it to one object, after the paragraph "Who may do what"."""

    def __init__(self, town: Town, person: int) -> None:
        self.town = town
        self.number = person
        self.person = town.people[person]
        self.reads = bool(self.person.roles & {Role.CLERK, Role.REGISTRAR})

    def works_in(self, unit: int) -> bool:
        """Own unit, or one below it."""
        above: int | None = unit
        while above is not None:
            if above == self.person.unit:
                return True
            above = self.town.units[above]
        return False

    def shared(self, dossier: int, *, case: bool) -> bool:
        return any(
            share.person == self.number and share.dossier == dossier and share.case == case and share.days >= 0
            for share in self.town.shares
        )

    def by_unit(self, dossier: int, want: Want) -> bool:
        unit, level = self.town.dossiers[dossier]
        reads = self.works_in(unit) and level <= self.person.level
        keeps = Role.REGISTRAR in self.person.roles and self.person.unit is not None and level < Level.PROTECTED
        return reads or (want is Want.METADATA and keeps)

    def excluded(self, dossier: int) -> bool:
        return (self.number, dossier) in self.town.exclusions

    def dossier(self, dossier: int, want: Want) -> bool:
        if not self.reads or self.excluded(dossier):
            return False
        return self.by_unit(dossier, want) or self.shared(dossier, case=False)

    def document(self, dossier: int, want: Want, *, in_case: bool) -> bool:
        if not self.reads or self.excluded(dossier):
            return False
        return self.dossier(dossier, want) or (in_case and self.shared(dossier, case=True))

    def inbox(self, unit: int) -> bool:
        return self.reads and self.works_in(unit) and self.person.level >= Level.INTERNAL


class Built:
    """A town as rows."""

    def __init__(self, tx: Transaction, town: Town) -> None:
        session = tx.session
        self.units: list[uuid.UUID] = []
        for place, above in enumerate(town.units):
            parent = self.units[above] if above is not None else None
            self.units.append(create_unit(tx, number=f"u{place}", name="Amt", parent_id=parent).id)
        self.people = [_user(session, place, person, self.units) for place, person in enumerate(town.people)]
        plan_class = session.scalars(select(PlanClass.id).limit(1)).one()
        self.dossiers = []
        self.cases = []
        self.documents: dict[uuid.UUID, tuple[str, int]] = {}
        for place, (unit, level) in enumerate(town.dossiers):
            scope = scope_number(tx.session, self.units[unit], level)
            dossier = _dossier(session, place, level, scope, plan_class)
            case = Case(dossier_id=dossier.id, ordinal=1, title="V", state=CaseState.OPEN.value)
            session.add(case)
            session.flush()
            self.dossiers.append(dossier)
            self.cases.append(case)
            self.documents[_document(session, dossier_id=dossier.id)] = ("dossier", place)
            self.documents[_document(session, dossier_id=dossier.id, case_id=case.id)] = ("case", place)
        for unit in town.inboxes:
            self.documents[_document(session, inbox_unit_id=self.units[unit])] = ("inbox", unit)
        for share in town.shares:
            where = (
                {"case_id": self.cases[share.dossier].id}
                if share.case
                else {"dossier_id": self.dossiers[share.dossier].id}
            )
            until = today() + timedelta(days=share.days)
            session.add(DossierShare(user_id=self.people[share.person].user_id, until=until, **where))
        for person, excluded in town.exclusions:
            user_id, dossier_id = self.people[person].user_id, self.dossiers[excluded].id
            session.add(DossierExclusion(user_id=user_id, dossier_id=dossier_id, ground="vwvfg-20", reason="§ 20"))
        session.flush()


def _user(session: Session, place: int, person: Person, units: list[uuid.UUID]) -> Actor:
    unit = units[person.unit] if person.unit is not None else None
    row = User(
        id=new_id(),
        login=f"p{place}",
        display_name="P",
        roles=[role.value for role in person.roles],
        unit_id=unit,
        level=int(person.level),
        password_hash=None,
    )
    session.add(row)
    session.flush()
    return Actor(row.id, row.login, "P", person.roles, unit, person.level, frozenset(Scope))


def _dossier(session: Session, place: int, level: Level, scope: int, plan_class: uuid.UUID) -> Dossier:
    dossier = Dossier(
        reference_number=f"r{place}",
        reference_key=f"r{place}",
        reference_sort=f"r{place}",
        plan_class_id=plan_class,
        title="Akte",
        confidentiality=int(level),
        scope_number=scope,
        medium=Medium.ELECTRONIC.value,
        state=DossierState.OPEN.value,
        opened_on=date(2026, 1, 2),
        retention_state="open",
        fields={},
    )
    session.add(dossier)
    session.flush()
    return dossier


def _document(session: Session, **where: uuid.UUID) -> uuid.UUID:
    document = Document(
        id=new_id(), title="Brief", kind="incoming", version=1, state=DocumentState.RECEIVED.value, fields={}, **where
    )
    session.add(document)
    session.flush()
    return document.id


class RolledBack(Exception):
    """Ends an example without leaving anything of it."""


@settings(max_examples=60, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(towns())
def test_the_sql_predicate_the_search_rights_and_the_words_of_the_domain_say_the_same(
    shared_office: Office, town: Town
) -> None:
    with suppress(RolledBack), shared_office.backends.transactions.begin(SYSTEM) as tx:
        built = Built(tx, town)
        for number, want in itertools.product(range(len(town.people)), Want):
            _compare(tx.session, town, built, number, want)
        raise RolledBack


def _compare(session: Session, town: Town, built: Built, number: int, want: Want) -> None:
    actor, oracle = built.people[number], Oracle(town, number)
    rule = rule_for(session, actor)
    rights = rule.search_rights(session, want)
    allowed = set(session.scalars(select(Dossier.id).where(rule.dossiers(want))))
    for place, dossier in enumerate(built.dossiers):
        said = oracle.dossier(place, want)
        assert (dossier.id in allowed) == said, (want, "SQL", place)
        assert rights.allow(scope=dossier.scope_number, dossier=dossier.number, case=0) == said, (want, "search", place)
        if want is Want.CONTENT:
            assert may_write(session, rule, dossier) == (oracle.dossier(place, want) and oracle.by_unit(place, want))
    statement = select(Document.id).outerjoin(Dossier, Dossier.id == Document.dossier_id).where(rule.documents(want))
    readable = set(session.scalars(statement))
    for document_id, (kind, place) in built.documents.items():
        said = oracle.inbox(place) if kind == "inbox" else oracle.document(place, want, in_case=kind == "case")
        assert (document_id in readable) == said, (want, "SQL", kind, place)
        document = session.get_one(Document, document_id)
        dossier_row = built.dossiers[place] if kind != "inbox" else None
        scope = scope_of(session, document, dossier_row)
        dossier_number = dossier_row.number if dossier_row else 0
        case_number = built.cases[place].number if kind == "case" else 0
        found = rights.allow(scope=scope, dossier=dossier_number, case=case_number)
        assert found == said, (want, "search", kind, place)


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

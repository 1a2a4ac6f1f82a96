"""Towns at random: units, people, dossiers, every source of a right, and what happens to them; and one made as rows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st
from sqlalchemy import select

from eakte.models import (
    AuditMandate,
    Case,
    Deputation,
    Document,
    Dossier,
    DossierExclusion,
    DossierShare,
    MandateDossier,
    MandateUnit,
    PlanClass,
    User,
)
from eakte.operations.moving import reassign_dossier
from eakte.operations.offers import offer_look
from eakte.operations.restructuring import merge_unit
from eakte.operations.units import create_unit, scope_number
from eakte.terms import Actor, CaseState, DocumentState, DossierState, Level, Medium, Role, Scope, new_id, now, today
from eakte.transaction import Transaction


@dataclass(frozen=True)
class Person:
    roles: frozenset[Role]
    unit: int | None
    level: Level
    active: bool


@dataclass(frozen=True)
class Grant:
    """A share of a dossier, or of its case, with a person, or with a unit."""

    person: int
    unit: int | None
    dossier: int
    case: bool
    days: int
    ended: bool


@dataclass(frozen=True)
class Deputy:
    person: int
    deputy: int
    begins: int
    ends: int
    protected: bool
    ended: bool


@dataclass(frozen=True)
class Inspection:
    """An audit mandate."""

    auditor: int
    units: frozenset[int]
    dossiers: frozenset[int]
    level: Level
    days: int
    ended: bool


@dataclass(frozen=True)
class Town:
    """Units by the place of the unit above (earlier in the list), and everything else by places in these lists.

    Then dossiers are given to other units (`moves`), and units merge (`merges`), in this order.
    """

    units: list[int | None]
    people: list[Person]
    dossiers: list[tuple[int, Level]]
    inboxes: list[int]
    shares: list[Grant]
    exclusions: list[tuple[int, int, bool]]
    deputies: list[Deputy]
    mandates: list[Inspection]
    offers: frozenset[int]
    moves: list[tuple[int, int, Level]]
    merges: list[tuple[int, int]]


READING = st.sampled_from([Role.CLERK, Role.REGISTRAR])
DAYS = st.sampled_from([-400, -1, 0, 1, 30])
RARELY = st.sampled_from([False, False, False, True])


@st.composite
def towns(draw: st.DrawFn) -> Town:
    size = draw(st.integers(2, 4))
    units = [draw(st.sampled_from([None, *range(place)])) for place in range(size)]
    unit, level = st.integers(0, size - 1), st.sampled_from(Level)
    any_roles = st.frozensets(st.sampled_from(Role), min_size=1, max_size=2)
    roles = st.frozensets(READING, min_size=1) | any_roles | any_roles.map(lambda each: each | {Role.AUDITOR})
    active = RARELY.map(lambda gone: not gone)
    place = RARELY.flatmap(lambda nowhere: st.none() if nowhere else unit)
    persons = st.builds(Person, roles=roles, unit=place, level=level, active=active)
    people = draw(st.lists(persons, min_size=2, max_size=4))
    dossiers = draw(st.lists(st.tuples(unit, level), min_size=1, max_size=5))
    person, dossier = st.integers(0, len(people) - 1), st.integers(0, len(dossiers) - 1)
    grants = st.builds(
        Grant, person=person, unit=st.none() | unit, dossier=dossier, case=st.booleans(), days=DAYS, ended=RARELY
    )
    deputies = st.builds(
        Deputy, person=person, deputy=person, begins=st.sampled_from([-9, -9, 0, 1]),
        ends=st.sampled_from([9, 9, 0, -1]), protected=st.booleans(), ended=RARELY,
    ).filter(lambda each: each.person != each.deputy and each.begins <= each.ends)  # fmt: skip
    auditors = [place for place, each in enumerate(people) if Role.AUDITOR in each.roles]
    mandates = st.builds(
        Inspection, auditor=st.sampled_from(auditors or [0]), units=st.frozensets(unit, max_size=3),
        dossiers=st.frozensets(dossier, max_size=2), level=level, days=st.sampled_from([-1, 0, 30, 30]), ended=RARELY,
    )  # fmt: skip
    represented = draw(st.lists(deputies, max_size=3))
    # Where somebody is represented, the exclusions of that person matter most.
    shut = [st.tuples(st.sampled_from([each.person, each.deputy]), dossier, RARELY) for each in represented]
    excluded = st.one_of(st.tuples(person, dossier, RARELY), *shut, *shut)
    return Town(
        units=units,
        people=people,
        dossiers=dossiers,
        inboxes=draw(st.lists(unit, max_size=3)),
        shares=draw(st.lists(grants, max_size=5)),
        exclusions=draw(st.lists(excluded, max_size=4, unique_by=lambda each: each[:2])),
        deputies=represented,
        mandates=draw(st.lists(mandates, max_size=2)),
        offers=draw(st.frozensets(dossier, max_size=2)),
        moves=draw(st.lists(st.tuples(dossier, unit, level), max_size=2)),
        merges=draw(st.lists(st.tuples(unit, unit), max_size=2)),
    )


def below(units: list[int | None], top: int, unit: int) -> bool:
    """Whether a unit is another one or below it."""
    at: int | None = unit
    while at is not None:
        if at == top:
            return True
        at = units[at]
    return False


def possible_merges(town: Town) -> list[tuple[int, int]]:
    """The merges that can happen: of open units, and not into one below."""
    units, closed, found = list(town.units), set[int](), []
    for unit, into in town.merges:
        if {unit, into} & closed or below(units, unit, into):
            continue
        found.append((unit, into))
        closed.add(unit)
        units = [into if above == unit else above for above in units]
    return found


def played(town: Town) -> Town:
    """The town after all that happens in it, by the plain words of each act."""
    dossiers = list(town.dossiers)
    for dossier, unit, level in town.moves:
        dossiers[dossier] = (unit, level)
    town = replace(town, dossiers=dossiers)
    for unit, into in possible_merges(town):

        def now(each: int, unit: int = unit, into: int = into) -> int:
            return into if each == unit else each

        town = replace(
            town,
            units=[None if above is None else now(above) for above in town.units],
            people=[each if each.unit is None else replace(each, unit=now(each.unit)) for each in town.people],
            dossiers=[(now(each), level) for each, level in town.dossiers],
            inboxes=[now(each) for each in town.inboxes],
            shares=[each if each.unit is None else replace(each, unit=now(each.unit)) for each in town.shares],
            # A mandate is not widened to the unit that takes over.
            mandates=[replace(each, units=each.units - {unit}) for each in town.mandates],
        )
    return town


class Built:
    """A town as rows, with what happens done by the acts themselves."""

    def __init__(self, tx: Transaction, town: Town) -> None:
        self.session = tx.session
        self.units: list[uuid.UUID] = []
        for place, above in enumerate(town.units):
            parent = self.units[above] if above is not None else None
            self.units.append(create_unit(tx, number=f"u{place}", name="Amt", parent_id=parent).id)
        self.users = [self._user(place, person) for place, person in enumerate(town.people)]
        plan_class = self.session.scalars(select(PlanClass.id).limit(1)).one()
        self.dossiers: list[Dossier] = []
        self.cases: list[Case] = []
        self.documents: dict[uuid.UUID, tuple[str, int]] = {}
        for place, (unit, level) in enumerate(town.dossiers):
            dossier = self._dossier(place, level, scope_number(self.session, self.units[unit], level), plan_class)
            case = Case(dossier_id=dossier.id, ordinal=1, title="V", state=CaseState.OPEN.value)
            self.session.add(case)
            self.session.flush()
            self.dossiers.append(dossier)
            self.cases.append(case)
            self.documents[self._document(dossier_id=dossier.id)] = ("dossier", place)
            self.documents[self._document(dossier_id=dossier.id, case_id=case.id)] = ("case", place)
        for number, unit in enumerate(town.inboxes):
            self.documents[self._document(inbox_unit_id=self.units[unit])] = ("inbox", number)
        self._grant(town)
        offer_look(tx, (self.dossiers[place].id for place in town.offers))
        self._happen(tx, town)
        self.session.expire_all()
        self.people = [actor_of_row(self.session.get_one(User, user)) for user in self.users]

    def _grant(self, town: Town) -> None:
        session = self.session
        for share in town.shares:
            where = (
                {"case_id": self.cases[share.dossier].id}
                if share.case
                else {"dossier_id": self.dossiers[share.dossier].id}
            )
            whom = {"user_id": self.users[share.person]} if share.unit is None else {"unit_id": self.units[share.unit]}
            session.add(DossierShare(until=_day(share.days), ended_at=now() if share.ended else None, **where, **whom))
        for person, excluded, lifted in town.exclusions:
            over = {"lifted_at": now(), "lift_reason": "x"} if lifted else {}
            place = {"user_id": self.users[person], "dossier_id": self.dossiers[excluded].id}
            session.add(DossierExclusion(ground="vwvfg-20", reason="x", **place, **over))
        for each in town.deputies:
            persons = {"person_id": self.users[each.person], "deputy_id": self.users[each.deputy]}
            days = {"from_on": _day(each.begins), "until": _day(each.ends)}
            ended = now() if each.ended else None
            session.add(Deputation(protected=each.protected, ended_at=ended, **persons, **days))
        for order in town.mandates:
            row = AuditMandate(
                id=new_id(),
                auditor_id=self.users[order.auditor],
                level=int(order.level),
                until=_day(order.days),
                reason="x",
                ended_at=now() if order.ended else None,
            )
            session.add(row)
            session.flush()
            session.add_all(MandateUnit(mandate_id=row.id, unit_id=self.units[unit]) for unit in order.units)
            session.add_all(
                MandateDossier(mandate_id=row.id, dossier_id=self.dossiers[place].id) for place in order.dossiers
            )
        session.flush()

    def _happen(self, tx: Transaction, town: Town) -> None:
        places = list(town.dossiers)
        for dossier, unit, level in town.moves:
            if places[dossier] != (unit, level):
                row = self.dossiers[dossier]
                to = str(self.units[unit])
                reassign_dossier(tx, row.id, unit=to, confidentiality=level.word, reason="x")
            places[dossier] = (unit, level)
        for unit, into in possible_merges(town):
            before = [dossier.scope_number for dossier in self.dossiers]
            merge_unit(tx, self.units[unit], into=str(self.units[into]), reason="x")
            assert [dossier.scope_number for dossier in self.dossiers] == before

    def _user(self, place: int, person: Person) -> uuid.UUID:
        row = User(
            id=new_id(),
            login=f"p{place}",
            display_name="P",
            roles=[role.value for role in person.roles],
            unit_id=self.units[person.unit] if person.unit is not None else None,
            level=int(person.level),
            active=person.active,
            password_hash=None,
        )
        self.session.add(row)
        self.session.flush()
        return row.id

    def _dossier(self, place: int, level: Level, scope: int, plan_class: uuid.UUID) -> Dossier:
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
        self.session.add(dossier)
        self.session.flush()
        return dossier

    def _document(self, **where: uuid.UUID) -> uuid.UUID:
        said = {"title": "Brief", "kind": "incoming", "version": 1, "state": DocumentState.RECEIVED.value, "fields": {}}
        document = Document(id=new_id(), **said, **where)
        self.session.add(document)
        self.session.flush()
        return document.id


def actor_of_row(row: User) -> Actor:
    """The account as it may act now."""
    roles = frozenset(Role(role) for role in row.roles)
    return Actor(row.id, row.login, "P", roles, row.unit_id, Level(row.level), frozenset(Scope))


def _day(days: int) -> date:
    return today() + timedelta(days=days)

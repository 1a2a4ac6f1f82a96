"""The acts that give and take rights, at their edges: what they do not open, and what a change leaves behind."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest

from eakte.access import Want, rule_for
from eakte.audit import Tag
from eakte.errors import InvalidInput, NotAllowed, NotFound, WrongState
from eakte.models import DossierShare
from eakte.operations.account_changes import AccountState, change_user, changeable_user
from eakte.operations.accounts import find_user
from eakte.operations.auditing import history
from eakte.operations.deputies import DeputyWords, name_deputy
from eakte.operations.directory import Directory, enter, link, parse_groups
from eakte.operations.exclusions import exclude, readmit
from eakte.operations.histories import dossier_history
from eakte.operations.mandates import MandateWords, give_mandate, list_mandates
from eakte.operations.restructuring import Split, merge_unit, preview_merge, split_unit
from eakte.operations.sessions import Visit
from eakte.operations.shares import ShareWords, give_share
from eakte.operations.units import create_unit, set_head
from eakte.terms import SYSTEM, Identity, Level, Role, today
from eakte.transaction import Transaction
from tests.operations.office import Office

T = TypeVar("T")
SOON = today() + timedelta(days=7)


def acting(office: Office, login: str, act: Callable[[Transaction], T]) -> T:
    with office.backends.transactions.begin(office.people[login] if login else SYSTEM) as tx:
        return act(tx)


def represent(office: Office, person: str, deputy: str, *, protected: bool = False) -> None:
    acting(office, person, lambda tx: name_deputy(tx, DeputyWords(deputy, SOON, protected=protected)))


@pytest.mark.parametrize(("protected", "titles"), [(False, ["Offen"]), (True, ["Geheim", "Offen"])])
def test_what_is_protected_only_where_the_deputation_says_so(
    office: Office, protected: bool, titles: list[str]
) -> None:
    for title, level in (("Offen", "open"), ("Geheim", "protected")):
        document = office.file(
            "head63", dossier=office.dossier("head63", title=title, confidentiality=level), title=title
        )
        office.read(document, "Bescheid")
    office.index()
    represent(office, "head63", "clerk10", protected=protected)
    assert sorted(office.titles("clerk10", "Bescheid")) == titles
    # Nothing passes on from deputy to deputy.
    represent(office, "clerk10", "clerk631")
    assert office.titles("clerk631", "Bescheid") == []
    office.sql("UPDATE user_account SET active = false WHERE login = 'head63'")
    assert office.titles("clerk10", "Bescheid") == []


def test_what_the_represented_is_excluded_from_is_opened_by_the_deputys_own_right_alone(office: Office) -> None:
    dossier = office.dossier()
    case = office.case(dossier)
    for document in (office.file(title="Drinnen", case=case), office.file(title="Daneben", dossier=dossier)):
        office.read(document, "Bescheid")
    office.index()
    represent(office, "clerk63", "clerk10")
    assert sorted(office.titles("clerk10", "Bescheid")) == ["Daneben", "Drinnen"]
    office.exclude("clerk63", dossier)
    assert office.titles("clerk10", "Bescheid") == []
    office.share("clerk10", case_id=case)
    assert office.titles("clerk10", "Bescheid") == ["Drinnen"]
    # By another whom it represents, who is not excluded.
    represent(office, "clerk631", "clerk10")
    assert office.titles("clerk10", "Bescheid") == ["Drinnen"]
    represent(office, "head63", "clerk10")
    assert sorted(office.titles("clerk10", "Bescheid")) == ["Daneben", "Drinnen"]
    office.exclude("clerk10", dossier)
    assert office.titles("clerk10", "Bescheid") == []


def test_nobody_makes_oneself_a_deputy_or_takes_what_an_act_would_give(office: Office) -> None:
    with pytest.raises(NotAllowed):
        acting(office, "registrar", lambda tx: name_deputy(tx, DeputyWords("registrar", SOON, person="head63")))
    for said in (
        DeputyWords("clerk63", SOON, person="clerk63"),
        DeputyWords("auditor", SOON, person="clerk63"),
        DeputyWords("clerk10", today() - timedelta(days=1), person="clerk63"),
        DeputyWords("clerk10", today() + timedelta(days=400), person="clerk63"),
    ):
        with pytest.raises(InvalidInput), office.backends.transactions.begin(office.people["registrar"]) as tx:
            name_deputy(tx, said)


def test_a_share_that_was_rolled_back_leaves_nothing_in_the_process(office: Office) -> None:
    """The numbers are kept under a stamp that never comes again."""
    one, other = office.dossier(), office.dossier()
    clerk = office.people["clerk10"]

    def numbers(dossier: uuid.UUID, *, keep: bool) -> frozenset[int]:
        with office.backends.database.session() as session:
            session.add(DossierShare(user_id=clerk.user_id, dossier_id=dossier, until=SOON))
            session.flush()
            found = rule_for(session, clerk).search_rights(session, Want.CONTENT).dossiers
            session.commit() if keep else session.rollback()
            return found

    assert numbers(one, keep=False) == {office.dossier_row(one).number}
    assert numbers(other, keep=True) == {office.dossier_row(other).number}
    with office.backends.transactions.read() as session:
        assert rule_for(session, clerk).search_rights(session, Want.CONTENT).dossiers == {
            office.dossier_row(other).number
        }
    # Whoever changes shares, by SQL too, is heard at once.
    office.sql("UPDATE dossier_share SET ended_at = now()")
    with office.backends.transactions.read() as session:
        assert rule_for(session, clerk).search_rights(session, Want.CONTENT).dossiers == frozenset()


def test_an_exclusion_is_lifted_by_others_only(office: Office) -> None:
    dossier = office.dossier()
    said = {"user": "registrar", "ground": "vwvfg-20", "reason": "Schwester"}
    row, new = acting(office, "registrar", lambda tx: exclude(tx, dossier, **said))
    assert new
    for act in (lambda tx: readmit(tx, row.id, reason="x"), lambda tx: exclude(tx, dossier, **said)):
        with pytest.raises(NotFound):
            acting(office, "registrar", act)
    office.sql("UPDATE unit SET head_id = %s WHERE number = '63'", office.people["head63"].user_id)
    again, new = acting(office, "head63", lambda tx: exclude(tx, dossier, **said))
    assert (again.id, new) == (row.id, False)
    acting(office, "head63", lambda tx: readmit(tx, row.id, reason="Irrtum"))
    with office.backends.transactions.read() as session:
        assert (
            rule_for(session, office.people["registrar"]).search_rights(session, Want.METADATA).excepted == frozenset()
        )


def test_no_history_tells_of_an_exclusion(office: Office) -> None:
    """Who was let in again shall not read that there was one, nor others guess of whom."""
    dossier = office.dossier()
    said = {"user": "clerk63", "ground": "vwvfg-21", "reason": "Nachbar"}
    row, _new = acting(office, "registrar", lambda tx: exclude(tx, dossier, **said))
    acting(office, "registrar", lambda tx: readmit(tx, row.id, reason="Irrtum"))
    with office.backends.transactions.read() as session:
        told = dossier_history(session, office.people["clerk63"], dossier, after=None, limit=50)
        shown = history(session, dossier)
    assert [each.entry.tag for each in told.items] == [each.tag for each in shown] == [Tag.DOSSIER_CREATE.value]


def test_who_is_moved_elsewhere_heads_nothing_any_more(office: Office) -> None:
    acting(office, "", lambda tx: set_head(tx, office.units["63"], "head63", revision=1))
    with office.backends.transactions.begin(office.people["registrar"]) as tx:
        user = changeable_user(tx, office.people["head63"].user_id or uuid.UUID(int=0), revision=1)
        change_user(tx, user, replace(AccountState.of(user), unit_id=office.units["10"]))
    assert office.sql("SELECT head_id FROM unit WHERE number = '63'") == [(None,)]


def test_an_act_in_the_inbox_of_another_names_for_whom(office: Office) -> None:
    represent(office, "clerk63", "clerk10")
    document = office.file("clerk10", inbox=True, unit="63")
    found = office.sql("SELECT details->'for' FROM audit_entry WHERE subject = %s", document)
    assert found[0] == ([str(office.people["clerk63"].user_id)],)


def test_a_mandate_names_what_its_giver_knows_and_shows_what_its_reader_knows(office: Office) -> None:
    secret = office.dossier("head63", confidentiality="protected")
    said = MandateWords("auditor", "Prüfung", SOON, dossiers=[secret])
    with pytest.raises(NotFound):
        acting(office, "registrar", lambda tx: give_mandate(tx, said))
    acting(office, "", lambda tx: set_head(tx, office.units["63"], "head63", revision=1))
    acting(office, "head63", lambda tx: give_mandate(tx, said))
    with pytest.raises(NotAllowed):
        acting(office, "head63", lambda tx: give_mandate(tx, MandateWords("auditor", "x", SOON, units=["10"])))
    with office.backends.transactions.read() as session:
        seen = {
            login: list(list_mandates(session, office.people[login], after=None, limit=9).items[0].dossiers)
            for login in ("auditor", "registrar", "head63")
        }
    assert seen == {"auditor": [secret], "registrar": [], "head63": [secret]}


def test_a_preview_tells_nothing_of_what_the_asker_may_not_know(office: Office) -> None:
    office.file("head63", dossier=office.dossier("head63", confidentiality="protected"))
    office.file(dossier=office.dossier())
    with office.backends.transactions.read() as session:
        effect = preview_merge(session, office.people["registrar"], office.units["63"], into="10")
    assert (effect.dossiers, effect.documents, effect.units_below) == (1, 1, 1)
    assert effect.people == 8
    with pytest.raises(InvalidInput), office.backends.transactions.read() as session:
        preview_merge(session, office.people["registrar"], office.units["63"], into="631")


def test_a_merged_units_inbox_classes_and_shares_go_along(office: Office) -> None:
    waiting = office.file("clerk631", inbox=True, title="Im Eingang")
    office.read(waiting, "Bescheid")
    office.index()
    dossier = office.dossier("registrar", unit="10")
    acting(office, "registrar", lambda tx: give_share(tx, ShareWords(SOON, unit="631"), dossier_id=dossier))
    acting(office, "registrar", lambda tx: merge_unit(tx, office.units["631"], into="10", reason="x"))
    # Before the index has followed, and after.
    for _ in range(2):
        assert office.titles("clerk10", "Bescheid") == ["Im Eingang"]
        assert office.titles("clerk63", "Bescheid") == []
        office.index()
    with office.backends.transactions.read() as session:
        rights = rule_for(session, office.people["clerk10"]).search_rights(session, Want.CONTENT)
    assert office.dossier_row(dossier).number in rights.dossiers
    with pytest.raises(WrongState):
        acting(office, "registrar", lambda tx: create_unit(tx, number="7", name="x", parent_id=office.units["631"]))


def test_a_split_takes_the_branch_and_leaves_the_rest(office: Office) -> None:
    gone, left = office.dossier(plan_class="632.2"), office.dossier(plan_class="634")
    for dossier, title in ((gone, "Geht"), (left, "Bleibt")):
        office.read(office.file(dossier=dossier, title=title), "Bescheid")
    office.index()
    chosen = Split(plan_classes=["632"], users=["open63"])
    acting(office, "registrar", lambda tx: split_unit(tx, office.units["63"], chosen, to="10", reason="x"))
    assert office.titles("clerk63", "Bescheid") == ["Bleibt"]
    office.index()
    assert office.titles("clerk10", "Bescheid") == ["Geht"]
    assert office.dossier_row(gone).unit_id == office.units["10"]
    assert office.sql("SELECT unit_id FROM user_account WHERE login = 'open63'") == [(office.units["10"],)]


def test_who_ever_administered_gets_no_role_that_reads_from_the_directory(office: Office) -> None:
    """IT keeps the directory, and IT keeps the accounts: two colleagues must not do it together."""
    transactions, groups = office.backends.transactions, parse_groups({"bau": {"roles": ["clerk"], "unit": "631"}})
    identity = Identity("https://idp.example", "a", login="admin", name="Admin", groups=("bau",))
    with transactions.begin(office.people["admin"]) as tx:
        link(tx, identity)
    with transactions.begin(SYSTEM) as tx:
        user = find_user(tx.session, "admin")
        row = changeable_user(tx, user.id, revision=user.revision)
        change_user(tx, row, AccountState([Role.STATION], user.unit_id, Level.OPEN, active=True))
    signed = enter(transactions, identity, Directory(groups, founds=True), hours=1, visit=Visit())
    assert set(signed.actor.roles) == {Role.STATION}
    # A group that names a unit that was merged leads to the one that has it now.
    acting(office, "registrar", lambda tx: merge_unit(tx, office.units["631"], into="10", reason="x"))
    other = Identity("https://idp.example", "b", login="neu", name="Neu", groups=("bau",))
    signed = enter(transactions, other, Directory(groups, founds=True), hours=1, visit=Visit())
    assert (set(signed.actor.roles), signed.actor.unit_id) == ({Role.CLERK}, office.units["10"])

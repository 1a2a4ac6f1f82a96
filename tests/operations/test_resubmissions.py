"""Resubmissions: mine are mine, and whom one reminds may end it without working in the dossier."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from eakte.errors import NotAllowed, NotFound
from eakte.operations.resubmissions import Reminder, create_resubmission, finish, list_resubmissions
from eakte.terms import Actor, today
from tests.operations.office import Office


def remind(office: Office, dossier: uuid.UUID, **whom: str) -> uuid.UUID:
    with office.backends.transactions.begin(office.people["clerk63"]) as tx:
        return create_resubmission(tx, Reminder(today(), "Rückruf", **whom), dossier_id=dossier).id


def mine(office: Office, actor: Actor) -> list[uuid.UUID]:
    with office.backends.transactions.read() as session:
        return [view.row.id for view in list_resubmissions(session, actor, mine=True).items]


def end(office: Office, by: str, resubmission: uuid.UUID) -> None:
    with office.backends.transactions.begin(office.people[by]) as tx:
        finish(tx, resubmission)


def test_who_has_no_unit_gets_none_of_other_people(office: Office) -> None:
    dossier = office.dossier()
    office.share("clerk10", dossier_id=dossier)
    remind(office, dossier, user="head63")
    own = remind(office, dossier, user="clerk10")
    nowhere = dataclasses.replace(office.people["clerk10"], unit_id=None)
    assert mine(office, nowhere) == [own]


def test_it_is_ended_by_whom_it_reminds_or_who_works_there(office: Office) -> None:
    dossier = office.dossier()
    for_clerk, for_unit = remind(office, dossier, user="clerk10"), remind(office, dossier, unit="63")
    # Whom it reminds must be able to read what it reminds of.
    assert mine(office, office.people["clerk10"]) == []
    with pytest.raises(NotFound):
        end(office, "clerk10", for_clerk)
    office.share("clerk10", dossier_id=dossier)
    assert mine(office, office.people["clerk10"]) == [for_clerk]
    with pytest.raises(NotAllowed):
        end(office, "clerk10", for_unit)
    end(office, "clerk10", for_clerk)
    office.close(dossier)
    end(office, "head63", for_unit)
    assert mine(office, office.people["clerk63"]) == []

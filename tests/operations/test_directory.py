"""What the directory's groups may give and what they never do, whoever keeps the groups."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from eakte.errors import AccountUnknown, NotSignedIn
from eakte.models import User
from eakte.operations.directory import Directory, enter, link, parse_groups
from eakte.operations.sessions import SignedIn, Visit, session_actor
from eakte.terms import Identity, Role
from tests.operations.office import Office

RULES = Directory(
    parse_groups({"bauamt": {"roles": ["clerk"], "unit": "63"}, "it": {"roles": ["admin"], "unit": "10"}}), founds=True
)


def person(*groups: str, subject: str = "1") -> Identity:
    return Identity("https://anmeldung.example", subject, "p.hansen", "Petra Hansen", groups)


def entered(office: Office, identity: Identity) -> SignedIn:
    return enter(office.backends.transactions, identity, RULES, hours=1, visit=Visit())


def connected(office: Office, login: str, *groups: str) -> Identity:
    """An account of ours whose owner has connected it."""
    with office.backends.transactions.begin(office.people[login]) as tx:
        link(tx, person(subject=login))
    return person(*groups, subject=login)


def roles(office: Office, login: str) -> set[str]:
    with office.backends.transactions.read() as session:
        return set(session.get_one(User, office.people[login].user_id).roles)


def test_groups_never_make_one_account_administer_and_read(office: Office) -> None:
    assert entered(office, person("bauamt", "it")).actor.roles == {Role.ADMIN}
    # An account of ours that reads does not administer by a group, nor the other way round.
    for login, group in (("clerk63", "it"), ("admin", "bauamt"), ("registrar", "it")):
        before = roles(office, login)
        entered(office, connected(office, login, group))
        assert roles(office, login) == before, (login, group)


def test_who_administered_once_gets_no_reading_role_from_a_group(office: Office) -> None:
    """IT keeps the directory: whoever could leave its group for another one could read everything tomorrow."""
    entered(office, person("it"))
    with pytest.raises(AccountUnknown):
        entered(office, person("bauamt"))
    assert entered(office, person("bauamt", subject="2")).actor.roles == {Role.CLERK}


def test_another_group_ends_what_the_first_one_gave_and_its_sessions(office: Office) -> None:
    first = entered(office, person("bauamt"))
    with pytest.raises(AccountUnknown):
        entered(office, person("sportverein"))
    with office.backends.transactions.read() as session, pytest.raises(NotSignedIn):
        session_actor(session, first.secret, idle=timedelta(hours=1))


def test_the_issuer_names_the_person_too(office: Office) -> None:
    """The same subject at another provider is somebody else."""
    mine = connected(office, "head63")
    other = replace(mine, issuer="https://anderswo.example", groups=("bauamt",))
    assert entered(office, other).actor.user_id != office.people["head63"].user_id
    assert entered(office, mine).actor.user_id == office.people["head63"].user_id

"""Accounts: signing in, pausing, keys that end, and who may give which role."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from pwdlib.hashers.argon2 import Argon2Hasher

from eakte.errors import InvalidInput, NotAllowed, NotSignedIn, SignInFailed, SignInPaused
from eakte.models import Token, User
from eakte.operations import passwords
from eakte.operations.accounts import create_token, create_user, find_user, revoke_token, token_actor
from eakte.operations.sessions import SignedIn, note_seen, session_actor, sign_out
from eakte.operations.signing_in import sign_in as sign_in_or_ask
from eakte.operations.throttling import TRIES
from eakte.terms import SYSTEM, Role, Scope, new_id, now
from eakte.transaction import Transactions
from tests.operations.office import Office

PASSWORD = "ein langes Passwort für Tests"
WRONG = "falsch"
IDLE = timedelta(hours=1)
THE_PRODUCTS_OWN = passwords.PASSWORDS
"""Before tests get something cheaper."""


@pytest.fixture
def clerk(office: Office) -> User:
    with office.backends.transactions.begin(SYSTEM) as tx:
        return create_user(
            tx,
            login="Meier",
            display_name="Erika Meier",
            roles=[Role.CLERK],
            unit_id=office.units["63"],
            password=PASSWORD,
        )


def sign_in(transactions: Transactions, *, login: str, password: str) -> SignedIn:
    """Without a second factor a right password opens the session."""
    signed = sign_in_or_ask(transactions, login=login, password=password, hours=1)
    assert isinstance(signed, SignedIn)
    return signed


def tried(office: Office, login: str, password: str = WRONG) -> str:
    """What the person hears."""
    try:
        sign_in(office.backends.transactions, login=login, password=password)
    except (SignInFailed, SignInPaused) as error:
        return f"{type(error).__name__} {error.title} {error.detail}"
    return "in"


def made(office: Office, by: str | None, **said: Any) -> User:
    actor = office.people[by] if by else SYSTEM
    known: dict[str, Any] = {
        "login": "neu",
        "display_name": "Neu",
        "roles": [Role.CLERK],
        "unit_id": office.units["63"],
    }
    with office.backends.transactions.begin(actor) as tx:
        return create_user(tx, **(known | said))


class TestSignIn:
    @pytest.mark.parametrize("login", ["Meier", "meier", " MEIER "])
    def test_the_right_password_opens_a_session(self, office: Office, clerk: User, login: str) -> None:
        signed = sign_in(office.backends.transactions, login=login, password=PASSWORD)
        with office.backends.transactions.read() as session:
            actor, csrf = session_actor(session, signed.secret, idle=IDLE)
        assert (actor.user_id, csrf) == (clerk.id, signed.csrf)
        assert actor.scopes == {Scope.READ, Scope.WRITE}

    def test_neither_secret_nor_password_is_kept(self, office: Office, clerk: User) -> None:
        signed = sign_in(office.backends.transactions, login="meier", password=PASSWORD)
        stored = str(office.sql("SELECT to_jsonb(web_session) FROM web_session"))
        assert signed.secret not in stored
        assert hashlib.sha256(signed.secret.encode()).hexdigest() in stored
        ((hashed,),) = office.sql("SELECT password_hash FROM user_account WHERE id = %s", clerk.id)
        assert hashed.startswith("$argon2id$")
        assert PASSWORD not in hashed

    @pytest.mark.usefixtures("clerk")
    def test_known_and_unknown_logins_sound_alike_all_the_way_to_the_pause(self, office: Office) -> None:
        known = [tried(office, "meier") for _ in range(TRIES + 1)]
        unknown = [tried(office, "niemand") for _ in range(TRIES + 1)]
        assert known == unknown
        assert [said.split()[0] for said in known] == ["SignInFailed"] * (TRIES - 1) + ["SignInPaused"] * 2

    @pytest.mark.usefixtures("clerk")
    def test_while_paused_the_right_password_does_not_help(self, office: Office) -> None:
        for _ in range(TRIES):
            tried(office, "meier")
        assert tried(office, "meier", PASSWORD).startswith("SignInPaused")
        office.sql("UPDATE sign_in_throttle SET paused_until = now() - interval '1 second'")
        assert tried(office, "meier", PASSWORD) == "in"
        assert office.count("sign_in_throttle") == 0

    @pytest.mark.usefixtures("clerk")
    def test_tries_at_once_are_all_counted(self, office: Office) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _turn: tried(office, "meier"), range(TRIES - 1)))
        assert office.sql("SELECT failures FROM sign_in_throttle") == [(TRIES - 1,)]
        assert tried(office, "meier").startswith("SignInPaused")

    def test_accounts_that_may_not_sign_in_sound_like_wrong_passwords(self, office: Office, clerk: User) -> None:
        made(office, None, login="maschine", machine=True, operator="Karin Thieme")
        office.sql("UPDATE user_account SET active = false WHERE id = %s", clerk.id)
        heard = {tried(office, login, PASSWORD) for login in ("meier", "maschine", "niemand")}
        assert len(heard) == 1

    @pytest.mark.parametrize("login", ["", "\x00", "a\x00b", "x" * 10_000, "'; --", "\ud800"])
    def test_no_login_is_strange_enough_to_be_a_fault(self, shared_office: Office, login: str) -> None:
        assert tried(shared_office, login).startswith("SignInFailed")

    @pytest.mark.usefixtures("clerk")
    def test_a_session_ends_by_itself_by_signing_out_and_with_the_account(self, office: Office) -> None:
        transactions = office.backends.transactions

        def inside(secret: str) -> bool:
            with transactions.read() as session:
                try:
                    session_actor(session, secret, idle=IDLE)
                except NotSignedIn:
                    return False
            return True

        first, second, third = (sign_in(transactions, login="meier", password=PASSWORD) for _ in range(3))
        with transactions.begin(first.actor) as tx:
            sign_out(tx)
        assert [inside(each.secret) for each in (first, second, third)] == [False, True, True]
        office.sql("UPDATE web_session SET expires_at = now() WHERE id = %s", second.actor.access_key)
        assert [inside(each.secret) for each in (second, third)] == [False, True]
        office.sql("UPDATE web_session SET last_seen_at = now() - interval '61 minutes'")
        assert not inside(third.secret)
        note_seen(transactions, third.actor.access_key or new_id())
        assert inside(third.secret)
        office.sql("UPDATE user_account SET active = false WHERE login = 'Meier'")
        assert not inside(third.secret)
        assert not inside("")


class TestTokens:
    def key(self, office: Office, clerk: User, **said: Any) -> tuple[Token, str]:
        with office.backends.transactions.begin(SYSTEM) as tx:
            return create_token(tx, user=clerk, name="Fachverfahren", scopes=[Scope.READ], **said)

    def opens(self, office: Office, secret: str) -> bool:
        with office.backends.transactions.read() as session:
            try:
                return token_actor(session, secret).scopes == {Scope.READ}
            except NotSignedIn:
                return False

    def test_a_key_works_until_it_is_revoked(self, office: Office, clerk: User) -> None:
        row, secret = self.key(office, clerk)
        assert self.opens(office, secret)
        assert secret not in str(office.sql("SELECT to_jsonb(token) FROM token"))
        with office.backends.transactions.begin(SYSTEM) as tx:
            revoke_token(tx, tx.session.get_one(Token, row.id))
        assert not self.opens(office, secret)

    def test_revoking_twice_is_one_act(self, office: Office, clerk: User) -> None:
        row, _secret = self.key(office, clerk)
        for _ in range(2):
            with office.backends.transactions.begin(SYSTEM) as tx:
                revoke_token(tx, tx.session.get_one(Token, row.id))
        assert office.sql("SELECT count(*) FROM audit_entry WHERE tag = 'record:token:revoke'") == [(1,)]

    def test_a_key_ends_with_its_day_and_never_unsaid(self, office: Office, clerk: User) -> None:
        row, secret = self.key(office, clerk, days=30)
        assert row.expires_at is not None
        assert timedelta(days=29) < row.expires_at - now() <= timedelta(days=30)
        office.sql("UPDATE token SET expires_at = now() WHERE id = %s", row.id)
        assert not self.opens(office, secret)
        assert self.key(office, clerk)[0].expires_at is None

    def test_no_days_are_not_for_ever(self, office: Office, clerk: User) -> None:
        _row, secret = self.key(office, clerk, days=0)
        assert not self.opens(office, secret)

    @pytest.mark.parametrize("secret", ["", "eakte_", "eakte_x", "\x00"])
    def test_what_is_no_key_opens_nothing(self, shared_office: Office, secret: str) -> None:
        assert not self.opens(shared_office, secret)

    def test_a_key_dies_with_its_account(self, office: Office, clerk: User) -> None:
        _row, secret = self.key(office, clerk)
        office.sql("UPDATE user_account SET active = false WHERE id = %s", clerk.id)
        assert not self.opens(office, secret)


class TestRoles:
    @pytest.mark.parametrize("role", [Role.CLERK, Role.REGISTRAR, Role.ARCHIVE, Role.APPROVER, Role.AUDITOR])
    def test_the_administrator_gives_no_role_that_reads(self, shared_office: Office, role: Role) -> None:
        with pytest.raises(NotAllowed):
            made(shared_office, "admin", roles=[role])
        with pytest.raises(NotAllowed):
            made(shared_office, "admin", roles=[Role.ADMIN, role])

    @pytest.mark.parametrize("role", [Role.ADMIN, Role.STATION])
    def test_the_administrator_gives_the_others(self, office: Office, role: Role) -> None:
        assert made(office, "admin", roles=[role]).roles == [role.value]

    @pytest.mark.parametrize("role", list(Role))
    def test_the_registrar_gives_every_role(self, office: Office, role: Role) -> None:
        assert made(office, "registrar", roles=[role]).roles == [role.value]

    @pytest.mark.parametrize("by", ["clerk63", "head63", "archive", "approver", "auditor", "S1"])
    def test_nobody_else_gives_any(self, shared_office: Office, by: str) -> None:
        with pytest.raises(NotAllowed):
            made(shared_office, by, roles=[Role.STATION])
        assert shared_office.sql("SELECT 1 FROM user_account WHERE login = 'neu'") == []

    @pytest.mark.parametrize(
        ("said", "at"),
        [
            ({"login": ""}, "login"),
            ({"login": "müller"}, "login"),
            ({"login": "a b"}, "login"),
            ({"login": "a" * 64}, "login"),
            ({"login": "CLERK63"}, "login"),
            ({"login": "neu\n"}, "login"),
            ({"roles": []}, "roles"),
            ({"roles": [Role.ADMIN, Role.CLERK]}, "roles"),
            ({"roles": [Role.ADMIN, Role.AUDITOR]}, "roles"),
            ({"unit_id": None}, "unit"),
            ({"password": "kurz"}, "password"),
            ({"password": ""}, "password"),
            ({"password": "passwortpasswort"}, "password"),
            ({"password": "Willkommen2026"}, "password"),
            ({"password": "qwertzuiop123"}, "password"),
            ({"login": "Meier.Erika", "password": "meier.erika.1"}, "password"),
            ({"password": "x" * 501}, "password"),
            ({"machine": True}, "operator"),
            ({"machine": True, "operator": " "}, "operator"),
            ({"machine": True, "operator": "Karin Thieme", "password": PASSWORD}, "password"),
            ({"display_name": " "}, "display_name"),
        ],
    )
    def test_bad_input_names_its_field(self, shared_office: Office, said: dict[str, Any], at: str) -> None:
        with pytest.raises(InvalidInput) as caught:
            made(shared_office, None, **said)
        assert [error.at for error in caught.value.errors] == [at]

    def test_a_login_that_is_not_there_is_bad_input(self, office: Office) -> None:
        with office.backends.transactions.read() as session, pytest.raises(InvalidInput):
            find_user(session, "niemand")


def test_passwords_are_hashed_as_expensively_as_argon2_advises() -> None:
    """RFC 9106, section 4, the second recommended option: 64 MiB, three passes. Measured once, not in every test."""
    (hasher,) = THE_PRODUCTS_OWN.hashers
    assert isinstance(hasher, Argon2Hasher)
    memory, passes = hasher._hasher.memory_cost, hasher._hasher.time_cost
    assert (memory >= 65536, passes >= 3) == (True, True)

"""Pauses that lock nobody out, one-time codes that count once, sessions that end when they must."""

from __future__ import annotations

from datetime import timedelta

import pyotp
import pytest

from eakte.errors import (
    InvalidInput,
    NotAllowed,
    NotSignedIn,
    SecondFactorFailed,
    SetupFailed,
    SignInFailed,
    SignInPaused,
)
from eakte.models import User
from eakte.operations import second_factor, throttling
from eakte.operations.auditing import erase_pseudonyms, sequence
from eakte.operations.second_factor import STEP_SECONDS, begin_enrolment, confirm_enrolment, enrolling_secret
from eakte.operations.sessions import SignedIn, Visit, end_session, list_sessions, session_actor
from eakte.operations.signing_in import CodeWanted, confirm_password, set_password, sign_in, sign_in_with_code
from eakte.terms import SYSTEM, Actor, now
from tests.audit.trail import verify
from tests.operations.office import Office

PASSWORD = "ein langes Passwort für Tests"
IDLE = timedelta(hours=1)
OFFICE, HOME = Visit("192.0.2.1", "Firefox"), Visit("203.0.113.9", "Safari")


@pytest.fixture
def clerk(office: Office) -> Actor:
    """Somebody with a password."""
    actor = office.people["clerk63"]
    with office.backends.transactions.begin(SYSTEM) as tx:
        set_password(tx, tx.session.get_one(User, actor.user_id), PASSWORD, municipality="Stadt Rodenbeck")
    return actor


def enter(office: Office, password: str = PASSWORD, visit: Visit = OFFICE, login: str = "clerk63") -> SignedIn:
    signed = sign_in(office.backends.transactions, login=login, password=password, hours=1, visit=visit)
    assert isinstance(signed, SignedIn)
    return signed


def wrong(office: Office, times: int, visit: Visit = HOME, login: str = "clerk63") -> type[Exception]:
    """Fail that often; what is heard at last."""
    heard: type[Exception] = AssertionError
    for _ in range(times):
        with pytest.raises((SignInFailed, SignInPaused)) as caught:
            enter(office, "falsch", visit, login)
        heard = caught.type
    return heard


class TestPauses:
    @pytest.mark.usefixtures("clerk")
    def test_an_attacker_pauses_himself_and_not_the_browser_of_the_person(self, office: Office) -> None:
        known = enter(office)
        assert wrong(office, throttling.TRIES) is SignInPaused
        with pytest.raises(SignInPaused):
            enter(office)
        enter(office, visit=Visit(OFFICE.address, OFFICE.browser, known.device))
        # A stolen mark of another account is worth nothing, and a known browser is counted too.
        with pytest.raises(SignInPaused):
            enter(office, visit=Visit(HOME.address, HOME.browser, "erfunden"))
        assert wrong(office, throttling.TRIES, Visit("", "", known.device)) is SignInPaused

    @pytest.mark.usefixtures("clerk")
    def test_each_further_failure_doubles_the_pause_up_to_a_quarter_of_an_hour(self, office: Office) -> None:
        wrong(office, throttling.TRIES - 1)
        lengths = []
        for _ in range(6):
            with pytest.raises(SignInPaused) as caught:
                enter(office, "falsch", HOME)
            lengths.append(caught.value.seconds)
            office.sql("UPDATE sign_in_throttle SET paused_until = now()")
        assert lengths == [60, 120, 240, 480, 900, 900]
        office.sql("UPDATE sign_in_throttle SET failed_at = now() - interval '25 hours'")
        assert wrong(office, 1) is SignInFailed, "after a day it is forgotten"

    @pytest.mark.usefixtures("clerk")
    def test_an_address_that_tries_many_accounts_is_paused_for_all(
        self, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("eakte.operations.signing_in.ADDRESS_TRIES", 6)
        for number in range(6):
            wrong(office, 1, login=f"konto{number}")
        with pytest.raises(SignInPaused):
            enter(office, visit=HOME)
        enter(office, visit=OFFICE)


def enrol(office: Office, actor: Actor) -> tuple[str, list[str]]:
    """A second factor: its secret, the recovery codes."""
    ledger = office.backends.transactions.ledger
    with office.backends.transactions.begin(actor) as tx:
        step = begin_enrolment(tx, ledger)
        secret = enrolling_secret(tx.session, ledger, step, actor.user_id)
        assert secret
        assert enrolling_secret(tx.session, ledger, step, office.people["clerk10"].user_id) is None
        with pytest.raises(InvalidInput):
            confirm_enrolment(tx, ledger, step, "000000")
        return secret, confirm_enrolment(tx, ledger, step, pyotp.TOTP(secret).at(now(), counter_offset=-1))


def asked(office: Office) -> str:
    wanted = sign_in(office.backends.transactions, login="clerk63", password=PASSWORD, hours=1, visit=OFFICE)
    assert isinstance(wanted, CodeWanted)
    return wanted.secret


def answer(office: Office, step: str, code: str) -> SignedIn:
    return sign_in_with_code(office.backends.transactions, step=step, code=code, hours=1, visit=OFFICE)


class TestSecondFactor:
    def test_a_code_counts_once_and_only_near_its_time(
        self, office: Office, clerk: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secret, _codes = enrol(office, clerk)
        totp, moment = pyotp.TOTP(secret), now()
        monkeypatch.setattr(second_factor, "now", lambda: moment)
        for drift in (-2, 2, 100):
            with pytest.raises(SecondFactorFailed):
                answer(office, asked(office), totp.at(moment, counter_offset=drift))
        code = totp.at(moment)
        assert answer(office, asked(office), f"{code[:3]} {code[3:]}").actor.user_id == clerk.user_id
        with pytest.raises(SecondFactorFailed):
            answer(office, asked(office), code)
        with pytest.raises(SecondFactorFailed):
            answer(office, asked(office), totp.at(moment, counter_offset=-1))
        moment += timedelta(seconds=STEP_SECONDS)
        assert answer(office, asked(office), totp.at(moment, counter_offset=1)).actor.user_id == clerk.user_id

    def test_recovery_codes_open_once_each_and_are_not_kept(self, office: Office, clerk: Actor) -> None:
        secret, codes = enrol(office, clerk)
        assert len(set(codes)) == second_factor.RECOVERY_CODES
        answer(office, asked(office), codes[0].upper().replace("-", " "))
        with pytest.raises(SecondFactorFailed):
            answer(office, asked(office), codes[0])
        with office.backends.transactions.read() as session:
            assert clerk.user_id is not None
            assert second_factor.codes_left(session, clerk.user_id) == len(codes) - 1
        rows = str(
            office.sql(
                "SELECT to_jsonb(second_factor)::text, to_jsonb(recovery_code)::text FROM second_factor, recovery_code"
            )
        )
        assert secret.encode().hex() not in rows
        assert not any(code in rows or code.replace("-", "") in rows for code in codes)

    def test_a_sealed_secret_opens_in_its_own_row_only(self, office: Office, clerk: Actor) -> None:
        secret, _codes = enrol(office, clerk)
        ledger = office.backends.transactions.ledger
        ((sealed,),) = office.sql("SELECT secret FROM second_factor")
        assert clerk.user_id is not None
        assert ledger.unseal(sealed, bound_to=clerk.user_id.bytes).decode() == secret
        with pytest.raises(SetupFailed):
            ledger.unseal(sealed, bound_to=office.units["63"].bytes)

    def test_wrong_codes_lead_to_a_pause_and_a_right_password_between_them_does_not_help(
        self, office: Office, clerk: Actor
    ) -> None:
        secret, _codes = enrol(office, clerk)
        for _ in range(throttling.TRIES - 1):
            with pytest.raises(SecondFactorFailed):
                answer(office, asked(office), "000000")
        step = asked(office)
        with pytest.raises(SignInPaused):
            answer(office, step, "000000")
        with pytest.raises(SignInPaused):
            answer(office, step, pyotp.TOTP(secret).now())

    def test_a_step_ends_with_its_use_and_its_time(self, office: Office, clerk: Actor) -> None:
        _secret, codes = enrol(office, clerk)
        step = asked(office)
        answer(office, step, codes[0])
        with pytest.raises(SignInFailed, match="zu lange"):
            answer(office, step, codes[1])
        step = asked(office)
        office.sql("UPDATE pending_step SET expires_at = now()")
        with pytest.raises(SignInFailed, match="zu lange"):
            answer(office, step, codes[1])

    def test_only_oneself_and_it_take_it_away_and_that_ends_the_sessions(self, office: Office, clerk: Actor) -> None:
        transactions = office.backends.transactions
        _secret, codes = enrol(office, clerk)
        signed = answer(office, asked(office), codes[0])
        for other in ("clerk10", "head63", "auditor"):
            with pytest.raises(NotAllowed), transactions.begin(office.people[other]) as tx:
                second_factor.remove_second_factor(tx, tx.session.get_one(User, clerk.user_id))
        with transactions.begin(office.people["admin"]) as tx:
            second_factor.remove_second_factor(tx, tx.session.get_one(User, clerk.user_id))
        with transactions.read() as session, pytest.raises(NotSignedIn):
            session_actor(session, signed.secret, idle=IDLE)
        enter(office)
        assert office.sql("SELECT details->>'own' FROM audit_entry WHERE tag = 'record:user:remove-second-factor'") == [
            ("false",)
        ]


class TestSessions:
    def test_a_new_password_ends_all_other_sessions(self, office: Office, clerk: Actor) -> None:
        kept, other = enter(office), enter(office, visit=HOME)
        transactions = office.backends.transactions
        with pytest.raises(InvalidInput):
            confirm_password(transactions, kept.actor, "falsch", at="old")
        confirm_password(transactions, kept.actor, PASSWORD, at="old")
        with transactions.begin(kept.actor) as tx:
            user = tx.session.get_one(User, clerk.user_id)
            set_password(tx, user, "Bagger Zitrone Mond", municipality="x", keep=kept.actor.access_key)
        with transactions.read() as session:
            assert [each.id for each in list_sessions(session, clerk.user_id, idle=IDLE)] == [kept.actor.access_key]
            with pytest.raises(NotSignedIn):
                session_actor(session, other.secret, idle=IDLE)
        wrong(office, 1)
        with pytest.raises(SignInFailed):
            enter(office)

    def test_guessing_the_password_in_an_open_session_is_paused_too(self, office: Office, clerk: Actor) -> None:
        for _ in range(throttling.TRIES - 1):
            with pytest.raises(InvalidInput):
                confirm_password(office.backends.transactions, clerk, "falsch", at="old")
        for password in ("falsch", PASSWORD):
            with pytest.raises(SignInPaused):
                confirm_password(office.backends.transactions, clerk, password, at="old")

    @pytest.mark.usefixtures("clerk")
    def test_it_ends_sessions_of_others_and_nobody_else_does(self, office: Office) -> None:
        signed = enter(office)
        assert signed.actor.access_key is not None
        transactions = office.backends.transactions
        with pytest.raises(Exception, match="nichts"), transactions.begin(office.people["registrar"]) as tx:
            end_session(tx, signed.actor.access_key)
        with transactions.begin(office.people["admin"]) as tx:
            end_session(tx, signed.actor.access_key)
        with transactions.read() as session, pytest.raises(NotSignedIn):
            session_actor(session, signed.secret, idle=IDLE)


@pytest.mark.usefixtures("clerk")
def test_after_their_term_pseudonyms_name_nobody_and_the_log_still_verifies(office: Office) -> None:
    enter(office)
    enter(office)
    transactions = office.backends.transactions
    sequence(transactions, office.backends.blobs)
    office.sql("UPDATE audit_pseudonym SET month = to_char(now() - interval '13 months', 'YYYY-MM')")
    enter(office)
    with transactions.begin(SYSTEM) as tx:
        assert erase_pseudonyms(tx, months=12) == 1
        assert erase_pseudonyms(tx, months=12) == 0
    assert office.count("audit_pseudonym") == 1, "this month's"
    sequence(transactions, office.backends.blobs)
    report = verify(office)
    assert report.ok, report.errors
    assert office.sql("SELECT details->>'pseudonyms' FROM audit_entry WHERE tag = 'record:audit:erase-pseudonyms'") == [
        ("1",)
    ]

"""Signing in with the municipality's account: a real provider at the other end, or none that answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, update

from eakte.audit import Tag
from eakte.errors import SetupFailed
from eakte.models import AuditEntry, ExternalIdentity, User
from eakte.oidc import Provider
from eakte.operations.directory import Directory, parse_groups
from tests.pages.pages_support import Answer, Pages, Person, enter
from tests.support.provider import GROUPS, SECRET, oidc_provider, sign_in_at_provider

HERE = "http://127.0.0.1"
BACK = f"{HERE}/anmelden/dienst/zurueck"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with oidc_provider() as url:
        yield url


@pytest.fixture
def fresh(pages: Pages) -> Pages:
    """The town of all page tests behind an application of its own; each test brings other people."""
    return Pages(pages.backends, pages.town)


def connect(pages: Pages, issuer: str, *, founds: bool = True, secret: str = SECRET) -> None:
    provider = Provider(
        issuer, client_id="eakte", client_secret=secret, scope="openid profile groups", groups_claim="groups"
    )
    rules = Directory(parse_groups(GROUPS), founds=founds)
    pages.app.state.backends = replace(pages.backends, provider=(provider, rules))


def come_back(person: Person, subject: str, *, target: str = "/") -> Answer:
    """From the button to the provider and back."""
    begun = person.get(f"/anmelden/dienst?{urlencode({'weiter': target})}")
    assert begun.status == 303, begun.text
    return person.get(sign_in_at_provider(begun.location, subject, until=BACK))


def refusals(pages: Pages) -> list[Any]:
    with pages.backends.transactions.read() as session:
        failed = select(AuditEntry).where(AuditEntry.tag == Tag.SIGN_IN_FAIL.value)
        entries = session.scalars(failed.order_by(AuditEntry.id)).all()
    return [reason for entry in entries if (reason := entry.details.get("reason"))]


def test_a_known_group_opens_an_account_with_its_role_and_unit(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    person = fresh.visitor(HERE)
    begun = urlsplit(person.get("/anmelden/dienst?weiter=/plan").location)
    asked = parse_qs(begun.query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert {"state", "nonce", "code_challenge"} <= set(asked)
    answer = come_back(person, "p-100", target="/plan?stand=open")
    assert (answer.status, answer.location) == (303, "/plan?stand=open")
    assert "63 Bauordnung" in person.get("/").text
    account = person.get("/konto").text
    assert "Petra Hansen" in account
    assert "Kennung p.hansen " in account
    again = fresh.visitor(HERE)
    assert come_back(again, "p-100").status == 303
    with fresh.backends.transactions.read() as session:
        (row,) = session.scalars(select(ExternalIdentity).where(ExternalIdentity.subject == "p-100")).all()
        user = session.get_one(User, row.user_id)
    assert (row.subject, row.roles, user.roles, user.password_hash) == ("p-100", ["clerk"], ["clerk"], None)


def test_who_administers_gets_no_role_that_reads_and_never_will(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    person, before = fresh.visitor(HERE), len(refusals(fresh))
    assert come_back(person, "p-300").status == 303
    with fresh.backends.transactions.read() as session:
        (user,) = session.scalars(select(User).where(User.login == "l.petersen")).all()
    assert user.roles == ["admin"], "the group bauamt gives nothing beside it"
    # IT takes herself out of the group that administers: the other group still gives nothing.
    without = Directory(parse_groups({"bauamt": GROUPS["bauamt"]}), founds=True)
    provider, _rules = fresh.app.state.backends.provider
    fresh.app.state.backends = replace(fresh.backends, provider=(provider, without))
    answer = come_back(fresh.visitor(HERE), "p-300")
    assert answer.status == 403
    assert "noch kein Konto freigeschaltet" in answer.text
    assert person.get("/plan").status == 303, "the change of roles has ended the session"
    assert refusals(fresh)[before:] == ["no-role"]


def test_nobody_without_a_known_group_or_account_gets_in(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    stranger, before = fresh.visitor(HERE), len(refusals(fresh))
    answer = come_back(stranger, "p-200")
    assert answer.status == 403
    assert "Registratur oder an Ihre IT-Stelle" in answer.text
    assert stranger.get("/").status == 303
    connect(fresh, issuer, founds=False)
    assert come_back(fresh.visitor(HERE), "p-101").status == 403
    assert refusals(fresh)[before:] == ["unknown", "unknown"]
    with fresh.backends.transactions.read() as session:
        strangers = ExternalIdentity.subject.in_(["p-101", "p-200"])
        assert session.scalars(select(ExternalIdentity).where(strangers)).all() == []


def test_an_own_account_is_connected_by_its_owner_and_by_nobody_else(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer, founds=False)
    person = fresh.visitor(HERE)
    assert enter(person, "clerk63").status == 303
    asked = person.post("/konto/dienst")
    assert asked.status == 200
    address = asked.html.split('class="kern-btn kern-btn--primary" href="')[1].split('"')[0].replace("&amp;", "&")
    answer = person.get(sign_in_at_provider(address, "p-200", until=BACK))
    assert answer.location == "/konto/sicherheit?ok=verbunden"
    assert "verbunden" in person.get(answer.location).text
    other = fresh.visitor(HERE)
    assert come_back(other, "p-200").status == 303
    assert "63 Bauordnung" in other.get("/").text, "the account that was connected, with its own roles"
    # Somebody else carries his answer into the session of a victim: it was not asked for there.
    thief, victim = fresh.visitor(HERE), fresh.visitor(HERE)
    enter(thief, "registrar")
    enter(victim, "head63")
    page = thief.post("/konto/dienst").html
    address = page.split('class="kern-btn kern-btn--primary" href="')[1].split('"')[0].replace("&amp;", "&")
    carried = sign_in_at_provider(address, "p-300", until=BACK)
    assert victim.get(carried).status == 401
    victim.client.cookies.set("eakte_schritt", thief.client.cookies["eakte_schritt"])
    assert victim.get(carried).status == 401
    assert person.post("/konto/dienst/aus").status == 303
    assert come_back(fresh.visitor(HERE), "p-200").status == 403


def test_an_answer_counts_once_in_the_browser_that_asked_and_unchanged(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    person, thief = fresh.visitor(HERE), fresh.visitor(HERE)
    answer = sign_in_at_provider(person.get("/anmelden/dienst").location, "p-102", until=BACK)
    assert thief.get(answer).status == 401, "login CSRF: the answer of another browser"
    assert person.get(answer).status == 303
    assert person.get(answer).status == 401, "again"
    for spoil in ({"state": "x"}, {"iss": "https://boese.example"}, {"code": "x"}):
        unspoiled = _fresh_answer(person)
        fields = {name: values[0] for name, values in parse_qs(urlsplit(unspoiled).query).items()}
        spoiled = person.get(f"{BACK}?{urlencode({**fields, **spoil})}")
        assert spoiled.status == 401, spoil
        assert "nicht bestätigt" in spoiled.text
        assert person.get(unspoiled).status == 401, "the step is used up by the answer that was refused"
    _fresh_answer(person)
    assert person.get(f"{BACK}?error=access_denied").status == 401
    assert thief.get("/").status == 303


def test_a_wrong_secret_or_a_lost_provider_is_said_and_passwords_still_work(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer, secret="falsch")
    assert come_back(fresh.visitor(HERE), "p-103").status == 401
    connect(fresh, "http://127.0.0.1:9")
    person = fresh.visitor(HERE)
    down = person.get("/anmelden/dienst?weiter=/plan")
    assert down.status == 503
    assert "Anmeldedienst der Verwaltung antwortet gerade nicht" in down.text
    assert 'name="weiter" value="/plan"' in down.html
    assert enter(person, "clerk63", weiter="/plan").location == "/plan"
    assert person.post("/konto/dienst").status == 503


def test_who_signs_out_here_may_sign_out_there_too(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    person = fresh.visitor(HERE)
    come_back(person, "p-104")
    shown = person.get(person.post("/abmelden").location)
    assert f'href="{issuer}/session/end?client_id=eakte' in shown.html


def test_a_deactivated_account_stays_outside(fresh: Pages, issuer: str) -> None:
    connect(fresh, issuer)
    person = fresh.visitor(HERE)
    come_back(person, "p-105")
    fresh.change(update(User).where(User.login == "frau.5").values(active=False))
    assert person.get("/").status == 303
    assert come_back(fresh.visitor(HERE), "p-105").status == 403


@pytest.mark.parametrize("role", ["archive", "approver", "auditor", "unbekannt"])
def test_a_directory_may_not_give_every_role(role: str) -> None:
    with pytest.raises(SetupFailed, match="gruppe"):
        parse_groups({"gruppe": {"roles": [role]}})


def test_one_group_may_not_administer_and_read() -> None:
    with pytest.raises(SetupFailed, match="gruppe"):
        parse_groups({"gruppe": {"roles": ["admin", "clerk"]}})


def test_without_a_provider_there_is_no_way_to_one(pages: Pages) -> None:
    assert pages.visitor().get("/anmelden/dienst").status == 404
    assert "/anmelden/dienst" not in pages.visitor().get("/anmelden").html


def test_a_provider_on_an_open_line_is_refused() -> None:
    with pytest.raises(SetupFailed, match="https"):
        Provider("http://anmeldung.example", client_id="x", client_secret="", scope="openid", groups_claim="groups")


def _fresh_answer(person: Person) -> str:
    return sign_in_at_provider(person.get("/anmelden/dienst").location, "p-100", until=BACK)

"""Signing in and out: what a stranger learns, what a session is, and what no other site can do with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from eakte.models import WebSession
from eakte.operations.accounts import create_user, digest
from eakte.settings import Settings
from eakte.terms import SYSTEM, Role, now
from tests.pages.pages_support import Pages, enter
from tests.support.service import PASSWORD


def test_the_right_password_leads_to_the_start_page(pages: Pages) -> None:
    person = pages.visitor()
    answer = enter(person, "clerk63")
    assert answer.status == 303
    assert answer.location == "/"
    start = person.get("/")
    assert start.status == 200
    assert "63 Bauordnung" in start.text


def test_wrong_and_unknown_get_the_same_answer(pages: Pages) -> None:
    answers = [enter(pages.visitor(), login, "falsch") for login in ("clerk10", "niemand")]
    wrong, unknown = (answer.text.replace("clerk10", "niemand") for answer in answers)
    assert {answer.status for answer in answers} == {401}
    assert wrong == unknown
    assert "Kennung oder Passwort stimmt nicht" in wrong
    assert answers[0].value("username") == "clerk10"
    assert "falsch" not in answers[0].html


@pytest.fixture(scope="module")
def hasty(pages: Pages) -> None:
    """An account of its own: while it pauses, no other test can sign it in."""
    with pages.backends.transactions.begin(SYSTEM) as tx:
        create_user(tx, login="hastig", display_name="Hastig", roles=[Role.ADMIN], unit_id=None, password=PASSWORD)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("login", ["hastig", "gibt-es-nicht"])
def test_after_five_wrong_tries_there_is_a_pause_even_for_the_right_password(pages: Pages, login: str) -> None:
    for _ in range(4):
        assert enter(pages.visitor(), login, "falsch").status == 401
    assert enter(pages.visitor(), login, "falsch").status == 429
    paused = enter(pages.visitor(), login)
    assert paused.status == 429
    assert "kurze Pause" in paused.text
    assert 0 < int(paused.headers["retry-after"]) <= 60
    assert "set-cookie" not in paused.headers or "eakte=" not in paused.headers["set-cookie"]


@pytest.mark.parametrize("token", ["", "falsch"])
def test_another_site_cannot_sign_anybody_in(pages: Pages, token: str) -> None:
    person = pages.visitor()
    person.get("/anmelden")
    answer = person.post("/anmelden", csrf=token, username="clerk63", password=PASSWORD)
    assert answer.status == 403
    assert "eakte" not in person.client.cookies


def test_a_form_without_our_cookie_signs_nobody_in(pages: Pages) -> None:
    person = pages.visitor()
    shown = person.get("/anmelden")
    person.client.cookies.clear()
    token = shown.html.split('name="csrf" value="')[1].split('"')[0]
    answer = person.post("/anmelden", csrf=token, username="clerk63", password=PASSWORD)
    assert answer.status == 403
    assert "eakte" not in person.client.cookies


def test_a_sign_in_page_that_stood_open_too_long_says_so_and_works_at_once(pages: Pages) -> None:
    person = pages.visitor()
    answer = person.post("/anmelden", csrf="von gestern", username="clerk63", password=PASSWORD)
    assert answer.status == 403
    assert "stand zu lange offen" in answer.text
    assert answer.value("username") == "clerk63"
    token = answer.html.split('name="csrf" value="')[1].split('"')[0]
    assert person.post("/anmelden", csrf=token, username="clerk63", password=PASSWORD).status == 303


def test_a_foreign_origin_cannot_sign_anybody_in(pages: Pages) -> None:
    person = pages.visitor()
    shown = person.get("/anmelden")
    token = shown.html.split('name="csrf" value="')[1].split('"')[0]
    fields = {"csrf": token, "username": "clerk63", "password": PASSWORD}
    answer = person.client.post("/anmelden", data=fields, headers={"Origin": "https://boese.example"})
    assert answer.status_code == 403
    assert "eakte" not in person.client.cookies


@pytest.mark.parametrize(
    "target",
    [
        "//boese.example",
        "https://boese.example",
        "/\\boese.example",
        "javascript:alert(1)",
        "/\t/boese.example",
        "plan",
    ],
)
def test_nobody_is_led_away_after_signing_in(pages: Pages, target: str) -> None:
    assert enter(pages.visitor(), "clerk63", weiter=target).location == "/"
    shown = pages.visitor().client.get("/anmelden", params={"weiter": target}).text
    assert 'name="weiter" value="/"' in shown


def test_who_came_from_a_page_goes_back_to_it(pages: Pages) -> None:
    person = pages.visitor()
    sent = person.get("/suche?q=Zaun&art=incoming")
    assert sent.status == 303
    assert sent.location == "/anmelden?weiter=/suche%3Fq%3DZaun%26art%3Dincoming"
    shown = person.get(sent.location)
    assert 'name="weiter" value="/suche?q=Zaun&amp;art=incoming"' in shown.html
    assert enter(person, "clerk63", weiter="/suche?q=Zaun&art=incoming").location == "/suche?q=Zaun&art=incoming"


def test_a_fragment_without_session_leads_the_whole_page_to_sign_in(pages: Pages) -> None:
    answer = pages.visitor().get("/plan", **{"HX-Request": "true"})
    assert answer.status == 401
    assert answer.headers["hx-redirect"] == "/anmelden?weiter=/plan"


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(pages: Pages) -> None:
    cookies = enter(pages.visitor(), "clerk63").response.headers.get_list("set-cookie")
    (session,) = [cookie for cookie in cookies if cookie.startswith("eakte=")]
    assert "HttpOnly" in session
    assert "SameSite=lax" in session
    assert "Path=/" in session
    assert "Domain" not in session


def test_behind_a_proxy_with_tls_the_cookie_belongs_to_this_host_alone(fresh: Pages) -> None:
    settings = fresh.backends.settings.model_copy(update={"public_url": "https://akte.rodenbeck.example"})
    assert isinstance(settings, Settings)
    fresh.app.state.backends = replace(fresh.backends, settings=settings)
    person = fresh.visitor("https://akte.rodenbeck.example")
    answer = enter(person, "clerk63")
    (session,) = [c for c in answer.response.headers.get_list("set-cookie") if c.startswith("__Host-eakte=")]
    assert "Secure" in session
    assert "HttpOnly" in session
    assert "Path=/" in session
    assert person.get("/").status == 200
    origin = {"Origin": "https://akte.rodenbeck.example"}
    assert person.post("/konto", headers=origin, theme="dark", density="wide").status == 303


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("http://localhost", True),
        ("http://127.0.0.1:8000", True),
        ("http://[::1]:8000", True),
        ("http://akte.rodenbeck.example", False),
        ("http://192.0.2.7:8000", False),
        ("http://localhost.boese.example", False),
    ],
)
def test_without_tls_only_this_machine_may_sign_in(pages: Pages, address: str, allowed: bool) -> None:
    person = pages.visitor(address)
    assert ("nicht verschlüsselt" in person.get("/anmelden").text) is not allowed
    answer = enter(person, "clerk63")
    assert answer.status == (303 if allowed else 403)
    if not allowed:
        assert "nicht verschlüsselt" in answer.text
        assert "eakte" not in person.client.cookies


def test_signing_out_ends_the_session_on_the_server(pages: Pages) -> None:
    person = pages.sign_in("clerk63")
    secret = person.client.cookies["eakte"]
    answer = person.post("/abmelden")
    assert answer.location == "/anmelden?ok=abgemeldet"
    assert "Sie sind abgemeldet" in person.get(answer.location).text
    thief = pages.visitor()
    thief.client.cookies.set("eakte", secret)
    assert thief.get("/").location.startswith("/anmelden")


def test_a_session_ends_by_itself(pages: Pages) -> None:
    person = pages.sign_in("registrar")
    mine = WebSession.sha256 == digest(person.client.cookies["eakte"])
    pages.change(update(WebSession).where(mine).values(expires_at=now() - timedelta(seconds=1)))
    assert person.get("/plan").location == "/anmelden?weiter=/plan"


def test_a_token_of_a_machine_is_no_session(pages: Pages) -> None:
    answer = pages.visitor().get("/", Authorization=f"Bearer {pages.town.tokens['clerk63']}")
    assert answer.status == 303


@pytest.mark.parametrize("login", ["a\x00b", "a" * 5000, "🦔", "' OR 1=1 --"])
def test_nonsense_as_a_login_is_just_wrong(pages: Pages, login: str) -> None:
    assert enter(pages.visitor(), login, "x\x00y").status == 401

"""Accounts, keys and what guards them, over HTTP: embedded, and on real servers.

A person's account from the first sign-in to the lost device, the municipality's own provider, machines, limits, and
what the log keeps of all that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pyotp
import pytest
from sqlalchemy import select, update

from eakte.models import AuditPseudonym, Token
from eakte.operations.auditing import sequence
from eakte.terms import now
from tests.journeys.doors import enter
from tests.pages.pages_support import PAGE_TOKEN, TOKEN
from tests.support.provider import GROUPS, SECRET, oidc_provider, sign_in_at_provider
from tests.support.service import PASSWORD, Municipality, Service

pytestmark = pytest.mark.journey
API = "/api/v1"
SHOWN_SECRET = re.compile(r"<dt>Schlüssel</dt><dd><code>([A-Z2-7 ]+)</code>")
CODE = re.compile(r"<li><code>([^<]+)</code></li>")
NEW = "Bagger Zitrone Mondschein"
A_MINUTE = 60
"""Requests that a key or session has in a minute; no journey here needs as many."""


class Directory:
    """The municipality's provider of accounts, which may be away for a while."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self.issuer = self._running.enter_context(oidc_provider())

    @contextmanager
    def away(self) -> Iterator[None]:
        """It does not answer meanwhile."""
        self.close()
        yield
        self._running.enter_context(oidc_provider(urlsplit(self.issuer).port or 0))

    def close(self) -> None:
        """End it."""
        self._running.close()


@pytest.fixture(scope="module")
def directory() -> Iterator[Directory]:
    with closing(Directory()) as running:
        yield running


@pytest.fixture(scope="module")
def service_settings(directory: Directory) -> dict[str, str]:
    return {
        "EAKTE_OIDC_ISSUER": directory.issuer,
        "EAKTE_OIDC_CLIENT_SECRET": SECRET,
        "EAKTE_OIDC_SCOPE": "openid profile groups",
        "EAKTE_OIDC_GROUPS": json.dumps(GROUPS),
        "EAKTE_OIDC_CREATE_ACCOUNTS": "true",
        "EAKTE_REQUESTS_PER_MINUTE": str(A_MINUTE),
    }


def send(browser: httpx2.Client, path: str, **fields: str) -> httpx2.Response:
    """A form of our own pages."""
    found = PAGE_TOKEN.search(browser.get("/konto").text)
    assert found, "not signed in"
    return browser.post(path, data={"csrf": found[1], **fields})


def give_code(browser: httpx2.Client, code: str) -> httpx2.Response:
    found = TOKEN.search(browser.get("/anmelden/code").text)
    assert found
    return browser.post("/anmelden/code", data={"csrf": found[1], "code": code})


def inside(browser: httpx2.Client) -> bool:
    return bool(browser.get("/").status_code == 200)


def test_an_account_from_its_first_sign_in_to_a_lost_device(service: Service, municipality: Municipality) -> None:
    head = municipality.users["head63"]
    with service.client() as desk, service.client() as phone, service.client() as later:
        desk.headers["X-Forwarded-For"] = "203.0.113.7"
        assert enter(desk, PASSWORD).status_code == 303
        assert enter(phone, PASSWORD).status_code == 303
        change_password(desk)
        assert (inside(desk), inside(phone)) == (True, False)
        assert enter(phone, PASSWORD).status_code == 401
        totp, codes = enrol(desk)
        assert phone.get("/konto/zweiter-faktor/qr.svg").status_code == 303

        # From now on the password alone opens nothing, and a code opens once.
        asked = enter(phone, NEW)
        assert asked.headers["location"].startswith("/anmelden/code")
        assert not inside(phone)
        code = totp.at(now(), counter_offset=1)
        assert give_code(phone, "123 456").status_code == 401
        assert give_code(phone, code).status_code == 303
        assert inside(phone)
        enter(later, NEW)
        assert give_code(later, code).status_code == 401, "a used code"
        assert give_code(later, codes[0]).status_code == 303
        assert "9 Wiederherstellungscodes" in re.sub(r"\s+", " ", later.get("/konto/sicherheit").text)

        lose_device(service, municipality)
        assert not any(inside(each) for each in (desk, phone, later))
        assert enter(later, NEW).headers["location"] == "/"
        use_a_key(service, later)
    # Whole, and numbered by the same command.
    assert service.command("audit", "verify").returncode == 0
    assert tags(service, municipality, head) >= {
        "record:user:set-password",
        "record:user:set-second-factor",
        "record:user:remove-second-factor",
    }


def change_password(desk: httpx2.Client) -> None:
    """A weak one is refused; a good one changes this session's cookie."""
    weak = send(desk, "/konto/passwort", old=PASSWORD, new="head63head63", again="head63head63")
    assert weak.status_code == 422
    assert "leicht zu erraten" in weak.text
    before = desk.cookies["eakte"]
    assert send(desk, "/konto/passwort", old=PASSWORD, new=NEW, again=NEW).status_code == 303
    assert desk.cookies["eakte"] != before


def enrol(desk: httpx2.Client) -> tuple[pyotp.TOTP, list[str]]:
    """The secret as text and picture, the first code, recovery codes shown once."""
    assert send(desk, "/konto/zweiter-faktor/beginn", confirm="falsch").status_code == 422
    assert send(desk, "/konto/zweiter-faktor/beginn", confirm=NEW).status_code == 303
    found = SHOWN_SECRET.search(desk.get("/konto/zweiter-faktor").text)
    assert found
    picture = desk.get("/konto/zweiter-faktor/qr.svg")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert picture.headers["cache-control"] == "no-store"
    totp = pyotp.TOTP(found[1].replace(" ", ""))
    codes = CODE.findall(send(desk, "/konto/zweiter-faktor", code=totp.at(now(), counter_offset=-1)).text)
    assert len(codes) == 10
    assert codes[0] not in desk.get("/konto/zweiter-faktor", follow_redirects=True).text
    return totp, codes


def lose_device(service: Service, municipality: Municipality) -> None:
    """IT sees the sessions, ends them, and takes the factor away; nobody else does."""
    head = municipality.users["head63"]
    with service.client(municipality.tokens["clerk63"]) as clerk:
        assert clerk.get(f"{API}/sessions", params={"user": head}).status_code == 403
        assert clerk.delete(f"{API}/users/{head}/second-factor").status_code == 404
    with service.client(municipality.tokens["admin"]) as admin:
        listed = admin.get(f"{API}/sessions", params={"user": head}).raise_for_status().json()["items"]
        assert {each["address"] for each in listed} == {"127.0.0.1"}, "no proxy is trusted unasked"
        assert sorted(each["method"] for each in listed) == ["password", "password+code", "password+recovery"]
        for each in listed:
            assert admin.delete(f"{API}/sessions/{each['id']}").status_code == 204
        assert admin.delete(f"{API}/users/{head}/second-factor").status_code == 204


def use_a_key(service: Service, person: httpx2.Client) -> None:
    """Shown once, used, seen to be used, ended."""
    made = send(person, "/konto/schluessel", name="Auswertung", days="30", scope_read="on")
    key = re.search(r"<code>(eakte_[^<…]{40,})</code>", made.text)
    assert key
    assert key[1] not in person.get("/konto/sicherheit").text
    with service.client(key[1]) as program:
        assert program.get(f"{API}/dossiers").status_code == 200
        assert program.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "x"}).status_code == 403
        own = program.get(f"{API}/tokens").json()["items"]
        (used,) = [each for each in own if each["name"] == "Auswertung"]
        assert used["last_used_at"]
        assert send(person, f"/konto/schluessel/{used['id']}/beenden").status_code == 303
        assert program.get(f"{API}/dossiers").status_code == 401


def tags(service: Service, municipality: Municipality, subject: str) -> set[str]:
    with service.client(municipality.tokens["auditor"]) as auditor:
        entries = auditor.get(f"{API}/audit", params={"subject": subject}).json()["entries"]
    return {entry["tag"] for entry in entries}


def from_the_directory(service: Service, browser: httpx2.Client, subject: str) -> str:
    """From the button to the provider, where somebody signs in; the address that leads back."""
    begun = browser.get("/anmelden/dienst")
    assert begun.status_code == 303, begun.text
    return sign_in_at_provider(begun.headers["location"], subject, until=service.url)


def entries(service: Service, municipality: Municipality, tag: str, **asked: str) -> list[dict[str, Any]]:
    """Entries of the log with a tag, newest first, placed at once."""
    with service.backends() as opened:
        sequence(opened.transactions, opened.blobs)
    with service.client(municipality.tokens["auditor"]) as auditor:
        answer = auditor.get(f"{API}/audit", params={"tag": tag, "limit": 200, **asked})
    return list(answer.raise_for_status().json()["entries"])


def test_what_guards_a_session(service: Service, municipality: Municipality) -> None:
    """Headers, forged requests, tries, loops: each is refused in its own words."""
    with service.client() as browser:
        shown = browser.get("/anmelden")
        assert shown.headers["x-frame-options"] == "DENY"
        assert shown.headers["x-content-type-options"] == "nosniff"
        assert "default-src" in shown.headers["content-security-policy"]
        assert enter(browser, PASSWORD, "registrar").status_code == 303
        assert "httponly" in browser.get("/anmelden").headers.get("set-cookie", "httponly").lower()
        # The cookie alone reads and changes nothing; with the page's token it does, from our own page only.
        body = {"plan_class": "632.2", "title": "Gefälscht", "unit": "10"}
        assert browser.get(f"{API}/dossiers").status_code == 200
        assert browser.post(f"{API}/dossiers", json=body).status_code == 403
        token = {"X-CSRF-Token": PAGE_TOKEN.search(browser.get("/konto").text)[1]}  # type: ignore[index] # signed in
        assert browser.post(f"{API}/dossiers", json=body, headers=token).status_code == 201
        elsewhere = {**token, "Origin": "https://boese.example"}
        assert browser.post(f"{API}/dossiers", json=body, headers=elsewhere).status_code == 403
        assert browser.post("/konto/passwort", data={"old": PASSWORD}).status_code == 403
        # One's own sessions, seen and ended.
        (mine,) = browser.get(f"{API}/sessions").json()["items"]
        assert browser.delete(f"{API}/sessions/{mine['id']}", headers=token).status_code == 204
        assert not inside(browser)
    with service.client() as attacker:
        tries = [enter(attacker, "falsch", "clerk10") for _ in range(6)]
        assert [each.status_code for each in tries] == [401] * 4 + [429] * 2
        assert 0 < int(tries[-1].headers["retry-after"]) <= 60
        assert enter(attacker, PASSWORD, "clerk10").status_code == 429, "also with the right one, while it lasts"
        unknown = [enter(attacker, "falsch", "niemand") for _ in range(5)]
        assert [each.status_code for each in unknown] == [401] * 4 + [429], "an unknown account sounds the same"
    with service.client(municipality.tokens["approver"]) as loop:
        answers = [loop.get(f"{API}/units") for _ in range(A_MINUTE)]
        assert {each.status_code for each in answers} == {200}
        # It is refilled evenly, so how many more there are depends on how long these took.
        more = (loop.get(f"{API}/units") for _ in range(100 * A_MINUTE))
        stopped = next(each for each in more if each.status_code != 200)
        assert (stopped.status_code, stopped.headers["content-type"]) == (429, "application/problem+json")
        assert int(stopped.headers["retry-after"]) >= 1


def test_machines_have_an_operator_and_keys_that_end(service: Service, municipality: Municipality) -> None:
    with service.client(municipality.tokens["registrar"]) as registrar:
        new = {"login": "portal", "display_name": "Portal", "roles": ["clerk"], "unit": "63", "machine": True}
        refused = registrar.post(f"{API}/users", json=new)
        assert [each["at"] for each in refused.json()["errors"]] == ["operator"]
        made = registrar.post(f"{API}/users", json={**new, "operator": "Karin Thieme"})
        assert (made.status_code, made.json()["operator"]) == (201, "Karin Thieme")
        for weak in ("kurz12345", "passwortpasswort"):  # twelve characters, and none that everybody tries
            person = {**new, "login": "kurz", "machine": False, "password": weak}
            assert registrar.post(f"{API}/users", json=person).status_code == 422, weak
        order = {"user": "portal", "name": "Anträge", "scopes": ["read"], "days": 30}
        key = registrar.post(f"{API}/tokens", json=order).raise_for_status().json()
    assert key["expires_at"]
    with service.client(key["token"]) as machine:
        assert machine.get(f"{API}/dossiers").status_code == 200
        beyond = machine.post(f"{API}/dossiers", json={"plan_class": "632.2", "title": "x"})
        assert (beyond.status_code, beyond.json()["type"]) == (403, "urn:eakte:problem:scope-missing")
        with service.backends() as opened, opened.database.engine.begin() as connection:
            connection.execute(update(Token).where(Token.id == key["id"]).values(expires_at=now()))
        assert machine.get(f"{API}/dossiers").status_code == 401
    (entry,) = entries(service, municipality, "record:token:create", subject=key["id"])
    assert (entry["actor"], entry["details"]["scopes"]) == (municipality.users["registrar"], ["read"])


def test_the_log_names_visitors_until_their_key_is_erased(service: Service, municipality: Municipality) -> None:
    with service.client() as browser:
        enter(browser, "falsch", "archive")
        assert enter(browser, PASSWORD, "archive").status_code == 303
        assert send(browser, "/abmelden").status_code == 303
    kept = {tag: entries(service, municipality, f"access:session:{tag}")[0] for tag in ("fail", "sign-in", "sign-out")}
    (person,) = {entry["actor"] for entry in kept.values()}
    assert person.startswith("p:")
    assert municipality.users["archive"] not in json.dumps(list(kept.values()))
    with service.backends() as opened, opened.database.engine.begin() as connection:
        connection.execute(update(AuditPseudonym).values(month="2020-01"))
    erased = json.loads(service.command("audit", "erase-pseudonyms", "--json").stdout)["erased"]
    assert erased > 0
    with service.backends() as opened, opened.transactions.read() as session:
        assert session.scalar(select(AuditPseudonym).where(AuditPseudonym.pseudonym == person)) is None
    assert json.loads(service.command("audit", "verify", "--json").stdout)["ok"]
    assert person in {each["actor"] for each in entries(service, municipality, "access:session:sign-in")}


def test_the_directory_opens_accounts_and_its_silence_is_said(
    service: Service, municipality: Municipality, directory: Directory
) -> None:
    with service.client() as person, service.client() as stranger, service.client() as late:
        assert person.get(from_the_directory(service, person, "p-100")).status_code == 303
        account = person.get("/konto").text
        assert "Petra Hansen" in account
        assert "63 Bauordnung" in account
        made = person.post(
            f"{API}/dossiers",
            json={"plan_class": "632.2", "title": "Vom Verzeichnis"},
            headers={"X-CSRF-Token": PAGE_TOKEN.search(account)[1]},  # type: ignore[index] # signed in
        )
        assert made.json()["unit"] == municipality.units["63"], "the group's role and unit"
        refused = stranger.get(from_the_directory(service, stranger, "p-200"))
        assert (refused.status_code, "noch kein Konto freigeschaltet" in refused.text) == (403, True)
        assert not inside(stranger)
        assert entries(service, municipality, "access:session:fail")[0]["details"]["reason"] == "unknown"
        back = from_the_directory(service, late, "p-101")
        with directory.away():
            down = late.get(back)
        assert (down.status_code, "Anmeldedienst der Verwaltung antwortet gerade nicht" in down.text) == (503, True)
        assert enter(late, PASSWORD, "clerk63").status_code == 303, "who has a password gets in"

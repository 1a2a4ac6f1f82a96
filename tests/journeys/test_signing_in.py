"""A person's account from the first sign-in to the lost device, over HTTP: embedded, and on a PostgreSQL server."""

from __future__ import annotations

import re

import httpx2
import pyotp
import pytest

from eakte.terms import now
from tests.pages.pages_support import PAGE_TOKEN, TOKEN
from tests.support.service import PASSWORD, Municipality, Service

pytestmark = pytest.mark.journey
API = "/api/v1"
SECRET = re.compile(r"<dt>Schlüssel</dt><dd><code>([A-Z2-7 ]+)</code>")
CODE = re.compile(r"<li><code>([^<]+)</code></li>")
NEW = "Bagger Zitrone Mondschein"


def enter(browser: httpx2.Client, password: str, login: str = "head63") -> httpx2.Response:
    """The sign-in page, filled in."""
    found = TOKEN.search(browser.get("/anmelden").text)
    assert found
    return browser.post("/anmelden", data={"csrf": found[1], "username": login, "password": password})


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
    found = SECRET.search(desk.get("/konto/zweiter-faktor").text)
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

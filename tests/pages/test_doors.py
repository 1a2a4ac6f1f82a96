"""Every address of the pages, found by walking the application: tokens, foreign sites, foreign files, headers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from eakte.audit import Tag
from eakte.models import AuditEntry
from eakte.models.base import Base
from eakte.web.rendering import BUILT, CONTENT_SECURITY_POLICY, STATIC_PREFIX, static
from tests.pages.pages_support import SECRET, Answer, Pages, Place, Route, page_routes

NOBODYS = "0190a000-0000-7000-8000-000000000000"
ROLES = ("clerk63", "head63", "clerk10", "registrar", "archive", "approver", "auditor", "admin")
OPEN_TO_ALL = {
    Route("GET", "/anmelden"),
    Route("POST", "/anmelden"),
    Route("POST", "/anmelden/code"),
    Route("GET", "/anmelden/dienst"),
    Route("GET", "/anmelden/dienst/zurueck"),
    Route("GET", "/barrierefreiheit"),
    Route("GET", "/barriere-melden"),
    Route("GET", STATIC_PREFIX + "{name}"),
}
BYTES = {
    Route("GET", "/dokumente/{document_id}/original"),
    Route("GET", "/dokumente/{document_id}/pdfa"),
    Route("GET", "/suche/treffer.csv"),
    Route("GET", "/suche/treffer.xlsx"),
}
UNRELATED = ("audit_", "sign_in", "web_session", "recent", "procrastinate")
"""Tables that a refused form may touch: what was tried is logged."""


@dataclass(frozen=True, slots=True)
class Town:
    """What lies in the files: mine, a colleague's of another unit, a protected one of my own unit."""

    mine: Place
    foreign: Place
    protected: Place


@pytest.fixture(scope="module")
def files(pages: Pages) -> Town:
    made = Town(
        mine=pages.place("clerk63", "Lindenweg 12"),
        foreign=pages.place("clerk10", f"Haushalt {SECRET}"),
        protected=pages.place("head63", f"Personal {SECRET}", confidentiality="protected"),
    )
    for place in (made.foreign, made.protected):
        pages.process({"id": place.document, "version": 1})
    return made


def address(route: Route, place: Place) -> str:
    """The address of a route for a dossier or document."""
    values = {
        "dossier_id": place.dossier,
        "document_id": place.document,
        "case_id": place.case,
        "party_id": place.party,
        "reference_id": NOBODYS,
        "template_id": NOBODYS,
        **dict.fromkeys(("entry_id", "share_id", "exclusion_id", "deputation_id", "report_id"), NOBODYS),
        "resubmission_id": place.resubmission,
        "reference": place.reference,
        "number": "632.2",
        "session_id": NOBODYS,
        "search_id": NOBODYS,
        "token_id": NOBODYS,
        "failed_id": NOBODYS,
        "user_id": NOBODYS,
        "unit_id": NOBODYS,
        "entry": "999999999",
        "name": static("ea.css").removeprefix(STATIC_PREFIX),
    }
    return route.path.replace(":path", "").format(**values)


def gets(pages: Pages) -> Iterator[Route]:
    yield from (route for route in page_routes(pages.app) if route.method == "GET")


def forms(pages: Pages) -> Iterator[Route]:
    yield from (route for route in page_routes(pages.app) if route.method != "GET")


def counts(pages: Pages) -> dict[str, int]:
    """How many rows each table of the domain has, and which revisions dossiers and documents are at."""
    found = {}
    with pages.backends.transactions.read() as session:
        for table in Base.metadata.sorted_tables:
            if not table.name.startswith(UNRELATED):
                found[table.name] = session.scalar(select(func.count()).select_from(table)) or 0
                if "revision" in table.c:
                    found[f"{table.name} revisions"] = session.scalar(select(func.sum(table.c.revision))) or 0
    return found


def chosen(route: Route) -> dict[str, tuple[str, bytes]] | None:
    """The file of the forms that have one."""
    return {"file": ("a.txt", b"x")} if route.path.endswith(("/ablegen", "/fassungen")) else None


def test_a_form_without_files_takes_none(pages: Pages) -> None:
    # Strangers would fill the disk of the service.
    answer = pages.visitor().client.post("/anmelden", files={"file": ("a.txt", b"x")})
    assert answer.status_code == 400


def safe(answer: Answer) -> None:
    """The headers of a page."""
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"


def test_the_walk_finds_the_doors(pages: Pages) -> None:
    found = set(page_routes(pages.app))
    assert Route("POST", "/akten/{dossier_id}/zda") in found
    assert len(list(forms(pages))) >= 9
    assert {route.method for route in found} == {"GET", "POST"}


def test_strangers_are_led_to_sign_in_from_every_page(pages: Pages, files: Town) -> None:
    stranger = pages.visitor()
    for route in set(page_routes(pages.app)) - OPEN_TO_ALL:
        answer = Answer(stranger.client.request(route.method, address(route, files.mine), data={}))
        assert answer.status == 303, route
        assert answer.location.startswith("/anmelden?weiter="), route
        safe(answer)


@pytest.mark.parametrize("token", [None, "", "falsch", "des-anderen"])
def test_no_form_does_anything_without_the_token_of_this_session(pages: Pages, files: Town, token: str | None) -> None:
    person = pages.person("clerk63")
    if token == "des-anderen":
        token = pages.person("registrar").csrf
    before = counts(pages)
    for route in forms(pages):
        fields = {"title": "Untergeschoben", "plan_class": "632.2", "theme": "dark", "density": "wide", "reason": "x"}
        data = {**fields, "idempotency": uuid.uuid4().hex, **({} if token is None else {"csrf": token})}
        answer = Answer(person.client.post(address(route, files.mine), data=data, files=chosen(route)))
        assert answer.status == 403, route
        safe(answer)
    assert counts(pages) == before
    assert person.get("/").status == 200, "still signed in"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://boese.example"},
        {"Origin": "http://localhost.boese.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    ],
)
def test_no_form_is_taken_from_another_site_even_with_the_token(
    pages: Pages, files: Town, headers: dict[str, str]
) -> None:
    person = pages.person("clerk63")
    before = counts(pages)
    for route in forms(pages):
        fields = {"title": "Untergeschoben", "plan_class": "632.2", "theme": "dark", "density": "wide", "reason": "x"}
        answer = person.post(address(route, files.mine), headers=headers, **fields)
        assert answer.status == 403, route
    assert counts(pages) == before
    assert person.get("/").status == 200


@pytest.mark.parametrize("login", ROLES)
def test_what_may_not_be_read_cannot_be_told_from_what_is_not_there(pages: Pages, files: Town, login: str) -> None:
    person = pages.person(login)
    nowhere = Place(*(str(uuid.uuid4()), "632.2-99999/1999"), *(str(uuid.uuid4()) for _ in range(4)))
    for route in gets(pages):
        if "{" not in route.path or route.path.startswith(("/plan", STATIC_PREFIX)):
            continue
        missing = person.get(address(route, nowhere))
        assert missing.status == 404, route
        for place in (files.foreign, files.protected):
            if may_know(login, place, files):
                continue
            hidden = person.get(address(route, place))
            assert hidden.status == 404, (route, login)
            assert without_number(hidden) == without_number(missing)


@pytest.mark.parametrize("login", ROLES)
def test_no_page_tells_titles_that_one_may_not_know(pages: Pages, files: Town, login: str) -> None:
    person = pages.person(login)
    for route in gets(pages):
        for place in (files.mine, files.foreign, files.protected):
            answer = person.get(address(route, place))
            assert answer.status in {200, 303, 403, 404}, (route, answer.status)
            if not may_know(login, files.foreign, files) and not may_know(login, files.protected, files):
                assert SECRET not in answer.html, (route, login)
    searched = person.get(f"/suche?q={SECRET}")
    listed = person.get("/plan/632.2?filter=" + SECRET)
    for place, title in ((files.foreign, "Haushalt"), (files.protected, "Personal")):
        if not may_know(login, place, files):
            assert f"{title} {SECRET}" not in searched.text + listed.text
    assert ("Keine Treffer" in searched.text) is (login not in {"head63", "clerk10", "registrar"})


@pytest.mark.parametrize("login", ["clerk10", "clerk63", "archive", "auditor", "admin"])
def test_no_form_changes_a_foreign_file(pages: Pages, files: Town, login: str) -> None:
    person = pages.person(login)
    before = counts(pages)
    place = files.protected if login == "clerk63" else files.mine
    for route in forms(pages):
        if "{" not in route.path:
            continue
        if route.path.startswith("/konto/"):
            continue  # sessions and keys: tests/pages/test_security.py
        answer = person.post(
            address(route, place),
            files=chosen(route),
            title="Fremd",
            reason="Grund",
        )
        assert answer.status in {403, 404}, (route, login, answer.status)
        assert SECRET not in answer.html
    assert counts(pages) == before


def test_a_refusal_for_want_of_a_right_is_logged(pages: Pages, files: Town) -> None:
    def denials() -> int:
        with pages.backends.transactions.read() as session:
            return session.scalar(select(func.count()).where(AuditEntry.tag == Tag.DENY.value)) or 0

    before = denials()
    answer = pages.person("registrar").get(f"/akten/{files.mine.dossier}")
    assert answer.status == 403
    assert "dürfen sie aber nicht lesen" in answer.text
    assert "Lindenweg" not in answer.html
    assert denials() == before + 1


def test_every_page_and_file_has_its_headers(pages: Pages, files: Town) -> None:
    person = pages.person("clerk63")
    for route in gets(pages):
        answer = person.get(address(route, files.mine))
        if route in BYTES:
            assert answer.headers["x-content-type-options"] == "nosniff"
            continue
        safe(answer)
        if not route.path.startswith(STATIC_PREFIX):
            assert answer.headers["cache-control"] == "no-store"
            assert "style=" not in answer.html
            assert "<style" not in answer.html
    for path in ("/gibt-es-nicht", "/akten/kein-uuid", "/plan/%00"):
        answer = person.get(path)
        assert answer.status == 404, path
        safe(answer)


def test_static_files_keep_for_a_year_and_are_of_their_type(pages: Pages) -> None:
    stranger = pages.visitor()
    for name, kind in (("ea.css", "text/css"), ("ea.js", "javascript"), ("icons.svg", "image/svg+xml")):
        for coding in ("identity", "br"):
            answer = stranger.get(static(name), **{"Accept-Encoding": coding})
            assert answer.status == 200
            assert kind in answer.headers["content-type"]
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert "accept-encoding" in answer.headers["vary"].lower()
            assert answer.headers.get("content-encoding", "identity") == coding
            safe(answer)


@pytest.mark.parametrize(
    "name",
    [
        "../../rendering.py",
        "..%2f..%2frendering.py",
        "%2e%2e/%2e%2e/rendering.py",
        "..%5c..%5crendering.py",
        "%2fetc%2fpasswd",
        "manifest.json",
        ".",
        "%00",
        "a%00.css",
        "a" * 4000,
        "",
    ],
)
def test_static_serves_nothing_but_the_built_files(pages: Pages, name: str) -> None:
    assert (BUILT / "manifest.json").is_file()
    answer = pages.visitor().get(STATIC_PREFIX + name)
    assert answer.status == 404
    assert "def render" not in answer.response.text


@pytest.mark.parametrize(
    "path",
    [
        "/suche?q=%00",
        "/suche?q=" + "x" * 600,
        "/suche?q=a&after=quatsch",
        "/suche?q=a&sort=quatsch",
        "/suche?q=a&plan=quatsch",
        "/suche?q=a&stelle=quatsch",
        "/suche?q=a&jahr=quatsch&jahr=99999999999999999999",
        "/suche?q=%22%28%29%2B-%2A%3F~%5E%5B",
        "/plan/632.2?filter=%00",
        "/plan/632.2?stand=quatsch&after=quatsch",
        "/az/%00",
    ],
)
def test_nonsense_in_an_address_is_no_fault_of_ours(pages: Pages, path: str) -> None:
    answer = pages.person("clerk63").get(path)
    assert answer.status in {200, 404, 422}, answer.status


def test_nonsense_at_a_dossier_and_a_document(pages: Pages, files: Town) -> None:
    person = pages.person("clerk63")
    for path in (
        f"/akten/{files.mine.dossier}?art=quatsch",
        f"/akten/{files.mine.dossier}?filter=%00",
        f"/akten/{files.mine.dossier}?after=quatsch",
        f"/dokumente/{files.mine.document}?v=99",
        f"/dokumente/{files.mine.document}?v=0&s=-1&q=%00",
        f"/dokumente/{files.mine.document}?s=99999999999999999999999",
        f"/dokumente/{files.mine.document}?v=²",
    ):
        assert person.get(path).status in {200, 404, 422}, path


def may_know(login: str, place: Place, files: Town) -> bool:
    """Whether the account works where this lies."""
    if place is files.foreign:
        return login in {"clerk10", "registrar"}
    return login == "head63"


def without_number(answer: Answer) -> str:
    """The words of an error page without the number for questions and the time."""
    head, _, _ = answer.text.partition("Nummer für Rückfragen")
    return head

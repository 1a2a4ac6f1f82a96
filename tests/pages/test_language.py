"""Under another catalogue no page of the service, and no answer to a form, says a German word that is not data."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from sqlalchemy import select

from eakte.language import speaking
from eakte.models.base import Base
from eakte.web.rendering import STATIC_PREFIX
from tests.api.world import API, done
from tests.pages.pages_support import Answer, Pages, Place, Route, page_routes
from tests.support.foreign import Circled, readable, texts_in
from tests.web.test_templates import COMMANDS

NOBODYS = "0190a000-0000-7000-8000-000000000000"
LOOKS = {
    "clerk63": ("/",),
    "head63": ("/dokumente/",),
    "registrar": ("/administration",),
    "auditor": ("/administration/protokoll",),
    "admin": ("/administration/zustand", "/administration/einstellungen"),
}
"""Whose pages are looked at: each has some that nobody else sees."""
OFFICE = "/administration"
LEAVING = ("/abmelden", "/anmelden", "/konto/dienst")
TYPED = "Zwölfeinhalb"
"""No day, no number, no choice, and nobody's name."""
NONSENSE = dict.fromkeys(("due_on", "until", "from_on", "received_on", "closed_on", "target", "user", "deputy"), TYPED)
CODES = ("person", "organisation", "internal", "protected")
"""What a form may say, named to who sends another one than ours."""
ASKED = (
    "/suche?q=Anliegen&plan=632&art=incoming&jahr=2026",
    "/suche?q=AND+(",
    "/plan/632.2?filter=x&wort=bau",
    "/administration/plan/felder?klasse=632.2",
    f"/administration/plan/felder?klasse={TYPED}",
    f"/administration/protokoll?von={TYPED}",
    f"/administration/protokoll?objekt={TYPED}",
    "/administration/benutzer?einheit=63&rolle=clerk",
    "/posteingang?ok=inzwischen",
    "/?ok=gespeichert",
)
"""Addresses that say more than those without a question."""


def data_of(pages: Pages) -> Iterator[str]:
    """Every text that lies in the database or in the settings, and what the test types."""
    yield from texts_in(pages.backends.settings.model_dump(mode="json"))
    with pages.backends.transactions.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield from texts_in(tuple(row))
    yield from (TYPED, "Anliegen", "Inhalt", "AND", *CODES, *COMMANDS)


def addresses(pages: Pages, place: Place, method: str) -> Iterator[Route]:
    """Every page or form, for what lies there."""
    values = {
        "dossier_id": place.dossier,
        "document_id": place.document,
        "case_id": place.case,
        "party_id": place.party,
        "resubmission_id": place.resubmission,
        "reference": place.reference,
        "number": "632.2",
        "user_id": pages.town.users["archive"],
        "unit_id": pages.town.units["631"],
        "entry": "3",
    }
    other = (
        *("reference_id", "template_id", "entry_id", "share_id", "exclusion_id", "deputation_id", "report_id"),
        *("session_id", "search_id", "token_id", "failed_id", "name"),
    )
    for route in page_routes(pages.app):
        if route.method == method and not route.path.startswith((STATIC_PREFIX, *LEAVING)):
            path = route.path.replace(":path", "").format(**dict.fromkeys(other, NOBODYS), **values)
            yield Route(method, path)


def test_no_page_and_no_answer_to_a_form_is_german(fresh: Pages) -> None:
    place = fresh.place("clerk63", "Lindenweg 12")
    fresh.process({"id": place.document, "version": 1})
    fresh.document({"inbox": True}, b"Anliegen", login="clerk63", title="Anliegen Meier")
    failed = fresh.document({"dossier": place.dossier}, login="clerk63", title="Unlesbar")
    fresh.fail(failed["id"])
    share = {"dossier": place.dossier, "unit": "10", "until": "2099-01-01", "reason": "Anhörung"}
    done(fresh.client("clerk63").post(f"{API}/shares", json=share), 201)
    people = {login: fresh.sign_in(login) for login in LOOKS}
    people["clerk63"].post(f"/dokumente/{place.document}/auschecken")
    said: dict[str, str] = {}

    def keep(login: str, route: Route, answer: Answer) -> None:
        assert answer.status < 500, (login, route)
        said[f"{login} {route.method} {route.path}"] = answer.html

    with speaking(Circled()):
        for login, below in LOOKS.items():
            for route in [*addresses(fresh, place, "GET"), *(Route("GET", path) for path in ASKED)]:
                if route.path.startswith(below) and (login != "clerk63" or not route.path.startswith(OFFICE)):
                    keep(login, route, people[login].get(route.path))
        for login, own in (("clerk63", False), ("registrar", True)):
            csrf = people[login].csrf
            for route in addresses(fresh, place, "POST"):
                if route.path.startswith(OFFICE) is own:
                    data = {"csrf": csrf, "idempotency": secrets.token_hex(8), "revision": "1", **NONSENSE}
                    keep(login, route, Answer(people[login].client.post(route.path, data=data)))
        for path in ("/anmelden?ok=abgemeldet", "/barriere-melden"):
            keep("nobody", Route("GET", path), fresh.visitor().get(path))
    texts = set(data_of(fresh))
    left = {name: words for name, html in said.items() if html and (words := readable(html, texts))}
    assert left == {}
    assert sum(bool(html) for html in said.values()) > 100

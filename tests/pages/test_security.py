"""The page of one's own sign-ins and keys: nobody ends or sees those of another, and limits are told."""

from __future__ import annotations

import json
import re
import uuid
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from eakte.api.limits import Meter
from eakte.models import User, WebSession
from eakte.operations.accounts import create_token
from eakte.terms import SYSTEM, Scope, now
from tests.api.world import API, problem
from tests.pages.pages_support import Pages


def test_sessions_are_listed_and_ended_one_by_one_or_all(pages: Pages) -> None:
    here, there, third = (pages.sign_in("approver") for _ in range(3))
    shown = here.get("/konto/sicherheit")
    assert "diese hier" in shown.text
    ends = [part.split('"')[0] for part in shown.html.split('action="/konto/sitzungen/')[1:]]
    assert ends[-1] == "beenden", "and one for all others"
    assert here.post(f"/konto/sitzungen/{ends[0]}").location == "/konto/sicherheit?ok=beendet"
    assert [person.get("/").status for person in (there, third)].count(303) == 1
    assert here.post("/konto/sitzungen/beenden").status == 303
    assert [person.get("/").status for person in (here, there, third)] == [200, 303, 303]


def test_nobody_ends_the_sessions_and_keys_of_others(pages: Pages) -> None:
    mine, other = pages.sign_in("archive"), pages.person("clerk10")
    session = mine.get("/konto/sicherheit")
    assert session.status == 200
    with pages.client("archive") as client:
        own = client.get(f"{API}/sessions").json()["items"]
        tokens = client.get(f"{API}/tokens").json()["items"]
    for path in (f"sitzungen/{own[0]['id']}", f"schluessel/{tokens[0]['id']}"):
        assert other.post(f"/konto/{path}/beenden").status == 404
        assert pages.client("clerk10").delete(f"{API}/{_api(path)}").status_code == 404
    assert mine.get("/").status == 200
    assert other.post(f"/konto/sitzungen/{uuid.uuid4()}/beenden").status == 404


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"name": "x", "days": "30"}, "schluessel-scopes"),
        ({"name": "", "days": "30", "scope_read": "on"}, "schluessel-name"),
        ({"name": "x", "days": "30", "scope_admin": "on"}, "schluessel-scopes"),
    ],
)
def test_a_key_needs_a_name_and_a_scope_one_has(pages: Pages, fields: dict[str, str], at: str) -> None:
    answer = pages.sign_in("clerk63").post("/konto/schluessel", **fields)
    assert answer.status == 422
    assert at in answer.errors


def test_passwords_are_not_shown_again(pages: Pages) -> None:
    answer = pages.sign_in("clerk63").post("/konto/passwort", old="Geheimnisvoll", new="ähnlich", again="anders")
    assert answer.status == 422
    assert "Geheimnisvoll" not in answer.html
    assert "ähnlich" not in answer.html


def test_too_many_requests_of_one_key_are_told_and_stop_nobody_else(fresh: Pages) -> None:
    user = fresh.town.users["clerk63"]
    with fresh.backends.transactions.begin(SYSTEM) as tx:
        _row, loud = create_token(tx, user=tx.session.get_one(User, uuid.UUID(user)), name="laut", scopes=[Scope.READ])
    fresh.app.state.meter = Meter(3)
    client = fresh.client("clerk63")
    headers = {"Authorization": f"Bearer {loud}"}
    answers = [client.get(f"{API}/dossiers", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    problem(answers[-1], 429, "too-many-requests")
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 20
    assert client.get(f"{API}/dossiers").status_code == 200


def test_a_page_that_asks_by_itself_keeps_no_session_alive(fresh: Pages) -> None:
    admin = fresh.sign_in("admin")
    long_ago = now() - timedelta(minutes=20)

    def seen(*, at: datetime | None = None) -> datetime:
        with fresh.backends.database.engine.begin() as connection:
            if at is not None:
                connection.execute(update(WebSession).values(last_seen_at=at))
            return connection.execute(select(WebSession.last_seen_at)).scalar_one()

    seen(at=long_ago)
    poll = re.search(r"id=\"karten\"[^>]*hx-headers='([^']+)'", admin.get("/administration/zustand").html)
    assert poll, "the page asks by itself"
    assert seen() > long_ago, "opened by a person"
    fresh.app.state.meter = Meter(600)  # the minute in which it is noted once is over
    seen(at=long_ago)
    assert admin.get("/administration/zustand?teil=karten", **json.loads(poll[1])).status == 200
    assert seen() == long_ago
    admin.get("/administration/zustand")
    assert seen() > long_ago


def test_a_bucket_fills_evenly_and_forgets_who_is_gone() -> None:
    moment = 0.0
    meter, key = Meter(60, clock=lambda: moment), uuid.uuid4()
    assert [meter.take(key) for _ in range(60)] == [0.0] * 60
    assert meter.take(key) == pytest.approx(1.0)
    assert (meter.due(key), meter.due(key)) == (True, False)
    moment += 2
    assert [meter.take(key) > 0 for _ in range(3)] == [False, False, True]
    moment += 60
    assert meter.due(key)
    for _ in range(10_002):
        meter.take(uuid.uuid4())
    moment += 60
    meter.take(uuid.uuid4())
    assert len(meter._buckets) == 1


def test_every_answer_has_its_headers_and_over_tls_one_more(pages: Pages) -> None:
    client = pages.client("clerk63")
    for path in (f"{API}/dossiers", f"{API}/gibt-es-nicht", f"{API}/openapi.json", "/healthz", "/readyz"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "strict-transport-security" not in headers
    secure = pages.visitor("https://localhost").get("/anmelden")
    assert secure.headers["strict-transport-security"] == "max-age=31536000"
    assert "default-src 'none'; script-src 'self'" in secure.headers["content-security-policy"]


def _api(path: str) -> str:
    return path.replace("sitzungen", "sessions").replace("schluessel", "tokens")

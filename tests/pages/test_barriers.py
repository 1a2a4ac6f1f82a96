"""The accessibility statement is for everybody; a barrier is reported and somebody takes care of it."""

from __future__ import annotations

import re

from tests.pages.pages_support import Pages


def test_everybody_reads_the_statement_and_every_page_leads_there(pages: Pages) -> None:
    stranger = pages.visitor()
    statement = stranger.get("/barrierefreiheit")
    assert (statement.status, "noch nicht genannt" in statement.text) == (200, True)
    assert "<form" not in stranger.get("/barriere-melden").html
    for person, path in ((stranger, "/anmelden"), (pages.person("clerk63"), "/"), (stranger, "/gibt-es-nicht")):
        assert 'href="/barrierefreiheit"' in person.get(path).html
        assert 'href="/barriere-melden"' in person.get(path).html


def test_a_report_comes_to_the_administration(pages: Pages) -> None:
    clerk, admin = pages.person("clerk63"), pages.person("admin")
    assert set(clerk.post("/barriere-melden", text=" ").errors) == {"text"}
    sent = clerk.post("/barriere-melden", text="Die Liste ist stumm.", page="Suche", reach="Telefon -17")
    assert "Danke." in clerk.get(sent.location).text
    assert "stumm" not in clerk.get("/barriere-melden").text
    listed = admin.get("/barriere-melden")
    assert "Clerk63 · Suche · Telefon -17 Die Liste ist stumm." in listed.text
    finish = re.search(r'action="(/barriere-melden/[^"]*/erledigt)"', listed.html)
    assert finish
    assert clerk.post(finish[1]).status == 403
    assert admin.post(finish[1]).status == 303
    assert "erledigt" in admin.get("/barriere-melden").text

"""A dossier or case from a template: what it decides is shown, what it leaves open is asked, and nothing else."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import select

from eakte.models import Case, Dossier, Party
from eakte.operations.plan import create_class
from eakte.terms import SYSTEM
from tests.api.world import API, done
from tests.pages.pages_support import Pages, Person

FIELDS: list[dict[str, Any]] = [
    {"name": "gemarkung", "label": "Gemarkung", "type": "text", "required": True},
    {"name": "kosten", "label": "Baukosten", "type": "money"},
]


@pytest.fixture(scope="module")
def clerk(pages: Pages) -> Person:
    return pages.person("clerk63")


@pytest.fixture(scope="module")
def of_dossier(pages: Pages) -> str:
    with pages.backends.transactions.begin(SYSTEM) as tx:
        create_class(tx, number="728", title="Mit Vorlagen", parent=None, unit=None, fields=FIELDS)
    body = {
        "name": "Baugenehmigung",
        "kind": "dossier",
        "title": "Bauantrag {grundstueck}",
        "plan_class": "728",
        "unit": "63",
        "fields": {"kosten": "1000.00"},
        "cases": [{"title": "Antrag {grundstueck}", "cases": [{"title": "Vorprüfung"}]}],
        "roles": [{"role": "Planer"}, {"role": "Bauherrin", "required": True}],
    }
    return str(done(pages.client("registrar").post(f"{API}/templates", json=body), 201)["id"])


@pytest.fixture(scope="module")
def of_case(pages: Pages) -> str:
    body = {"name": "Nachbarbeteiligung", "kind": "case", "title": "Nachbarn", "cases": [{"title": "Anhörung"}]}
    return str(done(pages.client("registrar").post(f"{API}/templates", json=body), 201)["id"])


def test_a_dossier_comes_with_what_the_template_decides(pages: Pages, clerk: Person, of_dossier: str) -> None:
    address = f"/vorlagen/{of_dossier}"
    assert address in clerk.get("/plan").html
    assert address in clerk.get("/plan/728").html
    assert address not in clerk.get("/plan/632.2").html
    form = clerk.get(address)
    assert form.value("fields.kosten") == "1.000,00 €"
    assert "Zuständig 63 Bauordnung" in form.text
    assert 'name="unit"' not in form.html, "what is decided is not asked"
    wrong = clerk.post(address, plan="728", **{"parties.1.name": "Müller 3", "parties.1.kind": "person"})
    assert wrong.errors == {"values.grundstueck": "Grundstueck fehlt."}
    given = {"values.grundstueck": "Feldweg 9", "fields.gemarkung": "Rodenbeck", "parties.1.kind": "person"}
    assert clerk.post(address, plan="728", **given).errors == {"parties.1.name": "Bauherrin: Name fehlt."}
    bad = clerk.post(address, plan="728", **given, **{"parties.1.name": "§"})
    assert set(bad.errors) == {"parties.1.name"}, "the second role, though the only one entered"
    made = clerk.post(address, plan="728", **given, **{"parties.1.name": "Erika Muster"})
    assert made.status == 303
    dossier_id = uuid.UUID(made.location.split("?")[0].rpartition("/")[2])
    with pages.backends.transactions.read() as session:
        dossier = session.get_one(Dossier, dossier_id)
        assert (dossier.title, dossier.fields) == ("Bauantrag Feldweg 9", {"gemarkung": "Rodenbeck"})
        cases = session.scalars(select(Case).where(Case.dossier_id == dossier_id).order_by(Case.ordinal)).all()
        assert [case.title for case in cases] == ["Antrag Feldweg 9", "Vorprüfung"]
        parties = session.scalars(select(Party).where(Party.dossier_id == dossier_id)).all()
        assert [(party.role, party.name) for party in parties] == [("Bauherrin", "Erika Muster")]


def test_a_case_comes_with_its_sub_cases(pages: Pages, clerk: Person, of_case: str) -> None:
    dossier = pages.dossier("clerk63", "Vorgangsweg 1")["id"]
    assert f"/vorlagen/{of_case}?akte={dossier}" in clerk.get(f"/akten/{dossier}").html
    assert "Teilvorgänge Anhörung" in clerk.get(f"/vorlagen/{of_case}?akte={dossier}").text
    assert clerk.post(f"/vorlagen/{of_case}", akte=dossier).location == f"/akten/{dossier}?ok=vorgang"
    shown = clerk.get(f"/akten/{dossier}").text
    assert "1 Nachbarn" in shown
    assert "2 Anhörung" in shown


def test_who_does_not_work_there_makes_nothing(pages: Pages, clerk: Person, of_dossier: str, of_case: str) -> None:
    foreign = pages.dossier("clerk10", "Fremd 1")["id"]
    assert clerk.get(f"/vorlagen/{of_case}?akte={foreign}").status == 404
    assert clerk.post(f"/vorlagen/{of_case}", akte=foreign).status == 404
    assert clerk.get(f"/vorlagen/{of_case}?akte=quatsch").status == 404
    auditor = pages.person("auditor")
    assert auditor.get(f"/vorlagen/{of_dossier}").status == 403
    assert f"/vorlagen/{of_dossier}" not in auditor.get("/plan").html
    other = {"values.grundstueck": "x", "fields.gemarkung": "x", "parties.1.name": "Eva", "parties.1.kind": "person"}
    refused = pages.person("clerk10").post(f"/vorlagen/{of_dossier}", **other)
    assert (refused.status, "arbeiten Sie nicht" in refused.text) == (422, True)

"""The administration through its pages: who has which, what each may do there, and what nobody learns."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from eakte.models import AuditEntry, Document, Dossier, FixityRound, PlanClass, Template, Unit, User, Version
from eakte.operations.auditing import sequence
from eakte.operations.fixity import note, note_verified
from eakte.terms import SYSTEM, new_id, now, today
from eakte.web.pages import admin_people
from storage.scrub import Finding, Kind
from tests.pages.pages_support import Answer, Pages, Person, enter
from tests.pages.test_forms import dialog_is_open

ALL = ("zustand", "benutzer", "einheiten", "rollen", "plan", "schluessel", "einstellungen", "protokoll")
MINE = {
    "admin": ("zustand", "benutzer", "einheiten", "rollen", "schluessel", "einstellungen"),
    "registrar": ("benutzer", "einheiten", "rollen", "plan", "schluessel"),
    "auditor": ("protokoll",),
    "clerk63": (),
    "archive": (),
    "approver": (),
}
HOME = "/administration"
SECRET = "Kohlweißling"
"""A word in titles that IT and auditors may not learn."""


@pytest.fixture(scope="module")
def admin(pages: Pages) -> Person:
    return pages.person("admin")


@pytest.fixture(scope="module")
def registrar(pages: Pages) -> Person:
    return pages.person("registrar")


@pytest.mark.parametrize("login", MINE)
def test_everybody_sees_the_own_pages_and_is_not_told_of_the_others(pages: Pages, login: str) -> None:
    person, mine = pages.person(login), MINE[login]
    start = person.get("/")
    assert ('href="/administration"' in start.html) is bool(mine)
    entered = person.get(HOME)
    assert entered.status == (303 if mine else 404)
    if mine:
        assert entered.location == f"{HOME}/{mine[0]}"
    for name in ALL:
        answer = person.get(f"{HOME}/{name}")
        assert answer.status == (200 if name in mine else 404), name
        if name in mine:
            assert set(re.findall(r'href="/administration/(\w+)"', answer.html)) == set(mine)


def failed(pages: Pages) -> str:
    """A document that IT may not know, and whose processing failed."""
    place = pages.place("clerk10", f"Haushalt {SECRET}")
    pages.fail(place.document)
    return place.document


def test_it_repairs_a_document_without_learning_what_it_is(pages: Pages, admin: Person) -> None:
    document = failed(pages)
    other = pages.place("clerk10", f"Nachtrag {SECRET}").document
    health = admin.get(f"{HOME}/zustand")
    assert "Ansehen und wiederholen" in health.text
    listed = admin.get(f"{HOME}/zustand/dokumente")
    assert "Die Datei ist verschlüsselt." in listed.text
    assert document in listed.html
    assert other not in listed.html
    for page in (health, listed):
        assert SECRET not in page.html
        assert "Haushalt" not in page.html
    again = f"{HOME}/zustand/dokumente/{{}}/wiederholen"
    assert admin.post(again.format(other)).status == 404, "what did not fail is unknown here"
    assert admin.post(again.format(new_id())).status == 404
    for login in ("clerk10", "registrar", "auditor"):
        assert pages.person(login).post(again.format(document)).status == 404
    done = admin.post(again.format(document))
    assert done.location == f"{HOME}/zustand/dokumente?ok=wiederholt#fehlgeschlagen"
    assert document not in admin.get(f"{HOME}/zustand/dokumente").html
    with pages.backends.transactions.read() as session:
        assert session.get_one(Document, uuid.UUID(document)).state == "received"
        waiting = text("SELECT count(*) FROM procrastinate_jobs WHERE args->>'document' = :id")
        assert session.scalar(waiting, {"id": document}) >= 2


def test_the_storage_stands_as_it_is_and_the_poll_is_silent_until_a_state_changes(pages: Pages, admin: Person) -> None:
    poll = re.compile(r'hx-get="/administration/zustand\?teil=karten&amp;stand=([^"]+)"')
    document = pages.place("clerk10", f"Haushalt {SECRET}").document

    def found(kind: Kind, detail: str = "") -> None:
        with pages.backends.transactions.begin(SYSTEM) as tx:
            name = tx.session.scalar(select(Version.original).where(Version.document_id == uuid.UUID(document)))
            note(tx, Finding(str(name), kind, detail))

    def come(**values: Any) -> None:
        with Session(pages.backends.database.engine) as session, session.begin():
            session.merge(FixityRound(single=True, last_name="", ended_at=None, planned=5678, **values))

    begun = admin.get(f"{HOME}/zustand")
    assert "noch nie Der Helfer beginnt damit, sobald eine Datei abgelegt ist." in begun.text
    come(begun_at=now(), done=1234)
    first = admin.get(f"{HOME}/zustand")
    assert f"1.234 von 5.678 bisher alle unverändert, erste Prüfrunde seit {today():%d.%m.%Y}" in first.text
    stand = poll.search(first.html)
    assert stand
    address = f"{HOME}/zustand?teil=karten&stand={stand[1]}"
    assert admin.get(address).status == 204
    come(begun_at=now(), done=1300)
    silent = admin.get(address)
    assert "1.300 von 5.678" in silent.text
    assert 'id="ansage"' not in silent.html, "a number is no news"
    assert "<h1" not in silent.html
    with pages.backends.transactions.begin(SYSTEM) as tx:
        note_verified(tx, 4711)
    checked = admin.get(address)
    assert re.search(r"4\.711 von 4\.711 alle unverändert, [\d.: ]+; neue Prüfrunde: 1\.300 von 5\.678", checked.text)
    found(Kind.DAMAGED, f"{SECRET}.pdf")
    spoken = admin.get(address)
    assert re.search(r"Bitte ansehen: .*Ablage geprüft: 1 Datei betroffen", spoken.text)
    assert "1 Datei ist beschädigt. Bitte aus der Sicherung zurückholen" in spoken.text
    assert document not in spoken.html
    assert SECRET not in spoken.html
    with pages.backends.transactions.begin(SYSTEM) as tx:
        note_verified(tx, 4711)
    found(Kind.OK)
    assert "seither alle wieder unversehrt" in admin.get(address).text
    come(begun_at=now() - timedelta(days=31), done=1300)
    assert "Die Prüfrunde ist im Verzug" in admin.get(address).text


def test_the_backlog_is_what_the_calendar_says_of_closed_dossiers(pages: Pages, admin: Person) -> None:
    assert "Keine Aufbewahrungsfrist ist abgelaufen." in admin.get(f"{HOME}/zustand").text
    day = today()

    def dossier(**values: Any) -> None:
        made = pages.dossier("clerk63", f"Abgelaufen {SECRET}")["id"]
        closed = {"state": "closed", "closed_on": day} if values.pop("closed", True) else {}
        pages.change(update(Dossier).where(Dossier.id == uuid.UUID(made)).values(**closed, **values))

    dossier(retention_end=day)
    dossier(retention_end=day - timedelta(days=500), closed=False)
    dossier(retention_offer_by=day + timedelta(days=1))
    assert "Keine Aufbewahrungsfrist ist abgelaufen." in admin.get(f"{HOME}/zustand").text
    dossier(retention_end=day - timedelta(days=1))
    dossier(retention_offer_by=day)
    shown = admin.get(f"{HOME}/zustand")
    assert f"2 Akten aussonderungsreif, die älteste seit {day:%d.%m.%Y}, 1 dem Archiv anzubieten" in shown.text
    old = day - timedelta(days=366)
    dossier(retention_end=old)
    shown = admin.get(f"{HOME}/zustand")
    since = f"{old + timedelta(days=1):%d.%m.%Y}"
    assert f"3 Akten aussonderungsreif, die älteste seit {since}, 1 länger als ein Jahr" in shown.text
    assert SECRET not in shown.html


def test_settings_say_what_holds_and_hide_secrets(pages: Pages, admin: Person) -> None:
    shown = admin.get(f"{HOME}/einstellungen")
    secret = pages.backends.settings.database_url
    assert secret is not None
    assert secret.get_secret_value() not in shown.response.text
    assert "EAKTE_DATABASE_URL" in shown.text
    assert "gesetzt, wird nicht gezeigt" in shown.text
    assert "EAKTE_UPLOAD_LIMIT_BYTES größte Datei einer Ablage in Byte 1000000 gesetzt" in shown.text


def person_of(pages: Pages, login: str) -> User:
    with pages.backends.transactions.read() as session:
        return session.scalars(select(User).where(User.login == login)).one()


def account(pages: Pages, login: str) -> str:
    return f"{HOME}/benutzer/{person_of(pages, login).id}"


def test_the_registrar_makes_an_account_and_its_person_signs_in(pages: Pages, registrar: Person) -> None:
    wrong = registrar.post(f"{HOME}/benutzer", login="clerk63", display_name="Doppelt", kind="person", role_clerk="on")
    assert set(wrong.errors) == {"neu-unit", "neu-login"} or "neu-login" in wrong.errors
    assert dialog_is_open(wrong, "neues-konto")
    fields = {"login": "e.neu", "display_name": "Elif Neu", "kind": "person", "unit": "63", "level": "internal"}
    made = registrar.post(f"{HOME}/benutzer", **fields, role_clerk="on")
    password = re.search(r"<code>([^<]+)</code>", made.html)
    assert password
    assert password[1] not in registrar.get(f"{HOME}/benutzer?q=Elif").html
    assert enter(pages.visitor(), "e.neu", password[1]).status == 303
    assert "Elif Neu" in registrar.get(f"{HOME}/benutzer?einheit=63&rolle=clerk").text
    assert "Elif Neu" not in registrar.get(f"{HOME}/benutzer?einheit=10").text


def test_it_gives_nobody_a_role_that_reads_and_lets_nobody_in(pages: Pages, admin: Person, registrar: Person) -> None:
    offered = admin.get(f"{HOME}/benutzer").html
    assert re.findall(r'name="role_(\w+)"', offered) == ["admin", "station"]
    fields = {"login": "x.admin", "display_name": "X", "kind": "person", "unit": "63", "level": "protected"}
    refused = admin.post(f"{HOME}/benutzer", **fields, role_clerk="on", role_auditor="on")
    assert refused.errors["neu-roles"].startswith("Mindestens eine Rolle")
    clerk = pages.sign_in("clerk10")
    page = account(pages, "clerk10")
    assert re.findall(r'name="role_(\w+)"', admin.get(page).html) == ["admin", "station"]
    revision = {"revision": str(person_of(pages, "clerk10").revision)}
    both = admin.post(page, **revision, role_admin="on")
    assert both.errors == {"roles": "Wer verwaltet, liest nicht: beides zugleich hat niemand."}
    assert admin.post(page, **revision, role_registrar="on", unit="63", level="protected").status == 303
    row = person_of(pages, "clerk10")
    assert (row.roles, row.level) == (["clerk"], 1), "what is not offered is not taken"
    own = account(pages, "admin")
    assert "Am eigenen Konto ändert niemand" in admin.get(own).text
    assert admin.post(own, revision="1", role_admin="on").status == 403
    assert admin.post(f"{page}/sperren", revision=str(row.revision)).location == f"{page}?ok=gespeichert"
    assert clerk.get("/").status == 303, "its sessions have ended"
    revision = {"revision": str(person_of(pages, "clerk10").revision)}
    assert admin.post(f"{page}/entsperren", **revision).status == 403
    assert registrar.post(f"{page}/entsperren", revision="1").status == 412
    assert registrar.post(f"{page}/entsperren", **revision).status == 303
    assert pages.sign_in("clerk10").get("/").status == 200


def test_the_head_of_a_unit_gives_roles_in_it_and_sees_no_others(pages: Pages, registrar: Person) -> None:
    unit = f"{HOME}/einheiten/{pages.town.units['63']}"
    nobody = registrar.post(f"{unit}/leitung", head="admin", revision=revision_of(pages, "63"))
    assert nobody.errors["leitung-head"].startswith("Die Leitung liest Akten")
    assert registrar.post(f"{unit}/leitung", head="head63", revision=revision_of(pages, "63")).status == 303
    head = pages.person("head63")
    shown = head.get(f"{HOME}/benutzer")
    assert "Clerk63" in shown.text
    assert "Clerk10" not in shown.text
    assert re.findall(r'name="role_(\w+)"', shown.html) == ["clerk", "approver"]
    assert head.get(account(pages, "clerk10")).status == 404
    page = account(pages, "clerk63")
    revision = str(person_of(pages, "clerk63").revision)
    fields = {"role_clerk": "on", "role_approver": "on", "role_registrar": "on", "unit": "63", "level": "internal"}
    assert head.post(page, **fields, revision=revision).status == 303
    assert person_of(pages, "clerk63").roles == ["approver", "clerk"]
    revision = str(person_of(pages, "clerk63").revision)
    assert head.post(page, role_clerk="on", unit="63", level="internal", revision=revision).status == 303
    assert registrar.post(f"{unit}/leitung", head="", revision=revision_of(pages, "63")).status == 303
    assert head.get(f"{HOME}/benutzer").status == 404


def test_accounts_come_page_by_page_by_name(pages: Pages, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_people, "ROWS", 3)
    names, path = [], f"{HOME}/benutzer?q=&rolle=&einheit="
    while path:
        shown = admin.get(path)
        names += re.findall(r'<td class="kern-table__cell"><a href="[^"]+" data-ea-row>([^<]+)<', shown.html)
        more = re.search(r'href="([^"]+)">Weitere Konten', shown.html)
        path = more[1].replace("&amp;", "&") if more else ""
    with pages.backends.transactions.read() as session:
        everybody = session.scalars(select(User.display_name)).all()
    assert sorted(names) == sorted(everybody)
    assert admin.get(f"{HOME}/benutzer?after=niemand").status == 422


def revision_of(pages: Pages, number: str) -> str:
    with pages.backends.transactions.read() as session:
        return str(session.scalars(select(Unit.revision).where(Unit.number == number)).one())


def test_units_are_made_renamed_and_merged_with_a_look_before(pages: Pages, admin: Person, registrar: Person) -> None:
    wrong = admin.post(f"{HOME}/einheiten", number="63", name="Doppelt")
    assert set(wrong.errors) == {"neu-number"}
    assert dialog_is_open(wrong, "neue-einheit")
    for number, name in (("80", "Wirtschaft"), ("81", "Messen")):
        assert admin.post(f"{HOME}/einheiten", number=number, name=name).location == f"{HOME}/einheiten?ok=einheit"
    with pages.backends.transactions.read() as session:
        unit_id = session.scalars(select(Unit.id).where(Unit.number == "81")).one()
    page = f"{HOME}/einheiten/{unit_id}"
    assert admin.post(page, name="Märkte", revision="1").status == 303
    stale = admin.post(page, name="Zu spät", revision="1")
    assert stale.status == 412
    assert "Inzwischen hat jemand" in stale.text
    assert "zusammenfassen" not in admin.get(page).html, "that is the registrar's"
    assert admin.post(f"{page}/zusammenfassen", into="80", reason="Neuordnung", do="yes", revision="2").status == 403
    registrar.post(f"{HOME}/benutzer", login="m.markt", display_name="M", kind="person", unit="81", role_clerk="on")
    look = registrar.post(f"{page}/zusammenfassen", into="80", revision="2")
    assert "Konten: 1" in look.text
    assert "Jetzt eingliedern" in look.text
    assert registrar.post(f"{page}/zusammenfassen", into="80", do="yes", revision="2").errors == {
        "ziel-reason": "Grund fehlt."
    }
    fields = {"into": "80", "reason": "Neuordnung", "do": "yes", "revision": "2"}
    assert registrar.post(f"{page}/zusammenfassen", **fields).location == f"{HOME}/einheiten?ok=umgebaut"
    assert "jetzt 80" in registrar.get(f"{HOME}/einheiten").text
    assert "jetzt Teil von 80 Wirtschaft" in registrar.get(page).text
    nothing = registrar.post(f"{HOME}/einheiten/{pages.town.units['10']}/teilen", to="80")
    assert set(nothing.errors) == {"teil-plan_classes"}


PLAN = """Nummer;Titel;Aufbewahrungsfrist;Rechtsgrundlage
9;Prüfstein;10 Jahre;Aktenordnung
91;Steine;;
92;Kiesel;5 Jahre;
"""
CHANGED = PLAN.replace("91;Steine;;", "91;Feldsteine;;NBauO").replace("92;Kiesel;5 Jahre;", "93;Sand;30 Jahre;")


def upload(person: Person, content: str | bytes, name: str = "plan.csv") -> Answer:
    data = content.encode() if isinstance(content, str) else content
    return person.post(f"{HOME}/plan", files={"file": (name, data)})


def take(person: Person, look: Answer, **fields: str) -> Answer:
    hidden = dict(re.findall(r'<input type="hidden" name="(step|digest)" value="([^"]+)">', look.html))
    assert set(hidden) == {"step", "digest"}, look.text
    return person.post(f"{HOME}/plan/uebernehmen", **hidden, **{"valid_from": "heute", **fields})


def test_a_plan_is_looked_at_before_it_is_taken_over(pages: Pages, registrar: Person) -> None:
    look = upload(registrar, PLAN)
    assert "3 neu, 0 geändert," in look.text
    assert "92 Kiesel Aufbewahrungsfrist: 5 Jahre" in look.text
    with pages.backends.transactions.read() as session:
        assert session.scalar(select(func.count()).where(PlanClass.number == "92")) == 0, "only looked at"
    assert take(registrar, look).location == f"{HOME}/plan?ok=plan"
    assert take(registrar, look).status == 422, "each preview leads on once"
    change = upload(registrar, CHANGED)
    assert "91 Feldsteine Titel Steine Feldsteine 91 Feldsteine Rechtsgrundlage geerbt NBauO" in change.text
    assert "93 Sand" in change.text
    assert re.search(r"Fehlen in der Datei \d+ .*92 Kiesel", change.text)
    wrong = take(registrar, change, valid_from="neulich")
    assert set(wrong.errors) == {"valid_from"}
    pages.change(update(PlanClass).where(PlanClass.number == "92").values(title="Kies"))
    stale = take(registrar, change)
    assert stale.status == 422
    assert "Inzwischen wurde der Aktenplan geändert." in stale.text
    assert take(registrar, stale).status == 303
    with pages.backends.transactions.read() as session:
        rows = {row.number: row for row in session.scalars(select(PlanClass).where(PlanClass.number.like("9%")))}
    assert (rows["91"].title, rows["91"].legal_basis, rows["93"].term) == ("Feldsteine", "NBauO", "P30Y")
    assert rows["92"].state == "open", "what a file leaves out is closed only where that is said"


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (
            "Nummer;Titel;Aufbewahrungsfrist\n98;;lange\n",
            "plan.csv",
            ("Zeile 2, Spalte Titel", "missing-title", "bad-term"),
        ),
        ("Nummer;Titel;Organisationseinheit\n98;X;777\n", "plan.csv", ("Zeile 2, Spalte Organisationseinheit", "777")),
        ("Nummer;Titel;Übergeordnet\n6;Oben;\n02;Urkunden;6\n", "plan.csv", ("02 steht im Aktenplan unter",)),
        (b"PK\x03\x04 keine Mappe", "plan.xlsx", ("keine Excel-Arbeitsmappe",)),
        ("x", "plan.pdf", (".xlsx, .csv, .yaml",)),
    ],
)
def test_a_wrong_plan_is_refused_with_every_place(
    registrar: Person, content: str | bytes, name: str, told: tuple[str, ...]
) -> None:
    answer = upload(registrar, content, name)
    assert answer.status == 422
    for words in told:
        assert words in answer.text
    assert "uebernehmen" not in answer.html


def test_the_plan_is_the_registrars(admin: Person, registrar: Person) -> None:
    assert upload(admin, PLAN).status == 404
    assert registrar.post(f"{HOME}/plan").errors == {"file": "Bitte wählen Sie eine Datei."}
    look = upload(registrar, "Nummer;Titel\n99;Fremd\n")
    assert take(admin, look).status == 404
    hidden = take(registrar, look)
    assert hidden.status == 303


def test_keys_of_machines_are_shown_once_and_ended(pages: Pages, admin: Person, registrar: Person) -> None:
    home = f"{HOME}/schluessel"
    assert set(admin.post(home, user="S1", name="Halle", days="90").errors) == {"neu-scopes"}
    made = admin.post(home, user="S1", name="Halle", days="90", scope_scan="on")
    secret = re.search(r"eakte_[\w-]{43}", made.html)
    assert secret
    assert secret[0] not in admin.get(home).html
    assert registrar.post(home, user="S1", name="x", days="90", scope_read="on").status == 403
    assert admin.post(home, user="clerk63", name="x", days="90", scope_read="on").status == 403
    shown = registrar.get(home)
    assert "Halle" in shown.text
    assert "clerk63" not in shown.text, "keys of people are theirs"
    ends = re.findall(rf'action="({home}/[^"]+/beenden)"', admin.get(home).html)
    client = pages.client()
    client.headers["Authorization"] = f"Bearer {secret[0]}"
    assert client.get("/api/v1/units").status_code != 401
    assert pages.person("clerk63").post(ends[0]).status == 404
    assert registrar.post(ends[0]).location == f"{home}?ok=beendet"
    assert client.get("/api/v1/units").status_code == 401


def test_the_log_is_filtered_and_each_entry_proven(pages: Pages) -> None:
    auditor, home = pages.person("auditor"), f"{HOME}/protokoll"
    place = pages.place("clerk63", f"Prüfweg {SECRET}")
    sequence(pages.backends.transactions, pages.backends.blobs)
    filed = auditor.get(f"{home}?wer=clerk63&was=record:document:file&objekt={place.document}&von=heute&bis=heute")
    assert filed.html.count("data-ea-row") == 1
    assert "clerk63 Dokument abgelegt" in filed.text
    assert SECRET not in filed.html
    assert "Kein Eintrag passt dazu" in auditor.get(f"{home}?objekt={place.document}&bis=gestern").text
    assert "Kein Eintrag passt dazu" in auditor.get(f"{home}?objekt={place.document}&von=morgen").text
    for typed, field in (("objekt=x", "objekt"), ("wer=niemand", "wer"), ("von=neulich", "von")):
        assert set(auditor.get(f"{home}?{typed}").errors) == {field}
    number = re.search(rf'href="{home}/(\d+)"', filed.html)
    assert number
    entry = f"{home}/{number[1]}"
    assert "Nachweis stimmt" in auditor.get(entry).text
    proof = auditor.get(f"{entry}/nachweis").response.json()
    assert proof["entry"]["subject"] == place.document
    assert proof["head"]["size"] >= proof["number"] == int(number[1])
    one = update(AuditEntry).where(AuditEntry.number == int(number[1]))
    pages.change(one.values(actor=str(new_id())))
    try:
        assert "Nachweis stimmt nicht" in auditor.get(entry).text
    finally:
        pages.change(one.values(actor=pages.town.users["clerk63"]))
    assert auditor.get(f"{home}/999999999").status == 404
    assert pages.person("admin").get(entry).status == 404


def test_templates_are_written_as_lists_and_keep_what_the_form_does_not_show(pages: Pages, registrar: Person) -> None:
    home = f"{HOME}/plan/vorlagen"
    typed = {
        "name": "Steinschaden",
        "title": "Schaden {strasse}",
        "cases": "Meldung\n- Begehung\nRechnung",
        "roles": "Melderin *\nVersicherung",
    }
    wrong = registrar.post(f"{home}/neu", **{**typed, "cases": "Meldung {Straße}"}, kind="dossier")
    assert set(wrong.errors) == {"cases"}
    assert (
        registrar.post(f"{home}/neu", **typed, kind="dossier", plan_class="632.2").location == f"{home}?ok=gespeichert"
    )
    one = re.search(rf'href="({home}/[0-9a-f-]+)" data-ea-row>Steinschaden', registrar.get(home).html)
    assert one
    with pages.backends.transactions.read() as session:
        row = session.get_one(Template, uuid.UUID(one[1].rpartition("/")[2]))
        assert [each["title"] for each in row.body["cases"]] == ["Meldung", "Rechnung"]
        assert row.body["cases"][0]["cases"][0]["title"] == "Begehung"
        assert row.body["roles"] == [
            {"role": "Melderin", "required": True},
            {"role": "Versicherung", "required": False},
        ]
    shown = registrar.get(one[1])
    assert "Meldung\n- Begehung\nRechnung" in shown.html
    assert shown.value("plan_class") == "632.2"
    assert registrar.post(one[1], **typed, plan_class="632.2", revision="1").status == 303
    assert registrar.post(one[1], **typed, plan_class="632.2", revision="1").status == 412
    assert "wird nicht mehr angeboten" in registrar.get(home).text
    assert pages.person("admin").get(one[1]).status == 404


def test_a_class_gets_and_loses_a_data_field(pages: Pages, registrar: Person) -> None:
    home = f"{HOME}/plan/felder"
    assert set(registrar.get(f"{home}?klasse=gibtesnicht").errors) == {"klasse"}
    assert "keine Datenfelder" in registrar.get(f"{home}?klasse=632.1").text

    def revision() -> str:
        with pages.backends.transactions.read() as session:
            return str(session.scalars(select(PlanClass.revision).where(PlanClass.number == "632.1")).one())

    stated = {"class": "632.1", "label": "Flurstück", "type": "text", "on_dossier": "on"}
    assert set(registrar.post(home, **stated, name="Flurstück", revision=revision()).errors) == {"neu-name"}
    done = registrar.post(home, **stated, name="flurstueck", revision=revision())
    assert done.location == f"{home}?klasse=632.1&ok=gespeichert"
    assert "Flurstück flurstueck Text Akte" in registrar.get(done.location).text
    assert registrar.post(home, **stated, name="zweites", revision="1").status == 412
    gone = registrar.post(f"{home}/entfernen", **{"class": "632.1", "name": "flurstueck", "revision": revision()})
    assert gone.status == 303
    assert "keine Datenfelder" in registrar.get(f"{home}?klasse=632.1").text

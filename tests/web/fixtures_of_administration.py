"""The administration of the fictional Stadt Rodenbeck in its states; `tests.web.states` takes them all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from eakte.web import views as v
from eakte.web.acts import ACTS
from eakte.web.pages.admin_people import ROLES
from eakte.web.pages.admin_sections import SECTIONS
from tests.web.fixtures_of_views import FRAME, NOW, State

ALL = {section.name: section for section, _roles in SECTIONS}


def _mine(*names: str) -> tuple[v.Section, ...]:
    return tuple(ALL[name] for name in names)


IT = replace(
    FRAME,
    user="L. Petersen",
    user_name="Lars Petersen, 11 IT",
    areas=("start", "administration"),
    area="administration",
    counts={},
)
REGISTRAR = replace(FRAME, areas=(*FRAME.areas, "administration"), area="administration")
AUDITOR = replace(IT, user="H. Schröder", user_name="Heike Schröder, 14 Rechnungsprüfung")
OF_IT = _mine("zustand", "benutzer", "einheiten", "rollen", "schluessel", "einstellungen")
OF_REGISTRAR = _mine("benutzer", "einheiten", "rollen", "plan", "schluessel")
OF_AUDITOR = _mine("protokoll")
ID = "0199f0a2-7c1e-7d3a-9b7c-5f0d1e2a3b4c"
UNITS = (
    v.Choice("10", "10 Zentrale Dienste"),
    v.Choice("11", "11 IT"),
    v.Choice("63", "63 Bauordnung"),
    v.Choice("63.1", "63.1 Bauaufsicht"),
)
CARDS = (
    v.HealthCard("Aufträge", "ok", "38 wartend", "2 Helfer arbeiten, 12 Dokumente in Verarbeitung"),
    v.HealthCard("Fehlgeschlagene Dokumente", "ok", "0", "Alles ist gelesen worden."),
    v.HealthCard(
        "Ablage geprüft",
        "ok",
        "1.204.331 von 1.204.331",
        "alle unverändert, 22.11.2026 03:12; neue Prüfrunde: 310.112 von 1.221.904",
    ),
    v.HealthCard("Suche", "ok", "kein Verzug", "Der Index ist vollständig."),
    v.HealthCard("Datenbank", "ok", "3,1 GB", "antwortet"),
    v.HealthCard("Virenprüfung", "ok", "läuft", "ClamAV 1.4.3, Signaturen vom 23.11.2026"),
    v.HealthCard("Rückstand der Aussonderung", "ok", "0 Akten", "Keine Aufbewahrungsfrist ist abgelaufen."),
)
TROUBLE = (
    v.HealthCard("Aufträge", "bad", "412 wartend", "Kein Helfer arbeitet: eakte work"),
    v.HealthCard(
        "Fehlgeschlagene Dokumente",
        "look",
        "2",
        "",
        v.Link("Ansehen und wiederholen", "/administration/zustand/dokumente"),
    ),
    v.HealthCard(
        "Ablage geprüft",
        "bad",
        "3 Dateien betroffen",
        "2 Dateien fehlen, 1 Datei ist beschädigt. Bitte aus der Sicherung zurückholen; welche es sind:"
        " eakte storage status",
    ),
    v.HealthCard("Suche", "bad", "nicht verfügbar", "Der Suchserver antwortet nicht."),
    *CARDS[4:6],
    v.HealthCard(
        "Rückstand der Aussonderung",
        "look",
        "1.204 Akten",
        "aussonderungsreif, die älteste seit 01.01.2020, 310 länger als ein Jahr, 12 dem Archiv anzubieten",
    ),
)
FAILED = (
    v.FailedRow(ID, "application/pdf", 1_812_004, NOW, "Die Datei ist verschlüsselt."),
    v.FailedRow(
        ID.replace("0199", "0188"),
        "application/vnd.ms-outlook",
        98_112_004,
        NOW - timedelta(days=2),
        "Die Datei braucht beim Lesen mehr Arbeitsspeicher als erlaubt.",
    ),
)


def _node(number: str, name: str, count: int, *children: v.TreeNode, current: bool = False) -> v.TreeNode:
    href = f"/administration/benutzer?einheit={number}"
    return v.TreeNode(number, name, href, count=count, current=current, children=children)


TREE = (
    _node("10", "Zentrale Dienste", 31),
    _node("11", "IT", 7),
    _node("63", "Bauordnung", 19, _node("63.1", "Bauaufsicht", 6), current=True),
)


def _user(name: str, login: str, *roles: str, **rest: object) -> v.UserRow:
    values: dict[str, object] = {"unit": "63 Bauordnung", "seen": NOW, **rest}
    return v.UserRow(f"/administration/benutzer/{login}", name, login, roles=roles, **values)  # type: ignore[arg-type]


USERS = v.UsersView(
    sections=OF_REGISTRAR,
    tree=TREE,
    rows=(
        _user("Petra Hansen", "p.hansen", "clerk", head=True),
        _user("Jens Ohlendorf", "j.ohlendorf", "clerk", "approver", seen=NOW - timedelta(days=1)),
        _user("Lars Wiese", "l.wiese", "clerk", seen=NOW - timedelta(days=84), state="idle", idle_days=84),
        _user("Poststelle Scanner 1", "station-1", "station", unit="10 Zentrale Dienste", state="machine"),
        _user("Tobias Bremer", "t.bremer", "clerk", seen=None, state="locked"),
    ),
    unit="63",
    roles=tuple(role.value for role in ROLES),
    next="/administration/benutzer?after=t.bremer",
    new=v.NewAccount(tuple(role.value for role in ROLES), UNITS),
)
USER = v.UserView(
    sections=OF_REGISTRAR,
    id=ID,
    name="Jens Ohlendorf",
    login="j.ohlendorf",
    revision=3,
    unit="63 Bauordnung",
    level="internal",
    active=True,
    machine=False,
    seen=NOW,
    roles=("clerk", "approver"),
    heads=("63.1 Bauaufsicht",),
    second_factor=True,
    offered=tuple(role.value for role in ROLES),
    units=UNITS,
    may_lock=True,
    may_reset=True,
    form=v.Form({"role_clerk": "on", "role_approver": "on", "unit": "63", "level": "internal"}),
)
UNIT_ROWS = (
    v.UnitRow("/administration/einheiten/10", "10", "Zentrale Dienste", 0, "Karin Thieme", 31),
    v.UnitRow("/administration/einheiten/63", "63", "Bauordnung", 0, "Petra Hansen", 13),
    v.UnitRow("/administration/einheiten/631", "63.1", "Bauaufsicht", 1, "", 6),
    v.UnitRow("/administration/einheiten/64", "64", "Wohnungswesen", 1, "", 0, date(2026, 1, 1), "63"),
)
UNIT = v.UnitView(
    sections=OF_REGISTRAR,
    id=ID,
    number="63.1",
    name="Bauaufsicht",
    revision=2,
    parent="63 Bauordnung",
    people=6,
    rename=v.Form({"name": "Bauaufsicht"}),
    head=v.Form({"head": "j.ohlendorf"}),
    head_name="Jens Ohlendorf",
    others=UNITS[:3],
    merge=v.Form(),
    split=v.Form(),
)
EFFECT = v.EffectView((("Akten", 1284), ("Dokumente darin", 18_112), ("Konten", 6)))
PLAN = v.PlanImportView(OF_REGISTRAR, 812)
PREVIEW = v.PlanPreview(
    step="vorschau",
    digest="d1",
    filename="Aktenplan-2027.xlsx",
    new=(
        v.PlanChange("632.4", "Nutzungsänderungen", (("Aufbewahrungsfrist", "", "30 Jahre"),)),
        v.PlanChange("634.a", "Baulasten alt", (), "Die Nummer 634 steht schon in Zeile 12; übernommen als 634a."),
    ),
    changed=(
        v.PlanChange(
            "632.2",
            "Bauanträge",
            (("Aufbewahrungsfrist", "10 Jahre", "30 Jahre"), ("Rechtsgrundlage", "geerbt", "NBauO § 68")),
        ),
    ),
    missing=(v.PlanChange("639", "Verschiedenes"),),
    unchanged=809,
    counts=(2, 1, 1),
    form=v.Form({"valid_from": "01.01.2027"}),
)
KEYS = v.KeysView(
    sections=OF_IT,
    rows=(
        v.KeyRow(ID, "Scanstation Poststelle", "eakte_a1B2c3", "station-1", True, ("scan",), NOW, NOW, may_end=True),
        v.KeyRow(ID[:-1] + "d", "Überwachung", "eakte_x9Y8z7", "prometheus", True, ("metrics",), None, None, "ended"),
    ),
    machines=(v.Choice("station-1", "Poststelle Scanner 1 (station-1)"),),
    scopes=("read", "write", "scan", "audit", "metrics", "admin"),
    next="/administration/schluessel?after=x",
)
SETTINGS = v.SettingsView(
    OF_IT,
    (
        v.SettingRow("EAKTE_MUNICIPALITY", "Name der Kommune auf den Seiten", "Stadt Rodenbeck", default=False),
        v.SettingRow(
            "EAKTE_DATABASE_URL", "PostgreSQL-Server", "gesetzt, wird nicht gezeigt", secret=True, default=False
        ),
        v.SettingRow("EAKTE_OIDC_GROUPS", "was Gruppen geben", '{"bauamt": {"roles": ["clerk"], "unit": "63"}}'),
        v.SettingRow("EAKTE_CLAMAV_URL", "Virenprüfung durch ClamAV", "nicht gesetzt"),
    ),
)
TAGS = tuple(v.Choice(tag, act) for tag, act in ACTS.items())
ROW = v.LogRow(18_112, NOW, "p.hansen", "Dokument abgelegt", ID, "sha256: 9f86d081…, version: 1")
LOG = v.LogView(
    OF_AUDITOR,
    (ROW, v.LogRow(18_111, NOW, "q7Zr2mXw9", "Dokument gelesen", ID, ""), replace(ROW, number=18_110, subject="")),
    TAGS,
    next="/administration/protokoll?after=18110",
)
ENTRY = v.EntryView(
    OF_AUDITOR, ROW, "9f86d081" * 8, 18_140, "60303ae2" * 8, "2026-11-23T07:31:00.000000Z", 15, holds=True
)

TEMPLATES = v.TemplatesView(
    OF_REGISTRAR,
    (
        v.TemplateRow(
            f"/administration/plan/vorlagen/{ID}", "Bauantrag", "dossier", "Bauantrag {grundstueck}", 4, True
        ),
        v.TemplateRow("/administration/plan/vorlagen/x", "Anhörung", "case", "Anhörung {wer}", 0, False),
    ),
    "/administration/plan/vorlagen?after=x",
)
TEMPLATE = v.TemplateView(
    OF_REGISTRAR,
    v.Form(
        {
            "name": "Bauantrag",
            "title": "Bauantrag {grundstueck}",
            "plan_class": "632.2",
            "cases": "Antrag\nBeteiligung\n- Brandschutz",
            "roles": "Antragstellerin *\nNachbar",
            "active": "on",
        }
    ),
    UNITS,
    id=ID,
    name="Bauantrag",
    revision=2,
)
FIELDS = v.FieldsView(
    OF_REGISTRAR,
    "632.2",
    "Bauanträge",
    4,
    (
        v.FieldRow("baukosten", "Baukosten", "money", ("dossier",), required=True),
        v.FieldRow("art", "Art des Vorhabens", "choice", ("dossier", "case"), False, ("Neubau", "Umbau"), source="63"),
    ),
    ("text", "number", "date", "choice", "yes-no", "money"),
    ("dossier", "case", "document"),
    find=v.Form({"klasse": "632.2"}),
)

STATES: dict[str, State] = {
    "zustand": State("zustand.html", v.HealthView(OF_IT, CARDS, "a1.oooooo"), IT),
    "zustand-gestoert": State("zustand.html", v.HealthView(OF_IT, TROUBLE, "a2.blbb"), IT),
    "fehlgeschlagen": State(
        "fehlgeschlagen.html", v.FailedView(OF_IT, FAILED, "/administration/zustand/dokumente?after=x"), IT
    ),
    "fehlgeschlagen-leer": State("fehlgeschlagen.html", v.FailedView(OF_IT, ()), IT),
    "benutzer": State("benutzer.html", USERS, REGISTRAR),
    "benutzer-neu": State("benutzer.html", replace(USERS, made="t.neu", password="rZ3k-vorschau-91"), REGISTRAR),
    "benutzer-leer": State("benutzer.html", replace(USERS, rows=(), query="Xaver", next="", new=None, tree=()), IT),
    "benutzer-fehler": State(
        "benutzer.html",
        replace(
            USERS,
            new=v.NewAccount(
                ("clerk", "approver"),
                UNITS,
                form=v.Form(
                    {"login": "p.hansen"},
                    (
                        v.FieldError("login", "Die Kennung p.hansen gibt es schon."),
                        v.FieldError("roles", "Mindestens eine Rolle ist nötig."),
                    ),
                    open=True,
                ),
            ),
        ),
        REGISTRAR,
    ),
    "konto-verwalten": State("konto_verwalten.html", USER, REGISTRAR),
    "konto-verwalten-it": State(
        "konto_verwalten.html",
        replace(
            USER, sections=OF_IT, offered=(), units=(), active=False, may_lock=False, may_unlock=True, form=v.Form()
        ),
        replace(IT, messages=(v.Message("warning", "Inzwischen hat jemand dieses Konto geändert."),)),
    ),
    "rollen": State(
        "rollen.html",
        v.RolesView(
            OF_IT,
            tuple(
                v.RoleRow(role.value, may, by, 3, f"/administration/benutzer?rolle={role}")
                for role, (may, by) in ROLES.items()
            ),
        ),
        IT,
    ),
    "einheiten": State("einheiten.html", v.UnitsView(OF_IT, UNIT_ROWS, UNITS), IT),
    "einheiten-fehler": State(
        "einheiten.html",
        v.UnitsView(
            OF_IT,
            UNIT_ROWS,
            UNITS,
            v.Form(
                {"number": "63"}, (v.FieldError("number", "Die Organisationseinheit 63 gibt es schon."),), open=True
            ),
        ),
        IT,
    ),
    "einheit": State("einheit.html", UNIT, REGISTRAR),
    "einheit-vorschau": State(
        "einheit.html",
        replace(
            UNIT,
            merge=v.Form({"into": "63"}),
            merge_effect=EFFECT,
            split=v.Form({}, (v.FieldError("plan_classes", "Was in die andere Einheit geht, fehlt."),)),
        ),
        REGISTRAR,
    ),
    "einheit-geschlossen": State(
        "einheit.html",
        replace(
            UNIT, closed=date(2026, 1, 1), successor="63 Bauordnung", rename=None, head=None, merge=None, split=None
        ),
        REGISTRAR,
    ),
    "planimport": State("planimport.html", PLAN, REGISTRAR),
    "planimport-vorschau": State("planimport.html", replace(PLAN, preview=PREVIEW), REGISTRAR),
    "planimport-fehler": State(
        "planimport.html",
        replace(
            PLAN,
            problems=(
                v.FileProblem("Blatt Plan, Zeile 7, Spalte Nummer", "Die Nummer fehlt.", "missing-number"),
                v.FileProblem("Blatt Plan, Zeile 9, Spalte Aufbewahrungsfrist", "„lange“ ist keine Frist.", "bad-term"),
                v.FileProblem("", "In keinem Blatt stehen Überschriften.", "no-headings"),
            ),
            more_problems=12,
        ),
        REGISTRAR,
    ),
    "vorlagen": State("vorlagen.html", TEMPLATES, REGISTRAR),
    "vorlage-aendern": State("vorlage_aendern.html", TEMPLATE, REGISTRAR),
    "vorlage-aendern-fehler": State(
        "vorlage_aendern.html",
        v.TemplateView(
            OF_REGISTRAR, v.Form({"name": "Bauantrag"}, (v.FieldError("name", "Die Vorlage gibt es schon."),)), UNITS
        ),
        REGISTRAR,
    ),
    "felder": State("felder.html", FIELDS, REGISTRAR),
    "felder-leer": State("felder.html", v.FieldsView(OF_REGISTRAR), REGISTRAR),
    "felder-fehler": State(
        "felder.html",
        replace(
            FIELDS,
            rows=(),
            form=v.Form({"name": "Baukosten"}, (v.FieldError("name", "Der Name besteht aus kleinen Buchstaben."),)),
        ),
        REGISTRAR,
    ),
    "schluessel": State("schluessel.html", KEYS, IT),
    "schluessel-fehler": State(
        "schluessel.html",
        replace(
            KEYS,
            new_key="eakte_vORSCHAUvORSCHAUvORSCHAUvORSCHAUvORSCHAU01",
            form=v.Form({"name": "x"}, (v.FieldError("scopes", "Bitte wählen Sie, was er erlaubt."),), open=True),
        ),
        IT,
    ),
    "einstellungen": State("einstellungen.html", SETTINGS, IT),
    "protokoll": State("protokoll.html", LOG, AUDITOR),
    "protokoll-leer": State(
        "protokoll.html", v.LogView(OF_AUDITOR, (), TAGS, v.Form({"wer": "p.hansen"}), filtered=True), AUDITOR
    ),
    "protokoll-fehler": State(
        "protokoll.html",
        v.LogView(
            OF_AUDITOR,
            (),
            TAGS,
            v.Form({"objekt": "x"}, (v.FieldError("objekt", "Ein Objekt wird mit seiner Kennung angegeben."),)),
            filtered=True,
        ),
        AUDITOR,
    ),
    "eintrag": State("eintrag.html", ENTRY, AUDITOR),
}

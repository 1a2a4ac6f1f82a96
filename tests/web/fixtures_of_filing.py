"""What the pages of filing show in the fictional Stadt Rodenbeck: templates, moving, rights, comparing, barriers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from eakte.web import views as v
from tests.web.fixtures_of_views import (
    AKTE,
    DOKUMENT,
    DOSSIER_PATH,
    FILES,
    FRAME,
    NOBODY,
    NOW,
    PATH,
    SEARCH,
    SUCHE,
    State,
)

VORLAGE = v.MakingView(
    "t1",
    "Baugenehmigung",
    "Bauantrag {grundstueck}",
    PATH,
    v.Link("Zurück zur Aktenplaneinheit", "/plan/632.2"),
    presets=(
        v.Property("Aktenplan", v.Link("632.2 Bauanträge", "/plan/632.2")),
        v.Property("Zuständig", "63 Bauordnung"),
        v.Property("Vertraulichkeit", "dienstintern"),
        v.Property("Medium", "elektronisch"),
    ),
    cases=(("Antrag", 0), ("Vorprüfung", 1), ("Beteiligung {grundstueck}", 0)),
    plan="632.2",
    places=(v.Choice("grundstueck", "Grundstueck"),),
    units=(v.Choice("u1", "63 Bauordnung"), v.Choice("u2", "631 Bauaufsicht")),
    fields=(v.DataInput("fields.gemarkung", "Gemarkung", required=True), v.DataInput("fields.kosten", "Baukosten")),
    parties=(v.TemplateParty("Bauherrin", required=True), v.TemplateParty("Entwurfsverfasser")),
)
TEMPLATES = (v.Link("Baugenehmigung", "/vorlagen/t1?plan=632.2"), v.Link("Bauvoranfrage", "/vorlagen/t2?plan=632.2"))
ZUORDNEN = v.AssignView(
    "a184",
    "63-00184/2026",
    AKTE.title,
    DOSSIER_PATH,
    v.Link("Zurück zur Akte", "/akten/a184"),
    3,
    "632.2 Bauanträge",
    "63 Bauordnung",
    "internal",
    move=v.Form(),
    reassign=v.Form(),
    units=(v.Choice("u2", "61 Stadtplanung"), v.Choice("u3", "37 Feuerschutz")),
    classify=v.Form(),
    levels=("open", "internal", "protected"),
)
UNDO = replace(
    FILES,
    undo=v.Undo("Die ausgewählten Dokumente sind verschoben.", "/zuruecknehmen/e1", "/akten/a184"),
)
RECHTE = v.RightsView(
    "a184",
    "63-00184/2026",
    AKTE.title,
    PATH,
    (
        "Lesen und bearbeiten: wer in 63 Bauordnung oder in einer Einheit darüber arbeitet, und die Vertretung",
        "Wissen, dass es sie gibt: die Registratur, soweit ihre Vertraulichkeitsstufe reicht",
    ),
    v.Explained("Petra Hansen", own=True, may="liest und bearbeitet die Akte", reasons=("arbeitet in 63 Bauordnung",)),
    ask=v.Form(),
    shares=(
        v.ShareRow(
            "z1", "Jens Ohlendorf", "ganze Akte", date(2026, 12, 31), "Stellungnahme", "Petra Hansen", may_end=True
        ),
        v.ShareRow("z2", "37 Feuerschutz", "Vorgang 3 Beteiligung Brandschutz", date(2027, 1, 15), "", "Petra Hansen"),
    ),
    next_shares="/akten/a184/rechte?nach=x",
    share=v.Form(),
    units=(v.Choice("u3", "37 Feuerschutz"),),
    cases=(v.Choice("v3", "nur Vorgang 3 Beteiligung Brandschutz"),),
    exclusions=(
        v.ExclusionRow("x1", "Anke Wolters", "§ 20 VwVfG: beteiligt oder angehörig", "Nachbarin", NOW),
        v.ExclusionRow("x2", "Kai Voß", "§ 21 VwVfG: Besorgnis der Befangenheit", "Streit", NOW, lifted=NOW),
    ),
    exclude=v.Form(),
)
VERTRETUNG = v.DeputiesView(
    (
        v.DeputyRow("d1", "Jens Ohlendorf vertritt Sie", date(2026, 12, 21), date(2027, 1, 4), protected=True),
        v.DeputyRow("d2", "Sie vertreten Anke Wolters", date(2026, 11, 23), date(2026, 11, 27)),
    ),
    for_others=True,
)

LINE = "Für die Wohneinheit 6 wird der zweite Rettungsweg auf die"
VERGLEICH = v.CompareView(
    "d4",
    DOKUMENT.title,
    (*DOSSIER_PATH, v.Link(DOKUMENT.title, "/dokumente/d4")),
    (v.Choice("2", "Fassung 2"), v.Choice("1", "Fassung 1")),
    v.Side(
        1,
        "Fassung 1 vom 02.10.2026 14:07",
        4,
        11,
        "/api/v1/documents/d4/pages/4/image",
        marks=DOKUMENT.pages[3].hits[:1],
        text=((("3 Rettungswege", False),), ((LINE, False), ("Südseite", True), ("verlegt.", False))),
        previous="/dokumente/d4/vergleich?s=3",
        next="/dokumente/d4/vergleich?s=5",
    ),
    v.Side(
        2,
        "Fassung 2 vom 17.11.2026 10:31",
        4,
        14,
        "/api/v1/documents/d4/pages/4/image",
        marks=DOKUMENT.pages[3].hits[1:2],
        text=((("3 Rettungswege", False),), ((LINE, False), ("Nordseite", True), ("verlegt.", False))),
        next="/dokumente/d4/vergleich?t=5",
    ),
    places=1,
    differing=(v.Link("4", "/dokumente/d4/vergleich?s=4"), v.Link("7", "/dokumente/d4/vergleich?s=7")),
    previous="/dokumente/d4/vergleich?s=3",
    next="/dokumente/d4/vergleich?s=5",
)

SAVED = (
    v.Saved("s1", "Rettungswege 2026", "/suche?q=Rettungsweg&jahr=2026"),
    v.Saved("s2", "Baubeginn Marktplatz", "/suche?q=Baubeginn"),
)

CONTACT = "Karin Thieme, barrierefreiheit@rodenbeck.example, Telefon 05021 8800-19"
STATEMENT = v.StatementView(
    date(2026, 11, 27), CONTACT, "Schlichtungsstelle beim Ministerium für Soziales, 30001 Hannover"
)
REPORTS = (
    v.BarrierRow("b1", NOW, "Anke Wolters", "Suche", "NVDA liest die Treffer\nnicht als Liste.", "Telefon -17"),
    v.BarrierRow("b2", NOW, "Petra Hansen", "", "Der Filter ist bei 400 % abgeschnitten.", "", done=NOW),
)

FILING: dict[str, State] = {
    "vorlage-fehler": State(
        "vorlage.html",
        replace(
            VORLAGE,
            form=v.Form(
                {"values.grundstueck": "", "parties.0.kind": "organisation"},
                (
                    v.FieldError("values.grundstueck", "Grundstueck fehlt."),
                    v.FieldError("parties.0.name", "Bauherrin: Name fehlt."),
                    v.FieldError("", "In dieser Organisationseinheit oder Vertraulichkeit arbeiten Sie nicht."),
                ),
                open=True,
            ),
        ),
        FILES,
    ),
    "vorlage-vorgang": State(
        "vorlage.html",
        v.MakingView(
            "t3",
            "Nachbarbeteiligung",
            "Beteiligung der Nachbarn",
            DOSSIER_PATH,
            v.Link("Zurück zur Akte", "/akten/a184"),
            cases=(("Anhörung", 0),),
            dossier="a184",
        ),
        FILES,
    ),
    "akte-zuruecknehmen": State("akte.html", replace(AKTE, assign=True), UNDO),
    "zuordnen-fehler": State(
        "zuordnen.html",
        replace(
            ZUORDNEN,
            move=v.Form(
                {"plan_class": "634"},
                (
                    v.FieldError("", "Gemarkung gibt es dort nicht; die Angabe entfällt."),
                    v.FieldError("fields.blatt", "Baulastenblatt fehlt."),
                    v.FieldError("reason", "Grund fehlt."),
                ),
                open=True,
            ),
            fields=(v.DataInput("fields.blatt", "Baulastenblatt", required=True),),
            reassign=v.Form({}, (v.FieldError("unit", "Bitte wählen Sie die Einheit."),), open=True),
            classify=v.Form({}, (v.FieldError("reason", "Grund fehlt."),), open=True),
        ),
        FILES,
    ),
    "rechte": State("rechte.html", RECHTE, FILES),
    "rechte-lesen": State(
        "rechte.html",
        replace(
            RECHTE,
            explained=v.Explained("Jens Ohlendorf", own=False, may="sieht die Akte nicht"),
            ask=None,
            shares=None,
            share=None,
            exclusions=None,
            exclude=None,
        ),
        FILES,
    ),
    "rechte-zugriff-fehler": State(
        "rechte.html",
        replace(
            RECHTE,
            share=v.Form(
                {"who": "user", "user": "Hagemann"},
                (
                    v.FieldError("user", "Eine Person Hagemann gibt es nicht."),
                    v.FieldError("until", "Bitte nennen Sie den letzten Tag."),
                ),
                open=True,
            ),
            readmit=v.Form({"id": "x1"}, (v.FieldError("reason", "Grund fehlt."),)),
        ),
        FILES,
    ),
    "vertretung": State("vertretung.html", VERTRETUNG, FRAME),
    "vertretung-fehler": State(
        "vertretung.html",
        v.DeputiesView(
            (),
            protected=True,
            form=v.Form(
                {"deputy": "Müller", "until": "1.1.2020"},
                (
                    v.FieldError("deputy", "Diesen Namen gibt es mehrmals. Bitte die Kennung: a.mueller, b.mueller."),
                    v.FieldError("until", "Der letzte Tag liegt vor dem ersten."),
                ),
                open=True,
            ),
        ),
        FRAME,
    ),
    "vergleich": State("vergleich.html", VERGLEICH, FILES),
    "vergleich-ohne-text": State(
        "vergleich.html",
        replace(
            VERGLEICH,
            left=v.Side(1, "Fassung 1 vom 02.10.2026 14:07", 12, 11),
            right=replace(VERGLEICH.right or v.Side(2, "", 1, 1), page=12, text=(), marks=()),
            places=None,
            why_not="Eine der beiden Seiten hat keinen Text, der sich vergleichen lässt.",
            differing=(),
        ),
        FILES,
    ),
    "vergleich-eine": State("vergleich.html", replace(VERGLEICH, left=None, right=None), FILES),
    "suche-merken-fehler": State(
        "suche.html",
        replace(
            SUCHE, asked="q=x", keep=v.Form({"name": ""}, (v.FieldError("name", "Name fehlt."),), open=True), saved=()
        ),
        SEARCH,
    ),
    "barrierefreiheit": State("barrierefreiheit.html", STATEMENT, NOBODY),
    "barriere-niemand": State("barriere.html", v.BarrierView(), NOBODY),
    "barriere-fehler": State(
        "barriere.html",
        v.BarrierView(
            CONTACT,
            v.Form({"text": ""}, (v.FieldError("text", "Bitte beschreiben Sie die Barriere."),), open=True),
            REPORTS,
            "/barriere-melden?nach=x",
        ),
        FRAME,
    ),
}
"""The states of these pages; `tests.web.states` takes them in."""

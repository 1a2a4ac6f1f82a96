"""What the pages show in the fictional Stadt Rodenbeck; `tests.web.states` puts pages together of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import reportlab
from PIL import ImageFont

from eakte.web import views as v

NOW = datetime(2026, 11, 23, 7, 31, tzinfo=UTC)
PAGE = (1000, 1414)
LINES = (
    "Brandschutznachweis · Lindenweg 12, 31547 Rodenbeck · Fassung vom 12.11.2026",
    "3 Rettungswege",
    "Der erste Rettungsweg aus allen Nutzungseinheiten führt über den notwendigen",
    "Treppenraum unmittelbar ins Freie. Der zweite Rettungsweg wird über",
    "Rettungsgeräte der Feuerwehr sichergestellt. Die Brüstungshöhe im Dachgeschoss",
    "beträgt 7,85 m über der Geländeoberfläche; tragbare Leitern sind ausreichend.",
    "Für die Wohneinheit 6 wird der zweite Rettungsweg auf die Nordseite verlegt.",
)
"""The text of every page of the preview; `tests.web.preview` draws it and answers its words."""


FONT = ImageFont.truetype(Path(reportlab.__file__).parent / "fonts" / "Vera.ttf", 20)
LEFT, TOP, STEP = 90, 190, 50


def words() -> list[dict[str, Any]]:
    """The words of a page with their boxes, as the service answers them."""
    found = []
    for index, line in enumerate(LINES):
        left = float(LEFT)
        for word in line.split():
            right = left + FONT.getlength(word)
            top = TOP + index * STEP
            found.append({"text": word, "box": [left, top, right, top + 25], "confidence": 96})
            left = right + FONT.getlength(" ")
    return found


def hits() -> tuple[v.Rect, ...]:
    """Boxes around "zweite Rettungsweg"."""
    all_words = words()
    pairs = [(one, two) for one, two in pairwise(all_words) if (one["text"], two["text"]) == ("zweite", "Rettungsweg")]
    return tuple(
        v.Rect(one["box"][0] - 4, one["box"][1] - 4, two["box"][2] - one["box"][0] + 8, 33) for one, two in pairs
    )


@dataclass(frozen=True, slots=True)
class State:
    """One page in one state."""

    template: str
    view: Any
    frame: v.Frame


FRAME = v.Frame(
    municipality="Stadt Rodenbeck",
    now=NOW,
    user="P. Hansen",
    user_name="Petra Hansen, 63 Bauordnung",
    areas=("start", "inbox", "files", "search", "resubmissions"),
    counts={"inbox": 12},
    csrf="vorschau",
    idempotency="0d5f",
    version="0.1",
)
NOBODY = v.Frame(municipality="Stadt Rodenbeck", now=NOW, csrf="vorschau", version="0.1")


def _at(days: int, hour: int, minute: int) -> datetime:
    return (NOW - timedelta(days=days)).replace(hour=hour, minute=minute)


def _leaf(number: str, title: str, **rest: Any) -> v.TreeNode:
    return v.TreeNode(number, title, f"/plan/{number}", "closed" if len(number) < 3 else "leaf", **rest)


DOSSIERS = (
    v.TreeNode("", "00171/2026 Amselstieg 4", "/akten/a171", kind="dossier"),
    v.TreeNode("", "00184/2026 Lindenweg 12", "/akten/a184", kind="dossier", current=True),
    v.TreeNode("", "00201/2026 Am Deich 2 mit einem sehr langen Namen", "/akten/a201", kind="dossier"),
    v.TreeNode("", "Alle 1.284 Akten anzeigen", "/plan/632.2", kind="all"),
)


def tree(*, dossiers: tuple[v.TreeNode, ...] = (), current: str = "") -> tuple[v.TreeNode, ...]:
    applications = v.TreeNode(
        "632.2",
        "Bauanträge",
        "/plan/632.2",
        "open" if dossiers else "closed",
        count=1284,
        current=current == "632.2",
        children=dossiers,
    )
    permits = v.TreeNode(
        "632",
        "Genehmigungsverfahren",
        "/plan/632",
        "open",
        children=(
            _leaf("632.1", "Bauvoranfragen", count=218),
            applications,
            _leaf("632.3", "Abbruchanzeigen", count=96),
        ),
    )
    building = v.TreeNode(
        "63",
        "Bauordnung",
        "/plan/63",
        "open",
        current=current == "63",
        children=(
            v.TreeNode("631", "Bauaufsicht allgemein", "/plan/631", "closed"),
            permits,
            _leaf("634", "Baulasten", count=731),
        ),
    )
    six = v.TreeNode(
        "6",
        "Bauen, Wohnen, Verkehr",
        "/plan/6",
        "open",
        children=(_leaf("60", "Bauverwaltung"), _leaf("61", "Stadtplanung"), building),
    )
    before = ("Allgemeine Verwaltung", "Sicherheit und Ordnung", "Schulen", "Kultur", "Soziales", "Gesundheit, Sport")
    after = ("Öffentliche Einrichtungen", "Wirtschaft, Liegenschaften", "Finanzen, Steuern")
    return (
        *(_leaf(str(number), title) for number, title in enumerate(before)),
        six,
        *(_leaf(str(number), title) for number, title in enumerate(after, 7)),
    )


PATH = (
    v.Link("6 Bauen, Wohnen, Verkehr", "/plan/6"),
    v.Link("63 Bauordnung", "/plan/63"),
    v.Link("632.2 Bauanträge", "/plan/632.2"),
)


DOSSIER_PATH = (PATH[2], v.Link("63-00184/2026 Lindenweg 12", "/akten/a184"))


def _row(id_: str, title: str, kind: str, on: date | None, pages: int | None, **rest: Any) -> v.DocumentRow:
    return v.DocumentRow(id_, f"/dokumente/{id_}", title, kind, on, pages, **rest)


GROUPS = (
    v.CaseGroup(
        "v4",
        "4 Nachbarbeteiligung",
        "open",
        date(2026, 10, 28),
        6,
        (
            _row(
                "d1",
                "Einwendung Eheleute Wolters, Lindenweg 10",
                "incoming",
                date(2026, 11, 21),
                3,
                sender="Eheleute Wolters",
            ),
            _row("d2", "Zustellnachweis Lindenweg 14", "incoming", date(2026, 11, 12), 1, icon="mail", sender="Post"),
            _row("d3", "Anhörung der Nachbarn nach § 68 NBauO", "outgoing", date(2026, 10, 28), 2, signed=True),
        ),
    ),
    v.CaseGroup(
        "v3",
        "3 Beteiligung Brandschutz",
        "open",
        date(2026, 9, 14),
        23,
        (
            _row(
                "d4",
                "Nachreichung Brandschutznachweis",
                "incoming",
                date(2026, 11, 17),
                14,
                version=2,
                sender="Ingenieurbüro Hagemann",
                mark="held",
                holder="Jens Ohlendorf",
            ),
            _row(
                "d5",
                "Lageplan mit Aufstellfläche Feuerwehr",
                "incoming",
                date(2026, 11, 17),
                1,
                icon="image",
                sender="Ingenieurbüro Hagemann",
            ),
            _row(
                "d6",
                "Statik_Pruefbericht_1.pdf",
                "incoming",
                date(2026, 11, 23),
                None,
                state="processing",
                state_detail="Text wird erkannt, 4 von 14",
            ),
            _row(
                "d7", "Nachforderung Brandschutznachweis", "outgoing", date(2026, 10, 29), 2, signed=True, mark="final"
            ),
            _row(
                "d8",
                "Stellungnahme Brandschutzdienststelle",
                "incoming",
                date(2026, 10, 21),
                4,
                sender="Landkreis Nienburg",
            ),
            _row(
                "d9",
                "Vermerk Ortstermin Kreisfeuerwehr",
                "internal",
                date(2026, 11, 6),
                2,
                icon="article",
                state="failed",
                mark="cancelled",
            ),
        ),
    ),
    v.CaseGroup("v2", "2 Gebühren", "closed", date(2026, 9, 2), 0, ()),
    v.CaseGroup(
        "",
        "ohne Vorgang",
        documents=(_row("d10", "Antrag auf Baugenehmigung", "incoming", None, 21, sender="Wohnbau Rodenbeck eG"),),
    ),
)
PROPERTIES = (
    v.Property("Zuständig", "63 Bauordnung"),
    v.Property("Vertraulichkeit", "dienstintern"),
    v.Property("Aktenplan", v.Link("632.2 Bauanträge", "/plan/632.2")),
    v.Property("Angelegt", date(2026, 8, 12)),
    v.Property("Aufbewahrung", "30 Jahre nach zdA", "(§ 6 Aktenordnung)"),
    v.Property("Aussonderung", "B – bewerten"),
)
HISTORY = (
    v.HistoryEntry(_at(0, 7, 20), "P. Hansen legte „Statik_Pruefbericht_1.pdf“ ab"),
    v.HistoryEntry(_at(2, 8, 2), "Poststelle ordnete „Einwendung Eheleute Wolters“ zu"),
    v.HistoryEntry(_at(30, 9, 47), "J. Ohlendorf setzte die Vertraulichkeit auf dienstintern"),
    v.HistoryEntry(_at(400, 9, 47), "Akte angelegt"),
)
LETTERS = (
    v.InboxItem(
        "Nachreichung Brandschutznachweis Lindenweg 12",
        "/posteingang/e1",
        "Ingenieurbüro Hagemann",
        "",
        date(2026, 11, 23),
        _at(0, 7, 14),
    ),
    v.InboxItem(
        "Anzeige Baubeginn Marktplatz 6",
        "/posteingang/e2",
        "",
        "63.1 Bauaufsicht",
        None,
        _at(3, 8, 11),
        "failed",
        "description",
    ),
)
DUE = (
    v.ResubmissionItem(
        "w1",
        "Statik-Prüfbericht nachfordern",
        "Mühlenstraße 21",
        "/akten/a112",
        "63-00112/2026",
        date(2026, 11, 19),
        "overdue",
        1,
        may_change=True,
    ),
    v.ResubmissionItem(
        "w2",
        "Rückruf Brandschutzdienststelle wegen der Aufstellfläche auf der Nordseite",
        "Lindenweg 12 – Neubau Mehrfamilienhaus",
        "/akten/a184",
        "63-00184/2026",
        date(2026, 11, 23),
        "today",
        3,
        for_unit=True,
        may_change=True,
    ),
    v.ResubmissionItem(
        "w3",
        "Frist Nachbarbeteiligung endet",
        "Anhörung der Nachbarn",
        "/dokumente/d3",
        "",
        date(2026, 11, 27),
        "later",
        1,
    ),
)
AENDERN = v.DossierEditView(
    "a184",
    "63-00184/2026",
    DOSSIER_PATH,
    3,
    edit=v.Form({"title": "Lindenweg 12 – Neubau", "medium": "hybrid", "location": "Raum 112, Regal 3"}),
    fields=(
        v.DataInput("fields.gemarkung", "Gemarkung", required=True),
        v.DataInput("fields.denkmal", "Denkmal", choices=(v.Choice("", "– bitte wählen –"), v.Choice("ja", "ja"))),
    ),
    lend=v.Form(),
)
CASE = v.CaseView(
    "a184",
    "v3",
    3,
    "Beteiligung Brandschutz",
    "open",
    2,
    DOSSIER_PATH,
    rename=v.Form({"title": "Beteiligung Brandschutz"}),
    move=v.Form(),
    close=v.CloseForm(("5 Nachforderung", "6 Ortstermin")),
)
PARTIES = v.PartiesView(
    "a184",
    "63-00184/2026",
    "Lindenweg 12 – Neubau Mehrfamilienhaus",
    PATH,
    (
        v.PartyRow(
            "Bauherrin",
            "Wohnbau Rodenbeck eG",
            "Marktplatz 1, 31547 Rodenbeck",
            "info@wohnbau.example, 05021 1234",
            href="/akten/a184/beteiligte/b1",
        ),
        v.PartyRow("Nachbar", "Đorđe Ḫalīl von der Heydt-Müller", "", "", "Vorgang 4", "/akten/a184/beteiligte/b2"),
    ),
    "/akten/a184/beteiligte?after=x",
    v.Form(),
)
AKTE = v.DossierView(
    id="a184",
    reference_number="63-00184/2026",
    title="Lindenweg 12 – Neubau Mehrfamilienhaus",
    state="open",
    confidentiality="internal",
    plan_class="632.2",
    tree=tree(dossiers=DOSSIERS),
    path=PATH,
    properties=PROPERTIES,
    groups=tuple(replace(group, may_change=True) for group in GROUPS),
    documents=47,
    history=HISTORY,
    next="/akten/a184?after=x",
    sort="date",
    edit=True,
    may_file=True,
    remind=v.Form(),
    resubmissions=DUE[:2],
    new_case=v.Form(),
    close=v.CloseForm(
        ("3 Beteiligung Brandschutz", "4 Nachbarbeteiligung"),
        backdating=True,
        effect="Aufbewahrung bis 31.12.2056, danach Anbietung ans Archiv.",
    ),
)
REFERENCES = v.ReferencesView(
    "a184",
    "63-00184/2026",
    AKTE.title,
    PATH,
    (
        v.ReferenceRow(
            "r1",
            "/akten/a171",
            "63-00171/2026",
            "Amselstieg 4 – Dachausbau",
            outgoing=True,
            note="Gleiche Baulast",
            may_remove=True,
        ),
        v.ReferenceRow("r2", "/akten/a201", "63-00201/2026", "Am Deich 2", outgoing=False, case="Vorgang 2 Gebühren"),
    ),
    "/akten/a184/verweise?after=x",
    v.Form(),
)
READ = replace(AKTE, may_file=False, edit=False, new_case=None, remind=None, close=None, read_only=True)
PLAN = v.PlanView(
    tree=tree(current="632.2"),
    number="632.2",
    title="Bauanträge",
    path=PATH[:2],
    retention="30 Jahre nach zdA, § 6 Aktenordnung; danach B – bewerten",
    files_allowed=True,
    rows=tuple(
        v.DossierRow(
            f"/akten/a{n}",
            f"63-{n:05}/2026",
            title,
            state,
            "63 Bauordnung",
            n,
            _at(n % 9, 8, n % 60),
            protected=n == 201,
        )
        for n, title, state in (
            (184, "Lindenweg 12 – Neubau Mehrfamilienhaus", "open"),
            (171, "Amselstieg 4 – Dachausbau", "open"),
            (201, "Am Deich 2 – Anbau Kindertagesstätte", "open"),
            (112, "Mühlenstraße 21 – Nutzungsänderung der Gaststätte in eine Arztpraxis mit Wohnung", "retention"),
            (98, "Marktplatz 6 – Werbeanlage", "closed"),
            (44, "Hafenstraße 3 – Carport", "due"),
        )
    ),
    total=1284,
    next="/plan/632.2?after=x",
    new_dossier=v.NewDossierForm("p1", (v.Choice("u1", "63 Bauordnung"), v.Choice("u2", "61 Stadtplanung"))),
)


def page(number: int, *, marked: bool = True) -> v.Page:
    marks = hits() if marked and number % 2 == 0 else ()
    base = f"/api/v1/documents/d4/pages/{number}"
    return v.Page(number, f"{base}/image", f"{base}/words", *PAGE, bool(marks), marks)


def found_page(number: int) -> v.Page:
    """A page of a document with more hits than are framed at once: those of pages 2 and 4 are."""
    shown = page(number)
    return shown if number <= 4 or not shown.found else replace(shown, words=f"{shown.words}?q=x", hits=())


ACTS = v.DocumentActs(
    check_out=True,
    add_version=v.Form(),
    finalize=v.Form(),
    cancel=v.Form(),
    remind=v.Form(),
    edit=True,
    move="/akten/a184/auswahl?act=move&d=d4",
)
STATED = {
    "title": "Nachreichung Brandschutznachweis",
    "kind": "incoming",
    "sender": "Ingenieurbüro Hagemann",
    "addressee": "",
    "received_on": "17.11.2026",
    "written_on": "13.11.2026",
    "sent_on": "",
}
HELD = v.Mark("held", "Jens Ohlendorf hat das Dokument ausgecheckt, seit 23.11.2026 08:14. Lesen können Sie es weiter.")
MINE = v.Mark("mine", "Von Ihnen ausgecheckt seit 23.11.2026 08:14. Nur Sie können eine neue Fassung ablegen.")
FINAL = v.Mark(
    "final",
    "Abgeschlossen am 23.11.2026 08:14 von Petra Hansen: Fassung 2 gilt, und die Angaben bleiben, wie sie sind.",
)
CANCELLED = v.Mark(
    "cancelled", "Storniert am 23.11.2026 08:14 von Petra Hansen.", "Doppelt abgelegt, gilt Dokument vom 12.11."
)
DOKUMENT = v.DocumentView(
    id="d4",
    title="Nachreichung Brandschutznachweis",
    path=(
        PATH[2],
        v.Link("63-00184/2026 Lindenweg 12", "/akten/a184"),
        v.Link("3 Beteiligung Brandschutz", "/akten/a184#v3"),
    ),
    pages=tuple(page(number) for number in range(1, 15)),
    properties=(
        v.Property("Betreff", "Nachreichung Brandschutznachweis"),
        v.Property("Art", "Eingang"),
        v.Property("Absender", "Ingenieurbüro Hagemann"),
        v.Property("Schreiben vom", date(2026, 11, 13)),
        v.Property("Eingegangen", date(2026, 11, 17), "Poststelle"),
        v.Property("Vorgang", v.Link("3 Beteiligung Brandschutz", "/akten/a184")),
        v.Property("Anlage zu", v.Link("E-Mail Hagemann: Nachreichung", "/dokumente/d3")),
        v.Property("Vertraulichkeit", "dienstintern"),
    ),
    attachments=(v.Link("Lageplan Süd", "/dokumente/d6"), v.Link("Statische Berechnung", "/dokumente/d7")),
    warnings=("Die Datei enthält Makros; sie wurden nicht ausgeführt.",),
    current=4,
    query="zweiter Rettungsweg",
    version=2,
    versions=(
        v.VersionRow(2, _at(6, 9, 31), "Scan, 14 Seiten", "/dokumente/d4/original", current=True),
        v.VersionRow(
            1,
            _at(52, 12, 7),
            "Jens Ohlendorf, 1,2 MB, 11 Seiten",
            "/dokumente/d4?v=1",
            comment="Fassung des Architekten ohne Anlage 2",
            may_restore=True,
        ),
    ),
    neighbours=v.Neighbours(5, 14, "Vorgang 3", "/dokumente/d3", "/dokumente/d5"),
    acts=ACTS,
    proof=v.Proof(True, _at(1, 2, 12), "9f2c41d8" + "0" * 52 + "7be0", 184223),
    history=HISTORY[:2],
    history_href="/akten/a184/verlauf",
    rendition="conforming",
    filename="Nachreichung.pdf",
    size=3_812_004,
)


def _passage(number: int, *pieces: tuple[str, bool]) -> v.Passage:
    return v.Passage(number, f"/dokumente/d4?s={number}&q=zweiter+Rettungsweg", pieces)


PLACES = (
    v.PlaceChoice(
        "dossier:a184",
        "63-00184/2026",
        "Lindenweg 12 – Neubau Mehrfamilienhaus",
        (v.Choice("case:v4", "4 Nachbarbeteiligung"), v.Choice("case:v3", "3 Beteiligung Brandschutz")),
    ),
    v.PlaceChoice("dossier:a171", "63-00171/2026", "Amselstieg 4 – Dachausbau"),
)
BULK = v.BulkView(
    "a184", "63-00184/2026", DOKUMENT.path[:2], "move", GROUPS[1].documents[:2], v.Picker("", PLACES, "case:v4", "a184")
)
LETTER = v.LetterView(
    "e1",
    LETTERS[0].title,
    LETTERS[0].sender,
    LETTERS[0].received,
    "63 Bauordnung",
    tuple(page(number, marked=False) for number in (1, 2)),
    "ready",
    v.Picker("", PLACES),
    units=(v.Choice("61", "61 Stadtplanung"), v.Choice("37", "37 Feuerschutz")),
)
EINGANG = v.InboxView(
    (replace(LETTERS[0], current=True), LETTERS[1]),
    12,
    LETTER,
    (v.Link("alle", "/posteingang"), v.Link("Bauordnung", "/posteingang?einheit=63")),
    "63",
    "/posteingang?after=x",
)
WORKED = replace(DOKUMENT, pages=DOKUMENT.pages[:2], query="", current=1)
"""Two pages are enough for what stands around them."""
HIT = v.Hit(
    "Nachreichung Brandschutznachweis",
    "/dokumente/d4?s=4&q=zweiter+Rettungsweg",
    "63-00184/2026 · Lindenweg 12 · 3 Beteiligung Brandschutz · Ingenieurbüro Hagemann",
    date(2026, 11, 17),
    (
        _passage(
            1,
            ("… in der Fassung vom 12. November 2026 nach. Gegenüber der ersten Fassung sind der ", False),
            ("zweite Rettungsweg", True),
            (" aus dem ", False),
            ("Dachgeschoss", True),
            (" und die Löschwasserversorgung ergänzt.", False),
        ),
        _passage(
            4,
            ("Für die Wohneinheit 6 im ", False),
            ("Dachgeschoss", True),
            (" wird der ", False),
            ("zweite Rettungsweg", True),
            (" auf die Nordseite verlegt …", False),
        ),
    ),
    5,
    image="/api/v1/documents/d4/pages/4/image",
    page=4,
    pages=14,
    boxes=hits(),
)
SUCHE = v.SearchView(
    query='"zweiter Rettungsweg" Dachgeschoss',
    chips=(v.Chip("63 Bauordnung", "/suche?q=x"), v.Chip("2026", "/suche?q=x")),
    facets=(
        v.Facet("plan", (v.FacetValue("632.2", "632.2 Bauanträge", 29), v.FacetValue("637", "637 Bauüberwachung", 6))),
        v.Facet(
            "stelle", (v.FacetValue("u1", "63 Bauordnung", 35, selected=True), v.FacetValue("u2", "37 Feuerschutz", 3))
        ),
        v.Facet(
            "art",
            (
                v.FacetValue("incoming", "Eingang", 24),
                v.FacetValue("outgoing", "Ausgang", 9),
                v.FacetValue("internal", "intern", 5),
            ),
        ),
        v.Facet(
            "jahr",
            tuple(
                v.FacetValue(str(year), str(year), 2030 - year, selected=year == 2026) for year in range(2026, 2020, -1)
            ),
        ),
        v.Facet("stand", (v.FacetValue("open", "in Bearbeitung", 14), v.FacetValue("closed", "zdA", 24))),
    ),
    hits=(
        HIT,
        replace(
            HIT,
            title="Stellungnahme Brandschutzdienststelle",
            href="/dokumente/d8",
            on=date(2026, 10, 21),
            passages=HIT.passages[1:],
            more_passages=0,
            image="/api/v1/documents/d8/pages/2/image",
            page=2,
            pages=4,
        ),
        replace(
            HIT,
            title="Vermerk Brandverhütungsschau",
            href="/dokumente/d9",
            on=date(2025, 5, 12),
            passages=HIT.passages[:1],
            more_passages=1,
            unsure=True,
        ),
        replace(
            HIT,
            title="Bauvorlagen Blatt 7 – Schnitte",
            href="/dokumente/d11",
            on=None,
            passages=(),
            more_passages=0,
            icon="image",
            image="",
        ),
    ),
    total=38,
    next="/suche?q=x&after=y",
)
START = v.StartView(
    unit="63 Bauordnung",
    inbox=LETTERS,
    inbox_count=12,
    due=DUE,
    more_due=True,
    example="63-00184/2026",
    searches=(
        v.Kept("s1", "Rettungswege 2026", "/suche/gemerkt/s1?neu=1", 3),
        v.Kept("s2", "Stellungnahmen der Kreisfeuerwehr zum Brandschutz", "/suche/gemerkt/s2?neu=1", 100, most=True),
        v.Kept("s3", "Baubeginn Marktplatz", "/suche/gemerkt/s3"),
    ),
    counted=True,
    recent=(
        v.RecentItem("Lindenweg 12 – Neubau Mehrfamilienhaus", "/akten/a184", "63-00184/2026", _at(0, 7, 20)),
        v.RecentItem(
            "Nachreichung Brandschutznachweis",
            "/dokumente/d4",
            "63-00184/2026 · Lindenweg 12",
            _at(0, 7, 14),
            "description",
        ),
        v.RecentItem("Amselstieg 4 – Dachausbau", "/akten/a171", "63-00171/2026", _at(3, 15, 42)),
        v.RecentItem("Am Deich 2 – Anbau Kindertagesstätte", "/akten/a201", "63-00201/2026", _at(20, 14, 10)),
        v.RecentItem("Mühlenstraße 3 – Nutzungsänderung", "/akten/a1127", "63-01127/2019", _at(500, 13, 5)),
    ),
    failed=(
        v.RecentItem(
            "Vermerk Ortstermin Kreisfeuerwehr",
            "/dokumente/d9",
            "63-00184/2026 · Datei ist verschlüsselt",
            _at(0, 7, 2),
            "warning-fill",
        ),
    ),
)
ABLEGEN = v.UploadView(
    "a184",
    "63-00184/2026",
    AKTE.title,
    DOKUMENT.path[:2],
    (v.Choice("v3", "3 Beteiligung Brandschutz"), v.Choice("v4", "4 Nachbarbeteiligung")),
)
WRONG_SIGN_IN = v.Form(
    {"username": "p.hansen"},
    (v.FieldError("password", "Kennung oder Passwort stimmt nicht. Noch 4 Versuche, dann 10 Minuten Pause."),),
)
TEXT = v.TextStretch(
    tuple(v.TextPage(number, (LINES[1], " ".join(LINES[2:])) if number != 3 else ()) for number in range(3, 7)),
    earlier=(1, 2),
    later=(7, 14),
)
FILES = replace(FRAME, area="files")
SEARCH = replace(FRAME, area="search")
INBOX = replace(FRAME, area="inbox")
AGAIN = replace(FRAME, area="resubmissions")
HOME = replace(FRAME, area="start")
DONE = replace(
    FILES, messages=(v.Message("success", "Akte angelegt: 63-00184/2026.", v.Link("Nächste anlegen", "/plan/632.2")),)
)

SICHERHEIT = v.SecurityView(
    sessions=(
        v.SessionRow("s1", "Firefox, Linux", "192.0.2.17", "password+code", NOW, NOW, current=True),
        v.SessionRow("s2", "Safari, iPhone", "2001:db8::17", "oidc", _at(2, 9, 5), _at(1, 16, 20)),
    ),
    tokens=(
        v.TokenRow("t1", "Auswertung Bauanträge", "eakte_Ab3dEf", ("read",), _at(-90, 8, 0), _at(0, 6, 1)),
        v.TokenRow("t2", "Bauportal", "eakte_Gh1jKl", ("read", "write"), None, None),
    ),
    scopes=("read", "write"),
    second_factor=True,
    codes_left=9,
    provider="yes",
)

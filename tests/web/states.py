"""Every page in every state: the one list that template tests, preview, axe and pictures share."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from eakte.web import views as v
from tests.web.fixtures_of_administration import STATES as OF_ADMINISTRATION
from tests.web.fixtures_of_filing import FILING, SAVED, TEMPLATES
from tests.web.fixtures_of_views import (
    ABLEGEN,
    ACTS,
    AENDERN,
    AGAIN,
    AKTE,
    BULK,
    CANCELLED,
    CASE,
    DOKUMENT,
    DONE,
    DOSSIER_PATH,
    DUE,
    EINGANG,
    FILES,
    FINAL,
    FRAME,
    HELD,
    HISTORY,
    HOME,
    INBOX,
    LETTER,
    LETTERS,
    MINE,
    NOBODY,
    NOW,
    PARTIES,
    PATH,
    PLAN,
    REFERENCES,
    SEARCH,
    SICHERHEIT,
    START,
    STATED,
    SUCHE,
    TEXT,
    WORKED,
    WRONG_SIGN_IN,
    State,
    found_page,
    tree,
)

STATES: dict[str, State] = {
    "anmelden": State(
        "anmelden.html", v.SignInView(help="Hilfe bei der Anmeldung: Servicestelle IT, Telefon 05021 8800-14"), NOBODY
    ),
    "anmelden-fehler": State(
        "anmelden.html", v.SignInView(WRONG_SIGN_IN, oidc=v.Link("Mit Verwaltungskonto anmelden", "/oidc")), NOBODY
    ),
    "anmelden-pause": State(
        "anmelden.html", v.SignInView(locked_until=NOW + timedelta(minutes=10), insecure=True), NOBODY
    ),
    "anmelden-dienst-aus": State(
        "anmelden.html",
        v.SignInView(
            oidc=v.Link("Mit dem Konto der Verwaltung anmelden", "/anmelden/dienst"),
            trouble="Der Anmeldedienst der Verwaltung antwortet gerade nicht.",
        ),
        NOBODY,
    ),
    "anmelden-abgemeldet": State(
        "anmelden.html",
        v.SignInView(provider_out=v.Link("Auch beim Anmeldedienst der Verwaltung abmelden", "/anmelden")),
        replace(NOBODY, messages=(v.Message("success", "Sie sind abgemeldet."),)),
    ),
    "anmelden-code": State("anmelden.html", v.SignInView(code_wanted=True), NOBODY),
    "start": State("start.html", START, HOME),
    "start-leer": State(
        "start.html", v.StartView(unit="", inbox=(), due=(), search_down=True), replace(HOME, keys=False)
    ),
    "start-verwaltung": State("start.html", v.StartView(unit=""), replace(HOME, areas=("start", "administration"))),
    "posteingang": State("posteingang.html", EINGANG, INBOX),
    "posteingang-liste": State("posteingang.html", replace(EINGANG, letters=LETTERS, chosen=None), INBOX),
    "posteingang-leer": State("posteingang.html", v.InboxView(()), replace(INBOX, counts={})),
    "posteingang-fehler": State(
        "posteingang.html",
        replace(
            EINGANG,
            chosen=replace(
                LETTER,
                pages=(),
                state="processing",
                picker=v.Picker("Lindenwäg"),
                form=v.Form({}, (v.FieldError("place", "Bitte wählen Sie eine Akte oder einen Vorgang."),)),
            ),
        ),
        INBOX,
    ),
    "posteingang-weitergeben-fehler": State(
        "posteingang.html",
        replace(
            EINGANG,
            chosen=replace(
                LETTER, hand_on=v.Form({}, (v.FieldError("unit", "Die Organisationseinheit fehlt."),), open=True)
            ),
        ),
        INBOX,
    ),
    "posteingang-ausgecheckt": State(
        "posteingang.html", replace(EINGANG, chosen=replace(LETTER, holder="Jens Ohlendorf")), INBOX
    ),
    "wiedervorlagen": State(
        "wiedervorlagen.html", v.ResubmissionsView(DUE, "63 Bauordnung", "/wiedervorlagen?after=x"), AGAIN
    ),
    "wiedervorlagen-leer": State("wiedervorlagen.html", v.ResubmissionsView(()), AGAIN),
    "wiedervorlage-fehler": State(
        "wiedervorlage.html",
        v.ResubmissionView(
            "w1",
            "Mühlenstraße 21",
            "/akten/a112",
            "63-00112/2026",
            1,
            "/wiedervorlagen",
            v.Form(
                {"due_on": "1.1.2020", "note": "Statik"},
                (v.FieldError("due_on", "Der Tag der Wiedervorlage liegt in der Vergangenheit."),),
            ),
        ),
        AGAIN,
    ),
    "plan": State(
        "akten.html", replace(PLAN, rows=tuple(replace(row, assign=f"{row.href}/zuordnen") for row in PLAN.rows)), FILES
    ),
    "plan-wurzel": State("akten.html", v.PlanView(tree=tree(), templates=TEMPLATES), FILES),
    "plan-baum-gefiltert": State("akten.html", v.PlanView(tree=tree(), wanted="Bau", found=7), FILES),
    "plan-baum-leer": State("akten.html", v.PlanView(tree=(), wanted="xy", found=0), FILES),
    "plan-ober": State("akten.html", v.PlanView(tree(current="63"), "63", "Bauordnung", PATH[:1]), FILES),
    "plan-leer": State("akten.html", replace(PLAN, rows=(), total=0, next=""), FILES),
    "plan-filter": State(
        "akten.html", replace(PLAN, rows=(), total=0, filter="Lindenwäg", state="open", next=""), FILES
    ),
    "plan-neu-fehler": State(
        "akten.html",
        replace(
            PLAN,
            templates=TEMPLATES,
            new_dossier=replace(
                PLAN.new_dossier or v.NewDossierForm("", ()),
                form=v.Form({"title": ""}, (v.FieldError("title", "Bitte geben Sie einen Betreff an."),), open=True),
            ),
        ),
        FILES,
    ),
    "akte": State("akte.html", AKTE, DONE),
    "akte-leer": State("akte.html", replace(AKTE, groups=(), documents=0, next="", confidentiality="protected"), FILES),
    "akte-zda": State(
        "akte.html",
        replace(
            AKTE,
            state="closed",
            note="zdA seit 12.03.2026, wieder zu öffnen bis 12.06.",
            may_file=False,
            new_case=None,
            remind=None,
            close=None,
            reopen=v.Form(),
        ),
        FILES,
    ),
    "akte-lesen": State(
        "akte.html",
        replace(
            AKTE,
            may_file=False,
            edit=False,
            new_case=None,
            remind=None,
            close=None,
            read_only=True,
            groups=(),
            filter="xy",
        ),
        FILES,
    ),
    "akte-zda-fehler": State(
        "akte.html",
        replace(
            AKTE,
            close=v.CloseForm(
                ("3 Beteiligung Brandschutz",),
                form=v.Form(
                    {},
                    (v.FieldError("close_cases", "Ein Vorgang ist noch offen: 3 Beteiligung Brandschutz."),),
                    open=True,
                ),
            ),
        ),
        FILES,
    ),
    "auswahl-verschieben": State("auswahl.html", BULK, FILES),
    "auswahl-fehler": State(
        "auswahl.html",
        replace(
            BULK,
            picker=v.Picker("Lindenwäg"),
            refused=(
                ("Nachforderung Brandschutznachweis", "Das Dokument ist storniert und wird nicht mehr geändert."),
            ),
            form=v.Form({}, (v.FieldError("place", "Bitte wählen Sie eine Akte oder einen Vorgang."),), open=True),
        ),
        FILES,
    ),
    "auswahl-aendern": State("auswahl.html", replace(BULK, act="change"), FILES),
    "auswahl-stornieren": State("auswahl.html", replace(BULK, act="cancel"), FILES),
    "auswahl-leer": State("auswahl.html", replace(BULK, act="remind", documents=()), FILES),
    "akte-aendern": State("akte_aendern.html", AENDERN, FILES),
    "akte-aendern-fehler": State(
        "akte_aendern.html",
        replace(
            AENDERN,
            edit=v.Form({"title": ""}, (v.FieldError("title", "Betreff fehlt."),), open=True),
            lend=v.Form({}, (v.FieldError("to", "Entleiher fehlt."),), open=True),
        ),
        FILES,
    ),
    "akte-papier": State(
        "akte_aendern.html",
        replace(AENDERN, edit=None, lend=None, give_back=v.Form(), lent="Amtsgericht Nienburg, seit 23.11.2026"),
        FILES,
    ),
    "verweise": State("verweise.html", REFERENCES, FILES),
    "verweise-leer": State("verweise.html", replace(REFERENCES, rows=(), next="", add=None), FILES),
    "verweise-fehler": State(
        "verweise.html",
        replace(
            REFERENCES,
            add=v.Form(
                {"target": "63-1"},
                (v.FieldError("target", "Diese Akte gibt es nicht."),),
                open=True,
            ),
        ),
        FILES,
    ),
    "beteiligte": State("beteiligte.html", PARTIES, FILES),
    "beteiligte-leer": State("beteiligte.html", replace(PARTIES, rows=(), next="", add=None), FILES),
    "beteiligte-fehler": State(
        "beteiligte.html",
        replace(
            PARTIES,
            add=v.Form(
                {"role": "Nachbar", "kind": "organisation", "email": "x"},
                (v.FieldError("name", "Name fehlt."), v.FieldError("email", "Das ist keine E-Mail-Adresse.")),
                open=True,
            ),
        ),
        FILES,
    ),
    "beteiligt": State(
        "beteiligt.html",
        v.PartyView(
            "a184",
            "63-00184/2026",
            (*DOSSIER_PATH, v.Link("Beteiligte", "/akten/a184/beteiligte")),
            "b1",
            "Wohnbau Rodenbeck eG",
            1,
            v.Form({"role": "Bauherrin", "kind": "organisation", "name": "Wohnbau Rodenbeck eG"}),
        ),
        FILES,
    ),
    "vorgang": State("vorgang.html", CASE, FILES),
    "vorgang-fehler": State(
        "vorgang.html",
        replace(
            CASE,
            rename=v.Form({"title": ""}, (v.FieldError("title", "Betreff fehlt."),), open=True),
            move=v.Form({"target": "63-1"}, (v.FieldError("target", "Diese Akte gibt es nicht."),), open=True),
            close=replace(
                CASE.close or v.CloseForm(),
                form=v.Form({}, (v.FieldError("close_cases", "Es gibt noch offene Teilvorgänge."),), open=True),
            ),
        ),
        FILES,
    ),
    "vorgang-abgeschlossen": State(
        "vorgang.html", replace(CASE, state="closed", rename=None, close=None, reopen=v.Form()), FILES
    ),
    "verlauf": State(
        "verlauf.html",
        v.HistoryView(
            "a184",
            "63-00184/2026",
            AKTE.title,
            PATH,
            (replace(HISTORY[0], undo="/zuruecknehmen/e1"), *HISTORY * 7),
            "/akten/a184/verlauf?after=x",
        ),
        FILES,
    ),
    "ablegen": State("ablegen.html", ABLEGEN, FILES),
    "ablegen-fehler": State(
        "ablegen.html",
        replace(
            ABLEGEN,
            form=v.Form(
                {"title": "Statik", "received_on": "31.2.26", "kind": "outgoing"},
                (
                    v.FieldError("file", "Bitte wählen Sie eine Datei."),
                    v.FieldError("received_on", "Diesen Tag gibt es nicht: 31.2.26."),
                ),
            ),
        ),
        FILES,
    ),
    "dokument": State("dokument.html", DOKUMENT, FILES),
    "dokument-arbeit": State(
        "dokument.html",
        replace(
            DOKUMENT,
            pages=DOKUMENT.pages[:4],
            query="",
            processing=v.Processing("processing", 4, 14),
            rendition="pending",
            current=1,
        ),
        FILES,
    ),
    "dokument-fehlgeschlagen": State(
        "dokument.html",
        replace(
            DOKUMENT,
            pages=(),
            query="",
            current=1,
            version=1,
            versions=(),
            proof=replace(DOKUMENT.proof or v.Proof(False, None, ""), intact=False),
            processing=v.Processing("failed", reason="Die Datei ist verschlüsselt.", may_retry=True),
            rendition="none",
            rendition_reason="Die Datei lässt sich ohne Kennwort nicht öffnen.",
            note="Aussonderungssperre: Klageverfahren 4 A 112/26",
        ),
        FILES,
    ),
    "dokument-ausgecheckt": State(
        "dokument.html",
        replace(WORKED, marks=(MINE,), acts=replace(ACTS, check_out=False, release=True)),
        FILES,
    ),
    "dokument-fremd-ausgecheckt": State(
        "dokument.html",
        replace(
            WORKED,
            marks=(HELD,),
            acts=v.DocumentActs(
                release_other=v.Form({}, (v.FieldError("reason", "Grund fehlt."),), open=True),
                remind=v.Form(),
                edit=True,
            ),
        ),
        replace(FILES, messages=(v.Message("warning", "Das Dokument ist ausgecheckt."),)),
    ),
    "dokument-storniert": State(
        "dokument.html",
        replace(WORKED, marks=(CANCELLED, FINAL), acts=v.DocumentActs(), neighbours=None),
        FILES,
    ),
    "dokument-stornieren-fehler": State(
        "dokument.html",
        replace(WORKED, acts=replace(ACTS, cancel=v.Form({}, (v.FieldError("reason", "Grund fehlt."),), open=True))),
        FILES,
    ),
    "dokument-bearbeiten": State(
        "dokument.html",
        replace(
            WORKED,
            edit=v.DocumentEdit(
                STATED,
                "7",
                v.Form(
                    {**STATED, "title": "Brandschutznachweis, Nachreichung"},
                    (v.FieldError("title", "Jens Ohlendorf hat eingetragen: Brandschutz 2. Fassung"),),
                    open=True,
                ),
                "Jens Ohlendorf hat inzwischen geändert: Betreff, Absender. Übernommen ist schon: Absender. Was Sie"
                " eingetragen haben, steht noch da. Prüfen Sie es und speichern Sie noch einmal.",
            ),
        ),
        FILES,
    ),
    "dokument-viele-treffer": State(
        "dokument.html", replace(DOKUMENT, pages=tuple(found_page(number) for number in range(1, 15))), FILES
    ),
    "dokument-text": State("dokument.html", replace(DOKUMENT, text=TEXT), FILES),
    "suche": State("suche.html", replace(SUCHE, asked="q=x&jahr=2026", saved=SAVED, most_exported=20), SEARCH),
    "suche-anfang": State("suche.html", v.SearchView(saved=SAVED), SEARCH),
    "suche-leer": State(
        "suche.html",
        v.SearchView(
            query="Rettungswäg", chips=(v.Chip("2026", "/suche?q=x", 4), v.Chip("63 Bauordnung", "/suche?q=x", 0))
        ),
        SEARCH,
    ),
    "suche-aus": State(
        "suche.html",
        v.SearchView(query="Rettungsweg", down=True, hint="Ein Anführungszeichen ist nicht geschlossen."),
        SEARCH,
    ),
    "konto": State(
        "konto.html",
        v.AccountView("Petra Hansen", "p.hansen", ("63 Bauordnung",), ("clerk", "registrar"), NOW, deputies=True),
        replace(FRAME, keys=False),
    ),
    "sicherheit": State("sicherheit.html", SICHERHEIT, FRAME),
    "sicherheit-fehler": State(
        "sicherheit.html",
        replace(
            SICHERHEIT,
            second_factor=False,
            provider="no",
            tokens=(),
            sessions=SICHERHEIT.sessions[:1],
            new_token="eakte_vORSCHAUvORSCHAUvORSCHAUvORSCHAUvORSCHAU01",
            password=v.Form({}, (v.FieldError("old", "Das Passwort stimmt nicht."),)),
            factor=v.Form({}, (v.FieldError("confirm", "Das Passwort stimmt nicht."),)),
            token=v.Form({"name": "x"}, (v.FieldError("scopes", "Bitte wählen Sie, was der Schlüssel erlaubt."),)),
        ),
        FRAME,
    ),
    "zweiter-faktor": State(
        "zweiter_faktor.html", v.SecondFactorView("JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"), FRAME
    ),
    "zweiter-faktor-fehler": State(
        "zweiter_faktor.html",
        v.SecondFactorView("JBSW Y3DP", v.Form({}, (v.FieldError("code", "Dieser Code passt nicht."),))),
        FRAME,
    ),
    "zweiter-faktor-codes": State(
        "zweiter_faktor.html",
        v.SecondFactorView(codes=("a2b3-c4d5-e6f7-g8h9", "j2k3-m4n5-p6q7-r8s9", "t2u3-v4w5-x6y7-z8a9")),
        FRAME,
    ),
    "dienst": State("dienst.html", v.ProviderView("/zustand/dienst-aus"), FRAME),
    "dienst-aus": State("dienst.html", v.ProviderView(""), FRAME),
    "tasten": State("tasten.html", None, FRAME),
    "fehler-404": State("fehler.html", v.ErrorView(404, "7K3-QX9"), FRAME),
    "fehler-403": State(
        "fehler.html", v.ErrorView(403, "7K3-QX9", "Sie dürfen diese Akte lesen, aber nicht ändern"), FRAME
    ),
    "fehler-500": State("fehler.html", v.ErrorView(500, "7K3-QX9"), NOBODY),
    "fehler-503": State("fehler.html", v.ErrorView(503, "7K3-QX9"), NOBODY),
    **FILING,
    **OF_ADMINISTRATION,
}

"""A clerk files, reads, finds and closes: with the mouse, with the keyboard alone, and without script."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import day_by_keys as keys
from tests.browser import day_by_tabs as tabs
from tests.browser.desk import DROP, Office, longest_word, marked_word, ready, sign_in, sitting
from tests.browser.steps import PROCESSING, RETENTION, file_payload, search_until_found, wait_until_read
from tests.support.service import until

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_with_the_mouse(browser: Browser, office: Office) -> None:
    scan = office.scan()
    word = longest_word(scan.truth[1])
    with sitting(browser, office) as page:
        sign_in(page)
        page.get_by_role("link", name="Akten", exact=True).click()
        for name in ("6 Bauen", "63 Bauordnung", "632 Genehmigungen", "632.2 Bauanträge"):
            page.get_by_role("navigation", name="Aktenplan").get_by_role("link", name=name).first.click()
            page.wait_for_url(f"**/plan/{name.split()[0]}")
        ready(page)
        page.get_by_role("button", name="Neue Akte").click()
        page.get_by_role("textbox", name="Betreff").fill("Mausweg 1")
        page.get_by_role("button", name="Akte anlegen").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Mausweg 1")
        ready(page)

        zone = page.locator("[data-ea-drop]").element_handle()
        page.evaluate(DROP, [zone, scan.filename, base64.b64encode(scan.content).decode()])
        line = page.locator("[data-ea-uploads] li")
        expect(line).to_contain_text("abgelegt in ohne Vorgang")
        expect(page.locator("[data-ea-uploads-count]")).to_have_text("1 von 1 abgelegt")
        expect(page.locator("#ansage")).to_have_text("1 von 1 Datei abgelegt")
        expect(page.locator("#vorgaenge [data-ea-row]")).to_have_count(1)
        expect(page.locator(".ea-views .ea-count")).to_have_text("1")
        line.get_by_role("link", name="Öffnen").click()
        wait_until_read(page)
        expect(page.get_by_text("Texterkennung", exact=True)).to_be_visible()

        page.get_by_label("Suche oder Aktenzeichen").fill(word)
        page.get_by_label("Suche oder Aktenzeichen").press("Enter")
        page.wait_for_url("**/suche?**")
        search_until_found(page, word)
        page.get_by_role("link", name=re.compile(r"^S\. 2")).first.click()
        page.wait_for_url("**/dokumente/**")
        ready(page)
        expect(page.get_by_label("Seite", exact=True)).to_have_value("2")
        lies = marked_word(page, word)
        assert lies["page"] == "2"
        assert lies["seen"]
        assert lies["best"][0] > 0.8, lies
        assert lies["best"][1] > 0.4, lies

        page.get_by_role("button", name="Weitere Aktionen").click()
        page.get_by_role("link", name="Zugriff auf die Akte …").click()
        page.wait_for_url("**/rechte*")
        expect(page.get_by_role("heading", level=1)).to_contain_text("Mausweg 1")
        page.go_back()
        ready(page)
        page.get_by_role("complementary").get_by_role("link", name=re.compile(r"^632\.2-")).click()
        page.wait_for_url("**/akten/**")
        ready(page)
        page.get_by_role("button", name="zdA verfügen …").click()
        page.get_by_role("dialog").get_by_role("button", name="zdA verfügen").click()
        expect(page.locator(".ea-note")).to_contain_text(RETENTION)
        expect(page.locator("[data-ea-drop]")).to_have_count(0)


def test_with_the_keyboard_alone(browser: Browser, office: Office) -> None:
    word = longest_word(office.scan().truth[1])
    with sitting(browser, office) as page:
        keys.sign_in_and_go_to_a_class(page)
        keys.file(page, office)
        keys.find_and_read(page, word)
        keys.close(page)


def test_a_letter_from_the_inbox_until_it_is_done_by_keys(browser: Browser, office: Office) -> None:
    dossier = office.dossier("Eingangsweg 9")
    letter = office.letter("Brief im Eingang", b"Sehr geehrte Damen", "brief.txt")
    with sitting(browser, office) as page:
        sign_in(page)
        keys.file_from_the_inbox(page)
        page.goto(f"/dokumente/{letter}")
        keys.change_and_remind(page)
        keys.finish_on_the_start_page(page)
        page.goto(f"/akten/{dossier}")
        keys.move_what_is_ticked(page)


@pytest.mark.long
def test_a_letter_from_the_inbox_until_its_dossier_is_closed_without_single_keys(
    browser: Browser, office: Office
) -> None:
    office.dossier("Tabweg 7", cases=0)
    office.letter("Brief mit Tabulator", b"Sehr geehrte Damen und Herren, Quittenbaum", "tab.txt")
    with sitting(browser, office) as page:
        sign_in(page, "head63")
        tabs.switch_single_keys_off(page)
        tabs.file(page)
        tabs.write_a_version_and_compare(page)
        tabs.keep_a_search_and_close(page)


def test_without_script(browser: Browser, office: Office) -> None:
    with sitting(browser, office, script=False) as page:
        sign_in(page)
        page.get_by_role("link", name="Akten", exact=True).click()
        page.goto("/plan/632.2")
        page.get_by_role("button", name="Neue Akte").click()
        page.get_by_role("textbox", name="Betreff").fill("Ohne Skript 3")
        page.get_by_role("button", name="Akte anlegen").click()
        page.wait_for_url("**/akten/**")
        page.get_by_role("link", name=re.compile("^Dokument ablegen")).first.click()
        page.get_by_label("Datei").set_input_files([file_payload(office)])
        page.get_by_label("Betreff").fill("Brief ohne Skript")
        page.get_by_label("Eingegangen am").fill("heute")
        page.get_by_role("button", name="Ablegen").click()
        page.wait_for_url("**/akten/*?ok=abgelegt")
        page.get_by_role("link", name="Brief ohne Skript").click()

        def read() -> bool:
            page.reload()
            return page.locator("#seite-2").count() == 1

        until(read, seconds=PROCESSING / 1000, what="the document")
        word = longest_word(office.scan().truth[1])

        def found() -> bool:
            page.goto("/")
            page.get_by_label("Suche oder Aktenzeichen").fill(word)
            page.get_by_role("button", name="Suchen").click()
            return page.get_by_role("link", name="Brief ohne Skript", exact=True).count() > 0

        until(found, seconds=30, what="a hit")
        page.get_by_role("link", name="Brief ohne Skript", exact=True).click()
        expect(page.locator("#seite-2 .ea-hit").first).to_be_attached()
        page.get_by_role("link", name="Text", exact=True).click()
        expect(page.get_by_role("heading", name="Seite 2")).to_be_visible()
        page.get_by_role("button", name="Clerk63").click()
        page.get_by_role("button", name="Abmelden").click()
        expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()
        page.goto("/plan")
        page.wait_for_url("**/anmelden**")


def test_a_document_dragged_onto_a_case_lies_there_and_goes_back(browser: Browser, office: Office) -> None:
    dossier = office.dossier("Ziehweg 1")
    office.document(dossier, b"Text", "lose.txt", ready=False, title="Lose")
    with sitting(browser, office) as page:
        sign_in(page)
        page.goto(f"/akten/{dossier}")
        ready(page)
        case = page.locator("tbody[data-ea-case-title='1 Vorgang 0']")
        page.get_by_role("link", name="Lose").drag_to(case.locator("th"))
        page.wait_for_url("**ok=auswahl-move**")
        expect(case.locator("[data-ea-row]")).to_have_text("Lose")
        page.get_by_role("button", name="Zurücknehmen").click()
        page.wait_for_url("**ok=zurueckgenommen")
        expect(case.locator("[data-ea-row]")).to_have_count(0)


def test_the_focus_survives_hits_that_come_late(browser: Browser, office: Office) -> None:
    office.document(office.dossier("Weidenweg 1", cases=0), b"Weidenweg, ein Brief", "weide.txt")
    with sitting(browser, office) as page:
        sign_in(page)
        page.goto("/suche?q=Weidenweg")
        ready(page)
        # What has a name is there again in the new hits; who was elsewhere is led to their head.
        for place, then in (("[aria-label=Filter]", "suche-left"), ("[data-ea-row]", "treffer-titel")):
            page.locator(place).first.focus()
            page.evaluate("document.getElementById('treffer').dataset.old = ''")
            page.evaluate("document.querySelector('[data-ea-hits]').requestSubmit()")
            page.wait_for_selector("#treffer:not([data-old])")
            page.wait_for_function("(id) => document.activeElement.id === id", arg=then)


def test_the_start_page_says_what_is_new_in_a_kept_search(browser: Browser, office: Office) -> None:
    dossier = office.dossier("Holunderweg 1", cases=0)
    office.document(dossier, b"Holunder, erster Brief", "erster.txt")
    with sitting(browser, office) as page:
        sign_in(page)
        page.goto("/suche?q=Holunder")
        page.get_by_role("button", name="Suche merken").click()
        page.get_by_role("button", name="Merken", exact=True).click()
        page.wait_for_url("**ok=gemerkt")
        office.document(dossier, b"Holunder, zweiter Brief", "zweiter.txt", title="Zweiter Brief")
        page.goto("/")
        page.get_by_role("link", name="Holunder 1 neu").click()
        page.wait_for_url("**/suche?q=Holunder&sort=added")
        expect(page.locator("[data-ea-hit] h3").first).to_contain_text("Zweiter Brief")
        page.goto("/")
        ready(page)
        expect(page.get_by_role("link", name="Holunder", exact=True)).to_be_visible()

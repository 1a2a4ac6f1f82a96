"""A clerk files, reads, finds and closes: with the mouse, with the keyboard alone, and without script."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.browser.desk import DROP, Office, focused, longest_word, marked_word, ready, sign_in, sitting
from tests.support.service import PASSWORD, until

pytestmark = [pytest.mark.browser, pytest.mark.journey]
RETENTION = re.compile(r"zdA seit .*; aufzubewahren bis 31\.12\.20\d\d")
PROCESSING = 90_000
"""Milliseconds that recognition of two pages may take on a busy machine."""


def wait_until_read(page: Page) -> None:
    """The page asks by itself and shows the document when it is ready."""
    page.wait_for_selector("#seite-2", timeout=PROCESSING)
    ready(page)
    assert page.locator("#verarbeitung").count() == 0


def search_until_found(page: Page, word: str) -> None:
    """From the search page: a document is found shortly after it is ready."""

    def look() -> bool:
        page.goto(f"/suche?q={word}")
        return page.locator("[data-ea-hit]").count() > 0

    until(look, seconds=30, what=f"a hit for {word}")


def file_payload(office: Office) -> FilePayload:
    scan = office.scan()
    return FilePayload(name=scan.filename, mimeType="application/pdf", buffer=scan.content)


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

        page.get_by_role("complementary").get_by_role("link", name=re.compile(r"^632\.2-")).click()
        page.wait_for_url("**/akten/**")
        ready(page)
        page.get_by_role("button", name="zdA verfügen …").click()
        page.get_by_role("dialog").get_by_role("button", name="zdA verfügen").click()
        expect(page.locator(".ea-note")).to_contain_text(RETENTION)
        expect(page.locator("[data-ea-drop]")).to_have_count(0)


def tab_to(page: Page, name: str) -> None:
    """Tab until the named control has the focus; the focus is somewhere all the way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page).inner_text().strip().startswith(name):
            return
    raise AssertionError(f"{name} was not reached")


def test_with_the_keyboard_alone(browser: Browser, office: Office) -> None:
    word = longest_word(office.scan().truth[1])
    with sitting(browser, office) as page:
        keys_sign_in_and_go_to_a_class(page)
        keys_file(page, office)
        keys_find_and_read(page, word)
        keys_close(page)


def keys_sign_in_and_go_to_a_class(page: Page) -> None:
    page.goto("/anmelden")
    ready(page)
    assert focused(page).get_attribute("id") == "username"
    page.keyboard.type("clerk63")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    ready(page)
    assert focused(page).get_attribute("id") == "suchfeld"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/plan")
    ready(page)
    page.keyboard.press("Control+F6")
    page.keyboard.type("6")
    page.keyboard.press("ArrowRight")
    for number in ("63", "632"):
        page.wait_for_selector(f"a[data-number='{number}']")
        page.keyboard.press("ArrowDown")
        assert focused(page).get_attribute("data-number") == number
        page.keyboard.press("ArrowRight")
    page.wait_for_selector("a[data-number='632.2']")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert focused(page).get_attribute("data-number") == "632.2"
    page.keyboard.press("Enter")
    page.wait_for_url("**/plan/632.2")
    ready(page)


def keys_file(page: Page, office: Office) -> None:
    page.keyboard.press("e")
    assert focused(page).get_attribute("id") == "neu-title"
    page.keyboard.type("Tastenweg 2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/akten/**")
    ready(page)

    page.keyboard.press("e")
    page.wait_for_url("**/ablegen")
    ready(page)
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page).get_attribute("id") == "file":
            break
    # The chooser of the system is beyond the page: the space bar opens it, the name is typed there.
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files([file_payload(office)])
    page.keyboard.press("Tab")
    page.keyboard.type("Stellungnahme mit Tasten")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/akten/*?ok=abgelegt")
    ready(page)
    page.keyboard.press("j")
    assert focused(page).inner_text() == "Stellungnahme mit Tasten"
    page.keyboard.press("Enter")
    page.wait_for_url("**/dokumente/**")
    wait_until_read(page)


def keys_find_and_read(page: Page, word: str) -> None:
    search_until_found(page, word)
    ready(page)
    page.keyboard.press("/")
    page.keyboard.type(f"{word} Tastenweg")
    page.keyboard.press("Enter")
    page.wait_for_url("**Tastenweg**")
    page.wait_for_selector("[data-ea-hit]:has-text('Stellungnahme mit Tasten')")
    assert focused(page).get_attribute("id") == "suchfeld", "new hits leave the focus where it was"
    page.keyboard.press("Control+F6")
    focused(page)
    while "Stellungnahme mit Tasten" not in focused(page).inner_text():
        page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dokumente/**")
    ready(page)
    assert marked_word(page, word)["best"][0] > 0.8
    for key, expected in (("PageUp", "1"), ("PageDown", "2")):
        page.keyboard.press(key)
        expect(page.get_by_label("Seite", exact=True)).to_have_value(expected)
    page.keyboard.press("n")
    expect(page.locator("[data-ea-hit-label]")).to_contain_text("Treffer")


def keys_close(page: Page) -> None:
    tab_to(page, "632.2-")
    page.keyboard.press("Enter")
    page.wait_for_url("**/akten/**")
    ready(page)
    tab_to(page, "zdA verfügen …")
    page.keyboard.press("Enter")
    assert focused(page).get_attribute("id") == "zda-reason"
    page.keyboard.press("Escape")
    assert focused(page).inner_text().strip().startswith("zdA verfügen …"), "the focus goes back to its opener"
    page.keyboard.press("Enter")
    page.keyboard.type("erledigt")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/akten/*?ok=zda")
    expect(page.locator(".ea-note")).to_contain_text(RETENTION)


def test_a_letter_from_the_inbox_until_it_is_done_by_keys(browser: Browser, office: Office) -> None:
    dossier = office.dossier("Eingangsweg 9")
    letter = office.letter("Brief im Eingang", b"Sehr geehrte Damen", "brief.txt")
    with sitting(browser, office) as page:
        sign_in(page)
        keys_file_from_the_inbox(page)
        page.goto(f"/dokumente/{letter}")
        keys_change_and_remind(page)
        keys_finish_on_the_start_page(page)
        page.goto(f"/akten/{dossier}")
        keys_move_what_is_ticked(page)


def file_into(page: Page, typed: str, dossier: str) -> None:
    """From a letter of the inbox, the cursor in the search for a place: into the first dossier that is found."""
    page.keyboard.type(typed)
    page.wait_for_selector(f"#orte:has-text('{dossier}')")
    assert focused(page).get_attribute("id") == "wort", "what is found leaves the focus where letters are typed"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/posteingang?ok=eingang-abgelegt**")


def keys_file_from_the_inbox(page: Page) -> None:
    ready(page)
    page.keyboard.press("Tab")
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/posteingang")
    ready(page)
    page.keyboard.press("j")
    assert focused(page).inner_text().startswith("Brief im Eingang")
    page.keyboard.press("Enter")
    page.wait_for_url("**/posteingang/*")
    ready(page)
    assert focused(page).get_attribute("id") == "wort"
    file_into(page, "eingangsw", "Eingangsweg 9")
    ready(page)
    page.keyboard.press("u")
    page.wait_for_url("**/posteingang/*?ok=zurueckgenommen")
    ready(page)
    file_into(page, "eingangsw", "Eingangsweg 9")


def keys_change_and_remind(page: Page) -> None:
    ready(page)
    page.keyboard.press("F2")
    page.wait_for_selector("#angabe-title:focus")
    tab_to(page, "Abbrechen")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-ea-refocus]:focus")
    page.keyboard.press("F2")
    page.wait_for_selector("#angabe-title:focus")
    page.keyboard.press("Control+A")
    page.keyboard.type("Brief, geprüft")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=gespeichert")
    ready(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Brief, geprüft")
    page.keyboard.press("m")
    tab_to(page, "Stornieren …")
    page.keyboard.press("Enter")
    assert focused(page).get_attribute("id") == "stornieren-reason"
    page.keyboard.press("Escape")
    # The menu is closed, its button has the focus: a browser tells the page of a closed dialog a moment later.
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Weitere Aktionen")
    page.keyboard.press("w")
    assert focused(page).get_attribute("id") == "wv-due_on"
    page.keyboard.type("heute")
    page.keyboard.press("Tab")
    page.keyboard.type("Antwort schreiben")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=wiedervorlage")


def keys_finish_on_the_start_page(page: Page) -> None:
    ready(page)
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/")
    ready(page)
    expect(page.get_by_text("Antwort schreiben").first).to_be_visible()
    tab_to(page, "Erledigt")
    page.keyboard.press("Enter")
    page.wait_for_url("**ok=erledigt**")
    assert focused(page).get_attribute("id") == "wiedervorlagen", "the keyboard goes on at the list"


def keys_move_what_is_ticked(page: Page) -> None:
    ready(page)
    assert page.locator("[data-ea-bulk]").is_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Space")
    expect(page.locator("[data-ea-bulk-count]")).to_have_text("1 ausgewählt")
    page.keyboard.press("v")
    page.wait_for_url("**/auswahl?**")
    ready(page)
    assert focused(page).get_attribute("id") == "wort"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=auswahl-move**")
    ready(page)
    page.keyboard.press("u")
    page.wait_for_url("**ok=zurueckgenommen")
    ready(page)
    expect(page.locator("tbody[data-ea-case-title='1 Vorgang 0'] [data-ea-row]")).to_have_count(0)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dokumente/*")
    ready(page)
    page.keyboard.press("v")
    page.wait_for_url("**/auswahl?**")
    ready(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=auswahl-move**")
    ready(page)
    row = page.locator("tbody[data-ea-case-title='1 Vorgang 0'] [data-ea-row]")
    expect(row).to_have_text("Brief, geprüft")


@pytest.mark.long
def test_a_letter_from_the_inbox_until_its_dossier_is_closed_without_single_keys(
    browser: Browser, office: Office
) -> None:
    office.dossier("Tabweg 7", cases=0)
    office.letter("Brief mit Tabulator", b"Sehr geehrte Damen und Herren, Quittenbaum", "tab.txt")
    with sitting(browser, office) as page:
        sign_in(page, "head63")
        tabs_switch_single_keys_off(page)
        tabs_file(page)
        tabs_write_a_version_and_compare(page)
        tabs_keep_a_search_and_close(page)


def press_at(page: Page, name: str) -> None:
    """Tab to the named control and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def tabs_switch_single_keys_off(page: Page) -> None:
    page.goto("/konto")
    ready(page)
    page.get_by_role("radio", name="an", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/konto?ok=gespeichert")
    ready(page)
    for key in ("g", "p", "u", "?"):
        page.keyboard.press(key)
    assert page.url.endswith("/konto?ok=gespeichert")


def tabs_file(page: Page) -> None:
    press_at(page, "Posteingang")
    page.wait_for_url("**/posteingang")
    ready(page)
    press_at(page, "Brief mit Tabulator")
    page.wait_for_url("**/posteingang/*")
    ready(page)
    assert focused(page).get_attribute("id") == "wort"
    file_into(page, "tabweg", "Tabweg 7")
    ready(page)
    press_at(page, "Zurücknehmen")
    page.wait_for_url("**ok=zurueckgenommen")
    ready(page)
    file_into(page, "tabweg", "Tabweg 7")


def tabs_write_a_version_and_compare(page: Page) -> None:
    search_until_found(page, "Quittenbaum")
    ready(page)
    press_at(page, "Brief mit Tabulator")
    page.wait_for_url("**/dokumente/**")
    ready(page)
    address = page.url.partition("?")[0]
    press_at(page, "Auschecken")
    page.wait_for_url("**ok=ausgecheckt")
    ready(page)
    press_at(page, "Einchecken")
    assert focused(page).get_attribute("id") == "fassung-file"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    text = b"Sehr geehrte Damen und Herren, Apfelbaum"
    chooser.value.set_files([FilePayload(name="tab2.txt", mimeType="text/plain", buffer=text)])
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=fassung")

    def read() -> bool:
        page.goto(f"{address}/vergleich")
        return page.locator("ins").count() > 0

    until(read, seconds=60, what="the second version")
    expect(page.locator("del")).to_have_text("Quittenbaum")
    expect(page.locator("ins")).to_have_text("Apfelbaum")


def tabs_keep_a_search_and_close(page: Page) -> None:
    search_until_found(page, "Apfelbaum")
    ready(page)
    press_at(page, "Suche merken")
    assert focused(page).get_attribute("id") == "merken-name"
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=gemerkt")
    page.goto("/")
    ready(page)
    press_at(page, "Apfelbaum")
    page.wait_for_url("**/suche?q=Apfelbaum")
    ready(page)
    press_at(page, "Brief mit Tabulator")
    page.wait_for_url("**/dokumente/**")
    ready(page)
    press_at(page, "632.2-")
    page.wait_for_url("**/akten/**")
    ready(page)
    press_at(page, "zdA verfügen …")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**ok=zda")
    expect(page.locator(".ea-note")).to_contain_text(RETENTION)


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


def test_the_focus_survives_hits_that_come_late(browser: Browser, office: Office) -> None:
    with sitting(browser, office) as page:
        sign_in(page)
        page.goto("/suche?q=Vorgang")
        ready(page)
        page.locator("[aria-label=Filter]").focus()
        page.evaluate("document.querySelector('[data-ea-hits]').requestSubmit()")
        page.wait_for_function("() => document.activeElement.id === 'treffer-titel'")

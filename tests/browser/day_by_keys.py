"""A clerk's day by single keys: filed, found, read, closed; and from the inbox until it is done."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.desk import Office, focused, marked_word, ready
from tests.browser.steps import RETENTION, file_into, file_payload, search_until_found, tab_to, wait_until_read
from tests.support.service import PASSWORD


def sign_in_and_go_to_a_class(page: Page) -> None:
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


def file(page: Page, office: Office) -> None:
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
    assert focused(page).get_attribute("id") == "file"
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


def find_and_read(page: Page, word: str) -> None:
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


def close(page: Page) -> None:
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


def file_from_the_inbox(page: Page) -> None:
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


def change_and_remind(page: Page) -> None:
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


def finish_on_the_start_page(page: Page) -> None:
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


def move_what_is_ticked(page: Page) -> None:
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

"""A clerk's day with single keys off: by Tab, Enter and what is typed."""

from __future__ import annotations

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.desk import focused, ready
from tests.browser.steps import RETENTION, file_into, press_at, search_until_found
from tests.support.service import until


def switch_single_keys_off(page: Page) -> None:
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


def file(page: Page) -> None:
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


def write_a_version_and_compare(page: Page) -> None:
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


def keep_a_search_and_close(page: Page) -> None:
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

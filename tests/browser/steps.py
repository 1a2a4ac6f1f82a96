"""Steps that several days share: waiting for a document, finding it, tabbing to a control, choosing a place."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Page

from tests.browser.desk import Office, focused, ready
from tests.support.service import until

RETENTION = re.compile(r"zdA seit .*; aufzubewahren bis 31\.12\.20\d\d")
PROCESSING = 90_000
"""Milliseconds that recognition of two pages may take on a busy machine."""


def file_payload(office: Office) -> FilePayload:
    scan = office.scan()
    return FilePayload(name=scan.filename, mimeType="application/pdf", buffer=scan.content)


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


def tab_to(page: Page, name: str) -> None:
    """Tab until the named control has the focus; the focus is somewhere all the way."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if focused(page).inner_text().strip().startswith(name):
            return
    raise AssertionError(f"{name} was not reached")


def press_at(page: Page, name: str) -> None:
    """Tab to the named control and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


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

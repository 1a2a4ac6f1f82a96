"""How many interactions the ten commonest jobs of a clerk need, counted while a browser does them.

One interaction is one key, one click, one text typed into a field, one file dropped. Each job begins on the start page
of a clerk who is signed in, is done in Chromium before the real service, and must have had its effect. The baseline is
what `JOBS` allows for each job (that a form is sent by a key and no dialog asks back); the ratio is the sum of ours to
the sum of that.
"""

from __future__ import annotations

import argparse
import base64
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect, sync_playwright

from benchmarks.measuring import Figure, progress, report
from tests.browser.desk import DROP, Office, ready, sign_in, sitting
from tests.support.service import Municipality, Service, data_folder
from tests.web.test_preview_browser import CHROMIUM, FLAGS

LETTER = b"Sehr geehrte Damen und Herren, die Regenwassernutzung ist angezeigt. Eine Antwort eilt.\n"


class Hand:
    """A clerk's hand on one page: everything it does is counted."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def press(self, key: str) -> None:
        """One key."""
        self.count += 1
        self.page.keyboard.press(key)

    def write(self, text: str) -> None:
        """A text where the focus is."""
        self.count += 1
        self.page.keyboard.type(text)

    def click(self, what: Locator) -> None:
        """One click."""
        self.count += 1
        what.click()

    def drop(self, content: bytes, filename: str) -> None:
        """A file on the drop zone."""
        self.count += 1
        zone = self.page.locator("[data-ea-drop]").element_handle()
        self.page.evaluate(DROP, [zone, filename, base64.b64encode(content).decode()])

    def go_to(self, dossier: Dossier) -> None:
        """From the start page, where the cursor is in the search box, by the reference number."""
        self.write(dossier.number)
        self.press("Enter")
        self.page.wait_for_url("**/akten/**")
        ready(self.page)


@dataclass(frozen=True)
class Dossier:
    """One that the clerk knows."""

    id: str
    number: str


@dataclass(frozen=True)
class Desk:
    """What the jobs find there."""

    office: Office
    hand: Hand
    dossier: Dossier

    @property
    def page(self) -> Page:
        """The page."""
        return self.hand.page


def file_a_dropped_letter(desk: Desk) -> None:
    """A letter from the desktop into a known dossier."""
    desk.hand.go_to(desk.dossier)
    desk.hand.drop(LETTER, "anzeige.txt")
    expect(desk.page.locator("[data-ea-uploads-count]")).to_have_text("1 von 1 abgelegt")


def find_a_letter_and_open_its_page(desk: Desk) -> None:
    """From the start page to the page with the word marked."""
    desk.hand.write("Regenwassernutzung")
    desk.hand.press("Enter")
    desk.page.wait_for_url("**/suche?**")
    desk.hand.click(desk.page.get_by_role("link", name=re.compile(r"^S\. 1")).first)
    desk.page.wait_for_url("**/dokumente/**")
    ready(desk.page)
    expect(desk.page.locator(".ea-hit--now")).to_have_count(1)


def file_from_the_inbox(desk: Desk) -> None:
    """The newest letter of the inbox into a known dossier."""
    desk.hand.click(desk.page.get_by_role("link", name="Brief im Eingang").first)
    desk.page.wait_for_url("**/posteingang/*")
    ready(desk.page)
    desk.hand.write(desk.dossier.number)
    choice = desk.page.locator("#orte").get_by_role("radio").first
    choice.wait_for()
    desk.hand.click(choice)
    desk.hand.press("Control+Enter")
    desk.page.wait_for_url("**ok=eingang-abgelegt**")


def open_a_dossier_of_a_known_class(desk: Desk) -> None:
    """A new dossier where another one of its kind lies."""
    desk.hand.go_to(desk.dossier)
    desk.hand.click(desk.page.get_by_role("navigation", name="Aktenplan").get_by_role("link", name="632.2").first)
    desk.page.wait_for_url("**/plan/632.2")
    ready(desk.page)
    desk.hand.press("e")
    desk.hand.write("Neubau am Anger")
    desk.hand.press("Enter")
    desk.page.wait_for_url("**/akten/**")
    expect(desk.page.get_by_role("heading", level=1)).to_contain_text("Neubau am Anger")


def open_a_case(desk: Desk) -> None:
    """A new case in a known dossier."""
    desk.hand.go_to(desk.dossier)
    desk.hand.click(desk.page.get_by_role("button", name=re.compile("Vorgang")).first)
    desk.hand.write("Nachforderung")
    desk.hand.press("Enter")
    expect(desk.page.locator("#vorgaenge")).to_contain_text("Nachforderung")


def correct_a_title(desk: Desk) -> None:
    """The title of a document, in its place."""
    desk.hand.go_to(desk.dossier)
    desk.hand.press("j")
    desk.hand.press("Enter")
    desk.page.wait_for_url("**/dokumente/**")
    ready(desk.page)
    desk.hand.press("F2")
    desk.page.wait_for_selector("#angabe-title:focus")
    desk.hand.press("Control+A")
    desk.hand.write("Anzeige, geprüft")
    desk.hand.press("Control+Enter")
    desk.page.wait_for_url("**ok=gespeichert")


def be_reminded(desk: Desk) -> None:
    """A resubmission for a dossier."""
    desk.hand.go_to(desk.dossier)
    desk.hand.press("w")
    desk.hand.write("heute")
    desk.hand.press("Tab")
    desk.hand.write("Antwort schreiben")
    desk.hand.press("Control+Enter")
    desk.page.wait_for_url("**ok=wiedervorlage")


def tick_off_what_is_due(desk: Desk) -> None:
    """A resubmission that is done."""
    desk.hand.click(desk.page.get_by_role("button", name=re.compile("^Erledigt")).first)
    desk.page.wait_for_url("**ok=erledigt**")


def move_a_document(desk: Desk) -> None:
    """A document of a known dossier into one of its cases."""
    desk.hand.go_to(desk.dossier)
    desk.hand.press("j")
    desk.hand.press("Space")
    desk.hand.press("v")
    desk.page.wait_for_url("**/auswahl?**")
    ready(desk.page)
    desk.hand.click(desk.page.locator("#orte").get_by_role("radio", name=re.compile("Vorgang 0")).first)
    desk.hand.press("Control+Enter")
    desk.page.wait_for_url("**ok=auswahl-move**")


def close_a_dossier(desk: Desk) -> None:
    """A known dossier is closed."""
    desk.hand.go_to(desk.dossier)
    desk.hand.click(desk.page.get_by_role("button", name="zdA verfügen …"))
    desk.hand.click(desk.page.get_by_label("Diese Vorgänge mit abschließen"))
    desk.hand.press("Control+Enter")
    desk.page.wait_for_url("**/akten/*?ok=zda")


JOBS: dict[Callable[[Desk], None], int] = {
    file_a_dropped_letter: 3,
    find_a_letter_and_open_its_page: 4,
    file_from_the_inbox: 6,
    open_a_dossier_of_a_known_class: 6,
    open_a_case: 5,
    correct_a_title: 8,
    be_reminded: 7,
    tick_off_what_is_due: 2,
    move_a_document: 7,
    close_a_dossier: 5,
}
"""Each job with the interactions that are allowed for it."""


def main() -> None:
    """Count and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="changes nothing: it is quick")
    parser.parse_args()
    figures: dict[str, Figure] = {}
    with desk_with_a_clerk() as desk:
        for job, allowed in JOBS.items():
            desk.page.goto("/")
            ready(desk.page)
            desk.hand.count = 0
            job(desk)
            figures[job.__name__] = desk.hand.count
            progress(f"{job.__name__}: {desk.hand.count}, allowed {allowed}")
    ours = sum(int(str(count)) for count in figures.values())
    baseline = "the interactions allowed for these jobs"
    report("interactions", ratio=ours / sum(JOBS.values()), baseline=baseline, better="lower", figures=figures)


@contextmanager
def desk_with_a_clerk() -> Iterator[Desk]:
    """A served town, a browser before it, a dossier with a case and a document, and a letter in the inbox."""
    with data_folder() as folder, sync_playwright() as playwright:
        service = Service(folder)
        service.start()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with service.backends() as backends:
                office = Office(service, Municipality(backends), backends)
                dossier = office.dossier("Zisterne am Anger")
                office.document(dossier, LETTER, "anzeige.txt", title="Anzeige")
                office.letter("Brief im Eingang", LETTER, "brief.txt")
                with service.client(office.town.tokens["clerk63"]) as client:
                    number = client.get(f"/api/v1/dossiers/{dossier}").json()["reference_number"]
                with sitting(browser, office) as page:
                    sign_in(page)
                    yield Desk(office, Hand(page), Dossier(dossier, number))
        finally:
            browser.close()
            service.stop()


if __name__ == "__main__":
    main()

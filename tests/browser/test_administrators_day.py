"""An administrator's day with the registrar's part, in the browser against the real service."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect
from sqlalchemy import update

from eakte.models import Version
from tests.browser.desk import Office, ready, sign_in, sitting
from tests.support.service import wait_ready

pytestmark = [pytest.mark.browser, pytest.mark.journey]
PLAN = "Nummer;Titel;Aufbewahrungsfrist;Rechtsgrundlage\n{0};Tiefbau;10 Jahre;Aktenordnung\n{0}1;Straßenschäden;;\n"
TITLE = "Zitronenfalter"


@dataclass(frozen=True)
class Day:
    """What this day makes, and whether single keys are on for its people."""

    keys: bool
    unit: str

    @property
    def login(self) -> str:
        """Of the new clerk."""
        return f"k.strasse{self.unit}"


def broken(office: Office) -> str:
    """A document whose processing an outage has ended."""
    document = office.document(office.dossier("Falterweg 3"), b"Ein Brief", "brief.txt", title=TITLE)
    with office.backends.database.engine.begin() as connection:
        of_document = Version.document_id == uuid.UUID(document)
        connection.execute(update(Version).where(of_document).values(processed_at=None))
    office.put(document, "failed", "Die Verarbeitung wurde 4-mal abgebrochen, zuletzt ohne Fehlermeldung.")
    return document


def begin(page: Page, login: str, day: Day) -> None:
    """Sign in, and set the keys as the day has them."""
    sign_in(page, login)
    page.goto("/konto")
    ready(page)
    choice = page.get_by_role("radio", name="an" if day.keys else "aus", exact=True)
    choice.check()
    choice.press("Control+Enter")
    page.wait_for_url("**/konto?ok=gespeichert")


def to_administration(page: Page, day: Day) -> None:
    """From wherever one is: by keys, or by the link."""
    ready(page)
    # Letters are letters while the cursor stands in a field, as it does on the start page.
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("g")
    if day.keys:
        with page.expect_navigation(url="**/administration/**"):
            page.keyboard.press("v")
    else:
        page.keyboard.press("v")
        page.get_by_role("link", name="Administration", exact=True).click()
        page.wait_for_url("**/administration/**")
    ready(page)


def press_new(page: Page, day: Day, name: str) -> Locator:
    """The dialog for a new thing: by its key, or by its button."""
    ready(page)
    page.keyboard.press("e")
    if not day.keys:
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name=name).click()
    return page.get_by_role("dialog")


@pytest.mark.parametrize(
    "day", [Day(keys=True, unit="66"), pytest.param(Day(keys=False, unit="68"), marks=pytest.mark.long)]
)
def test_units_a_user_a_failed_document_the_plan_and_a_role_that_reads(
    browser: Browser, office: Office, day: Day
) -> None:
    document = broken(office)
    with sitting(browser, office) as page:
        begin(page, "admin", day)
        repairs_the_document(page, day)
        with office.service.client(office.town.tokens["clerk63"]) as client:
            assert wait_ready(client, document)["state"] == "ready"
        page.goto("/administration/zustand/dokumente")
        expect(page.get_by_role("heading", name="Nichts ist fehlgeschlagen")).to_be_visible()
        founds_a_unit(page, day)
        page.get_by_role("link", name="Benutzer").click()
        dialog = press_new(page, day, "Konto anlegen …")
        expect(dialog.get_by_role("checkbox", name="Administration (IT)")).to_be_visible()
        expect(dialog.get_by_role("checkbox", name="Sachbearbeitung")).to_have_count(0)
    with sitting(browser, office) as page:
        begin(page, "registrar", day)
        takes_the_plan_over(page, day)
        password = lets_a_clerk_in(page, day)
    with sitting(browser, office) as page:
        page.goto("/anmelden")
        page.get_by_label("Kennung").fill(day.login)
        page.get_by_label("Passwort", exact=True).fill(password)
        page.get_by_role("button", name="Anmelden").click()
        page.wait_for_url("**/")
        expect(page.get_by_role("link", name="Administration")).to_have_count(0)
        page.goto(f"/plan/{day.unit}1")
        ready(page)
        page.keyboard.press("e")
        page.get_by_role("textbox", name="Betreff").fill("Schlagloch Am Deich")
        page.get_by_role("button", name="Akte anlegen").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(f"{day.unit}1-00001")


def repairs_the_document(page: Page, day: Day) -> None:
    """Three interactions: the pages' key, the card's link, the row's button. What it is nobody tells."""
    to_administration(page, day)
    card = page.get_by_role("article").filter(has_text="Fehlgeschlagene Dokumente")
    expect(card).to_contain_text("1")
    card.get_by_role("link", name="Ansehen und wiederholen").click()
    row = page.get_by_role("row").filter(has_text="4-mal abgebrochen")
    expect(row).to_have_count(1)
    assert TITLE not in page.content()
    row.get_by_role("button", name="Wiederholen").click()
    expect(page.get_by_text("Die Verarbeitung beginnt von vorn.")).to_be_visible()


def founds_a_unit(page: Page, day: Day) -> None:
    to_administration(page, day)
    page.get_by_role("link", name="Organisationseinheiten").click()
    dialog = press_new(page, day, "Einheit anlegen …")
    dialog.get_by_label("Nummer").fill(day.unit)
    dialog.get_by_label("Name").fill("Tiefbau")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Die Organisationseinheit ist angelegt.")).to_be_visible()
    page.get_by_role("link", name=f"{day.unit} Tiefbau").click()
    expect(page.get_by_role("heading", name="In eine andere Einheit eingliedern")).to_have_count(0)


def takes_the_plan_over(page: Page, day: Day) -> None:
    to_administration(page, day)
    page.get_by_role("link", name="Aktenplan und Fristen").click()
    plan = FilePayload(name="tiefbau.csv", mimeType="text/csv", buffer=PLAN.format(day.unit).encode())
    page.get_by_label("Aktenplan", exact=True).set_input_files([plan])
    page.get_by_role("button", name="Prüfen und ansehen").click()
    expect(page.get_by_role("heading", name=re.compile("Das würde sich ändern: tiefbau.csv"))).to_be_visible()
    expect(page.get_by_role("row").filter(has_text=f"{day.unit}1")).to_be_visible()
    page.get_by_role("button", name="Übernehmen").click()
    expect(page.get_by_text("Der Aktenplan ist übernommen.")).to_be_visible()


def lets_a_clerk_in(page: Page, day: Day) -> str:
    """An account with a role that reads: the registrar's to give. Answers its first password."""
    page.get_by_role("link", name="Benutzer").click()
    dialog = press_new(page, day, "Konto anlegen …")
    dialog.get_by_label("Name", exact=True).fill("Karla Straße")
    dialog.get_by_label("Kennung").fill(day.login)
    dialog.get_by_label("Organisationseinheit").select_option(day.unit)
    dialog.get_by_role("checkbox", name="Sachbearbeitung").check()
    dialog.get_by_role("button", name="Konto anlegen").click()
    expect(page.get_by_role("heading", name=f"Das Konto ist angelegt: {day.login}")).to_be_visible()
    return page.locator(".ea-block code").inner_text()

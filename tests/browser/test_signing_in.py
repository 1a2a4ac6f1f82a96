"""The second factor and the municipality's provider in a real browser: policy, redirects, cookies."""

from __future__ import annotations

import pyotp
import pytest
from playwright.sync_api import Browser, expect

from eakte.terms import now
from tests.browser.desk import Office, sign_in, sitting
from tests.support.service import PASSWORD

pytestmark = pytest.mark.browser


def test_a_clerk_sets_up_the_second_factor_and_signs_in_with_it(browser: Browser, office: Office) -> None:
    with sitting(browser, office) as page:
        sign_in(page, "approver")
        page.goto("/konto/sicherheit")
        page.get_by_label("Ihr Passwort zur Bestätigung").fill(PASSWORD)
        page.get_by_role("button", name="Einrichten").click()
        page.wait_for_url("**/konto/zweiter-faktor")
        picture = page.get_by_role("img", name="QR-Code")
        assert picture.evaluate("image => image.complete && image.naturalWidth > 100")
        secret = page.locator("dd code").inner_text().replace(" ", "")
        page.get_by_label("Einmalcode").fill(pyotp.TOTP(secret).at(now(), counter_offset=-1))
        page.get_by_role("button", name="Einschalten").click()
        expect(page.get_by_role("heading", name="Ihre Wiederherstellungscodes")).to_be_visible()
        assert page.locator(".ea-codes li").count() == 10
        page.get_by_role("link", name="Ich habe die Codes aufbewahrt").click()
        expect(page.get_by_text("Zur Anmeldung gehört ein Einmalcode.")).to_be_visible()
    with sitting(browser, office) as page:
        page.goto("/anmelden?weiter=/konto")
        # As a proxy that is trusted would say it; the forged part stands before what the proxy saw.
        page.set_extra_http_headers({"X-Forwarded-For": "198.51.100.1, 203.0.113.7"})
        page.get_by_label("Kennung").fill("approver")
        page.get_by_label("Passwort", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Anmelden").click()
        page.get_by_label("Einmalcode").fill(pyotp.TOTP(secret).at(now(), counter_offset=1))
        page.get_by_role("button", name="Anmelden").click()
        page.wait_for_url("**/konto")
        page.goto("/konto/sicherheit")
        expect(page.get_by_role("cell", name="203.0.113.7")).to_be_visible()


def test_somebody_signs_in_with_the_account_of_the_municipality_and_out_again(browser: Browser, office: Office) -> None:
    with sitting(browser, office) as page:
        page.goto("/anmelden?weiter=/konto")
        page.get_by_role("link", name="Mit dem Konto der Verwaltung anmelden").click()
        page.locator("input[name=login]").fill("p-100")
        page.locator("input[name=password]").fill("x")
        page.locator("button[type=submit]").click()
        page.locator("button[type=submit]", has_text="Continue").click()
        page.wait_for_url("**/konto")
        expect(page.get_by_text("p.hansen", exact=True)).to_be_visible()
        expect(page.get_by_text("63 Bauordnung")).to_be_visible()
        page.locator("main").get_by_role("button", name="Abmelden").click()
        page.get_by_role("link", name="Auch beim Anmeldedienst der Verwaltung abmelden").click()
        page.wait_for_url("**/session/end**")

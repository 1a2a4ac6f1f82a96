"""What journeys share: a signed-in browser page, documents in the real service, and questions to ask the page."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Locator, Page
from sqlalchemy import update

from eakte.bootstrap import Backends
from eakte.models import Document
from eakte.sample.town import town
from eakte.sample.values import SampleDocument
from tests.support.service import PASSWORD, Municipality, Service, until, upload, wait_ready
from tests.web.test_preview_browser import READY, WIDE

BLOCKED = """document.addEventListener('securitypolicyviolation', (event) =>
  window.eaBlocked(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`));"""
DROP = """async ([zone, name, bytes]) => {
  const transfer = new DataTransfer();
  const content = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
  transfer.items.add(new File([content], name, {type: 'application/pdf'}));
  for (const kind of ['dragenter', 'dragover', 'drop'])
    zone.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: transfer}));
}"""
# How much of a word's own box (in the text layer) the mark covers, and how much of the mark is that word.
COVER = """(word) => {
  const mark = document.querySelector('.ea-hit--now').getBoundingClientRect();
  const page = document.querySelector('.ea-hit--now').closest('[data-ea-page]');
  const shares = [...page.querySelectorAll('tspan')].filter((one) => one.textContent.includes(word)).map((one) => {
    const box = one.getBoundingClientRect();
    const width = Math.max(0, Math.min(mark.right, box.right) - Math.max(mark.left, box.left));
    const height = Math.max(0, Math.min(mark.bottom, box.bottom) - Math.max(mark.top, box.top));
    return [width * height / (box.width * box.height), width * height / (mark.width * mark.height)];
  });
  return {best: shares.sort((a, b) => b[0] - a[0])[0], page: page.dataset.eaPage,
          seen: mark.top >= 0 && mark.bottom <= innerHeight && mark.width > 4};
}"""


@dataclass
class Office:
    """The running service and its people."""

    service: Service
    town: Municipality
    backends: Backends

    @property
    def url(self) -> str:
        """Where it is."""
        return self.service.url

    def scan(self) -> SampleDocument:
        """A letter of two pages as the scanner gives it: images without a word of text."""
        return next(each for each in town(3, 12).documents() if each.scan and each.pages > 1)

    def dossier(self, title: str, login: str = "clerk63", *, cases: int = 1) -> str:
        """A dossier, by the API."""
        with self.service.client(self.town.tokens[login]) as client:
            made = client.post("/api/v1/dossiers", json={"plan_class": "632.2", "title": title}).raise_for_status()
            for number in range(cases):
                body = {"dossier": made.json()["id"], "title": f"Vorgang {number}"}
                client.post("/api/v1/cases", json=body).raise_for_status()
            return str(made.json()["id"])

    def document(self, dossier: str, content: bytes, filename: str, *, ready: bool = True, **metadata: str) -> str:
        """A document, by the API."""
        with self.service.client(self.town.tokens["clerk63"]) as client:
            made = upload(client, {"dossier": dossier, **metadata}, content, filename).raise_for_status().json()
            if ready:
                assert wait_ready(client, made["id"])["state"] == "ready"
                until(lambda: self._found(client, made["id"]), what="the document in the index")
            return str(made["id"])

    def letter(self, title: str, content: bytes, filename: str) -> str:
        """A document in the inbox of the clerk's unit, by the API."""
        with self.service.client(self.town.tokens["clerk63"]) as client:
            return str(
                upload(client, {"inbox": True, "title": title}, content, filename).raise_for_status().json()["id"]
            )

    @staticmethod
    def _found(client: Any, document: str) -> bool:
        hits = client.get("/api/v1/search", params={"q": "", "limit": 100}).json().get("hits", [])
        return any(hit["document"]["id"] == document for hit in hits)

    def put(self, document: str, state: str, reason: str | None = None) -> None:
        """Let a document stand in a state that passes too fast to be looked at."""
        values = {"state": state, "state_reason": reason}
        with self.backends.database.engine.begin() as connection:
            connection.execute(update(Document).where(Document.id == uuid.UUID(document)).values(values))


@contextmanager
def sitting(browser: Browser, office: Office, size: tuple[int, int] = WIDE, *, script: bool = True) -> Iterator[Page]:
    """A fresh browser of a person; what the policy blocked or a script threw fails the test."""
    with browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="de-DE", base_url=office.url, java_script_enabled=script
    ) as context:
        blocked: list[str] = []
        thrown: list[str] = []
        if script:
            context.expose_function("eaBlocked", lambda what: blocked.append(what))  # noqa: PLW0108 - Playwright marks what it is given, a built-in cannot be marked
            context.add_init_script(BLOCKED)
        page = context.new_page()
        page.on("pageerror", lambda error: thrown.append(str(error)))
        # From the beginning: asked only as a key is pressed, the browser may see the key first, and opens the system's
        # chooser, which nobody here sees.
        page.on("filechooser", lambda _chooser: None)
        yield page
        assert (blocked, thrown) == ([], [])


def sign_in(page: Page, login: str = "clerk63") -> None:
    """With mouse and letters, like everybody."""
    page.goto("/anmelden")
    page.get_by_label("Kennung").fill(login)
    page.get_by_label("Passwort", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url("**/")


def ready(page: Page) -> None:
    """The modules of the page have run."""
    page.wait_for_selector(READY)


def focused(page: Page) -> Locator:
    """The element that has the focus; never the body."""
    element = page.locator(":focus")
    assert element.count() == 1, "the focus is lost"
    return element


def marked_word(page: Page, word: str) -> dict[str, Any]:
    """How well the present mark lies on a word of the text layer."""
    page.wait_for_selector(".ea-hit--now")
    page.wait_for_function(
        "() => document.querySelector('.ea-hit--now').closest('[data-ea-page]').querySelector('tspan')"
    )
    return dict(page.evaluate(COVER, word))


def longest_word(text: str) -> str:
    """A word that recognition reads well and that stands nowhere else by chance."""
    return max((word for word in text.split() if word.isalpha() and word.isascii()), key=len)

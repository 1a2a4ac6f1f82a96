"""Pictures of the pages for README and guide: a fresh sample municipality, photographed in a real browser.

``python tools/screenshots.py`` starts ``eakte demo`` in a temporary folder, signs in as a clerk, the registrar, IT and
the auditor, and writes small PNGs of each page, at a desk and on a phone, into docs/images. Needs Chromium
(EAKTE_CHROMIUM names another one).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = os.environ.get("EAKTE_CHROMIUM", "/usr/bin/chromium")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
CLERK = "p.hansen"
QUERY = "Rettungsweg"
"""Stands on both pages of a scanned letter: what recognition has read, found on the page that matters."""
DESKTOP, PHONE = (1440, 900), (390, 844)
OF_OTHERS = {
    "k.thieme": {"verwaltung-plan": "/administration/plan", "verwaltung-rollen": "/administration/rollen"},
    "l.petersen": {
        "verwaltung-zustand": "/administration/zustand",
        "verwaltung-benutzer": "/administration/benutzer",
        "verwaltung-einheiten": "/administration/einheiten",
        "verwaltung-schluessel": "/administration/schluessel",
        "verwaltung-einstellungen": "/administration/einstellungen",
    },
    "h.schroeder": {"verwaltung-protokoll": "/administration/protokoll"},
}
"""Pages that a clerk does not have, by who has them."""
NOTED = (
    ("heute", "Nachforderung Statik prüfen"),
    ("+3", "Rückruf Architekturbüro"),
    ("+6", "Frist Nachbarbeteiligung"),
)
KEPT = {"Rettungswege": QUERY, "Gebührenbescheide": "Gebühr", "Einwendungen": "Einwendung"}
SEEN_THERE = 303
LARGEST = 200_000
COLOURS = 192
"""Chosen to cover the range, so that the few pixels of a mark keep their colour."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A running sample municipality; all its people have the one password."""

    url: str
    password: str


@contextmanager
def running_demo(documents: int) -> Iterator[Demo]:
    """`eakte demo --serve` on a free port, ready when every document can be found; its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="eakte-bilder-"))
    command = [sys.executable, "-m", "eakte", "demo", "--documents", str(documents), "--serve", "--port", "0", "--json"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env={**os.environ, "EAKTE_DATA_DIR": str(folder)}
    )
    try:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = process.stdout.readline()
        if not line:
            raise SystemExit("The sample municipality did not start; its reason stands above.")
        said = json.loads(line)
        password = next(user["password"] for user in said["users"] if user["name"] == CLERK)
        yield Demo(said["url"], password)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


class Camera:
    """Takes a picture of what a page shows and keeps it small."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, page: Page, name: str) -> None:
        """Write NAME.png at a desk and NAME-telefon.png on a phone."""
        for size, kind in ((PHONE, "-telefon"), (DESKTOP, "")):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            self._write(page, f"{name}{kind}")

    def _write(self, page: Page, name: str) -> None:
        """Few colours are enough for paper and text."""
        settle(page)
        shot = Image.open(BytesIO(page.screenshot(caret="hide"))).convert("RGB")
        few = shot.quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        path = self._folder / f"{name}.png"
        few.save(path, optimize=True)
        if path.stat().st_size > LARGEST:
            raise SystemExit(f"{path.name} has {path.stat().st_size} bytes, more than {LARGEST}.")
        print(f"{path.name}: {path.stat().st_size // 1000} kB")


def settle(page: Page) -> None:
    """Wait until scripts have run, the fonts are there and every image in the window is drawn."""
    page.wait_for_selector("html[data-ea-ready]")
    page.wait_for_function(
        """() => document.fonts.status === 'loaded' && [...document.images].every((image) => {
          const box = image.getBoundingClientRect();
          return box.bottom < 0 || box.top > innerHeight || !box.width || (image.complete && image.naturalWidth);
        })"""
    )


def sign_in(page: Page, demo: Demo, login: str) -> None:
    """Sign in."""
    page.goto(f"{demo.url}/anmelden")
    page.fill("#username", login)
    page.fill("#password", demo.password)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{demo.url}/")


def api(page: Page, demo: Demo, path: str) -> Any:
    """What the service answers the signed-in clerk."""
    answer = page.request.get(f"{demo.url}/api/v1{path}")
    if not answer.ok:
        raise SystemExit(f"{path}: {answer.status} {answer.text()}")
    return answer.json()


def photograph(browser: Browser, demo: Demo, camera: Camera) -> None:
    """All pictures: a clerk's morning first."""
    with sitting(browser) as page:
        page.goto(f"{demo.url}/anmelden")
        camera.take(page, "anmelden")
        sign_in(page, demo, CLERK)
        photograph_a_morning(page, demo, camera)
    for login, pages in OF_OTHERS.items():
        with sitting(browser) as page:
            sign_in(page, demo, login)
            for name, path in pages.items():
                page.goto(f"{demo.url}{path}")
                camera.take(page, name)


@contextmanager
def sitting(browser: Browser) -> Iterator[Page]:
    """A fresh browser of a person."""
    with browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale="de-DE") as context:
        yield context.new_page()


def send(page: Page, demo: Demo, path: str, **fields: str) -> None:
    """Fill in a form as a page of ours would send it."""
    token = page.get_attribute("meta[name=csrf-token]", "content")
    answer = page.request.post(f"{demo.url}{path}", form={"csrf": token or "", **fields}, max_redirects=0)
    if answer.status != SEEN_THERE:
        raise SystemExit(f"{path}: {answer.status}")


def leave_something_to_do(page: Page, demo: Demo, dossiers: Sequence[Any]) -> None:
    """What a clerk would have noted on the days before: resubmissions, and searches to keep."""
    for dossier, (day, note) in zip(dossiers, NOTED, strict=False):
        send(page, demo, f"/akten/{dossier['id']}/wiedervorlage", due_on=day, note=note)
    for name, query in KEPT.items():
        send(page, demo, "/suche/merken", name=name, suche=urlencode({"q": query}))


def photograph_a_morning(page: Page, demo: Demo, camera: Camera) -> None:
    """The pages of a clerk."""
    dossiers = api(page, demo, "/dossiers")["items"]
    fullest = max(dossiers, key=lambda each: len(api(page, demo, f"/documents?dossier={each['id']}")["items"]))
    leave_something_to_do(page, demo, dossiers)
    # Opened from the least to the most interesting: the start page lists what was used last.
    for dossier in [*(each for each in dossiers if each is not fullest), fullest]:
        page.goto(f"{demo.url}/akten/{dossier['id']}")
    camera.take(page, "akte")
    page.goto(f"{demo.url}/suche?q={QUERY}")
    page.wait_for_selector("[data-ea-hit]")
    camera.take(page, "suche")
    opened = page.get_by_role("link", name="S. 2").first.get_attribute("href")
    page.goto(f"{demo.url}{opened}")
    page.wait_for_selector(".ea-hit--now")
    camera.take(page, "dokument")
    page.goto(f"{demo.url}/posteingang")
    letters = [str(link.get_attribute("href")) for link in page.locator("main a.ea-item").all()]
    for name, path in {
        "start": "/",
        "plan": f"/plan/{fullest['reference_number'].rpartition('-')[0]}",
        "posteingang": next(iter(letters), "/posteingang"),
        "wiedervorlagen": "/wiedervorlagen",
        "rechte": f"/akten/{fullest['id']}/rechte",
        "verlauf": f"/akten/{fullest['id']}/verlauf",
        "zuordnen": f"/akten/{fullest['id']}/zuordnen",
        "konto": "/konto",
        "barrierefreiheit": "/barrierefreiheit",
    }.items():
        opened_page = page.goto(f"{demo.url}{path}")
        if opened_page is None or not opened_page.ok:
            raise SystemExit(f"{path} did not open.")
        if name == "start":
            page.wait_for_load_state("networkidle")
        camera.take(page, name)


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Bilder der Seiten nach docs/images.")
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--at", nargs=2, metavar=("URL", "PASSWORD"), help="a sample municipality that runs already")
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        if asked.at:
            photograph(browser, Demo(*asked.at), Camera(asked.to))
        else:
            with running_demo(asked.documents) as demo:
                photograph(browser, demo, Camera(asked.to))
        browser.close()


if __name__ == "__main__":
    main()

"""Every page in every state in a real browser: accessible, inside the policy, narrow enough, usable by keyboard.

The states are judged in one page of one browser: what pages share is loaded once, as it is for people.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Browser, BrowserContext, FilePayload, Page, sync_playwright

from eakte.web.rendering import BUILT, STATIC_PREFIX, static
from tests.web.preview import Preview, serving
from tests.web.states import STATES
from tools import build_assets

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("EAKTE_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, PHONE = (1440, 900), (390, 844)
ZOOMED = (320, 256)
"""A window of 1280 by 1024 at 400 % (WCAG 1.4.10)."""
RULES = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']"
COLOURS = "{type: 'rule', values: ['color-contrast', 'link-in-text-block']}"
Look = tuple[tuple[int, int], Literal["light", "dark"], str]
AT_A_DESK: Look = (WIDE, "light", RULES)
JUDGED: tuple[Look, ...] = (AT_A_DESK, (WIDE, "dark", COLOURS), (PHONE, "light", RULES))
FIRST_OF_TEMPLATE = {state.template: name for name, state in reversed(STATES.items())}.values()
"""What a phone shows differs by template, not by state: one state of each is judged there too."""
READY = "html[data-ea-ready]"
"""The modules of a page have run, and those that they load for it."""
VIOLATIONS = """
window.__csp = [];
document.addEventListener('securitypolicyviolation', (event) =>
  window.__csp.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
# Focus is visible where the focused element, or the box around its field, has an outline of at least 2 px.
FOCUS = """() => {
  const element = document.activeElement;
  const seen = [element, element.closest('.ea-find'), element.nextElementSibling].filter(Boolean);
  const outlined = seen.some((one) => {
    const style = getComputedStyle(one);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  });
  const box = element.getBoundingClientRect();
  // No bar that stays where it is lies over it (WCAG 2.4.11).
  const [first] = element.getClientRects();
  const bar = document.elementFromPoint(first.x + first.width / 2, first.y + first.height / 2)
    ?.closest('.ea-top, .ea-nav, .ea-bar, .ea-foot, .ea-undo');
  const covered = Boolean(bar && !bar.contains(element));
  return {covered, tag: element.tagName, id: element.id, text: (element.textContent || '').trim().slice(0, 40),
          outlined, inWindow: box.bottom > 0 && box.top < innerHeight, mark: element.dataset.visited};
}"""
FOCUSABLE = """() => {
  const selector = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
  return [...document.querySelectorAll(selector)].filter((e) =>
    e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0 && !e.closest('[inert]')
    && !(e.type === 'radio' && !e.checked)).length;
}"""

PASTE = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(["x"], "kopie.png", {type: "image/png"}));
  document.dispatchEvent(new ClipboardEvent("paste", {clipboardData}));
}"""

DRAG_FILE = """() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["x"], "brief.pdf"));
  const place = document.querySelector("[data-ea-onto]");
  for (const kind of ["dragenter", "dragover"])
    place.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer}));
  return [".ea-onto", ".ea-dropping"].map((one) => document.querySelectorAll(one).length);
}"""


MOVING = """() => [...document.querySelectorAll('body *')].filter((one) => {
  const style = getComputedStyle(one);
  return style.animationName !== 'none' || style.scrollBehavior === 'smooth'
    || style.transitionDuration.split(',').some((time) => parseFloat(time) > 0);
}).map((one) => one.outerHTML.slice(0, 80))"""
# Where the image of page 5 and the layer of its words lie: x, y, width, height.
SHEET = """() => Object.fromEntries([['image', '#seite-5 img'], ['layer', '#seite-5 svg[data-ea-words]']].map(
  ([name, selector]) => {
    const box = document.querySelector(selector).getBoundingClientRect();
    return [name, [box.x, box.y, box.width, box.height].map(Math.round)];
  }))"""
# What forced colours leave of a page: icons that are seen, borders around what can be pressed or filled in, and a frame
# around what is chosen.
FORCED = """() => {
  const behind = (one) => {
    for (let at = one; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const all = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const framed = (one, style, width, colour) => {
    const found = getComputedStyle(one);
    return found[style] !== 'none' && parseFloat(found[width]) > 0 && found[colour] !== behind(one.parentElement);
  };
  return [
    ...all('svg.ea-i').filter((one) => getComputedStyle(one).fill === behind(one)),
    ...all('.kern-btn, .kern-form-input__input')
      .filter((one) => !framed(one, 'borderTopStyle', 'borderTopWidth', 'borderTopColor')),
    ...all('.ea-side a[aria-current], .ea-tree a[aria-current], .ea-item[aria-current], [data-ea-chosen]')
      .filter((one) => !framed(one, 'outlineStyle', 'outlineWidth', 'outlineColor')),
  ].map((one) => one.outerHTML.slice(0, 120));
}"""
# The distances of WCAG 1.4.12; what then no longer fits into a button would be cut off.
SPACED = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`p { margin-bottom: 2em !important; }
    * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }`);
  document.adoptedStyleSheets.push(sheet);
  const shown = [...document.querySelectorAll('.kern-btn, .kern-badge, h1, h2, th')];
  return shown.filter((one) => one.checkVisibility() && !one.matches('.ea-sr')
    && getComputedStyle(one).overflow !== 'visible' && one.scrollWidth > one.clientWidth + 1)
    .map((one) => one.outerHTML.slice(0, 120));
}"""


@pytest.fixture(scope="module")
def preview() -> Iterator[Preview]:
    with serving() as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail("Chromium fehlt: apt-get install chromium, oder EAKTE_CHROMIUM nennt es")
        pytest.skip("Chromium fehlt: apt-get install chromium, oder EAKTE_CHROMIUM nennt es")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def axe() -> str:
    folder = ROOT / ".test" / "npm"
    script = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        build_assets.fetch_packages(ROOT, folder, development=True)
    return script.read_text(encoding="utf-8")


def _context(
    browser: Browser, size: tuple[int, int], *, dark: bool = False, script: bool = True, forced: bool = False
) -> BrowserContext:
    context = browser.new_context(
        forced_colors="active" if forced else "none",
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        java_script_enabled=script,
        locale="de-DE",
    )
    if script:
        context.add_init_script(VIOLATIONS)
    return context


def _open(context: BrowserContext, preview: Preview, path: str) -> Page:
    page = context.new_page()
    page.goto(preview.url + path)
    page.wait_for_selector(READY)
    return page


@dataclass
class Judged:
    """One page for all states: what the policy blocked and what scripts threw since it was opened."""

    page: Page
    thrown: list[str]


@pytest.fixture(scope="module")
def judged(browser: Browser) -> Iterator[Judged]:
    with _context(browser, WIDE) as context:
        found = Judged(context.new_page(), [])
        found.page.on("pageerror", lambda error: found.thrown.append(str(error)))
        yield found


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_accessible_narrow_enough_and_inside_the_policy(
    judged: Judged, preview: Preview, axe: str, name: str
) -> None:
    page = judged.page
    judged.thrown.clear()
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    page.goto(f"{preview.url}/zustand/{name}")
    page.wait_for_selector(READY)
    blocked, moving = page.evaluate("window.__csp"), page.evaluate(MOVING)
    found, wide = violations(page, axe, JUDGED if name in FIRST_OF_TEMPLATE else JUDGED[:2]), {}
    for width in (720, 320):
        page.set_viewport_size({"width": width, "height": 640})
        if (measured := page.evaluate("document.documentElement.scrollWidth")) > width:
            wide[width] = measured
    assert (found, wide, blocked, moving, judged.thrown) == ({}, {}, [], [], [])


def violations(page: Page, axe: str, looks: tuple[Look, ...] = JUDGED) -> dict[str, Any]:
    """What axe finds: all rules at both widths, and in the dark scheme those that look at colours.

    Only colours depend on the scheme, and which colours there are does not depend on the width.
    """
    # axe is put in by the debugger's door, which no policy guards; so it comes after the policy was asked.
    page.evaluate(axe)
    found = {}
    for size, scheme, rules in looks:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        wrong = page.evaluate(f"axe.run({{resultTypes: ['violations'], runOnly: {rules}}})")["violations"]
        if wrong:
            found[f"{size} {scheme}"] = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in wrong]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *((each, WIDE) for each in ("start", "plan", "akte", "ablegen", "dokument", "suche", "konto")),
        *((each, WIDE) for each in ("anmelden-fehler", "zustand-gestoert", "einheit")),
        *((each, ZOOMED) for each in ("akte", "dokument")),
    ],
    ids=str,
)
def test_the_keyboard_reaches_every_control_and_the_focus_is_seen(
    browser: Browser, preview: Preview, name: str, size: tuple[int, int]
) -> None:
    with _context(browser, size) as context:
        page = _open(context, preview, f"/zustand/{name}")
        expected = page.evaluate(FOCUSABLE)
        controls = 0
        # The skip link is the first stop; a page may have opened with the focus further down.
        page.focus(".ea-skip")
        page.keyboard.press("Shift+Tab")
        for _ in range(expected + 30):
            page.keyboard.press("Tab")
            at = page.evaluate(FOCUS)
            if at["tag"] == "BODY" or at["mark"]:
                break
            assert at["outlined"], at
            assert at["inWindow"], at
            assert not at["covered"], at
            page.evaluate("document.activeElement.dataset.visited = '1'")
            controls += at["tag"] in {"A", "BUTTON", "INPUT", "SELECT", "TEXTAREA", "SUMMARY"}
        assert controls == expected


@pytest.mark.parametrize("name", ["akte", "posteingang", "dokument", "suche", "zustand-gestoert", "ablegen-fehler"])
def test_forced_colours_leave_icons_borders_and_what_is_chosen(browser: Browser, preview: Preview, name: str) -> None:
    with _context(browser, WIDE, forced=True) as context:
        page = _open(context, preview, f"/zustand/{name}")
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        assert page.evaluate(FORCED) == []


@pytest.mark.parametrize("name", ["akte", "dokument", "suche", "benutzer"])
def test_wider_spacing_of_text_cuts_nothing_off(browser: Browser, preview: Preview, name: str) -> None:
    with _context(browser, (720, 450)) as context:
        page = _open(context, preview, f"/zustand/{name}")
        assert page.evaluate(SPACED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 720


def test_letters_open_search_keys_and_areas(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/akte")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "suchfeld"
        page.keyboard.type("?g")
        assert page.input_value("#suchfeld") == "?g"
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("?")
        page.wait_for_selector("#tasten-dialog[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#tasten-dialog", state="hidden")
        page.keyboard.press("g")
        with page.expect_navigation(url="**/suche"):
            page.keyboard.press("f")


def test_letters_do_nothing_when_single_keys_are_off(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/konto")
        for key in ("/", "?", "g", "s"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.id") != "suchfeld"
        assert page.url.endswith("/zustand/konto")


def test_rows_follow_j_and_k_and_enter_opens(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/akte")
        for key in ("j", "j", "j", "k"):
            page.keyboard.press(key)
        assert page.evaluate("document.activeElement.textContent") == "Zustellnachweis Lindenweg 14"
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.textContent").startswith("Anhörung")
        with page.expect_navigation(url="**/dokumente/d3"):
            page.keyboard.press("Enter")


def test_the_tree_is_one_tab_stop_with_arrows_and_digits(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/plan")
        assert page.evaluate("document.querySelectorAll('.ea-tree a[tabindex=\"0\"]').length") == 1
        page.focus(".ea-tree a[aria-current]")
        page.keyboard.type("61")
        assert page.evaluate("document.activeElement.dataset.number") == "61"
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("a[aria-expanded=true]:focus")
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
        page.keyboard.press("ArrowLeft")
        assert page.evaluate("document.activeElement.dataset.number") == "6"


def test_letters_filter_the_tree_and_the_arrow_goes_in(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/akte")
        page.focus("#planfilter")
        page.keyboard.type("Bau")
        page.wait_for_selector("#planbaum[data-ea-found='7']")
        page.wait_for_selector("#ansage:has-text('7 Aktenplaneinheiten')", state="attached")
        assert page.evaluate("document.activeElement.id") == "planfilter", "the letters stay where they are typed"
        assert page.evaluate("document.querySelectorAll('.ea-tree a[tabindex=\"0\"]').length") == 1
        page.keyboard.press("ArrowDown")
        assert page.evaluate("document.activeElement.dataset.number")


def test_a_dialog_takes_the_focus_and_gives_it_back(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/plan")
        page.keyboard.press("e")
        assert page.evaluate("document.activeElement.id") == "neu-title"
        assert page.evaluate("document.getElementById('neue-akte').matches(':modal')")
        page.keyboard.press("Escape")
        assert not page.evaluate("document.getElementById('neue-akte').open")


def test_without_script_dialogs_open_and_forms_are_there(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE, script=False) as context:
        page = context.new_page()
        page.goto(f"{preview.url}/zustand/akte")
        page.click("button[popovertarget=zda]")
        page.get_by_label("Diese Vorgänge mit abschließen").check()
        assert page.get_by_role("button", name="zdA verfügen", exact=True).is_visible()
        page.goto(f"{preview.url}/zustand/akte-zda-fehler")
        assert page.get_by_role("link", name="Ein Vorgang ist noch offen").is_visible()


def test_files_dropped_are_filed_one_by_one_and_a_failure_keeps_its_line(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/akte")
        page.set_input_files(
            "#dateien",
            [
                FilePayload(name="brief.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7"),
                FilePayload(name="plan.tif", mimeType="image/tiff", buffer=b"zu-gross"),
            ],
        )
        lines = page.locator("[data-ea-uploads] li")
        page.wait_for_selector("[data-ea-uploads] li:nth-child(2) button")
        assert "abgelegt in ohne Vorgang" in lines.nth(0).inner_text()
        assert "Die Datei ist größer als 2 GB." in lines.nth(1).inner_text()
        assert page.inner_text("[data-ea-uploads-count]") == "1 von 2 abgelegt"
        page.wait_for_function("document.getElementById('ansage').textContent === '1 von 2 Dateien abgelegt'")
        assert "plan.tif" in page.inner_text("#fehler")
        assert page.evaluate("window.__csp") == []
    headers, body = preview.uploads[0]
    assert headers["X-CSRF-Token"] == "vorschau"
    assert headers["Idempotency-Key"]
    assert body.index(b'name="metadata"') < body.index(b'name="file"')
    assert b'{"dossier":"a184","kind":"incoming"}' in body


def test_a_pasted_picture_and_a_photo_of_the_phone_are_filed(browser: Browser, preview: Preview) -> None:
    before = len(preview.uploads)
    with browser.new_context(viewport={"width": 400, "height": 800}, has_touch=True, is_mobile=True) as context:
        page = _open(context, preview, "/zustand/akte")
        photo = page.get_by_label("Foto aufnehmen")
        assert (photo.get_attribute("capture"), photo.get_attribute("accept")) == ("environment", "image/*")
        assert page.locator("label[for=kamera]").is_visible()
        photo.set_input_files([FilePayload(name="foto.jpg", mimeType="image/jpeg", buffer=b"\xff\xd8\xff")])
        page.wait_for_selector("[data-ea-uploads] li:nth-child(1):has-text('abgelegt')")
        page.evaluate(PASTE)
        page.wait_for_selector("[data-ea-uploads] li:nth-child(2):has-text('abgelegt')")
    assert [b"foto.jpg" in body for _, body in preview.uploads[before:]] == [True, False]
    assert b"kopie.png" in preview.uploads[-1][1]


def test_the_viewer_goes_to_the_page_marks_hits_and_lays_selectable_text(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/dokument")
        assert page.input_value("#s") == "4"
        assert page.url.endswith("s=4")
        assert page.inner_text("[data-ea-hit-label]") == "Treffer 3 von 14"
        page.keyboard.press("n")
        assert page.inner_text("[data-ea-hit-label]") == "Treffer 4 von 14"
        page.keyboard.press("Shift+N")
        assert page.inner_text("[data-ea-hit-label]") == "Treffer 3 von 14"
        page.wait_for_selector("#seite-4 text", state="attached")
        copied = page.evaluate(
            """() => { const s = getSelection(); const t = document.querySelectorAll('#seite-4 text');
                 s.setBaseAndExtent(t[0], 0, t[1], t[1].childNodes.length); return s.toString(); }"""
        )
        assert copied.split("\n")[1].strip() == "3 Rettungswege"
        page.keyboard.press("PageDown")
        assert page.input_value("#s") == "5"
        wide = page.evaluate(SHEET)["image"][2]
        page.keyboard.press("+")
        assert page.inner_text("[data-ea-zoom-label]") == "125 %"
        assert page.evaluate(SHEET)["image"][2] > wide
        page.keyboard.press("0")
        page.keyboard.press("r")
        turned = page.evaluate(SHEET)
        assert turned["image"][2] > turned["image"][3], "a sheet that lies on its side is wider than high"
        assert turned["layer"] == turned["image"], "the words lie where they stand on the image"
        for _ in range(3):
            page.keyboard.press("r")
        assert page.evaluate(SHEET)["image"][2] < page.evaluate(SHEET)["image"][3]
        page.keyboard.press("i")
        assert page.locator("[data-ea-properties]").is_hidden()


def test_splitters_move_fold_and_are_remembered(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/dokument")
        sash = page.get_by_role("separator", name="Breite der Eigenschaften")
        pane = page.locator("[data-ea-properties]")
        width = pane.evaluate("(pane) => pane.offsetWidth")
        rem, most = 16, 36
        sash.focus()
        for key, expected in (("ArrowLeft", 23), ("ArrowRight", 22), ("Home", 6), ("End", most)):
            page.keyboard.press(key)
            assert sash.get_attribute("aria-valuenow") == str(expected), key
            assert pane.evaluate("(pane) => pane.offsetWidth") == expected * rem
        assert (sash.get_attribute("aria-valuemin"), sash.get_attribute("aria-valuemax")) == ("6", str(most))
        page.keyboard.press("Enter")
        assert pane.is_hidden()
        assert sash.get_attribute("aria-valuetext") == "eingeklappt"
        page.keyboard.press("i")
        assert pane.is_visible()
        assert sash.get_attribute("aria-valuetext") is None
        page.keyboard.press("Home")
        page.keyboard.press("Control+F6")
        assert page.evaluate("document.activeElement.closest('[data-ea-pane]') !== null")

        # By its grip, which is as wide as a target must be.
        box = sash.bounding_box()
        assert box
        x, y = box["x"] - 7, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 10 * rem, y - 200, steps=3)
        page.mouse.up()
        assert sash.get_attribute("aria-valuenow") == "16"
        page.reload()
        page.wait_for_selector(READY)
        assert pane.evaluate("(pane) => pane.offsetWidth") == 16 * rem
        sash.dblclick()
        assert pane.evaluate("(pane) => pane.offsetWidth") == width
        assert page.evaluate("[localStorage.length, window.__csp.length]") == [0, 0]
        sash.press("Enter")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        pane.wait_for(state="visible")
        assert sash.is_hidden()
    with _context(browser, WIDE, script=False) as context:
        page = context.new_page()
        page.goto(f"{preview.url}/zustand/dokument")
        assert page.get_by_role("separator").count() == 0


def test_documents_are_dragged_onto_an_open_case_and_files_are_not_taken_for_them(
    browser: Browser, preview: Preview
) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/akte")
        rows, targets = page.locator("tr[draggable=true]"), page.locator("[data-ea-onto]")
        for number in (0, 1):
            rows.nth(number).locator("[data-ea-tick]").check()
        ticked = page.eval_on_selector_all("[data-ea-tick]:checked", "(all) => all.map((one) => one.value)")
        onto = page.locator("[data-ea-onto]:not(:has(:checked))").first

        def drag() -> None:
            rows.first.hover(position={"x": 500, "y": 10})
            page.mouse.down()
            onto.hover(position={"x": 300, "y": 10})
            onto.hover(position={"x": 310, "y": 12})

        drag()
        assert "ea-onto--now" in (onto.get_attribute("class") or "")
        page.keyboard.press("Escape")
        page.mouse.up()
        assert page.locator(".ea-onto").count() == 0
        assert page.url.endswith("/zustand/akte")
        place = onto.get_attribute("data-ea-onto")
        drag()
        with page.expect_request("**/auswahl") as sent:
            page.mouse.up()
        typed = parse_qs(sent.value.post_data)
        assert (sent.value.method, typed["act"], typed["place"], typed["d"]) == ("POST", ["move"], [place], ticked)
        assert typed["csrf"]

        page.wait_for_url("**/auswahl")
        page.wait_for_selector(READY)
        assert targets.count()
        assert page.evaluate(DRAG_FILE) == [0, 1]
        page.goto(f"{preview.url}/zustand/akte-lesen")
        page.wait_for_selector(READY)
        assert (rows.count(), targets.count(), page.locator("[data-ea-moves]").count()) == (0, 0, 0)


def test_the_next_hit_is_reached_over_pages_whose_words_are_not_there_yet(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/dokument-viele-treffer")
        label, last = page.locator("[data-ea-hit-label]"), page.locator("#seite-14 .ea-hit")
        assert label.inner_text() == "Treffer auf 7 Seiten"
        page.keyboard.press("Shift+N")
        assert label.inner_text() == "Treffer auf Seite 2 (1. von 7 Seiten)"
        page.keyboard.press("Shift+N")
        assert last.count() == 0, "nobody came near this page"
        page.keyboard.press("Shift+N")
        page.wait_for_selector("#seite-14 .ea-hit--now")
        assert label.inner_text() == "Treffer auf Seite 14 (7. von 7 Seiten)"
        assert page.input_value("#s") == "14"
        assert last.last.evaluate("one => one.classList.contains('ea-hit--now')"), (
            "backwards comes to the last one first"
        )
        for number in (6, 8, 10, 12):
            page.fill("#s", str(number))
            page.press("#s", "Enter")
            page.wait_for_selector(f"#seite-{number} .ea-hit", state="attached")
        page.locator("[data-ea-act=nextHit]").click()
        assert label.inner_text() == "Treffer 1 von 14", "now all of them are known"
        link = page.locator("[data-ea-text-link]").get_attribute("href") or ""
        assert link.endswith("s=2#text-2")
        assert page.evaluate("window.__csp") == []


def test_a_text_opens_at_its_page(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/dokument-text")
        assert page.evaluate("document.activeElement.id") == "text-4"


def test_the_preview_follows_the_chosen_hit(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/suche")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.wait_for_selector("[data-ea-preview] img[src*='/d8/']")
        assert page.inner_text("[data-ea-preview-title]") == "Seite 2 von 4"


def test_a_filter_asks_again_without_losing_the_focus(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/suche")
        with page.expect_response(lambda answer: "art=incoming" in answer.url):
            page.check("#f-art-1")
        page.wait_for_selector("#ansage:has-text('38 Treffer')", state="attached")
        assert page.evaluate("document.activeElement.id") == "f-art-1"
        assert "art=incoming" in page.url
        assert page.evaluate("window.__csp") == []


def test_the_password_can_be_shown_and_is_hidden_again(browser: Browser, preview: Preview) -> None:
    with _context(browser, WIDE) as context:
        page = _open(context, preview, "/zustand/anmelden")
        page.click("[data-ea-reveal]")
        assert page.get_attribute("#password", "type") == "text"
        assert page.get_attribute("[data-ea-reveal]", "aria-pressed") == "true"
        page.click("[data-ea-reveal]")
        assert page.get_attribute("#password", "type") == "password"


def test_kern_is_served_byte_for_byte(axe: str) -> None:
    assert axe  # the packages are fetched
    delivered = ROOT / ".test" / "npm" / "node_modules" / "@kern-ux" / "native" / "dist" / "kern.min.css"
    built = BUILT / static("kern.min.css").removeprefix(STATIC_PREFIX)
    assert built.read_bytes() == delivered.read_bytes()

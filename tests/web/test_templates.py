"""Every page in every state renders, says what it is, and stays inside the strict Content Security Policy."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

from eakte.language import shown_number
from eakte.web import rendering, words
from eakte.web.details import told
from eakte.web.rendering import (
    BUILT,
    STATIC_PREFIX,
    counted,
    environment,
    render,
    render_block,
    size,
    typo,
    when,
)
from tests.web.fixtures_of_views import FRAME, NOW, State
from tests.web.preview import page_of
from tests.web.states import STATES

TEMPLATES = Path(rendering.__file__).parent / "templates"
GUIDES = Path(__file__).resolve().parents[2] / "docs" / "handbuch"
VOID = {"input", "meta", "link", "img", "br"}
SAME_IN_EVERY_LANGUAGE = {"eakte", "PDF", "SHA"}
COMMANDS = {"audit", "verify", "user", "password"}
"""Words of the command line that a page names."""


class Page(HTMLParser):
    """What the tests ask of a page: its elements with attributes, its title, whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.title = ""
        self.scripts = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len({name for name, _ in attrs}), f"doppelte Angabe an {tag}: {attrs}"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title":
            self.title += data
        if self.open and self.open[-1] == "script":
            self.scripts += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(params=STATES, scope="module")
def page(request: pytest.FixtureRequest) -> Page:
    return Page(page_of(request.param))


def test_every_tag_is_closed_and_every_id_is_there_once(page: Page) -> None:
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert sorted(ids) == sorted(set(ids))


def test_the_title_names_object_and_municipality_and_there_is_one_heading(page: Page) -> None:
    assert re.fullmatch(r"\S.* – eakte Stadt Rodenbeck", page.title)
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1


def test_nothing_inline_that_the_policy_forbids(page: Page) -> None:
    assert page.all("style") == []
    assert page.scripts.strip() == ""
    for tag, attributes in page.elements:
        forbidden = [name for name in attributes if name == "style" or name.startswith(("on", "hx-on"))]
        assert forbidden == [], tag
        assert not attributes.get("href", "").startswith(("javascript:", "data:", "http:", "https:", "//"))


def test_every_file_it_names_is_built(page: Page) -> None:
    names = [
        value.removeprefix(STATIC_PREFIX).partition("#")[0]
        for _, attributes in page.elements
        for key, value in attributes.items()
        if key in {"src", "href"} and value.startswith(STATIC_PREFIX)
    ]
    assert names
    assert {name for name in names if not (BUILT / name).is_file()} == set()


def test_every_icon_it_shows_is_in_the_sprite(page: Page) -> None:
    sprite = (BUILT / rendering.static("icons.svg").removeprefix(STATIC_PREFIX)).read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([^"]+)"', sprite))
    assert {attributes["href"].partition("#")[2] for attributes in page.all("use")} <= there


def test_every_form_that_changes_something_carries_the_csrf_token(page: Page) -> None:
    posts = [form for form in page.all("form") if form.get("method") == "post"]
    tokens = [field for field in page.all("input") if field.get("name") == "csrf"]
    assert len(tokens) == len(posts)
    assert {field["value"] for field in tokens} <= {"vorschau"}


def test_both_live_regions_exist_from_the_start(page: Page) -> None:
    regions = {attributes["id"]: attributes.get("role") for attributes in page.all("div") if "id" in attributes}
    assert regions.items() >= {("ansage", "status"), ("fehler", "alert")}


def test_no_template_writes_styles_or_handlers() -> None:
    pattern = re.compile(r"\sstyle=|<style|\son[a-z]+=|hx-on|javascript:|\|\s*safe", re.IGNORECASE)
    found = {path.name: pattern.findall(path.read_text(encoding="utf-8")) for path in TEMPLATES.glob("*.html")}
    assert {name: hits for name, hits in found.items() if hits} == {}


class Words(HTMLParser):
    """What of a template's own text a person would read or hear."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in {"alt", "title", "aria-label", "placeholder"}:
                self.handle_data(value or "")

    def handle_data(self, data: str) -> None:
        # The text of a block such as `main_class` is names of classes, and a macro may make attributes of a tag.
        self.found |= set(re.findall(r"[^\W\d_]{2,}", re.sub(r'\b(ea|kern)-[\w-]+|[\w-]+="[^"]*"', "", data)))


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_all_words_of_a_template_are_msgids(path: Path) -> None:
    """So that another language can follow: what stands beside `_()` is names that are the same in all of them."""
    source = path.read_text(encoding="utf-8")
    markup = "".join(text if kind == "data" else "_" for _line, kind, text in environment().lex(source))
    tree = environment().parse(source)
    calls = [
        call
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in {"_", "ngettext"}
    ]
    msgids = {id(text) for call in calls for text in call.find_all(nodes.Const)}
    others = [text.value for text in tree.find_all(nodes.Const) if id(text) not in msgids]
    german = re.compile(r"[äöüßÄÖÜ]|^\W*[A-Z][a-z]{2,}|^(?!ea-|kern-)\w+ \w{2,}")
    assert [text for text in others if isinstance(text, str) and german.search(text)] == []
    assert Words(markup).found <= SAME_IN_EVERY_LANGUAGE | COMMANDS


def test_every_page_template_is_shown_in_some_state() -> None:
    pages = {path.name for path in TEMPLATES.glob("*.html") if not path.name.startswith("_")} - {"rahmen.html"}
    assert {state.template for state in STATES.values()} == pages


@pytest.mark.parametrize(
    ("template", "block", "state"),
    [
        ("suche.html", "treffer", "suche"),
        ("akte.html", "vorgaenge", "akte"),
        ("dokument.html", "eigenschaften", "dokument"),
        ("dokument.html", "eigenschaften", "dokument-bearbeiten"),
        ("auswahl.html", "orte", "auswahl-verschieben"),
        ("posteingang.html", "orte", "posteingang"),
        ("akten.html", "akten", "plan"),
        ("akten.html", "kinder", "plan"),
        ("akten.html", "baum", "plan-baum-gefiltert"),
        ("start.html", "gemerkte", "start"),
        ("dokument.html", "verarbeitung", "dokument-arbeit"),
        ("zustand.html", "karten", "zustand-gestoert"),
    ],
)
def test_a_fragment_is_the_very_piece_of_its_page(template: str, block: str, state: str) -> None:
    shown = STATES[state]
    fragment = render_block(template, block, frame=shown.frame, view=shown.view).strip()
    assert fragment
    if block != "kinder":
        assert fragment in render(template, frame=shown.frame, view=shown.view)


def test_what_people_typed_is_never_markup() -> None:
    view = replace(STATES["suche"].view, query='"><script>alert(1)</script>')
    assert "<script>alert" not in render("suche.html", frame=STATES["suche"].frame, view=view)


def test_a_missing_value_is_an_error_and_not_an_empty_place() -> None:
    with pytest.raises(jinja2.UndefinedError):
        render("konto.html", frame=FRAME, view=object())


def test_an_unknown_code_is_never_shown_raw() -> None:
    with pytest.raises(KeyError):
        words.word("sealed", "dossier")


def test_single_keys_off_is_said_to_the_scripts_and_the_styles() -> None:
    state: State = STATES["start-leer"]
    assert 'data-ea-keys="off"' in render(state.template, frame=state.frame, view=state.view)


@pytest.mark.parametrize(
    ("moment", "shown"),
    [
        (datetime(2026, 11, 23, 7, 14, tzinfo=UTC), "heute 08:14"),
        (datetime(2026, 11, 22, 23, 30, tzinfo=UTC), "heute 00:30"),
        (datetime(2026, 11, 20, 15, 20, tzinfo=UTC), "Fr 16:20"),
        (datetime(2026, 11, 16, 15, 20, tzinfo=UTC), "16.11."),
        (datetime(2026, 6, 1, 15, 20, tzinfo=UTC), "01.06."),
        (datetime(2025, 11, 23, 7, 14, tzinfo=UTC), "23.11.2025"),
        (datetime(2026, 11, 24, 7, 14, tzinfo=UTC), "24.11."),
    ],
)
def test_moments_are_short_in_lists_and_full_behind(moment: datetime, shown: str) -> None:
    html = when(moment, NOW)
    assert f">{shown}</time>" in html
    assert re.search(r'title="\d\d\.\d\d\.\d{4} \d\d:\d\d"', html)


def test_numbers_sizes_and_paragraph_signs_are_written_as_here() -> None:
    assert shown_number(1204331) == "1.204.331"
    assert [counted(n) for n in (7, 1000, 1001)] == ["7", "1.000", "mehr als 1.000"]
    assert counted(1001, short=True) == "1.000+"
    assert [size(octets) for octets in (1, 999, 3_812_004, 3_100_000_000)] == [
        "1\N{NO-BREAK SPACE}Byte",
        "999\N{NO-BREAK SPACE}Byte",
        "3,8\N{NO-BREAK SPACE}MB",
        "3,1\N{NO-BREAK SPACE}GB",
    ]
    assert typo("nach § 68 Abs. 1") == "nach §\N{NO-BREAK SPACE}68 Abs.\N{NO-BREAK SPACE}1"


def test_an_oidc_provider_joins_the_form_targets_and_nothing_else() -> None:
    headers = rendering.security_headers("https://login.example")
    assert "form-action 'self' https://login.example;" in headers["Content-Security-Policy"]
    assert rendering.security_headers() == dict(rendering.SECURITY_HEADERS)
    assert "unsafe" not in rendering.CONTENT_SECURITY_POLICY


def test_the_environment_escapes_and_has_no_switch_for_it() -> None:
    assert environment().autoescape is True


def test_the_guides_name_only_what_is_on_the_pages() -> None:
    """What stands in bold in a guide is a word of some page, and what it shows is there."""
    shown = " ".join(page_of(name) for name in STATES)
    words_of_pages = " ".join(unescape(re.sub(r"<[^>]+>", " ", shown)).split())
    for guide in sorted(GUIDES.glob("*.md")):
        text = guide.read_text(encoding="utf-8")
        named = {" ".join(each.split()) for each in re.findall(r"\*\*([^*]+)\*\*", text)}
        assert {each for each in named if each.removesuffix(" …") not in words_of_pages} == set(), guide.name
        files = re.findall(r'(?:\]\(|src=")([^)"#]+)', text)
        assert [each for each in files if not (guide.parent / each).is_file()] == [], guide.name


def test_details_of_the_log_are_words() -> None:
    assert told({"method": "password", "own": True, "sessions_ended": 0}) == (
        f"Weg: {words.VOCABULARIES['method']['password']}, eigene: ja, beendete Sitzungen: 0"
    )
    file = {"rendition": "raster", "sha256": {"words": "ab" * 32}, "sender": None}
    rendition = f"PDF/A-Fassung: {words.VOCABULARIES['rendition']['raster']}"
    assert told(file, longest=200) == f"{rendition}, Absender: –, Prüfsumme: words abababab…"
    assert told(file) == f"{rendition}, Absender: –, Prüfsumme: words {'ab' * 32}"
    many = {"roles": ["clerk", "nobody knows"], "new": "ä" * 300}
    assert told(many).startswith("new: ää")
    assert told(many).endswith(f"Rollen: {words.VOCABULARIES['role']['clerk']}, nobody knows")
    assert len(told(many, longest=200)) == len("ä" * 200 + "…")

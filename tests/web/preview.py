"""The pages as a tiny web server, with the real security headers and invented content.

``python -m tests.web.preview`` serves every state under its name, for looking at; the browser tests
use the same server.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw

from eakte.web.qr import qr_code
from eakte.web.rendering import ASSET_HEADERS, BUILT, SECURITY_HEADERS, STATIC_PREFIX, render, render_block
from tests.web.fixtures_of_views import FONT, PAGE, hits, words
from tests.web.states import STATES

TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}
# What links and scripts of the pages lead to, so that the preview can be walked through.
ADDRESSES = (
    (re.compile(r"^/$"), "start"),
    (re.compile(r"^/plan$"), "plan-wurzel"),
    (re.compile(r"^/plan/"), "plan"),
    (re.compile(r"^/akten/[^/]+$"), "akte"),
    (re.compile(r"^/akten/[^/]+/vorgaenge/[^/]+$"), "vorgang"),
    (re.compile(r"^/akten/[^/]+/beteiligte$"), "beteiligte"),
    (re.compile(r"^/akten/[^/]+/beteiligte/[^/]+$"), "beteiligt"),
    (re.compile(r"^/akten/[^/]+/aendern$"), "akte-aendern"),
    (re.compile(r"^/akten/[^/]+/verweise$"), "verweise"),
    (re.compile(r"^/akten/[^/]+/verlauf$"), "verlauf"),
    (re.compile(r"^/akten/[^/]+/ablegen$"), "ablegen"),
    (re.compile(r"^/dokumente/[^/]+$"), "dokument"),
    (re.compile(r"^/dokumente/[^/]+/text$"), "dokument-text"),
    (re.compile(r"^/akten/[^/]+/zuordnen$"), "zuordnen-fehler"),
    (re.compile(r"^/akten/[^/]+/rechte$"), "rechte"),
    (re.compile(r"^/konto/vertretung$"), "vertretung"),
    (re.compile(r"^/dokumente/[^/]+/vergleich$"), "vergleich"),
    (re.compile(r"^/barrierefreiheit$"), "barrierefreiheit"),
    (re.compile(r"^/barriere-melden$"), "barriere-niemand"),
    (re.compile(r"^/vorlagen/[^/]+$"), "vorlage-fehler"),
    (re.compile(r"^/suche$"), "suche"),
    (re.compile(r"^/posteingang$"), "posteingang-liste"),
    (re.compile(r"^/posteingang/[^/]+$"), "posteingang"),
    (re.compile(r"^/akten/[^/]+/auswahl$"), "auswahl-verschieben"),
    (re.compile(r"^/wiedervorlagen$"), "wiedervorlagen"),
    (re.compile(r"^/wiedervorlagen/[^/]+/aendern$"), "wiedervorlage-fehler"),
    (re.compile(r"^/konto$"), "konto"),
    (re.compile(r"^/konto/sicherheit$"), "sicherheit"),
    (re.compile(r"^/konto/zweiter-faktor$"), "zweiter-faktor"),
    (re.compile(r"^/hilfe/tasten$"), "tasten"),
    (re.compile(r"^/anmelden$"), "anmelden"),
    (re.compile(r"^/administration(/zustand)?$"), "zustand-gestoert"),
    (re.compile(r"^/administration/zustand/dokumente$"), "fehlgeschlagen"),
    (re.compile(r"^/administration/benutzer/[^/]+$"), "konto-verwalten"),
    (re.compile(r"^/administration/einheiten/[^/]+$"), "einheit"),
    (re.compile(r"^/administration/plan$"), "planimport"),
    (re.compile(r"^/administration/plan/vorlagen$"), "vorlagen"),
    (re.compile(r"^/administration/plan/vorlagen/[^/]+$"), "vorlage-aendern"),
    (re.compile(r"^/administration/plan/felder$"), "felder"),
    *((re.compile(rf"^/administration/{name}$"), name) for name in ("benutzer", "einheiten", "rollen", "schluessel")),
    *((re.compile(rf"^/administration/{name}$"), name) for name in ("einstellungen", "protokoll")),
    (re.compile(r"^/administration/protokoll/[^/]+$"), "eintrag"),
)
PAGE_PART = re.compile(r"^/api/v1/documents/[^/]+/pages/\d+/(image|words)$")


def page_of(name: str, theme: Literal["auto", "light", "dark"] = "auto") -> str:
    """The HTML of one state."""
    state = STATES[name]
    return render(state.template, frame=replace(state.frame, theme=theme), view=state.view)


@cache
def page_image() -> bytes:
    """A page as the service would answer it: WebP, 1,000 px wide."""
    image = Image.new("RGB", PAGE, "white")
    draw = ImageDraw.Draw(image)
    for word in words():
        draw.text(word["box"][:2], word["text"], fill="#222", font=FONT)
    target = BytesIO()
    image.save(target, "WEBP", quality=60)
    return target.getvalue()


def page_words(*, asked: bool) -> dict[str, object]:
    """The answer of the API for one page, with the words that fit where a question was asked."""
    frames = [{"word": number, **asdict(frame)} for number, frame in enumerate(hits() if asked else ())]
    return {"page": 1, "width": PAGE[0], "height": PAGE[1], "words": words(), "hits": frames}


def _theme(query: str) -> Literal["auto", "dark"]:
    return "dark" if parse_qs(query).get("theme") == ["dark"] else "auto"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith(STATIC_PREFIX):
            file = BUILT / address.path.removeprefix(STATIC_PREFIX)
            if file.is_file():
                return self._answer(file.read_bytes(), TYPES[file.suffix[1:]], keep=True)
        elif address.path == "/konto/zweiter-faktor/qr.svg":
            return self._answer(qr_code("otpauth://totp/eakte").encode(), "image/svg+xml")
        elif found := PAGE_PART.match(address.path):
            if found[1] == "image":
                return self._answer(page_image(), "image/webp")
            return self._answer(json.dumps(page_words(asked="q=" in address.query)).encode(), "application/json")
        elif name := self._name(address.path):
            html = self._fragment(name, address.query) or page_of(name, _theme(address.query))
            return self._answer(html.encode(), "text/html; charset=utf-8")
        return self._answer(page_of("fehler-404").encode(), "text/html; charset=utf-8", 404)

    def _fragment(self, name: str, query: str) -> str:
        """The part that a script asks for; empty where the whole page is wanted."""
        work, plan = STATES["dokument-arbeit"], STATES["plan"]
        if self.headers.get("HX-Request") and name == "dokument":
            return render_block("dokument.html", "verarbeitung", frame=work.frame, view=work.view)
        if parse_qs(query).get("teil") == ["baum"]:
            found = STATES["plan-baum-gefiltert"]
            return render_block("akten.html", "baum", frame=found.frame, view=found.view)
        if parse_qs(query).get("teil") == ["kinder"]:
            return render_block("akten.html", "kinder", frame=plan.frame, view=plan.view)
        return ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/v1/documents":
            self.server.uploads.append((dict(self.headers), body))  # type: ignore[attr-defined]
            if b"zu-gross" in body:
                return self._answer(
                    json.dumps({"title": "Zu groß", "detail": "Die Datei ist größer als 2 GB."}).encode(),
                    "application/problem+json",
                    422,
                )
            return self._answer(b'{"id": "neu"}', "application/json", 201)
        return self._answer(page_of("akte").encode(), "text/html; charset=utf-8")

    def _name(self, path: str) -> str | None:
        if path.startswith("/zustand/"):
            name = path.removeprefix("/zustand/")
            return name if name in STATES else None
        return next((name for pattern, name in ADDRESSES if pattern.match(path)), None)

    def _answer(self, body: bytes, media_type: str, status: int = 200, *, keep: bool = False) -> None:
        self.send_response(status)
        for name, value in (ASSET_HEADERS if keep else SECURITY_HEADERS).items():
            self.send_header(name, value)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: the tests read what the browser says."""


class Preview(ThreadingHTTPServer):
    """The server; `uploads` holds what was posted to the API."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.uploads: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving() -> Iterator[Preview]:
    """A preview on a free port."""
    with Preview() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


if __name__ == "__main__":
    with Preview(int(sys.argv[1]) if len(sys.argv) > 1 else 8099) as preview:
        for state_name in STATES:
            sys.stdout.write(f"{preview.url}/zustand/{state_name}\n")
        preview.serve_forever()

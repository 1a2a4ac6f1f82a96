"""From a view model to HTML: the Jinja environment, its filters, and the security headers of every page.

`render` answers a whole page, `render_block` one named block of the same template, so that a page and the fragment that
replaces a part of it cannot drift apart. All strings go through gettext with German msgids (`eakte.language`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from eakte.language import _, gettext, plural, shown_day, shown_moment, shown_number, tag
from eakte.terms import BERLIN, MOST_COUNTED
from eakte.web import words
from eakte.web.typed_days import as_typed
from eakte.web.views import Choice

BUILT: Final = Path(__file__).parent / "static" / "built"
"""The folder that is served under `STATIC_PREFIX`; file names carry a hash, so answers may be cached for ever."""

STATIC_PREFIX: Final = "/static/"

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
"""No inline style or script anywhere; ``blob:`` is for camera and drop previews only."""

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Search words stand in addresses, so no address leaves the service.
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": "camera=(self), microphone=(), geolocation=(), interest-cohort=()",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        # Content of files stays out of the browser's cache; and a fragment is not the page of the same address.
        "Cache-Control": "no-store",
        "Vary": "HX-Request",
    }
)

# A built file gets the headers of a page: an SVG opened by itself is a document too.
ASSET_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {**SECURITY_HEADERS, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
)
"""Every page answers with these; static files replace ``Cache-Control``."""

NBSP: Final = "\N{NO-BREAK SPACE}"
THIN: Final = "\N{NARROW NO-BREAK SPACE}"
_KILO: Final = 1000
_WEEK: Final = 7
_PARAGRAPH_SPACE: Final = re.compile(r"(§§?|Art\.|Abs\.|Nr\.|S\.) (?=\d)")


def render(template: str, **view: Any) -> str:
    """A whole page: ``render("akte.html", frame=frame, view=view)``.

    Raises:
        jinja2.UndefinedError: the view lacks what the template shows.
    """
    return environment().get_template(template).render(view)


def render_block(template: str, block: str, **view: Any) -> str:
    """One named block of a page's template, for htmx.

    Raises:
        KeyError: the template has no such block.
    """
    page = environment().get_template(template)
    context = page.new_context(view)
    return "".join(page.blocks[block](context))


def security_headers(form_targets: str = "") -> dict[str, str]:
    """The headers of a page; `form_targets` are further origins a form may lead to.

    Browsers check redirects too, so the sign-in page of a service with an OIDC provider names the provider here.
    """
    headers = dict(SECURITY_HEADERS)
    if form_targets:
        headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
            "form-action 'self'", f"form-action 'self' {form_targets}"
        )
    return headers


@cache
def environment() -> jinja2.Environment:
    """The one environment of the process: autoescape, strict about missing values, German msgids."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        # It would put the words of constant codes into the compiled template, in the language of that moment.
        optimized=False,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Formatted by the extension, after it escaped the values.
    made.install_gettext_callables(gettext, plural, newstyle=True)  # type: ignore[attr-defined]  # put there by the i18n extension
    made.filters.update(
        day=day,
        stamp=stamp,
        when=when,
        near=near,
        long_day=long_day,
        number=shown_number,
        counted=counted,
        size=size,
        word=words.word,
        typo=typo,
        pairs=pairs,
        labelled=labelled,
        day_field=day_field,
    )
    made.globals.update(
        static=static,
        language=tag,
        areas=words.AREAS,
        state_icons=words.STATE_ICONS,
        mark_icons=words.MARK_ICONS,
    )
    # A global, not an import of each page: a block rendered alone does not run the imports above it.
    made.globals["ui"] = made.get_template("_teile.html").module
    return made


@cache
def _manifest() -> Mapping[str, str]:
    try:
        files = json.loads((BUILT / "manifest.json").read_text(encoding="utf-8"))["files"]
    except FileNotFoundError as error:
        raise FileNotFoundError(_("Die Dateien der Oberfläche sind nicht gebaut: tools/build_assets.py")) from error
    return MappingProxyType(files)


def static(name: str) -> str:
    """The address of a built file by its plain name.

    Raises:
        KeyError: no such file was built.
    """
    return STATIC_PREFIX + _manifest()[name]


@cache
def built_files() -> frozenset[str]:
    """The names that may be served; a list, so that no spelling of a path leads out of the folder."""
    return frozenset(_manifest().values())


def day(value: date) -> Markup:
    """23.11.2026, as ``<time>``; a moment is shown as its day in Berlin."""
    only = value.astimezone(BERLIN).date() if isinstance(value, datetime) else value
    return _time(only.isoformat(), shown_day(only))


def day_field(value: datetime) -> str:
    """23.11.2026 as a field's value, the day in Berlin."""
    return as_typed(value.astimezone(BERLIN))


def stamp(value: datetime) -> Markup:
    """23.11.2026 08:14, Berlin time, as ``<time>``."""
    local = value.astimezone(BERLIN)
    return _time(local.isoformat(timespec="minutes"), shown_moment(local))


def when(value: datetime, at: datetime) -> Markup:
    """A moment as lists show it: heute 08:14, Fr 16:20 (the last six days), 20.11. (this year), else the full day.

    `at` is the frame's "now", so that one page never shows two of them.
    """
    now = at.astimezone(BERLIN)
    local = value.astimezone(BERLIN)
    if local.date() == now.date():
        short = _("heute %(time)s", time=f"{local:%H:%M}")
    elif timedelta(0) < now.date() - local.date() < timedelta(days=_WEEK):
        short = f"{_(words.WEEKDAYS[local.weekday()])} {local:%H:%M}"
    elif local.year == now.year:
        short = _short_day(local)
    else:
        short = shown_day(local)
    return _time(local.isoformat(timespec="minutes"), short, title=shown_moment(local))


def near(value: date, at: datetime) -> Markup:
    """A day to come or just past as lists show it: gestern, heute, morgen, 20.11. (this year), else the full day."""
    today = at.astimezone(BERLIN).date()
    word = {-1: _("gestern"), 0: _("heute"), 1: _("morgen")}.get((value - today).days)
    short = word or (_short_day(value) if value.year == today.year else shown_day(value))
    return _time(value.isoformat(), short, title=shown_day(value))


def long_day(value: datetime) -> str:
    """Montag, 23. November 2026."""
    local = value.astimezone(BERLIN)
    return _(
        "%(weekday)s, %(day)s. %(month)s %(year)s",
        weekday=_(words.WEEKDAYS_LONG[local.weekday()]),
        day=local.day,
        month=_(words.MONTHS[local.month - 1]),
        year=local.year,
    )


def counted(value: int, *, short: bool = False) -> str:
    """1.000, then "mehr als 1.000" (short: 1.000+): what `MOST_COUNTED` keeps from being counted."""
    most = shown_number(MOST_COUNTED)
    if value <= MOST_COUNTED:
        return shown_number(value)
    return f"{most}+" if short else _("mehr als %(num)s", num=most)


def size(octets: int) -> str:
    """3,1 GB: decimal units, one decimal place above bytes."""
    amount = float(octets)
    if amount < _KILO:
        return f"{amount:.0f}{NBSP}{_('Byte')}"
    for unit in ("kB", "MB", "GB"):
        amount /= _KILO
        if amount < _KILO:
            return f"{amount:.1f}".replace(".", ",") + f"{NBSP}{unit}"
    amount /= _KILO
    return f"{amount:.1f}".replace(".", ",") + f"{NBSP}TB"


def typo(text: str) -> str:
    """Keep signs and their numbers on one line: § 147, Art. 17, S. 4."""
    return _PARAGRAPH_SPACE.sub(lambda found: f"{found[1]}{NBSP}", text)


def pairs(choices: Iterable[Choice]) -> list[tuple[str, str]]:
    """(value, label) of each choice."""
    return [(choice.value, choice.label) for choice in choices]


def labelled(codes: Iterable[str], vocabulary: str) -> list[tuple[str, str]]:
    """(code, word) of each code."""
    return [(code, words.word(code, vocabulary)) for code in codes]


def _short_day(value: date) -> str:
    """20.11."""
    return _("%(day)s.%(month)s.", day=f"{value:%d}", month=f"{value:%m}")


def _time(machine: str, shown: str, title: str = "") -> Markup:
    hint = Markup(' title="{}"').format(title) if title else Markup()
    return Markup('<time datetime="{}"{}>{}</time>').format(machine, hint, escape(shown))

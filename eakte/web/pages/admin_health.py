"""How the service is doing, what failed, and how it is set up: for IT, who sees nothing of what lies in the files."""

from __future__ import annotations

import hashlib
import uuid

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.bootstrap import Backends
from eakte.errors import NotFound
from eakte.language import _, ngettext, shown_day, shown_moment
from eakte.language import shown_number as number
from eakte.operations.figures import Backlog, Figures, figures
from eakte.operations.fixity import Standing, wrong_words
from eakte.operations.health import Check, ready
from eakte.operations.waiting import list_failures, retry_unread
from eakte.settings import Settings, is_secret
from eakte.terms import BERLIN, Actor
from eakte.web.pages.admin_sections import require_section, sections_of
from eakte.web.pages.asking import Person, Sent, go, make_frame, page, part, quoted, with_ok
from eakte.web.rendering import SECURITY_HEADERS, size
from eakte.web.views import (
    FailedRow,
    FailedView,
    HealthCard,
    HealthView,
    Link,
    Section,
    SettingRow,
    SettingsView,
)

router = APIRouter(include_in_schema=False)
HOME = "/administration/zustand"
FAILED = HOME + "/dokumente"
ROWS = 50


@router.get("/administration")
def enter(request: Request, actor: Person) -> Response:
    """To the first of the person's pages."""
    with get_backends(request).transactions.read() as session:
        mine = sections_of(session, actor)
    if not mine:
        raise NotFound
    return go(mine[0].href)


@router.get(HOME)
def show(request: Request, actor: Person) -> Response:
    """The cards; for the poll the cards alone, and nothing where they say the same as before."""
    backends = get_backends(request)
    asked = request.query_params
    with backends.transactions.read() as session:
        sections = require_section(session, actor, "zustand")
        found = figures(
            session,
            actor,
            stalled_seconds=backends.settings.stalled_seconds,
            fixity=backends.settings.fixity_period,
        )
    view = _view(backends, sections, found)
    if asked.get("teil") != "karten":
        return page("zustand.html", frame=make_frame(request, actor, area="administration"), view=view)
    if asked.get("stand") == view.mark:
        return Response(status_code=204, headers=dict(SECURITY_HEADERS))
    before = asked.get("stand", "").rpartition(".")[2]
    if before != view.states:
        view = _view(backends, sections, found, said=_sentence(view))
    return part("zustand.html", "karten", frame=make_frame(request, actor, area="administration"), view=view)


@router.get(FAILED)
def failed(request: Request, actor: Person) -> Response:
    """Failed documents, the newest first, with the reason and a button to try again."""
    with get_backends(request).transactions.read() as session:
        sections = require_section(session, actor, "zustand")
        view = _failed(session, actor, sections, request.query_params.get("after"))
    return page("fehlgeschlagen.html", frame=make_frame(request, actor, area="administration"), view=view)


@router.post(FAILED + "/{failed_id}/wiederholen")
def again(request: Request, sent: Sent, failed_id: uuid.UUID) -> Response:
    """Process one again, from the beginning."""

    def act() -> str:
        retry_unread(tx, failed_id)
        return with_ok(FAILED, "wiederholt", at="fehlgeschlagen")

    with get_backends(request).transactions.begin(sent.actor) as tx:
        require_section(tx.session, sent.actor, "zustand")
        address = sent.once(tx, act)
    return go(address)


@router.get("/administration/einstellungen")
def settings(request: Request, actor: Person) -> Response:
    """All settings as they hold, with what they mean."""
    backends = get_backends(request)
    with backends.transactions.read() as session:
        sections = require_section(session, actor, "einstellungen")
    view = SettingsView(sections, setting_rows(backends.settings))
    return page("einstellungen.html", frame=make_frame(request, actor, area="administration"), view=view)


def setting_rows(settings: Settings) -> tuple[SettingRow, ...]:
    """Every setting by its variable; of a secret only whether it is set, because a page may be photographed."""
    rows = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        secret = is_secret(field)
        rows.append(
            SettingRow(
                name=f"EAKTE_{name.upper()}",
                meaning=_(field.description) if field.description else "",
                value=_hidden(value) if secret else _shown(value),
                secret=secret,
                default=name not in settings.model_fields_set,
            )
        )
    return tuple(rows)


def _hidden(value: object) -> str:
    return _("gesetzt, wird nicht gezeigt") if value is not None and str(value) else _("nicht gesetzt")


def _shown(value: object) -> str:
    if value is None or value in ("", {}):
        return _("nicht gesetzt")
    if isinstance(value, bool):
        return _("ja") if value else _("nein")
    return str(value)


def _failed(session: Session, actor: Actor, sections: tuple[Section, ...], after: str | None) -> FailedView:
    found = list_failures(session, actor, after=after, limit=ROWS)
    rows = tuple(
        FailedRow(str(row.document_id), row.media_type, row.size, row.filed_at, row.reason) for row in found.items
    )
    return FailedView(sections, rows, f"{FAILED}?after={quoted(found.next)}" if found.next else "")


def _view(backends: Backends, sections: tuple[Section, ...], found: Figures, *, said: str = "") -> HealthView:
    able = {check.name: check for check in ready(backends.database, backends.blobs, backends.search, backends.scanner)}
    cards = (
        _work(found),
        _failures(found.failed),
        _storage(able["storage"], found.storage),
        _search(able["search"], found.index_waiting),
        _database(able["database"], found.database_bytes),
        _scanner(able.get("scanner")),
        _disposal(found.backlog),
    )
    view = HealthView(sections, cards, mark="", said=said)
    digest = hashlib.sha256(repr(cards).encode()).hexdigest()[:16]
    return HealthView(sections, cards, mark=f"{digest}.{view.states}", said=said)


def _sentence(view: HealthView) -> str:
    wrong = [f"{card.label}: {card.value}" for card in view.cards if card.state != "ok"]
    return _("Bitte ansehen: %(cards)s", cards=", ".join(wrong)) if wrong else _("Der Betrieb ist in Ordnung.")


def _work(found: Figures) -> HealthCard:
    label, work = _("Aufträge"), found.work
    waiting = _("%(num)s wartend", num=number(work.waiting))
    if not work.workers:
        return HealthCard(label, "bad", waiting, _("Kein Helfer arbeitet: eakte work"))
    helpers = ngettext("%(num)s Helfer arbeitet", "%(num)s Helfer arbeiten", work.workers)
    unread = ngettext(
        "%(num)s Dokument in Verarbeitung",
        "%(num)s Dokumente in Verarbeitung",
        work.unread,
        num=number(work.unread),
    )
    return HealthCard(label, "ok", waiting, f"{helpers}, {unread}")


def _failures(count: int) -> HealthCard:
    label = _("Fehlgeschlagene Dokumente")
    if not count:
        return HealthCard(label, "ok", "0", _("Alles ist gelesen worden."))
    return HealthCard(label, "look", number(count), "", Link(_("Ansehen und wiederholen"), FAILED))


def _storage(check: Check, storage: Standing) -> HealthCard:
    label = _("Ablage geprüft")
    if not check.ok:
        return HealthCard(label, "bad", _("antwortet nicht"), check.detail)
    if wrong := storage.missing + storage.damaged:
        value = ngettext("%(num)s Datei betroffen", "%(num)s Dateien betroffen", wrong, num=number(wrong))
        sentence = _(
            "%(wrong)s. Bitte aus der Sicherung zurückholen; welche es sind: eakte storage status",
            wrong=wrong_words(storage.missing, storage.damaged),
        )
        return HealthCard(label, "bad", value, sentence)
    running, verified = storage.running, storage.verified
    progress = ""
    if running is not None:
        # What came since it began is read as well.
        planned = number(max(running.done, running.planned))
        progress = _("%(done)s von %(planned)s", done=number(running.done), planned=planned)
    if verified is not None:
        value = _("%(good)s von %(all)s", good=number(verified.checked), all=number(verified.checked))
        when = shown_moment(verified.at.astimezone(BERLIN))
        mended = verified.missing + verified.damaged
        sentence = _("geprüft %(when)s, seither alle wieder unversehrt", when=when) if mended else ""
        sentence = sentence or _("alle unverändert, %(when)s", when=when)
        if progress:
            sentence = _("%(last)s; neue Prüfrunde: %(progress)s", last=sentence, progress=progress)
    elif running is not None:
        since = shown_day(running.begun_at.astimezone(BERLIN))
        value, sentence = progress, _("bisher alle unverändert, erste Prüfrunde seit %(since)s", since=since)
    else:
        sentence = _("Der Helfer beginnt damit, sobald eine Datei abgelegt ist.")
        return HealthCard(label, "look", _("noch nie"), sentence)
    if storage.overdue:
        late = _("Die Prüfrunde ist im Verzug: Sie geht weiter, solange ein Helfer arbeitet und die Ablage antwortet.")
        return HealthCard(label, "look", value, f"{sentence}. {late}")
    return HealthCard(label, "ok", value, sentence)


def _search(check: Check, waiting: int) -> HealthCard:
    label = _("Suche")
    if not check.ok:
        return HealthCard(label, "bad", _("nicht verfügbar"), check.detail)
    if not waiting:
        return HealthCard(label, "ok", _("kein Verzug"), _("Der Index ist vollständig."))
    late = ngettext("%(num)s Dokument im Verzug", "%(num)s Dokumente im Verzug", waiting, num=number(waiting))
    return HealthCard(label, "ok", late, _("Was neu ist, wird gerade aufgenommen."))


def _database(check: Check, octets: int) -> HealthCard:
    if not check.ok:
        return HealthCard(_("Datenbank"), "bad", _("antwortet nicht"), check.detail)
    return HealthCard(_("Datenbank"), "ok", size(octets), _("antwortet"))


def _scanner(check: Check | None) -> HealthCard:
    label = _("Virenprüfung")
    if check is None:
        sentence = _("Dateien werden ungeprüft abgelegt: EAKTE_CLAMAV_URL")
        return HealthCard(label, "look", _("nicht eingerichtet"), sentence)
    if not check.ok:
        return HealthCard(label, "bad", _("antwortet nicht"), _("Solange wird nichts abgelegt."))
    return HealthCard(label, "ok", _("läuft"), check.detail)


def _disposal(backlog: Backlog) -> HealthCard:
    """What is due within the year is the work of every year and no trouble."""
    label = _("Rückstand der Aussonderung")
    if backlog.since is None:
        return HealthCard(label, "ok", _dossiers(0), _("Keine Aufbewahrungsfrist ist abgelaufen."))
    parts = [_("aussonderungsreif, die älteste seit %(day)s", day=shown_day(backlog.since))]
    if backlog.long:
        parts.append(_("%(num)s länger als ein Jahr", num=number(backlog.long)))
    if backlog.to_offer:
        parts.append(_("%(num)s dem Archiv anzubieten", num=number(backlog.to_offer)))
    value = _dossiers(backlog.ended + backlog.to_offer)
    return HealthCard(label, "look" if backlog.long else "ok", value, ", ".join(parts))


def _dossiers(count: int) -> str:
    return ngettext("%(num)s Akte", "%(num)s Akten", count, num=number(count))

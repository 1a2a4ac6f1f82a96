"""What the page of rights shows: sources of rights in sentences, from the same rule that decides."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Reason, Source, is_head, may_write, rule_for
from eakte.errors import InvalidInput, NotAllowed
from eakte.language import _, shown_day
from eakte.models import Case, Dossier, DossierExclusion, DossierShare, OfferedLook, Unit, User
from eakte.operations.accounts import person_called
from eakte.operations.dossiers import is_registrar, readable_dossier
from eakte.operations.exclusions import list_exclusions
from eakte.operations.explaining import Access, explain
from eakte.operations.shares import list_shares
from eakte.operations.units import list_units
from eakte.terms import Actor, Level, Role
from eakte.web.pages.tree import PlanTree
from eakte.web.views import Choice, ExclusionRow, Explained, FieldError, Form, RightsView, ShareRow
from eakte.web.words import word

ROWS = 50


def rights_view(session: Session, actor: Actor, dossier_id: uuid.UUID, asked: Mapping[str, str]) -> RightsView:
    """The page as the address asks for it: whom, which page of which list. Raises NotFound, NotAllowed."""
    dossier = readable_dossier(session, actor, dossier_id)
    writes = may_write(session, rule_for(session, actor), dossier)
    keeps = is_registrar(actor) or is_head(session, actor, dossier.unit_id)
    explained, ask = _explained(session, actor, dossier, asked.get("wer", ""), keeps=keeps)
    shares, next_shares = (
        _shares(session, actor, dossier, asked, writes=writes) if writes or is_registrar(actor) else (None, "")
    )
    exclusions, next_exclusions = _exclusions(session, actor, dossier, asked) if keeps else (None, "")
    cases = session.scalars(select(Case).where(Case.dossier_id == dossier.id).order_by(Case.ordinal.desc()).limit(200))
    return RightsView(
        dossier=str(dossier.id),
        reference_number=dossier.reference_number,
        title=dossier.title,
        path=PlanTree(session, actor).links(dossier.plan_class),
        everybody=tuple(_everybody(session, dossier)),
        explained=explained,
        ask=ask,
        shares=shares,
        next_shares=next_shares,
        share=Form() if writes else None,
        units=tuple(
            Choice(str(unit.id), f"{unit.number} {unit.name}") for unit in list_units(session) if not unit.closed_on
        )
        if writes
        else (),
        cases=tuple(
            Choice(str(case.id), _("nur Vorgang %(number)s %(title)s", number=case.ordinal, title=case.title))
            for case in cases
        )
        if writes
        else (),
        exclusions=exclusions,
        next_exclusions=next_exclusions,
        exclude=Form() if keeps else None,
    )


def _everybody(session: Session, dossier: Dossier) -> Iterable[str]:
    unit = f"{dossier.unit.number} {dossier.unit.name}"
    level = Level(dossier.confidentiality)
    if level is Level.PROTECTED:
        yield _(
            "Lesen und bearbeiten: wer in %(unit)s oder darüber arbeitet und besonders Geschütztes sehen darf",
            unit=unit,
        )
    else:
        yield _(
            "Lesen und bearbeiten: wer in %(unit)s oder in einer Einheit darüber arbeitet, und die Vertretung",
            unit=unit,
        )
    yield _("Wissen, dass es sie gibt: die Registratur, soweit ihre Vertraulichkeitsstufe reicht")
    if session.get(OfferedLook, dossier.id) is not None:
        yield _("Lesen: das Archiv, dem die Akte angeboten ist")


def _explained(
    session: Session, actor: Actor, dossier: Dossier, asked: str, *, keeps: bool
) -> tuple[Explained, Form | None]:
    """The answer for who was asked for, else for oneself; and the form to ask, for who may."""
    may_ask = keeps or actor.has(Role.AUDITOR)
    if not asked:
        return _told(session, explain(session, actor, dossier.id, None), own=True), Form() if may_ask else None
    try:
        if not may_ask:
            raise NotAllowed(_("Wer eine Akte warum sieht, erfahren Registratur, Leitung und Prüfung."))
        person = person_called(session, asked, at="wer")
        access = explain(session, actor, dossier.id, str(person.id))
    except InvalidInput as error:
        own = _told(session, explain(session, actor, dossier.id, None), own=True)
        errors = tuple(FieldError("wer", each.message) for each in error.errors)
        return own, Form(values={"wer": asked}, errors=errors)
    return _told(session, access, own=access.user.id == actor.user_id), Form(values={"wer": asked})


def _told(session: Session, access: Access, *, own: bool) -> Explained:
    if access.writes:
        may = _("liest und bearbeitet die Akte")
    elif access.reads:
        may = _("liest die Akte")
    elif any(each.case_id is not None for each in access.reasons):
        may = _("liest einen Teil der Akte")
    elif access.knows:
        may = _("weiß, dass es die Akte gibt, und liest sie nicht")
    else:
        may = _("sieht die Akte nicht")
    return Explained(access.user.display_name, own, may, tuple(_sentence(session, each) for each in access.reasons))


def _sentence(session: Session, reason: Reason) -> str:
    unit = session.get(Unit, reason.unit_id) if reason.unit_id else None
    person = session.get(User, reason.person) if reason.person else None
    case = session.get(Case, reason.case_id) if reason.case_id else None
    place = f"{unit.number} {unit.name}" if unit else _("der Organisationseinheit")
    who = person.display_name if person else _("jemanden")
    sentences = {
        Source.UNIT: _("arbeitet in %(place)s", place=place),
        Source.DEPUTY: _("vertritt %(name)s in %(place)s", name=who, place=place),
        Source.REGISTRAR: _("gehört zur Registratur"),
        Source.SHARE: _("hat Zugriff bekommen"),
        Source.UNIT_SHARE: _("arbeitet in %(place)s, die Zugriff bekommen hat", place=place),
        Source.MANDATE: _("hat einen Prüfauftrag"),
        Source.OFFER: _("gehört zum Archiv, dem die Akte angeboten ist"),
        Source.EXCLUSION: _("ist von dieser Akte ausgeschlossen"),
    }
    sentence = sentences[reason.source]
    if case is not None:
        sentence = _("%(why)s (nur Vorgang %(number)s %(title)s)", why=sentence, number=case.ordinal, title=case.title)
    if reason.until is not None:
        sentence = _("%(why)s, bis %(day)s", why=sentence, day=shown_day(reason.until))
    return sentence


def _shares(
    session: Session, actor: Actor, dossier: Dossier, asked: Mapping[str, str], *, writes: bool
) -> tuple[tuple[ShareRow, ...], str]:
    found = list_shares(session, actor, dossier=dossier.id, after=asked.get("nach") or None, limit=ROWS)
    people = _people(session, [each for row in found.items for each in (row.user_id, row.given_by)])
    units = {unit.id: f"{unit.number} {unit.name}" for unit in list_units(session)}
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.dossier_id == dossier.id))}

    def row(share: DossierShare) -> ShareRow:
        case = cases.get(share.case_id) if share.case_id else None
        return ShareRow(
            id=str(share.id),
            who=people.get(share.user_id, "") if share.user_id else units.get(share.unit_id or uuid.UUID(int=0), ""),
            what=_("Vorgang %(number)s %(title)s", number=case.ordinal, title=case.title) if case else _("ganze Akte"),
            until=share.until,
            reason=share.reason or "",
            given=people.get(share.given_by, "eakte"),
            may_end=writes,
        )

    return tuple(row(each) for each in found.items), _more(dossier, asked, "nach", found.next)


def _exclusions(
    session: Session, actor: Actor, dossier: Dossier, asked: Mapping[str, str]
) -> tuple[tuple[ExclusionRow, ...], str]:
    found = list_exclusions(session, actor, dossier.id, after=asked.get("ab") or None, limit=ROWS)
    people = _people(session, [row.user_id for row in found.items])

    def row(each: DossierExclusion) -> ExclusionRow:
        return ExclusionRow(
            id=str(each.id),
            who=people.get(each.user_id, ""),
            ground=word(each.ground, "ground"),
            reason=each.reason,
            since=each.given_at,
            lifted=each.lifted_at,
        )

    return tuple(row(each) for each in found.items), _more(dossier, asked, "ab", found.next)


def _people(session: Session, ids: Sequence[uuid.UUID | None]) -> dict[uuid.UUID | None, str]:
    wanted = {each for each in ids if each is not None}
    return {user.id: user.display_name for user in session.scalars(select(User).where(User.id.in_(wanted)))}


def _more(dossier: Dossier, asked: Mapping[str, str], name: str, following: str | None) -> str:
    if not following:
        return ""
    kept = {each: value for each, value in asked.items() if each in {"nach", "ab", "wer"} and each != name and value}
    return f"/akten/{dossier.id}/rechte?{urlencode({**kept, name: following})}"

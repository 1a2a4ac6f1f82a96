"""The filing plan, a class with its dossiers, and a new dossier in it."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.api.dependencies import get_backends
from eakte.errors import FieldError, InvalidInput, NotAllowed, NotFound
from eakte.language import _
from eakte.models import PlanClass
from eakte.operations.dossier_lists import DossierFilter, count_dossiers, dossier_activity, list_dossiers
from eakte.operations.dossiers import is_registrar, state_on
from eakte.operations.fields import FieldOwner, definitions_of
from eakte.operations.opening import NewDossier, create_dossier
from eakte.operations.plan import find_class
from eakte.operations.plan_rules import resolve_class
from eakte.operations.plan_saying import anchor_words, term_words
from eakte.terms import Actor, Level, PlanClassState, today
from eakte.web.pages.asking import Person, Sent, form_again, go, make_frame, page, part, quoted
from eakte.web.pages.datafields import inputs, typed_fields
from eakte.web.pages.making import dossier_templates
from eakte.web.pages.tree import PlanTree, class_address
from eakte.web.pages.working import units_worked_in
from eakte.web.views import DossierRow, Form, NewDossierForm, PlanView
from eakte.web.words import word
from retention.inheritance import Resolved

router = APIRouter(include_in_schema=False)
ROWS = 50
LONGEST_WANTED = 100


@router.get("/plan")
def whole(request: Request, actor: Person) -> Response:
    """The plan without a chosen class, whole or what fits the letters; with `teil=baum` the tree alone."""
    asked = request.query_params
    wanted = asked.get("wort", "").strip().replace("\0", "")[:LONGEST_WANTED]
    with get_backends(request).transactions.read() as session:
        tree = PlanTree(session, actor)
        if wanted:
            nodes, found = tree.fitting(wanted)
            view = PlanView(tree=nodes, wanted=wanted, found=found)
        else:
            view = PlanView(tree=tree.nodes(tree.find(asked.get("bei", ""))))
        if asked.get("teil") == "baum":
            return part("akten.html", "baum", frame=make_frame(request, actor, area="files"), view=view)
        offered = dossier_templates(session) if units_worked_in(session, actor) else ()
    return page("akten.html", frame=make_frame(request, actor, area="files"), view=replace(view, templates=offered))


@router.get("/plan/{number}")
def show(request: Request, actor: Person, number: str) -> Response:
    """A class with its dossiers; with `teil=kinder` only the classes below it, for the tree."""
    asked = request.query_params
    with get_backends(request).transactions.read() as session:
        tree = PlanTree(session, actor)
        row = tree.find(number)
        if row is None:
            raise NotFound
        if asked.get("teil") == "kinder":
            frame = make_frame(request, actor, area="files")
            return part("akten.html", "kinder", frame=frame, view=PlanView(tree=tree.children(row)))
        view = _view(session, actor, tree, row, request)
    return page("akten.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/akten")
def create(request: Request, sent: Sent) -> Response:
    """A new dossier; with errors the class's page with the form as typed."""
    backends = get_backends(request)
    try:
        with backends.transactions.begin(sent.actor) as tx:

            def act() -> str:
                definitions = definitions_of(tx.session, find_class(tx.session, sent.text("plan_class")))
                row, _new = create_dossier(
                    tx,
                    NewDossier(
                        plan_class=sent.text("plan_class"),
                        title=sent.text("title"),
                        unit=sent.optional("unit"),
                        confidentiality=sent.text("confidentiality") or Level.INTERNAL.word,
                        fields=typed_fields(sent, definitions, FieldOwner.DOSSIER),
                    ),
                    pattern=backends.settings.reference_pattern,
                )
                return f"/akten/{row.id}?ok=akte"

            address = sent.once(tx, act)
    except (InvalidInput, NotAllowed) as error:
        return _again(request, sent, error)
    return go(address)


def _again(request: Request, sent: Sent, error: InvalidInput | NotAllowed) -> Response:
    bad = error
    if isinstance(error, NotAllowed):
        bad = InvalidInput(errors=[FieldError("unit", error.detail or error.title)])
    with get_backends(request).transactions.read() as session:
        tree = PlanTree(session, sent.actor)
        row = tree.find(sent.text("plan_class"))
        if row is None:
            raise NotFound
        form = form_again(sent, InvalidInput(bad.detail, errors=bad.errors))
        view = _view(session, sent.actor, tree, row, request, form)
    return page("akten.html", frame=make_frame(request, sent.actor, area="files"), view=view, status=422)


def _view(
    session: Session, actor: Actor, tree: PlanTree, row: PlanClass, request: Request, form: Form | None = None
) -> PlanView:
    asked = request.query_params
    takes_files = row.files_allowed and row.state == PlanClassState.OPEN
    state = asked.get("stand", "")
    chosen = DossierFilter(
        plan_class=row.number,
        closed={"open": False, "closed": True}.get(state),
        contains=asked.get("filter") or None,
    )
    found = list_dossiers(session, actor, chosen, after=asked.get("after"), limit=ROWS)
    activity = dossier_activity(session, [dossier.id for dossier in found.items])
    rows = []
    for dossier in found.items:
        documents, youngest = activity.get(dossier.id, (0, dossier.created_at))
        rows.append(
            DossierRow(
                href=f"/akten/{dossier.id}",
                reference_number=dossier.reference_number,
                title=dossier.title,
                state=state_on(dossier, today()).value,
                unit=dossier.unit.name,
                documents=documents,
                changed=youngest,
                protected=dossier.confidentiality == Level.PROTECTED,
                assign=f"/akten/{dossier.id}/zuordnen" if is_registrar(actor) else "",
            )
        )
    new = _new_dossier(session, actor, row, form) if takes_files else None
    more = f"{class_address(row)}?stand={state}&filter={quoted(asked.get('filter', ''))}&after={found.next}"
    return PlanView(
        tree=tree.nodes(row),
        number=row.number,
        title=row.title,
        path=tree.links(row)[:-1],
        retention=rule_sentence(resolve_class(session, row)),
        files_allowed=takes_files,
        rows=tuple(rows),
        total=count_dossiers(session, actor, chosen),
        filter=asked.get("filter", ""),
        state=state if state in {"open", "closed"} else "",
        next=more if found.next else "",
        new_dossier=new,
        templates=dossier_templates(session, row) if new else (),
    )


def _new_dossier(session: Session, actor: Actor, row: PlanClass, form: Form | None) -> NewDossierForm | None:
    units = units_worked_in(session, actor)
    if not units:
        return None
    levels = [level.word for level in (Level.INTERNAL, Level.OPEN, Level.PROTECTED) if level <= actor.level]
    return NewDossierForm(
        plan_class=row.number,
        units=units,
        levels=tuple(levels),
        fields=inputs(definitions_of(session, row), FieldOwner.DOSSIER),
        form=form or Form(),
    )


def rule_sentence(resolved: Resolved) -> str:
    """The rule of a class: „10 Jahre nach zdA (§ 147 AO), danach B – bewerten“."""
    rule = resolved.rule()
    if rule is None:
        return _("Keine Aufbewahrungsfrist festgelegt")
    term = term_words(rule.term)
    if not rule.term.permanent:
        term = _("%(term)s nach %(anchor)s", term=term, anchor=anchor_words(str(rule.anchor)))
    if rule.legal_basis:
        term = f"{term} ({rule.legal_basis})"
    return _("%(rule)s, danach %(appraisal)s", rule=term, appraisal=word(str(resolved.appraisal.value), "appraisal"))

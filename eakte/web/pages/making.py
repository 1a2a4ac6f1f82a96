"""A new dossier or case from a template: what it decides is shown, only what it leaves open is asked for."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from eakte.access import Want
from eakte.api.dependencies import get_backends
from eakte.errors import EakteError, FieldError, InvalidInput, NotAllowed, NotFound, WrongState
from eakte.language import _
from eakte.models import Dossier, PlanClass, Template
from eakte.operations.dossiers import readable_dossier
from eakte.operations.fields import FieldOwner, definitions_of, german_value
from eakte.operations.parties import PartyWords
from eakte.operations.plan import find_class
from eakte.operations.template_making import Order, make
from eakte.operations.templates import TemplateKind, asked_places, offered_templates, titles_of, usable_template
from eakte.operations.units import find_unit
from eakte.terms import Actor
from eakte.transaction import Transaction
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page, quoted
from eakte.web.pages.datafields import inputs, typed_fields
from eakte.web.pages.document_marks import works_there
from eakte.web.pages.tree import PlanTree, class_address
from eakte.web.pages.working import units_worked_in
from eakte.web.views import Choice, Form, Link, MakingView, Property, TemplateParty
from eakte.web.words import word

router = APIRouter(include_in_schema=False)


@router.get("/vorlagen/{template_id}")
def ask(request: Request, actor: Person, template_id: uuid.UUID) -> Response:
    """The form: for a class (`plan`) or, of a case, in a dossier (`akte`)."""
    asked = request.query_params
    with get_backends(request).transactions.read() as session:
        view = _view(session, actor, template_id, asked.get("plan", ""), asked.get("akte", ""), None)
    return page("vorlage.html", frame=make_frame(request, actor, area="files"), view=view)


@router.post("/vorlagen/{template_id}")
def create(request: Request, sent: Sent, template_id: uuid.UUID) -> Response:
    """Make it in one act; with errors the form as typed."""
    backends = get_backends(request)
    pattern = backends.settings.reference_pattern

    def act() -> str:
        template = usable_template(tx.session, template_id)
        made = make(tx, template_id, _order(tx, sent, template), pattern=pattern)
        case = template.kind == TemplateKind.CASE.value
        return f"/akten/{made.dossier.id}?ok={'vorgang' if case else 'akte'}"

    refused: EakteError
    try:
        with backends.transactions.begin(sent.actor) as tx:
            address = sent.once(tx, act)
    except InvalidInput as error:
        refused = InvalidInput(error.detail, errors=[_told(each) for each in error.errors])
    except (NotAllowed, WrongState) as error:
        refused = InvalidInput(error.detail or error.title)
    else:
        return go(address)
    with backends.transactions.read() as session:
        form = form_again(sent, refused, _names(sent))
        view = _view(session, sent.actor, template_id, sent.text("plan"), sent.text("akte"), form)
    return page("vorlage.html", frame=make_frame(request, sent.actor, area="files"), view=view, status=422)


def dossier_templates(session: Session, plan_class: PlanClass | None = None) -> tuple[Link, ...]:
    """Those that can be used in a class, or without one all that name theirs."""
    rows = offered_templates(session, TemplateKind.DOSSIER, plan_class.id if plan_class else None)
    at = f"?plan={quoted(plan_class.number)}" if plan_class else ""
    return tuple(Link(row.name, f"/vorlagen/{row.id}{at}") for row in rows)


def case_templates(session: Session, dossier: Dossier) -> tuple[Link, ...]:
    """Those from which a case of a dossier can be made."""
    rows = offered_templates(session, TemplateKind.CASE)
    return tuple(Link(row.name, f"/vorlagen/{row.id}?akte={dossier.id}") for row in rows)


def _told(error: FieldError) -> FieldError:
    """An error in the words of this form, where a place of the title has a label."""
    kind, _dot, name = error.at.partition(".")
    return FieldError(error.at, _("%(label)s fehlt.", label=_label(name))) if kind == "values" else error


def _label(place: str) -> str:
    """What a place of a title is called in the form: „grundstueck“ becomes „Grundstueck“."""
    return (place[:1].upper() + place[1:]).replace("_", " ")


def _names(sent: Submitted) -> dict[str, str]:
    """What an error names that is called otherwise in this form: parties count only those that were entered."""
    entered = [name for name, value in sent.values().items() if name.endswith(".name") and value.strip()]
    parties = {f"parties[{number}].name": name for number, name in enumerate(entered)}
    return {**dict.fromkeys(("plan_class", "confidentiality", "title"), ""), **parties}


def _order(tx: Transaction, sent: Submitted, template: Template) -> Order:
    dossier, plan_class = _place(tx.session, sent.actor, template, sent.text("plan"), sent.text("akte"))
    owner = FieldOwner.CASE if dossier else FieldOwner.DOSSIER
    definitions = definitions_of(tx.session, plan_class)
    typed = typed_fields(sent, definitions, owner)
    # A field that was emptied shall not keep what the template puts there.
    fields: dict[str, Any] = {
        each["name"]: typed.get(each["name"]) for each in definitions if owner.value in each["on"]
    }
    parties = []
    for number, each in enumerate(template.body["roles"]):
        name = sent.optional(f"parties.{number}.name")
        if name:
            parties.append(PartyWords(role=each["role"], name=name, kind=sent.text(f"parties.{number}.kind")))
        elif each["required"]:
            message = _("%(role)s: Name fehlt.", role=each["role"])
            raise InvalidInput(errors=[FieldError(f"parties.{number}.name", message)])
    return Order(
        values={name: sent.text(f"values.{name}") for name in asked_places(template)},
        plan_class=None if dossier else str(plan_class.id),
        unit=sent.optional("unit"),
        dossier=dossier.id if dossier else None,
        fields=fields,
        parties=parties,
    )


def _place(
    session: Session, actor: Actor, template: Template, plan: str, akte: str
) -> tuple[Dossier | None, PlanClass]:
    """The dossier of a case, and the class. Raises NotFound, NotAllowed."""
    if template.kind == TemplateKind.CASE.value:
        try:
            dossier = readable_dossier(session, actor, uuid.UUID(akte), Want.CONTENT)
        except ValueError:
            raise NotFound from None
        if not works_there(session, actor, dossier):
            raise NotAllowed(_("In dieser Akte ändern Sie nichts."))
        return dossier, dossier.plan_class
    if template.body["plan_class"] is not None:
        return None, find_class(session, template.body["plan_class"])
    row = PlanTree(session, actor).find(plan)
    if row is None:
        raise NotFound
    return None, row


def _view(
    session: Session, actor: Actor, template_id: uuid.UUID, plan: str, akte: str, form: Form | None
) -> MakingView:
    template = usable_template(session, template_id)
    dossier, plan_class = _place(session, actor, template, plan, akte)
    body, tree = template.body, PlanTree(session, actor)
    units = () if dossier else units_worked_in(session, actor)
    if dossier is None and not units:
        raise NotAllowed(_("Akten legen Sachbearbeitung und Registratur an."))
    back = Link(_("Zurück zur Aktenplaneinheit"), class_address(plan_class))
    path = tree.links(plan_class)
    if dossier is not None:
        back = Link(_("Zurück zur Akte"), f"/akten/{dossier.id}")
        path = (*path, Link(f"{dossier.reference_number} {dossier.title}", back.href))
    owner = FieldOwner.CASE if dossier else FieldOwner.DOSSIER
    definitions = definitions_of(session, plan_class)
    given = {
        f"fields.{each['name']}": german_value(each["type"], body["fields"][each["name"]])
        for each in definitions
        if body["fields"].get(each["name"]) is not None
    }
    return MakingView(
        id=str(template.id),
        name=template.name,
        title=body["title"],
        path=path,
        back=back,
        presets=() if dossier else tuple(_presets(session, template, plan_class, one=len(units) == 1)),
        cases=tuple(titles_of(body["cases"])),
        plan="" if dossier else plan_class.number,
        dossier=str(dossier.id) if dossier else "",
        places=tuple(Choice(name, _label(name)) for name in asked_places(template)),
        units=units if body["unit"] is None and len(units) > 1 else (),
        fields=inputs(definitions, owner),
        parties=tuple(TemplateParty(each["role"], each["required"]) for each in body["roles"]),
        form=form or Form(values=given),
    )


def _presets(session: Session, template: Template, plan_class: PlanClass, *, one: bool) -> list[Property]:
    body = template.body
    rows = [Property(_("Aktenplan"), Link(f"{plan_class.number} {plan_class.title}", class_address(plan_class)))]
    if body["unit"] is not None:
        unit = find_unit(session, body["unit"])
        rows.append(Property(_("Zuständig"), f"{unit.number} {unit.name}"))
    elif one:
        rows.append(Property(_("Zuständig"), _("Ihre Organisationseinheit")))
    rows.append(Property(_("Vertraulichkeit"), word(body["confidentiality"] or "internal", "confidentiality")))
    rows.append(Property(_("Medium"), word(body["medium"] or "electronic", "medium")))
    return rows

"""Parties (Beteiligte): persons and firms with their role at a dossier or case.

Names are what DIN 91379 allows, so that they go unchanged into registers and specialist procedures. They are content:
found and shown only where the dossier may be read, so nobody gets a search for persons over all files (§ 35 SGB I,
§ 30 AO).
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from eakte.access import Want, rule_for
from eakte.audit import Tag
from eakte.errors import FieldError, InvalidInput, NotFound
from eakte.language import _
from eakte.models import Case, Dossier, Party
from eakte.operations.checking import line, one_of, optional_line, placed, replaced, same_revision
from eakte.operations.dossiers import OpenedDossier, read_before, require_open, writable_dossier
from eakte.operations.paging import Page, by_id
from eakte.terms import Actor
from eakte.transaction import Transaction


class PartyKind(StrEnum):
    """A natural person, or a firm, association or authority."""

    PERSON = "person"
    ORGANISATION = "organisation"


_LATIN = (
    "A-Za-zªºÀ-ÖØ-öø-ćĊ-ěĞ-ģĦ-ıĴ-śŞ-ūŮ-žƏƠ-ơƯ-ưƷǍ-ǔǞ-ǟǤ-ǰǴ-ǵǺ-ǿȘ-țȞ-ȟȪ-ȫȮ-ȳəʒ"
    "Ḃ-ḃḊ-ḋḐ-ḑḞ-ḡḤ-ḧḰ-ḱṀ-ṁṄ-ṅṖ-ṗṠ-ṣṪ-ṫẀ-ẅẌ-ẓẞẠ-ầẪ-ẬẮ-ềỄ-ồỖ-ờỤ-ỹ"
)
"""Letters of DIN 91379. Some more are sequences of a letter and marks, which have no code point of their own."""
_MARKS = "\u0300-\u0304\u0306-\u030c\u0315\u031b\u0323-\u0328\u032d\u032e\u0331\u0335"
_PERSON = re.compile(rf"[{_LATIN}][{_LATIN}{_MARKS} '’ʹʺʼʾʿˈˌ`´·‡,.\-]*")
"""Data type A: names of natural persons."""
_ORGANISATION = re.compile(rf"[{_LATIN}{_MARKS}0-9 -/:-@\[-`{{-~¡-¿‘’‚“”„–—•…‰′″€™≤≥ʹʺʼʾʿˈˌ]+")
"""Data type B: names of firms, with figures and signs."""
_COUNTRY = re.compile(r"[A-Z]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class PartyWords:
    """What a caller says about a party. `country` is a code of ISO 3166-1 (DE)."""

    role: str
    name: str
    kind: str = PartyKind.PERSON.value
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    country: str | None = None
    email: str | None = None
    phone: str | None = None


def add_party(tx: Transaction, words: PartyWords, *, dossier_id: uuid.UUID | None, case_id: uuid.UUID | None) -> Party:
    """A party of an open dossier or case. Raises NotFound, NotAllowed, WrongState, InvalidInput naming the field."""
    if (dossier_id is None) == (case_id is None):
        raise InvalidInput(errors=[FieldError("dossier", _("Genau eines von dossier und case ist nötig."))])
    case = tx.session.get(Case, case_id) if case_id else None
    if case_id is not None and case is None:
        raise NotFound
    dossier = writable_dossier(tx, case.dossier_id if case else dossier_id or uuid.UUID(int=0))
    require_open(dossier)
    row = new_party(tx, words, dossier=dossier, case=case)
    beside = [dossier.id, *([case.id] if case else [])]
    tx.record(Tag.PARTY_ADD, row.id, {"dossier": str(dossier.id)}, subjects=beside)
    return row


def new_party(tx: Transaction, words: PartyWords, *, dossier: Dossier, case: Case | None) -> Party:
    """A party of a locked dossier, as part of an act that records it."""
    row = Party(dossier_id=dossier.id, case_id=case.id if case else None, **_checked(words))
    tx.session.add(row)
    tx.session.flush()
    return row


def add_parties(
    tx: Transaction, parties: Sequence[PartyWords], *, dossier: Dossier, case: Case | None
) -> Sequence[Party]:
    """Several of them; an error names which (`parties[1].name`)."""
    made = []
    for number, each in enumerate(parties):
        with placed(f"parties[{number}]"):
            made.append(new_party(tx, each, dossier=dossier, case=case))
    return made


def change_party(tx: Transaction, party_id: uuid.UUID, changes: Mapping[str, str | None], *, revision: int) -> Party:
    """Change what is said about a party; what stood there before is kept beside the log."""
    row = _writable(tx, party_id)
    same_revision(revision, row.revision)
    said = {name: getattr(row, name) for name in PartyWords.__dataclass_fields__} | dict(changes)
    new = _checked(PartyWords(**said))
    before = replaced(row, new)
    if not before:
        return row
    entry = tx.record(Tag.PARTY_CHANGE, row.id, {"fields": sorted(before)}, subjects=_beside(row))
    for name, value in before.items():
        tx.remember(entry, row.id, name, value)
    return row


def remove_party(tx: Transaction, party_id: uuid.UUID) -> None:
    """Take a party away. Who it was stays beside the log until the dossier goes."""
    row = _writable(tx, party_id)
    entry = tx.record(Tag.PARTY_REMOVE, row.id, {}, subjects=_beside(row))
    for name in ("role", "name"):
        tx.remember(entry, row.dossier_id, name, getattr(row, name))
    tx.session.delete(row)


def readable_party(session: Session, actor: Actor, party_id: uuid.UUID) -> Party:
    """The party of a dossier that may be read. Raises NotFound."""
    rule = rule_for(session, actor)
    row = session.scalar(
        select(Party)
        .join(Dossier, Dossier.id == Party.dossier_id)
        .where(Party.id == party_id, rule.dossiers(Want.CONTENT))
    )
    if row is None:
        raise NotFound
    return row


def list_parties(
    session: Session,
    actor: Actor,
    *,
    dossier: uuid.UUID | OpenedDossier | None = None,
    case: uuid.UUID | None = None,
    name: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> Page[Party]:
    """Parties by place or by name (any part of it, umlauts and accents do not matter), oldest first.

    Only those of dossiers that may be read. Raises InvalidInput for a name of less than three letters.
    """
    rule = rule_for(session, actor)
    statement = select(Party).join(Dossier, Dossier.id == Party.dossier_id).where(rule.dossiers(Want.CONTENT))
    if dossier is not None:
        statement = statement.where(Party.dossier_id == read_before(session, actor, dossier))
    if case is not None:
        statement = statement.where(Party.case_id == case)
    if name is not None:
        wanted = name_key(name)
        if len(wanted) < 3:  # noqa: PLR2004 - a question for all names would be a list of all people
            raise InvalidInput(errors=[FieldError("name", _("Bitte wenigstens drei Buchstaben eines Namens nennen."))])
        statement = statement.where(Party.name_key.contains(wanted, autoescape=True))
    elif dossier is None and case is None:
        raise InvalidInput(errors=[FieldError("name", _("Eines von dossier, case und name ist nötig."))])
    return by_id(session, statement, Party.id, after=after, limit=limit)


def name_key(name: str) -> str:
    """A name without what people spell differently: case, marks, ß, and the two ways to write an umlaut."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(each))
    for written, folded in (("ae", "a"), ("oe", "o"), ("ue", "u"), ("ø", "o"), ("ł", "l"), ("đ", "d")):
        plain = plain.replace(written, folded)
    return " ".join("".join(each if each.isalnum() else " " for each in plain).split())


def _checked(words: PartyWords) -> dict[str, str | None]:
    kind = one_of(PartyKind, words.kind, at="kind", label=_("Art"))
    name = line(words.name, at="name", label=_("Name"), longest=200)
    if (_PERSON if kind is PartyKind.PERSON else _ORGANISATION).fullmatch(name) is None:
        message = _("Der Name enthält Zeichen, die DIN 91379 für Namen nicht vorsieht.")
        raise InvalidInput(errors=[FieldError("name", message)])
    values: dict[str, str | None] = {
        each: optional_line(text, at=each, label=label, longest=200)
        for each, text, label in (
            ("street", words.street, _("Straße")),
            ("postcode", words.postcode, _("Postleitzahl")),
            ("city", words.city, _("Ort")),
            ("country", words.country, _("Staat")),
            ("email", words.email, "E-Mail"),
            ("phone", words.phone, _("Telefon")),
        )
    }
    for each, pattern, message in (
        ("country", _COUNTRY, _("Der Staat wird mit zwei Buchstaben nach ISO 3166-1 angegeben (DE).")),
        ("email", _EMAIL, _("Das ist keine E-Mail-Adresse.")),
    ):
        text = values[each]
        if text is not None and pattern.fullmatch(text) is None:
            raise InvalidInput(errors=[FieldError(each, message)])
    role = line(words.role, at="role", label=_("Rolle"), longest=100)
    return {"role": role, "kind": kind.value, "name": name, "name_key": name_key(name), **values}


def _writable(tx: Transaction, party_id: uuid.UUID) -> Party:
    row = readable_party(tx.session, tx.actor, party_id)
    require_open(writable_dossier(tx, row.dossier_id))
    tx.session.refresh(row, with_for_update=True)
    return row


def _beside(row: Party) -> list[uuid.UUID]:
    return [row.dossier_id, *([row.case_id] if row.case_id else [])]
